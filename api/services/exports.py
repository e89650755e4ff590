"""An export's life: asked for, gathered part by part, finished, taken by whoever asked for it, and gone after its days.

Whatever is in it was read by its requester, for the purpose that they named: who they are, and what they may see, is
looked up again when it is gathered, and when it is taken. In another role, or no more over the division, they have
nothing of it; nor of one that tells where somebody is who was protected since (F-29).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs
from api.database import locked
from api.domain import days, divisions
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.exports import MOST_UNFINISHED, NEEDED, ExportFormat, ExportKind, ExportStatus
from api.domain.permissions import Role, Viewer
from api.domain.purposes import Purpose
from api.domain.retention import CLOCKS, RetentionClass
from api.matching import policy
from api.models import Export, Household, Member, Protection, table
from api.sealing import Vault
from api.services import audit, reads

JOB = "export"
COLUMN = "exports.filter"
X, H, M, P = (table(each).c for each in (Export, Household, Member, Protection))


class Asked(Protocol):
    """As whom, and of which division, an export was asked for."""

    @property
    def role(self) -> str: ...
    @property
    def division_code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, for whom, and how far it is."""

    id: int
    kind: ExportKind
    format: ExportFormat
    user_id: int
    role: Role
    division_code: str
    purpose: Purpose
    named: bool
    filter: Mapping[str, Any] | None
    status: ExportStatus
    rows: int
    parts: int
    cursor: str | None
    requested_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """A file that may be taken."""

    id: int
    kind: ExportKind
    format: ExportFormat
    size: int
    sha256: str


async def request(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    purpose: Purpose,
    named: bool,
    kind: ExportKind,
    file_format: ExportFormat,
    wanted: Mapping[str, Any] | None,
    now: dt.datetime,
) -> int:
    """An export that a worker is to carry out; its key. Raises Forbidden for a list that the viewer may not read, and NotDone."""
    if not viewer.may(NEEDED[kind]):
        raise Forbidden
    unfinished = X.status.in_((ExportStatus.QUEUED, ExportStatus.RUNNING))
    there = select(func.count()).select_from(Export).where(X.user_id == viewer.user_id, unfinished)
    if int((await connection.execute(there)).scalar_one()) >= MOST_UNFINISHED:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "kind"),
            f"您已有 {MOST_UNFINISHED} 项导出尚未完成，请待其完成。",
            f"{MOST_UNFINISHED} exports of yours are not finished yet: wait for them.",
        )
    row = {
        "kind": kind,
        "format": file_format,
        "user_id": viewer.user_id,
        "division_code": viewer.division_code,
        "role": viewer.role,
        "purpose": purpose,
        "named": named,
        "filter": vault.seal(COLUMN, json.dumps(wanted) if wanted else None),
        "status": ExportStatus.QUEUED,
        "rows": 0,
        "parts": 0,
        "times_taken": 0,
        "requested_at": now,
    }
    key = int((await connection.execute(insert(Export).values(**row).returning(X.id))).scalar_one())
    await jobs.enqueue(connection, JOB, key, now)
    detail = {"kind": kind, "format": file_format, "purpose": purpose}
    await audit.record(connection, viewer.user_id, "export.requested", ("Export", key), now, detail)
    return key


async def begin(connection: AsyncConnection, vault: Vault, key: int, now: dt.datetime) -> Order | None:
    """The export is carried out from now on, from where it stands; None where there is none any more."""
    row = (await connection.execute(select(*X).where(X.id == key))).one_or_none()
    if row is None:
        return None
    status = ExportStatus(row.status)
    if not status.ended:
        changed = update(Export).where(X.id == key)
        await connection.execute(changed.values(status=ExportStatus.RUNNING, started_at=row.started_at or now))
    wanted = vault.open(COLUMN, row.filter)
    return Order(
        id=key,
        kind=ExportKind(row.kind),
        format=ExportFormat(row.format),
        user_id=row.user_id,
        role=Role(row.role),
        division_code=row.division_code,
        purpose=Purpose(row.purpose),
        named=row.named,
        filter=json.loads(wanted) if wanted else None,
        status=status,
        rows=row.rows,
        parts=row.parts,
        cursor=row.cursor,
        requested_at=row.requested_at,
    )


async def kept(
    connection: AsyncConnection,
    key: int,
    parts: int,
    rows: int,
    cursor: str | None,
    seen: Sequence[Mapping[str, Any]],
) -> None:
    """So many parts lie on the disk; who was shown in the last is on record as read by the requester (F-28)."""
    changed = update(Export).where(X.id == key)
    await connection.execute(changed.values(parts=parts, rows=rows, cursor=cursor))
    if seen:
        await reads.add(connection, seen)


async def succeed(connection: AsyncConnection, key: int, size: int, sha256: str, now: dt.datetime) -> None:
    """The file may be taken, for its days."""
    kept_days = policy.whole(CLOCKS[RetentionClass.EXPORT], days.today(now))
    ended = {"status": ExportStatus.SUCCEEDED, "size": size, "sha256": sha256, "finished_at": now}
    changed = update(Export).where(X.id == key).values(**ended, expires_at=now + dt.timedelta(days=kept_days))
    rows = (await connection.execute(changed.returning(X.rows))).scalar_one()
    await audit.record(connection, None, "export.finished", ("Export", key), now, {"rows": rows, "sha256": sha256})


async def fail(connection: AsyncConnection, key: int, failure: str, now: dt.datetime) -> None:
    """The export will not be tried again; `failure` says why, and holds nothing personal."""
    changed = update(Export).where(X.id == key)
    await connection.execute(changed.values(status=ExportStatus.FAILED, failure=failure, finished_at=now))
    await audit.record(connection, None, "export.failed", ("Export", key), now)


def still_theirs(viewer: Viewer, asked: Asked) -> bool:
    """Whether whoever asked is in the role of then, and the division of then is theirs."""
    return viewer.role == asked.role and divisions.holds(viewer.division_code, asked.division_code)


async def _protected_since(connection: AsyncConnection, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether the rows may tell where somebody is who was protected after the file was asked for."""
    low, high = divisions.span(row.division_code)
    since = (
        select(P.id)
        .join(Member, M.person_id == P.person_id)
        .join(Household, H.id == M.household_id)
        .where(P.created_at >= row.requested_at, H.division_code >= low, H.division_code < high)
    )
    return (await connection.execute(since.limit(1))).first() is not None


async def take(connection: AsyncConnection, viewer: Viewer, key: int | None, now: dt.datetime) -> Finished:
    """The file leaves for whoever asked for it, and nobody else, as long as they may see it. Raises NotDone."""
    mine = select(*X).where(X.id == key, X.user_id == viewer.user_id)
    row = (await connection.execute(locked(mine, connection, Export))).one_or_none()
    if row is None or row.status != ExportStatus.SUCCEEDED or row.expires_at <= now:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            (),
            "没有此文件：仅申请人可在有效期内下载。",
            "There is no such file: who asked for it may take it, while its days last.",
        )
    kind = ExportKind(row.kind)
    theirs = viewer.may(NEEDED[kind]) and still_theirs(viewer, row)
    if not theirs or (kind.about_households and await _protected_since(connection, row)):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            (),
            "此文件申请后，可见范围已有变化，不能再下载，请重新导出。",
            "What may be seen has changed since the file was asked for: have it made anew.",
        )
    changed = update(Export).where(X.id == key)
    await connection.execute(changed.values(times_taken=row.times_taken + 1))
    detail = {"times": row.times_taken + 1}
    await audit.record(connection, viewer.user_id, "export.taken", ("Export", row.id), now, detail)
    return Finished(row.id, kind, ExportFormat(row.format), row.size, row.sha256)
