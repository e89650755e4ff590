"""Scans that are asked for again and again: each occasion once, by whichever worker comes first; of several that were missed, the last.

Whoever may start scans of a division may make a schedule of them, change, pause and end it. What was missed while a schedule
was paused is nobody's wish; what was missed while no worker ran is made good by one scan, and told as late.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, String, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import UtcDateTime, among, locked, skip_locked
from api.domain import accounts
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.scan_schedules import Rhythm, ScanRhythm, ScheduleState, rhythm
from api.matching import reference
from api.models import Feed, ScanOccasion, ScanSchedule, table
from api.sealing import Vault
from api.services import audit, scans

F, N, S = (table(each).c for each in (Feed, ScanOccasion, ScanSchedule))
_SCHEDULE = scope.narrow(select(*S), S.division_code)
_DUE = select(*S).where(S.next_at <= bindparam("now", type_=UtcDateTime())).order_by(S.id)
_AWAITING = select(*S).where(S.state == ScheduleState.ACTIVE, S.rhythm == ScanRhythm.BATCH).order_by(S.id)
_CAME = select(func.max(F.id).label("newest"), func.max(F.received_at).label("at")).where(
    F.id > bindparam("after"), among(F.department_code, "sources", String)
)


async def schedule(
    connection: AsyncConnection,
    viewer: Viewer,
    division_code: str | None,
    rules: Sequence[str],
    whole: bool,
    when: Rhythm,
    now: dt.datetime,
) -> int:
    """Scans of a division within the viewer's are asked for by a rhythm from now on; its key. Raises NotDone."""
    division = scans.checked(viewer, division_code, rules)
    row = {
        "division_code": division,
        "rules": list(dict.fromkeys(rules)),
        "whole": whole,
        **_of(when),
        **await _from_now(connection, when, now),
        "state": ScheduleState.ACTIVE,
        "created_by": viewer.user_id,
        "created_at": now,
        "version": 1,
    }
    key = int((await connection.execute(insert(ScanSchedule).values(**row).returning(S.id))).scalar_one())
    told = {"division": division, "rules": row["rules"], "whole": whole, **_of(when)}
    await audit.record(connection, viewer.user_id, "scan_schedule.made", ("ScanSchedule", key), now, told)
    return key


async def change(
    connection: AsyncConnection,
    viewer: Viewer,
    key: int | None,
    expected_version: int,
    rules: Sequence[str],
    whole: bool,
    when: Rhythm,
    now: dt.datetime,
) -> int:
    """From now on it asks for this, by this rhythm; its key. Raises NotDone, for one that has ended too."""
    found = await _found(connection, viewer, key, expected_version)
    scans.checked(viewer, found.division_code, rules)
    goes_on = await _from_now(connection, when, now) if found.state == ScheduleState.ACTIVE else {}
    values = {"rules": list(dict.fromkeys(rules)), "whole": whole, **_of(when)}
    await _change(connection, found, **values, **goes_on)
    await audit.record(connection, viewer.user_id, "scan_schedule.changed", ("ScanSchedule", found.id), now, values)
    return int(found.id)


async def switch(
    connection: AsyncConnection,
    viewer: Viewer,
    key: int | None,
    expected_version: int,
    state: ScheduleState,
    now: dt.datetime,
) -> int:
    """It asks for nothing for a while, or for good; or again, for what becomes due from now on. Its key. Raises NotDone."""
    found = await _found(connection, viewer, key, expected_version)
    if found.state == state:
        raise NotDone(UserErrorCode.INVALID, ("input", "state"), "已处于该状态。", "It is so already.")
    when = _rhythm(found)
    goes_on = await _from_now(connection, when, now) if state is ScheduleState.ACTIVE else {"next_at": None}
    await _change(connection, found, state=state, **goes_on)
    told = {"state": state}
    await audit.record(connection, viewer.user_id, "scan_schedule.switched", ("ScanSchedule", found.id), now, told)
    return int(found.id)


async def ask(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Every schedule whose occasion has come has its scan, once; how many were asked for.

    A schedule that another worker is looking at is left to it.
    """
    asked = 0
    for row in (await connection.execute(skip_locked(_DUE, connection), {"now": now})).all():
        when = _rhythm(row)
        due = when.latest(now)
        asked += await _ask(connection, row, due, when.missed(row.next_at, due), now)
        later = update(ScanSchedule).where(ScanSchedule.id == row.id)
        await connection.execute(later.values(next_at=when.next(now)))
    for row in (await connection.execute(skip_locked(_AWAITING, connection))).all():
        told = {"after": row.feed_id, "sources": list(row.sources)}
        came = (await connection.execute(_CAME, told)).one()
        if came.newest is not None:
            asked += await _ask(connection, row, came.at, 0, now)
            later = update(ScanSchedule).where(ScanSchedule.id == row.id)
            await connection.execute(later.values(feed_id=came.newest))
    return asked


async def _ask(
    connection: AsyncConnection, row: Row[*tuple[Any, ...]], due: dt.datetime, missed: int, now: dt.datetime
) -> bool:
    """The scan of this occasion is asked for; False where it was before."""
    there = select(N.due_at).where(N.schedule_id == row.id, N.due_at == due)
    if await connection.scalar(there) is not None:
        return False
    wanted = scans.Wanted(row.division_code, None, tuple(row.rules), row.whole)
    scan = await scans.ask(connection, wanted, row.created_by, now, row.id)
    occasion = {"schedule_id": row.id, "due_at": due, "asked_at": now, "missed": missed, "scan_id": scan}
    await connection.execute(insert(ScanOccasion).values(**occasion))
    return True


async def _from_now(connection: AsyncConnection, when: Rhythm, now: dt.datetime) -> dict[str, Any]:
    """When it is due next, and the newest batch that there is: it asks for what comes after."""
    newest = await connection.scalar(select(func.coalesce(func.max(F.id), 0)))
    return {"next_at": when.next(now), "feed_id": newest}


async def _found(
    connection: AsyncConnection, viewer: Viewer, key: int | None, expected_version: int
) -> Row[*tuple[Any, ...]]:
    """The schedule as it was read, which nobody else changes meanwhile, nor asks by. Raises NotDone."""
    statement = locked(_SCHEDULE.where(S.id == key), connection, ScanSchedule)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    where = ("input", "scanScheduleId")
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, where, "没有此定期核对。", "There is no such schedule.")
    accounts.unchanged(found.version, expected_version, "定期核对", "schedule")
    if found.state == ScheduleState.ENDED:
        raise NotDone(UserErrorCode.INVALID, where, "该定期核对已终止。", "The schedule has ended.")
    return found


async def _change(connection: AsyncConnection, found: Row[*tuple[Any, ...]], **values: Any) -> None:
    changed = update(ScanSchedule).where(ScanSchedule.id == found.id)
    await connection.execute(changed.values(**values, version=found.version + 1))


def _rhythm(row: Row[*tuple[Any, ...]]) -> Rhythm:
    return Rhythm(ScanRhythm(row.rhythm), row.weekday, row.day_of_month, row.hour, tuple(row.sources))


def _of(when: Rhythm) -> dict[str, Any]:
    """A rhythm as a row has it."""
    return {
        "rhythm": when.rhythm,
        "weekday": when.weekday,
        "day_of_month": when.day_of_month,
        "hour": when.hour,
        "sources": [*when.sources],
    }


def checked(
    every: ScanRhythm, weekday: int | None, day_of_month: int | None, hour: int | None, sources: Sequence[str]
) -> Rhythm:
    """The rhythm of these. Raises NotDone for what is none, and for data that no department sends."""
    when = rhythm(every, weekday, day_of_month, hour, sources)
    if unknown := sorted({*when.sources} - {each.code for each in reference.departments()}):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "sources"),
            f"没有数据 {'、'.join(unknown)[:80]}。",
            f"There are no data {', '.join(unknown)[:80]}.",
        )
    return when
