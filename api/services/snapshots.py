"""Snapshots are taken of a division's files, sealed at once, and proved by their digest (models/snapshots)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from sqlalchemy import Date, String, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.domain import days, divisions, targets
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.targets import SnapshotKind
from api.models import File, Household, Snapshot, SnapshotRow, table
from api.sealing import Vault
from api.services import audit
from api.services.freezing import FREEZE

LOCK = 4_105_015
F, H, S, R = (table(each).c for each in (File, Household, Snapshot, SnapshotRow))
FACTS = [column for column in R if column.name not in {"id", "snapshot_id", "file_id"}]
"""What a digest is of: every fact, and no key, so that it stands when a file is erased."""

EARLIEST = dt.date(2000, 1, 1)
"""Since when indicators are in force (domain/indicators): of a day before, nothing is reckoned."""

_CITY = func.substr(H.division_code, 1, 4, type_=String())
_DAY = bindparam("day", type_=Date())
_NEXT_CITY = (
    select(func.min(_CITY))
    .select_from(table(Household).join(table(File), F.household_id == H.id))
    .where(
        F.opened_on <= _DAY,
        ~exists().where(S.kind == SnapshotKind.MONTHLY, S.as_of == _DAY, S.division_code == _CITY + "00"),
    )
)


async def freeze(
    connection: AsyncConnection,
    viewer: Viewer,
    division_code: str,
    as_of: dt.date | None,
    since: dt.date | None,
    now: dt.datetime,
) -> int:
    """The files of a division are frozen as they stood at the end of a day, today where none is named; the snapshot's key.

    Raises NotDone: a division that is not the viewer's, a day to come or before all indicators, or days in the wrong order.
    """
    day = as_of or days.today(now)
    if not divisions.is_known(division_code) or not divisions.holds(viewer.division_code, division_code):
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "divisionCode"), "没有此区划。", "There is no such division."
        )
    if not EARLIEST <= day <= days.today(now):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "asOf"),
            f"冻结日期须在 {EARLIEST} 与今天之间。",
            f"The day lies between {EARLIEST} and today.",
        )
    back_to = since or months_after(day, -targets.LOOKS_BACK)
    if back_to >= day:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "since"), "起始日须早于冻结日。", "It looks back to an earlier day."
        )
    return await _take(connection, SnapshotKind.BASELINE, division_code, back_to, day, viewer.user_id, now)


async def monthly(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """The files of one more city are frozen as they stood at the end of last month; how many cities that was, one or none.

    Of several workers one does so at a time, and the next one sees what it did.
    """
    await one_writer(connection, LOCK)
    last = days.today(now).replace(day=1) - dt.timedelta(days=1)
    city = await connection.scalar(_NEXT_CITY, {"day": last})
    if city is None:
        return 0
    await _take(
        connection, SnapshotKind.MONTHLY, f"{city}00", months_after(last, -targets.LOOKS_BACK), last, None, now
    )
    return 1


async def changed(connection: AsyncConnection) -> tuple[int, list[int]]:
    """How many snapshots there are, and the keys of those that are not what they were sealed as."""
    keys = list(await connection.scalars(select(S.id).order_by(S.id)))
    return len(keys), [key for key in keys if not await intact(connection, key)]


async def intact(connection: AsyncConnection, snapshot_id: int) -> bool:
    """Whether the rows of a sealed snapshot are those that it was sealed with."""
    sealed = (await connection.execute(select(S.rows, S.digest).where(S.id == snapshot_id))).one()
    return (sealed.rows, sealed.digest) == await _digest(connection, snapshot_id)


async def _take(
    connection: AsyncConnection,
    kind: SnapshotKind,
    division_code: str,
    since: dt.date,
    as_of: dt.date,
    user_id: int | None,
    now: dt.datetime,
) -> int:
    low, high = divisions.span(division_code)
    of = {"kind": kind, "division_code": division_code, "since": since, "as_of": as_of}
    added = insert(Snapshot).values(**of, taken_by=user_id, taken_at=now).returning(S.id)
    snapshot_id = int((await connection.execute(added)).scalar_one())
    born = {f"born_{band}".lower(): day for band, day in targets.born_by(as_of).items()}
    told = {"snapshot_id": snapshot_id, "as_of": as_of, "since": since, "division_from": low, "division_to": high}
    await connection.execute(FREEZE, {**told, **born})
    rows, digest = await _digest(connection, snapshot_id)
    await connection.execute(update(Snapshot).where(S.id == snapshot_id).values(rows=rows, digest=digest))
    detail = {"kind": kind.value, "since": since.isoformat(), "as_of": as_of.isoformat(), "rows": rows}
    await audit.record(connection, user_id, "snapshot.taken", ("Snapshot", snapshot_id), now, detail)
    return snapshot_id


async def _digest(connection: AsyncConnection, snapshot_id: int) -> tuple[int, str]:
    """How many rows a snapshot has, and the digest of what they say, in their order."""
    found, rows = hashlib.sha256(), 0
    facts = await connection.execute(select(*FACTS).where(R.snapshot_id == snapshot_id).order_by(R.id))
    for row in facts:
        found.update(json.dumps(tuple(row), default=str).encode())
        rows += 1
    return rows, found.hexdigest()
