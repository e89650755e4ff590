"""Households on file are visited every so many months (日常走访): where the last visit lies further back, a task says so."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from api.domain import days
from api.domain.casework import TaskKind
from api.domain.clocks import months_after
from api.domain.stages import ACTIVE
from api.matching import policy
from api.models import File, HomeVisit, Household, Task
from api.sealing import Vault
from api.services import tasks

MOST_AT_ONCE = 1_000


async def remind(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Households on file whose visit is due are visited, as a task of theirs asks; how many were opened."""
    today = days.today(now)
    divisions = (await connection.execute(select(Household.division_code).distinct())).scalars()
    months = {code: policy.whole("visit.months", today, code) for code in divisions}
    surely = today - dt.timedelta(days=28 * min(months.values(), default=0))
    correction = aliased(HomeVisit)
    visited = (
        select(func.max(HomeVisit.visited_on))
        .where(
            HomeVisit.household_id == Household.id,
            ~select(correction.id).where(correction.corrects_id == HomeVisit.id).exists(),
        )
        .correlate(Household)
        .scalar_subquery()
    )
    asked = select(Task.id).where(
        Task.household_id == Household.id, Task.kind == TaskKind.VISIT_DUE, Task.state == "OPEN"
    )
    last = func.coalesce(visited, File.opened_on).label("last")
    waiting = (
        select(Household.id, Household.division_code, File.id.label("file_id"), last)
        .join(File, File.household_id == Household.id)
        .where(Household.stage.in_(sorted(ACTIVE)), File.closed_on.is_(None), last <= surely, ~asked.exists())
        .order_by(last, Household.id)
    )
    opened = 0
    for row in (await connection.execute(waiting)).all():
        due = months_after(row.last, months[row.division_code])
        if due > today or opened == MOST_AT_ONCE:
            continue
        reference = f"{TaskKind.VISIT_DUE}:{row.file_id}:{due.isoformat()}"
        if await connection.scalar(select(Task.id).where(Task.reference == reference)) is None:
            await tasks.open_task(
                connection, TaskKind.VISIT_DUE, row.id, today, now, reference=reference, file_id=row.file_id
            )
            opened += 1
    return opened
