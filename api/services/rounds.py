"""Households on file are visited every so many months (日常走访): where the last visit lies further back, a task says so."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.casework import TaskKind, TaskState
from api.domain.clocks import months_after
from api.domain.stages import ACTIVE
from api.matching import policy
from api.models import File, Household, Task
from api.sealing import Vault
from api.services import tasks
from api.services.guards.casework import last_visit
from api.services.tasks import Due


async def remind(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Households on file whose visit is due are visited, as a task of theirs asks; how many were opened."""
    today = days.today(now)
    divisions = (await connection.execute(select(Household.division_code).distinct())).scalars()
    months = {code: policy.whole("visit.months", today, code) for code in divisions}
    surely = today - dt.timedelta(days=28 * min(months.values(), default=0))
    asked = select(Task.id).where(
        Task.household_id == Household.id, Task.kind == TaskKind.VISIT_DUE, Task.state == TaskState.OPEN
    )
    last = func.coalesce(last_visit(Household.id), File.opened_on).label("last")
    waiting = (
        select(Household.id, Household.division_code, File.id.label("file_id"), last)
        .join(File, File.household_id == Household.id)
        .where(Household.stage.in_(sorted(ACTIVE)), File.closed_on.is_(None), last <= surely, ~asked.exists())
        .order_by(last, Household.id)
    )
    due = []
    for row in await connection.execute(waiting):
        day = months_after(row.last, months[row.division_code])
        if day <= today:
            reference = f"{TaskKind.VISIT_DUE}:{row.file_id}:{day.isoformat()}"
            due.append(Due(reference, TaskKind.VISIT_DUE, row.id, row.file_id, today))
    return await tasks.open_due(connection, due, now)
