"""Of which tier and category a file is: found by the method in force on the day, and decided by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import categories, days
from api.domain.categories import CategoryMethod, HardshipCategory
from api.domain.files import Tier
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import FileCategory, Household
from api.services import decisions
from api.services.transition import Moved


@dataclass(frozen=True, slots=True)
class Kept:
    """How a file is kept: which level pays for it, and of which category it is; None leaves it as it is."""

    tier: Tier | None = None
    category: HardshipCategory | None = None

    def columns(self) -> dict[str, Any]:
        """As the file's columns."""
        told = {"tier": self.tier, "category": self.category}
        return {name: value for name, value in told.items() if value is not None}

    def changes(self, before: Mapping[str, Any]) -> dict[str, list[str | None]]:
        """What is kept otherwise than before: by column, what it was and what it is to be."""
        old = {name: before.get(name) for name in self.columns()}
        return {name: [old[name], str(value)] for name, value in self.columns().items() if value != old[name]}


async def method(connection: AsyncConnection, household_id: int, day: dt.date) -> CategoryMethod:
    """By which rules a household's category is found on that day."""
    where = select(Household.division_code).where(Household.id == household_id)
    division = (await connection.execute(where)).scalar_one()
    return categories.BY_YEAR[policy.whole("category.method", day, division)]


async def propose(
    connection: AsyncConnection, moved: Moved, category: HardshipCategory | None, now: dt.datetime
) -> None:
    """Raises NotDone where the method in force knows no such category; nothing is decided by it."""
    if category is not None:
        categories.check(await method(connection, moved.household_id, days.today(now)), category)


async def decide(
    connection: AsyncConnection, viewer: Viewer, moved: Moved, category: HardshipCategory, now: dt.datetime
) -> None:
    """From today on the file is of this category: so the viewer decided, who is a person. Raises NotDone."""
    today = days.today(now)
    rules = await method(connection, moved.household_id, today)
    categories.check(rules, category)
    user_kind = await decisions.by_a_person(connection, viewer)
    row = {"file_id": moved.file_id, "method": rules, "category": category, "since": today}
    by = {"decided_by": viewer.user_id, "user_kind": user_kind, "decided_at": now}
    await connection.execute(insert(FileCategory).values(**row, **by))
