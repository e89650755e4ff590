"""What the national form says of a household's file: its tier and category, and the causes of hardship.

It is given with the form, and compared when the form comes back. A table changes no file: what it says otherwise is left
to people. The causes of an application that names none yet may be taken in, as people name them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain.casework import HardshipCause
from api.domain.national_form import FIELDS, Field
from api.domain.stages import PENDING
from api.models import Cause, File, table

F, C = table(File).c, table(Cause).c
_FILES = (
    select(F.id, F.household_id, F.subject_member_id, F.tier, F.category, F.applied_on, F.closed_on)
    .where(among(F.household_id, "keys"))
    .order_by(F.id)
)
_CAUSES = (
    select(C.file_id, C.cause, C.main)
    .where(among(C.file_id, "files"), C.resolved_on.is_(None))
    .order_by(C.file_id, C.place)
)

MAIN = next(each for each in FIELDS if each.column == "causes.main")
OTHERS = tuple(each for each in FIELDS if each.column == "causes.others")
CAUSES = (MAIN, *OTHERS)
OF_THE_FILE = (*CAUSES, *(each for each in FIELDS if (each.column or "").startswith("files.")))


@dataclass(slots=True)
class Kept:
    """A household's latest file: in whose name it is, how it is kept, and the causes that it names and that stand."""

    id: int
    subject_member_id: int | None
    tier: str | None
    category: str | None
    applied_on: dt.date | None
    is_open: bool
    main: str | None = None
    others: list[str] = field(default_factory=list)

    def value(self, each: Field) -> str | None:
        """What the form writes in a field of the file."""
        if each in OTHERS:
            place = OTHERS.index(each)
            return self.others[place] if place < len(self.others) else None
        return self.main if each is MAIN else getattr(self, str(each.column).removeprefix("files."))

    def says(self, each: Field, value: str) -> bool:
        """Whether it says this already; of the causes beside the main one, in whichever place."""
        return value in self.others if each in OTHERS else value == self.value(each)

    def taken(self, told: Mapping[str, str], stage: str) -> list[HardshipCause]:
        """Which causes of those told, by the fields' codes, are taken in: those of an application that names none yet.

        What is none of the form's list is said in words, which the form has no place for.
        """
        if stage not in PENDING or not self.is_open or self.main is not None or self.others:
            return []
        causes = [HardshipCause(told[each.code]) for each in CAUSES if each.code in told]
        leads = told.get(MAIN.code) not in (None, HardshipCause.OTHER)
        return [each for each in causes if each is not HardshipCause.OTHER] if leads else []

    def since(self, today: dt.date) -> dt.date:
        """Since which day its causes are known to be there: the form has no day of them."""
        return min(self.applied_on or today, today)


async def latest(connection: AsyncConnection, households: Sequence[int]) -> dict[int, Kept]:
    """By household its latest file."""
    found = {
        row.household_id: Kept(
            row.id, row.subject_member_id, row.tier, row.category, row.applied_on, row.closed_on is None
        )
        for row in await connection.execute(_FILES, {"keys": households})
    }
    files = {kept.id: kept for kept in found.values()}
    for row in await connection.execute(_CAUSES, {"files": list(files)}):
        if row.main:
            files[row.file_id].main = row.cause
        else:
            files[row.file_id].others.append(row.cause)
    return found
