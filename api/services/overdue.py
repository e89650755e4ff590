"""Applications whose day has passed are somebody's task, until they have moved on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.casework import TaskKind, TaskState
from api.domain.stages import Stage
from api.models import File, Household, Task
from api.sealing import Vault
from api.services import tasks

MOST = 1_000
"""How many are found at a time; the next round finds the others."""

DUE: Mapping[Stage, TaskKind] = {
    Stage.APPLIED: TaskKind.REVIEW_DUE,
    Stage.UNDER_REVIEW: TaskKind.REVIEW_DUE,
    Stage.PUBLIC_NOTICE: TaskKind.RECORD_DUE,
}


async def remind(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Whatever is overdue has its task, and whatever moved on has none; how many changed."""
    return await _open(connection, now) + await _finish(connection, now)


async def _open(connection: AsyncConnection, now: dt.datetime) -> int:
    there = select(Task.id).where(
        Task.file_id == File.id, Task.due_on == File.due_on, Task.kind.in_(set(DUE.values()))
    )
    late = (
        select(File.id, File.household_id, File.due_on, Household.stage)
        .join(Household, Household.id == File.household_id)
        .where(File.due_on < days.today(now), File.closed_on.is_(None), Household.stage.in_(DUE), ~there.exists())
        .order_by(File.due_on, File.id)
        .limit(MOST)
    )
    found = (await connection.execute(late)).all()
    for file_id, household_id, due_on, stage in found:
        assert due_on is not None  # it is before today
        kind = DUE[Stage(stage)]
        reference = f"{kind}:{file_id}:{due_on}"
        await tasks.open_task(connection, kind, household_id, due_on, now, reference=reference, file_id=file_id)
    return len(found)


async def _finish(connection: AsyncConnection, now: dt.datetime) -> int:
    ended = 0
    for kind in dict.fromkeys(DUE.values()):
        stages = [stage for stage, due in DUE.items() if due is kind]
        moved_on = (
            select(Task.household_id)
            .join(Household, Household.id == Task.household_id)
            .where(Task.kind == kind, Task.state == TaskState.OPEN, Household.stage.not_in(stages))
            .distinct()
            .limit(MOST)
        )
        for household_id in (await connection.scalars(moved_on)).all():
            ended += await tasks.finish_all(connection, kind, household_id, now)
    return ended
