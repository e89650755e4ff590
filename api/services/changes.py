"""A change is reported: declared again, told as a move that changes no stage, and left to somebody to look into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from api import workdays
from api.domain import days
from api.domain.casework import TaskKind
from api.domain.declarations import Declared
from api.domain.lifecycle import Action
from api.domain.permissions import Viewer
from api.matching import policy
from api.sealing import Vault
from api.services import cases, declarations, tasks, transition
from api.services.decisions import checked_reason
from api.services.transition import Why


async def report(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    declared: Sequence[Declared],
    on: dt.date | None,
    reason: str,
    now: dt.datetime,
) -> int:
    """What has changed, since which day and why, is on record; whoever keeps the file has a task to look into it.

    Raises NotDone or Forbidden.
    """
    written, today = checked_reason(reason), days.today(now)
    household = await cases.held(connection, viewer, household_id)
    evidence = await declarations.declare(connection, household.id, declared, on or today, viewer.user_id, now)
    moved = await transition.move(
        connection,
        vault,
        viewer,
        household.id,
        Action.REPORT_CHANGE,
        now,
        expected_version=expected_version,
        why=Why(written, evidence=evidence, on=on),
    )
    limit = workdays.add(today, policy.whole("change.working_days", today, household.division_code))
    await tasks.open_task(
        connection,
        TaskKind.CHANGE_REPORTED,
        moved.household_id,
        limit,
        now,
        reference=f"CHANGE_REPORTED:{moved.transition_id}",
        file_id=moved.file_id,
    )
    return moved.household_id
