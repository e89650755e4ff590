"""After an exit: how a household is found when it is looked after, and what is due today for those on file and those that
left. What is due opens a task, and never moves anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.database import locked
from api.domain import accounts, casework, days
from api.domain.casework import TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.exits import WatchOutcome
from api.domain.permissions import Viewer
from api.domain.review import ENDED
from api.domain.stages import ACTIVE, Stage
from api.matching import policy
from api.models import File, Finding, Household, Watch, table
from api.sealing import Vault
from api.services import audit, tasks
from api.services.tasks import Due

DEATH = "P01"
"""The rule that finds somebody on file in a register of deaths."""

_LEAD = table(Finding).c
_ASIDE = scope.in_shadow(_LEAD, table(Household).c.division_code)

_WATCH = scope.narrow(
    select(Watch, Household.division_code).join(Household, Household.id == Watch.household_id),
    Household.division_code,
)


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    watch_id: int | None,
    expected_version: int,
    outcome: WatchOutcome,
    note: str,
    now: dt.datetime,
) -> int:
    """How the household was found; the watch's key. Whoever is back in hardship comes back by an officer's decision.

    Raises NotDone: no such watch, or one that was recorded already.
    """
    statement = locked(_WATCH.where(Watch.id == watch_id), connection, Watch)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "watchId"), "没有此回访。", "There is no such watch.")
    accounts.unchanged(found.version, expected_version, "回访", "watch")
    if found.outcome is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "watchId"), "该回访已记录。", "It has been recorded already.")
    written = casework.words(note, "note")
    await connection.execute(
        update(Watch)
        .where(Watch.id == found.id)
        .values(
            outcome=outcome,
            note=vault.seal("watches.note", written),
            done_by=viewer.user_id,
            done_at=now,
            version=found.version + 1,
        )
    )
    await tasks.finish(connection, _reference(found.id), now, by=viewer.user_id)
    if outcome is WatchOutcome.BACK_IN_HARDSHIP:
        today = days.today(now)
        await tasks.open_task(
            connection,
            TaskKind.CHANGE_REPORTED,
            found.household_id,
            _look_by(today, found.division_code),
            now,
            reference=f"BACK_IN_HARDSHIP:{found.id}",
            file_id=found.file_id,
            detail={"watch": found.id, "months": found.months},
        )
    detail = {"household": found.household_id, "outcome": outcome.value, "months": found.months}
    await audit.record(connection, viewer.user_id, "watch.recorded", ("Watch", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)


async def remind(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """What is due today is a task; how many were opened. Nobody is moved, whatever is overdue (F-2), or found (F-5)."""
    today = days.today(now)
    due = [*await _watches(connection, today), *await _reverifications(connection, today)]
    due += await _deaths(connection, today)
    return await tasks.open_due(connection, due, now)


async def _watches(connection: AsyncConnection, today: dt.date) -> Iterable[Due]:
    """Households that have not come back meanwhile, by the day on which they are to be looked after."""
    waiting = (
        select(Watch.id, Watch.household_id, Watch.file_id, Watch.months, Watch.due_on)
        .join(Household, Household.id == Watch.household_id)
        .where(Watch.outcome.is_(None), Watch.due_on <= today, Household.stage == Stage.GRADUATED)
        .order_by(Watch.due_on, Watch.id)
    )
    return [
        Due(
            _reference(row.id),
            TaskKind.WATCH_DUE,
            row.household_id,
            row.file_id,
            row.due_on,
            {"months": row.months},
        )
        for row in await connection.execute(waiting)
    ]


async def _reverifications(connection: AsyncConnection, today: dt.date) -> Iterable[Due]:
    """Files whose day of being verified again has come."""
    waiting = (
        select(File.id, File.household_id, File.next_review_on)
        .join(Household, Household.id == File.household_id)
        .where(File.closed_on.is_(None), File.next_review_on <= today, Household.stage.in_(sorted(ACTIVE)))
        .order_by(File.next_review_on, File.id)
    )
    return [
        Due(
            f"REVERIFY_DUE:{row.id}:{row.next_review_on}",
            TaskKind.REVERIFY_DUE,
            row.household_id,
            row.id,
            row.next_review_on,
        )
        for row in await connection.execute(waiting)
    ]


async def _deaths(connection: AsyncConnection, today: dt.date) -> Iterable[Due]:
    """Somebody on file may stand in a register of deaths: to be asked, and nothing else (F-5)."""
    leads = (
        select(
            Finding.id, Finding.household_id, Finding.withdrawals, Household.division_code, File.id.label("file_id")
        )
        .join(Household, Household.id == Finding.household_id)
        .outerjoin(File, (File.household_id == Household.id) & File.closed_on.is_(None))
        .where(Finding.rule_id == DEATH, Finding.state.not_in(ENDED), Household.stage.in_(sorted(ACTIVE)))
        .where(not_(_ASIDE))
        .order_by(Finding.id)
    )
    return [
        Due(
            asks_of_death(row.id, row.withdrawals),
            TaskKind.REGISTER_DIFFERS,
            row.household_id,
            row.file_id,
            _look_by(today, row.division_code),
            {"rule": DEATH, "finding": row.id},
        )
        for row in await connection.execute(leads)
    ]


def asks_of_death(finding: int, withdrawals: int) -> str:
    """The reference of the task that a finding opens; one that was withdrawn and is raised again asks anew."""
    return f"REGISTER_DIFFERS:{DEATH}:{finding}" + (f":{withdrawals}" if withdrawals else "")


def _look_by(today: dt.date, division: str) -> dt.date:
    return workdays.add(today, policy.whole("change.working_days", today, division))


def _reference(watch_id: int) -> str:
    return f"{TaskKind.WATCH_DUE}:{watch_id}"
