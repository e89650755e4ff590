"""Of which tier and category a file is: kept by the day, with the move that brought it and the method that knows it.

Whatever writes a file's tier or category, a move here or another register, says so here in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import categories, days
from api.domain.categories import CategoryMethod, HardshipCategory
from api.domain.files import Tier
from api.domain.lifecycle import Action
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import File, Household, Recognition, Transition, table
from api.services import decisions

DECIDES = frozenset({Action.REVERIFY, Action.FALL_BACK})
"""Moves that decide what they name; RECORD decides what was proposed, too."""

F, H, R, T = table(File).c, table(Household).c, table(Recognition).c, table(Transition).c
_LAST = select(R.id).where(R.file_id == F.id).order_by(R.id.desc()).limit(1).correlate(table(File)).scalar_subquery()
_STANDS = (
    select(F.tier, F.category, R.tier.label("old_tier"), R.category.label("old_category"), R.method)
    .select_from(File)
    .outerjoin(Recognition, R.id == _LAST)
    .where(F.id == bindparam("file"))
)
_TOLD = (
    select(
        F.household_id,
        F.id.label("file_id"),
        F.tier,
        F.category,
        func.coalesce(F.opened_on, F.applied_on).label("since"),
        H.division_code,
        select(func.max(T.id)).where(T.file_id == F.id).scalar_subquery().label("transition_id"),
    )
    .join(Household, H.id == F.household_id)
    .where(among(F.id, "keys"), or_(F.tier.is_not(None), F.category.is_not(None)))
    .order_by(F.id)
)


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


@dataclass(frozen=True, slots=True)
class Step:
    """A move as far as the file's keeping goes: whose, which, by which decision, and from which day on."""

    household_id: int
    division_code: str
    file_id: int
    action: Action
    transition_id: int
    decision_id: int | None
    on: dt.date


async def keep(
    connection: AsyncConnection, viewer: Viewer, step: Step, columns: Mapping[str, Any], now: dt.datetime
) -> None:
    """The move has set these columns of the file: from its day on it is of that tier and category.

    Raises NotDone for a category that the method in force does not know, or a tier that files of it are not of, and for a
    machine that would decide one.
    """
    recorded = step.action is Action.RECORD
    names_category = columns.get("category") is not None
    if not recorded and not names_category and columns.get("tier") is None:
        return
    stands = (await connection.execute(_STANDS, {"file": step.file_id})).one()
    method = stands.method
    if stands.category is not None and (recorded or names_category):
        method = in_force(step.division_code, step.on)
        _check(method, stands, step)
    elif stands.category is not None and columns.get("tier") is not None:
        categories.check_tier(HardshipCategory(stands.category), Tier(stands.tier))
    decided = recorded or (step.action in DECIDES and (names_category or step.decision_id is not None))
    if not decided and (stands.tier, stands.category) == (stands.old_tier, stands.old_category):
        return
    row = {
        "household_id": step.household_id,
        "file_id": step.file_id,
        "tier": stands.tier,
        "category": stands.category,
        "method": method,
        "since": step.on,
        "transition_id": step.transition_id,
        "decided_by": viewer.user_id if decided else None,
        "user_kind": await decisions.by_a_person(connection, viewer) if decided else None,
        "recorded_at": now,
    }
    await connection.execute(insert(Recognition).values(**row))


def _check(method: CategoryMethod, stands: Row[*tuple[Any, ...]], step: Step) -> None:
    category, tier = HardshipCategory(stands.category), None if stands.tier is None else Tier(stands.tier)
    categories.check(method, category, tier)
    local = categories.LOCAL.get(category)
    if local is not None and policy.value(local, step.on, step.division_code) != 1:
        raise categories.unknown()


async def registered(
    connection: AsyncConnection, files: Sequence[int], now: dt.datetime, since: dt.date | None = None
) -> None:
    """Files are of the tier and category that another register told, since it opened them or since that day.

    It found them by the method in force, or by the other where that alone knows the category: it says what stands there.
    """
    today = days.today(now)
    told = []
    for row in (await connection.execute(_TOLD, {"keys": list(files)})).mappings():
        day = min(since or row["since"] or today, today)
        method = None
        if row["category"] is not None:
            method = categories.found_by(HardshipCategory(row["category"]), in_force(row["division_code"], day))
        of = {name: row[name] for name in ("household_id", "file_id", "tier", "category", "transition_id")}
        told.append({**of, "method": method, "since": day, "recorded_at": now})
    if told:
        await connection.execute(insert(Recognition), told)


def in_force(division_code: str, day: dt.date) -> CategoryMethod:
    """By which rules a household's category is found on that day."""
    return categories.BY_YEAR[policy.whole("category.method", day, division_code)]
