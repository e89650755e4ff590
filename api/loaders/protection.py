"""Who is protected and why: told to who is cleared, and to others as of somebody who is not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, true

from api import scope
from api.database import among
from api.loaders.households import H, M
from api.loaders.reading import Reading, Rows
from api.models import Household, Protection, User, table

P = table(Protection).c

_PROTECTION_OF = (
    scope.narrow(
        select(M.id, P.since, P.reason, User.display_name)
        .join(Protection, P.person_id == M.person_id)
        .join(Household, H.id == M.household_id)
        .join(User, User.id == P.protected_by),
        H.division_code,
    )
    .where(among(M.id, "keys"), P.ended_on.is_(None), scope.unless_hidden(true()))
    .order_by(M.id)
)


async def protection_of(reading: Reading, people: Sequence[int]) -> Rows:
    """The protection that people have now, the first column telling whose."""
    return await reading.rows(_PROTECTION_OF, {"keys": people})
