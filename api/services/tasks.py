"""What has to be done: a task is opened once an occasion, by whoever finds it, and ended by the deed or by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, String, Update, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, locked, upsert
from api.domain import accounts, casework
from api.domain.casework import TaskKind, TaskState
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Household, Task, table
from api.sealing import Vault
from api.services import audit

MOST_AT_ONCE = 1_000
"""How many tasks one chore opens at a time; the next round opens the others."""

_TASK = scope.narrow(
    select(Task.id, Task.household_id, Task.kind, Task.state, Task.assigned_to, Task.version).join(
        Household, Household.id == Task.household_id
    ),
    Household.division_code,
)


@dataclass(frozen=True, slots=True)
class Due:
    """What somebody has to do: once for each reference."""

    reference: str
    kind: TaskKind
    household_id: int
    file_id: int | None
    due_on: dt.date
    detail: Mapping[str, Any] | None = None
    member_id: int | None = None


async def open_task(
    connection: AsyncConnection,
    kind: TaskKind,
    household_id: int,
    due_on: dt.date,
    now: dt.datetime,
    *,
    reference: str,
    file_id: int | None = None,
    member_id: int | None = None,
    assigned_to: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """The task of this reference, opened if there was none; its key.

    One that is open takes the day and the detail that are told now, and stays with whoever took it; one that was ended
    stays so. Raises ValueError where the detail is more than codes.
    """
    told = {"due_on": due_on, "detail": casework.codes(detail or {})}
    found = select(Task.id, Task.state, Task.due_on, Task.detail).where(Task.reference == reference)
    before = (await connection.execute(locked(found, connection, Task))).one_or_none()
    if before is None:
        row = {
            "reference": reference,
            "kind": kind,
            "household_id": household_id,
            "file_id": file_id,
            "member_id": member_id,
            "assigned_to": assigned_to,
            "state": TaskState.OPEN,
            "created_at": now,
            "version": 1,
            **told,
        }
        opened = upsert(connection, table(Task), ["reference"], told).values(**row).returning(Task.id)
        return int((await connection.execute(opened)).scalar_one())
    if before.state == TaskState.OPEN and (before.due_on, before.detail) != (told["due_on"], told["detail"]):
        changed = update(Task).where(Task.id == before.id)
        await connection.execute(changed.values(**told, version=Task.version + 1))
    return int(before.id)


async def open_due(connection: AsyncConnection, due: Sequence[Due], now: dt.datetime) -> int:
    """Opens what no task has asked for yet, so much at a time; how many were opened."""
    there = select(Task.reference).where(among(table(Task).c.reference, "references", String))
    asked = set(await connection.scalars(there, {"references": [each.reference for each in due]}))
    fresh = [each for each in due if each.reference not in asked][:MOST_AT_ONCE]
    for each in fresh:
        await open_task(
            connection,
            each.kind,
            each.household_id,
            each.due_on,
            now,
            reference=each.reference,
            file_id=each.file_id,
            member_id=each.member_id,
            detail=each.detail,
        )
    return len(fresh)


async def finish(connection: AsyncConnection, reference: str, now: dt.datetime, by: int | None = None) -> bool:
    """What it asked for is done; whether it was open."""
    return await _end(connection, _open().where(Task.reference == reference), TaskState.DONE, now, by) > 0


async def cancel(
    connection: AsyncConnection, references: Sequence[str], now: dt.datetime, by: int | None = None
) -> int:
    """Nothing of these has to be done any more; how many were open."""
    return await _end(connection, _open().where(Task.reference.in_(references)), TaskState.CANCELLED, now, by)


async def not_needed(connection: AsyncConnection, task_id: int, detail: Mapping[str, Any], now: dt.datetime) -> bool:
    """An open task has not to be done any more, its detail telling why; whether it was open."""
    which = _open().where(Task.id == task_id).values(detail=casework.codes(detail))
    return await _end(connection, which, TaskState.CANCELLED, now, None) > 0


async def needed_again(connection: AsyncConnection, task_id: int, due_on: dt.date, detail: Mapping[str, Any]) -> bool:
    """A task that ended by itself waits anew until that day, with whoever had it; whether it had."""
    ended = update(Task).where(Task.id == task_id, Task.state == TaskState.CANCELLED, Task.done_by.is_(None))
    waits = {"state": TaskState.OPEN, "done_at": None, "due_on": due_on, "detail": casework.codes(detail)}
    return (await connection.execute(ended.values(**waits, version=Task.version + 1))).rowcount > 0


async def done_by(
    connection: AsyncConnection,
    viewer: Viewer,
    task: Row[int, int, str, str, int | None, int],
    detail: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """A task that is held is done by what the viewer did, of which its detail tells."""
    which = _open().where(Task.id == task.id).values(detail=casework.codes(detail))
    await _end(connection, which, TaskState.DONE, now, viewer.user_id)
    await _told(connection, viewer, task, "task.done", now, {})


async def finish_all(
    connection: AsyncConnection,
    kind: TaskKind,
    household_id: int,
    now: dt.datetime,
    by: int | None = None,
    *,
    member_id: int | None = None,
) -> int:
    """A household's open tasks of a kind are done, or those about one member of it; how many they were."""
    statement = _open().where(Task.kind == kind, Task.household_id == household_id)
    if member_id is not None:
        statement = statement.where(Task.member_id == member_id)
    return await _end(connection, statement, TaskState.DONE, now, by)


async def take(
    connection: AsyncConnection, viewer: Viewer, task_id: int | None, expected_version: int, now: dt.datetime
) -> int:
    """The viewer takes an open task upon themselves, from whomever it was with; its key. Raises NotDone."""
    found = await held(connection, viewer, task_id, expected_version)
    changed = update(Task).where(Task.id == found.id).values(assigned_to=viewer.user_id, version=found.version + 1)
    await connection.execute(changed)
    return await _told(connection, viewer, found, "task.taken", now, {"from": found.assigned_to})


async def end(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    task_id: int | None,
    expected_version: int,
    state: TaskState,
    reason: str | None,
    now: dt.datetime,
) -> int:
    """By hand: an open task is DONE, or CANCELLED for a reason; its key. Raises NotDone."""
    found = await held(connection, viewer, task_id, expected_version)
    note = casework.words(reason, "reason", required=state is TaskState.CANCELLED)
    changed = update(Task).where(Task.id == found.id)
    await connection.execute(
        changed.values(
            state=state,
            note=vault.seal("tasks.note", note),
            done_at=now,
            done_by=viewer.user_id,
            version=found.version + 1,
        )
    )
    return await _told(connection, viewer, found, f"task.{state.lower()}", now, {})


def _open() -> Update:
    return update(Task).where(Task.state == TaskState.OPEN)


async def _end(connection: AsyncConnection, which: Update, state: TaskState, now: dt.datetime, by: int | None) -> int:
    ended = await connection.execute(which.values(state=state, done_at=now, done_by=by, version=Task.version + 1))
    return ended.rowcount


async def held(
    connection: AsyncConnection, viewer: Viewer, task_id: int | None, expected_version: int
) -> Row[int, int, str, str, int | None, int]:
    """An open task of the viewer's division, as it was read, that nobody else changes meanwhile. Raises NotDone."""
    statement = locked(_TASK.where(Task.id == task_id), connection, Task)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "taskId"), "没有此任务。", "There is no such task.")
    accounts.unchanged(found.version, expected_version, "任务", "task")
    if found.state != TaskState.OPEN:
        raise NotDone(UserErrorCode.INVALID, ("input", "taskId"), "该任务已办结。", "The task has been ended.")
    return found


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    task: Row[int, int, str, str, int | None, int],
    action: str,
    now: dt.datetime,
    detail: Mapping[str, Any],
) -> int:
    told = {"kind": task.kind, "household": task.household_id, **detail}
    await audit.record(connection, viewer.user_id, action, ("Task", task.id), now, told)
    await outbox.append(connection, "task", task.id, now)
    return int(task.id)
