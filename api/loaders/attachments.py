"""What is attached to households' files; the bytes are handed out elsewhere (api/files)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from api import scope
from api.database import among
from api.loaders.reading import Reading, Rows
from api.models import Attachment, Household, User, table

A, H, U = table(Attachment).c, table(Household).c, table(User).c

COLUMNS = (
    *[column for column in A if column.name != "household_id"],
    U.display_name.label("uploader"),
    scope.protects_household(H.id).label("protected"),
)
"""What attachment_objects takes of a row beside `household_id`; the first is the key."""

_PLACE = func.row_number().over(partition_by=A.household_id, order_by=A.id.desc()).label("place")


def _attachments(*columns: Any) -> Select[*tuple[Any, ...]]:
    joined = select(*columns).join(Household, H.id == A.household_id).join(User, U.id == A.uploaded_by)
    return scope.narrow(joined, H.division_code)


_BY_KEY = _attachments(A.id, A.household_id, *COLUMNS[1:]).where(among(A.id, "keys"))
_NUMBERED = _attachments(A.household_id, *COLUMNS, _PLACE).where(among(A.household_id, "keys")).subquery()
_OF = (
    select(_NUMBERED)
    .where(_NUMBERED.c.place <= bindparam("most"))
    .order_by(_NUMBERED.c.household_id, _NUMBERED.c.place)
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Attachments by their key, which is the first column."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def attachments_of(reading: Reading, households: Sequence[int], most: int) -> Rows:
    """The attachments of households, at most so many each, the latest first; the first column tells whose."""
    return await reading.rows(_OF, {"keys": households, "most": most})
