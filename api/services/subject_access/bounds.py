"""What of a household one person is not told: how it is today, by who left it; where it is, if somebody else in it is protected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain.people import stands
from api.models import Household, Member, Organisation, User, table
from api.models.base import SealedBytes
from api.models.standing import goes_on
from api.services.subject_access.saying import TELLING_WHERE, TOLD_AFTERWARDS

M = table(Member).c
HANDLERS = (table(User), table(Organisation))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Who somebody is, which households they left, and which of theirs somebody else is protected in."""

    own: frozenset[int]
    left: frozenset[int]
    sheltering: frozenset[int]

    def withhold(self, column: Column[Any], row: RowMapping) -> bool:
        """Whether a value is not for this person; a row of which the household is not known counts as a protected one's."""
        name = column.table.name
        home = row["id"] if column.table is table(Household) else row.get("household_id")
        if home in self.left and name in TOLD_AFTERWARDS and column.name not in TOLD_AFTERWARDS[name]:
            return True
        if not (self.sheltering if home is None else home in self.sheltering):
            return False
        if str(column) in TELLING_WHERE or any(key.column.table in HANDLERS for key in column.foreign_keys):
            return True
        own = column.table is table(Member) or row.get("member_id") in self.own
        return isinstance(column.type, SealedBytes) and not own


async def bounds(connection: AsyncConnection, memberships: Sequence[RowMapping], today: dt.date) -> Bounds:
    """What one human is not told of the households of these memberships, which are all of theirs."""
    homes = {each["household_id"] for each in memberships}
    at_home = {
        each["household_id"]
        for each in memberships
        if stands(each["valid_from"], each["valid_to"], each["left_on"], today)
    }
    others = select(M.household_id).where(
        M.household_id.in_(homes),
        M.person_id.not_in({each["person_id"] for each in memberships}),
        goes_on(today),
        scope.protects_person(M.person_id),
    )
    sheltering = frozenset((await connection.scalars(others)).all())
    return Bounds(frozenset(each["id"] for each in memberships), frozenset(homes - at_home), sheltering)
