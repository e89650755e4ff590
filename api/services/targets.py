"""Goals are set for a baseline: so much of it by a day, as a document says; none is changed or taken back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import Key
from api.domain import casework
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.targets import TargetKind
from api.models import Snapshot, Target, table
from api.services import audit

S, G = table(Snapshot).c, table(Target).c
LONGEST_DOCUMENT = 100
_SNAPSHOT = scope.narrow(select(S.id, S.as_of), S.division_code).where(S.id == bindparam("snapshot", type_=Key))


async def set_goal(
    connection: AsyncConnection,
    viewer: Viewer,
    snapshot_id: int | None,
    kind: TargetKind,
    percent: int,
    due_on: dt.date,
    document_no: str,
    now: dt.datetime,
) -> int:
    """So many of a hundred of a snapshot's files by a day; the goal's key.

    Raises NotDone: a snapshot that is not of the viewer's division, a share that is none, a day before the snapshot's,
    or the same goal twice.
    """
    document = casework.words(document_no, "documentNo", most=LONGEST_DOCUMENT)
    found = (await connection.execute(_SNAPSHOT, {**scope.of(viewer), "snapshot": snapshot_id})).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "snapshotId"), "没有此快照。", "There is no such snapshot.")
    if not 1 <= percent <= 100:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "percent"), "比例须为 1 至 100。", "It is 1 to 100 of a hundred."
        )
    if due_on <= found.as_of:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "dueOn"),
            "期限须晚于冻结日。",
            "It is due after the day of the snapshot.",
        )
    same = select(G.id).where(G.snapshot_id == found.id, G.kind == kind, G.due_on == due_on)
    if await connection.scalar(same) is not None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "dueOn"), "已有同期同类目标。", "There is a goal of this kind and day."
        )
    row = {"snapshot_id": found.id, "kind": kind, "percent": percent, "due_on": due_on, "document_no": document}
    added = insert(Target).values(**row, set_by=viewer.user_id, set_at=now).returning(G.id)
    target_id = int((await connection.execute(added)).scalar_one())
    detail = {"kind": kind.value, "percent": percent, "due_on": due_on.isoformat()}
    await audit.record(connection, viewer.user_id, "target.set", ("Target", target_id), now, detail)
    return target_id
