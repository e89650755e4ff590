"""Whoever sees the identities of many people in a short time is told to those who audit; nobody is stopped (F-28)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import RowMapping, distinct, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import each_of, locked
from api.domain.bulk import Threshold
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role, Viewer
from api.models import Alarm, Read, table
from api.sealing import Vault
from api.services import audit
from api.services.chain import Rows

TOPIC = "alarm"
NOTE_COLUMN = "alarms.note"
LONGEST_NOTE = 2_000

_ALARM = scope.narrow(select(Alarm.id, Alarm.user_id, Alarm.acknowledged_at), Alarm.division_code)


async def watch(connection: AsyncConnection, rows: Rows, thresholds: Sequence[Threshold], now: dt.datetime) -> int:
    """Looks at who read these rows, which are new, and raises what alarms there are; how many.

    A window ends at each minute's last read, so that rows sealed late alarm as they would have in time. Nobody is told
    of twice for the same window.
    """
    latest: dict[tuple[int, dt.datetime], RowMapping] = {}
    for row in rows:
        if row["whole"]:
            minute = row["read_at"].replace(second=0, microsecond=0)
            key = (row["user_id"], minute)
            if key not in latest or latest[key]["read_at"] < row["read_at"]:
                latest[key] = row
    raised = 0
    for _, row in sorted(latest.items()):
        for threshold in thresholds:
            raised += await _weigh(connection, row, threshold, now)
    return raised


async def _weigh(connection: AsyncConnection, row: RowMapping, threshold: Threshold, now: dt.datetime) -> int:
    most, until = threshold.of(Role(row["role"])), row["read_at"]
    since = until - threshold.window
    theirs = (Read.user_id == row["user_id"], Read.read_at > since, Read.read_at <= until, Read.whole > 0)
    at_most = (await connection.execute(select(func.sum(Read.whole)).where(*theirs))).scalar_one()
    if at_most is None or at_most <= most:  # spares counting whom nearly always
        return 0
    told = (Alarm.user_id == row["user_id"], Alarm.kind == threshold.kind, Alarm.window_to > since)
    if (await connection.execute(select(Alarm.id).where(*told).limit(1))).first() is not None:
        return 0
    held = each_of(connection, Read.people)
    whom = select(func.count(distinct(held.c.value))).select_from(table(Read).join(held, true())).where(*theirs)
    people = int((await connection.execute(whom)).scalar_one())
    if people <= most:
        return 0
    added = await connection.execute(
        insert(Alarm)
        .values(
            kind=threshold.kind.value,
            user_id=row["user_id"],
            role=row["role"],
            division_code=row["division_code"],
            window_from=since,
            window_to=until,
            people=people,
            threshold=most,
            raised_at=now,
        )
        .returning(Alarm.id)
    )
    alarm_id = int(added.scalar_one())
    detail = {"kind": threshold.kind.value, "user": row["user_id"], "people": people, "threshold": most}
    await audit.record(connection, None, "alarm.raised", ("Alarm", alarm_id), now, detail)
    await outbox.append(connection, TOPIC, alarm_id, now)
    return 1


async def counts(connection: AsyncConnection) -> tuple[int, int]:
    """How many alarms there are, and how many that nobody has looked into."""
    counted = select(func.count(), func.count().filter(Alarm.acknowledged_at.is_(None))).select_from(Alarm)
    raised, unheard = (await connection.execute(counted)).one()
    return int(raised), int(unheard)


async def acknowledge(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, alarm_id: int | None, note: str, now: dt.datetime
) -> int:
    """Somebody has looked into an alarm and says what they found; the alarm's key.

    Raises NotDone: no such alarm in the viewer's division, one about the viewer, one looked into before, no words.
    """
    statement = locked(_ALARM.where(Alarm.id == alarm_id), connection, Alarm)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "alarmId"), "没有此警报。", "There is no such alarm.")
    if found.user_id == viewer.user_id:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "alarmId"),
            "不得处理针对本人的警报。",
            "Nobody looks into an alarm about themselves.",
        )
    if found.acknowledged_at is not None:
        raise NotDone(
            UserErrorCode.CONFLICT, ("input", "alarmId"), "该警报已处理。", "This alarm has been looked into already."
        )
    if not note.strip():
        raise NotDone(UserErrorCode.REQUIRED, ("input", "note"), "请说明核查结果。", "Say what was found.")
    if len(note) > LONGEST_NOTE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "note"),
            f"说明不超过 {LONGEST_NOTE} 字。",
            f"A note has up to {LONGEST_NOTE:,} characters.",
        )
    await connection.execute(
        update(Alarm)
        .where(Alarm.id == found.id)
        .values(acknowledged_by=viewer.user_id, acknowledged_at=now, note=vault.seal(NOTE_COLUMN, note))
    )
    await audit.record(connection, viewer.user_id, "alarm.acknowledged", ("Alarm", found.id), now)
    await outbox.append(connection, TOPIC, found.id, now)
    return int(found.id)
