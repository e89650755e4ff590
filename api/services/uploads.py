"""What a department sends: announced by its hash, received to the last byte, or given up.

A batch that is announced again is the one that is there, whatever became of it; another under its number is none. Bytes
lie beside the database (api/uploads_store), and only the service reads them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from sqlalchemy import Row, String, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox, scope
from api.database import among, locked, one_writer
from api.domain import days, uploads
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.permissions import Permission, Role, Viewer
from api.domain.uploads import COUNTS, Announced, BatchKind, UploadState
from api.matching import MatcherError, reference, sent
from api.models import Organisation, Upload, table
from api.sealing import Vault
from api.services import audit

JOB, TOPIC = "feed", "upload"
FOLDER = "feeds"

U = table(Upload).c
_SENT = scope.narrow_to_sender(select(*U), U.organisation_id).where(among(U.source, scope.SOURCES, String))
"""What the viewer's department sent, of the data that it keeps."""

_BY_KEY = _SENT.where(U.id == bindparam("key"))
_SEEN = scope.narrow_to_batches(select(*U), U.organisation_id, U.division_code).where(U.id == bindparam("key"))
_OF_NUMBER = select(*U).where(U.source == bindparam("source"), U.batch == bindparam("batch")).order_by(U.id.desc())
_OPEN = select(func.count()).where(U.organisation_id == bindparam("organisation"), U.state == UploadState.OPEN)

Known = Row[*tuple[Any, ...]]


async def announce(
    connection: AsyncConnection, viewer: Viewer, given: Announced, most_bytes: int, room: int, now: dt.datetime
) -> int:
    """The batch may be sent, until it expires; its key. One that came before is the same. Raises NotDone.

    `room` is how many bytes there is room for.
    """
    organisation = keeper(viewer, given.source)
    given = uploads.announced(given, days.today(now), most_bytes)
    _check(given)
    await one_at_a_time(connection, given.source)
    for before in await connection.execute(_OF_NUMBER, {"source": given.source, "batch": given.batch}):
        if (found := _same(before, given, viewer)) is not None:
            return found
    if (await connection.execute(_OPEN, {"organisation": organisation})).scalar_one() >= uploads.MOST_OPEN:
        raise NotDone(
            UserErrorCode.CONFLICT,
            (),
            f"未传完的批次已有 {uploads.MOST_OPEN} 个，请先传完或撤回。",
            f"{uploads.MOST_OPEN} batches are being sent already: finish or withdraw one first.",
        )
    if given.size > room:
        raise NotDone(
            UserErrorCode.CONFLICT,
            ("input", "size"),
            "服务器存储空间不足，暂不能接收此文件；请联系运维人员后重试。",
            "There is no room for so large a file at present: tell the operator, and announce it again.",
        )
    named = select(Organisation.name_zh).where(Organisation.id == organisation)
    row = {
        **_content(given),
        "organisation_id": organisation,
        "division_code": viewer.division_code,
        "department": (await connection.execute(named)).scalar_one(),
        "user_id": viewer.user_id,
        "client": viewer.client or viewer.login,
        "folder": f"{FOLDER}/{given.source}-{secrets.token_hex(16)}",
        "state": UploadState.OPEN,
        "begun_at": now,
        "expires_at": now + uploads.UNFINISHED,
        "checks": [],
    }
    key = int((await connection.execute(insert(Upload).values(**row).returning(U.id))).scalar_one())
    await _tell(connection, viewer.user_id, "upload.begun", key, now, {"source": given.source, "bytes": given.size})
    return key


def keeper(viewer: Viewer, source: str) -> int:
    """The viewer's department, which keeps this kind of data. Raises NotDone."""
    if viewer.organisation_id is None or source not in (viewer.sources or ()):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "source"),
            "贵单位未登记提供此类数据。",
            "Your department is not known to keep such data.",
        )
    return viewer.organisation_id


async def one_at_a_time(connection: AsyncConnection, source: str) -> None:
    """Until this transaction ends nobody else begins or takes over a batch of this source."""
    digest = hashlib.sha256(f"uploads of {source}".encode()).digest()
    await one_writer(connection, int.from_bytes(digest[:8], "big", signed=True))


async def sent_by(connection: AsyncConnection, viewer: Viewer, key: int | None) -> Known:
    """What the viewer's own department sends. Raises NotDone."""
    row = (await connection.execute(_BY_KEY, {**scope.of(viewer), "key": key or 0})).one_or_none()
    if row is None:
        raise NotDone(UserErrorCode.NOT_FOUND, (), "没有此批次。", "There is no such upload.")
    return row


async def seen_by(connection: AsyncConnection, viewer: Viewer, key: int | None) -> Known:
    """An upload whose quality page this viewer may see: their department's own, or any there for who reads cases.

    Raises Forbidden or NotDone.
    """
    if viewer.role is not Role.DEPARTMENT and not viewer.may(Permission.READ_CASES):
        raise Forbidden
    row = (await connection.execute(_SEEN, {**scope.of(viewer), "key": key or 0})).one_or_none()
    if row is None:
        raise NotDone(UserErrorCode.NOT_FOUND, (), "没有此批次。", "There is no such upload.")
    return row


async def received(connection: AsyncConnection, key: int, now: dt.datetime) -> None:
    """All bytes are there: the batch waits for its check. What was received before stays so."""
    if await _ended_open(connection, key, state=UploadState.RECEIVED, received_at=now, stage="check"):
        await jobs.enqueue(connection, JOB, key, now)
        await _tell(connection, None, "upload.received", key, now)


async def withdraw(connection: AsyncConnection, viewer: Viewer, key: int, now: dt.datetime) -> None:
    """The department sends it no more, and its number is free again. Raises NotDone where it has come already."""
    if not await _ended_open(connection, key, state=UploadState.WITHDRAWN, ended_at=now):
        raise NotDone(
            UserErrorCode.CONFLICT,
            (),
            "该批次已收齐，不能撤回；如有误，请另发批次取代（supersedes）。",
            "All of it has come: send another batch that supersedes it.",
        )
    await _tell(connection, viewer.user_id, "upload.withdrawn", key, now)


async def expire(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """How many uploads were not finished in time; they are given up, and their bytes go with the next sweep."""
    over = select(U.id).where(U.state == UploadState.OPEN, U.expires_at <= now)
    keys = (await connection.scalars(over)).all()
    for key in keys:
        if await _ended_open(connection, key, state=UploadState.EXPIRED, ended_at=now):
            await _tell(connection, None, "upload.expired", key, now)
    return len(keys)


async def change(connection: AsyncConnection, key: int, now: dt.datetime, **values: Any) -> None:
    """The upload is so from now on, and whoever follows it is told."""
    await connection.execute(update(Upload).where(U.id == bindparam("key")), {"key": key, **values})
    await outbox.append(connection, TOPIC, key, now)


async def _ended_open(connection: AsyncConnection, key: int, **values: Any) -> bool:
    """Whether it was still being sent, and is changed now."""
    there = locked(select(U.id).where(U.id == key, U.state == UploadState.OPEN), connection, Upload)
    if (await connection.execute(there)).one_or_none() is None:
        return False
    await connection.execute(update(Upload).where(U.id == bindparam("key")), {"key": key, **values})
    return True


async def _tell(
    connection: AsyncConnection,
    user_id: int | None,
    action: str,
    key: int,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    await audit.record(connection, user_id, action, ("Upload", key), now, detail)
    await outbox.append(connection, TOPIC, key, now)


def _check(given: Announced) -> None:
    if given.source not in {each.code for each in reference.departments()}:
        raise NotDone(UserErrorCode.INVALID, ("input", "source"), "没有此类数据。", "There is no such kind of data.")
    try:
        field = "fileName"
        sent.check_name(given.source, given.name)
        field = "mapping"
        sent.check_mapping(given.source, given.mapping or {})
    except MatcherError as why:
        raise NotDone(UserErrorCode.INVALID, ("input", field), str(why), str(why)) from None


def _same(before: Known, given: Announced, viewer: Viewer) -> int | None:
    """The upload that came before, if it is this one; None where its number is free again. Raises Conflict."""
    same = before.organisation_id == viewer.organisation_id and _announced(before).content() == given.content()
    if same and (before.state in COUNTS or (before.refusal or {}).get("final")):
        return int(before.id)
    if before.state not in COUNTS:
        return None
    raise NotDone(
        UserErrorCode.CONFLICT,
        ("input", "batch"),
        f"批次 {given.batch} 已用于另一内容；内容有变的批次须另编批次号，并以 supersedes 取代原批次。",
        f"Batch {given.batch} came before and said otherwise: a batch that is sent again changed needs a number of its "
        "own, and `supersedes` the old one.",
    )


def _announced(row: Known) -> Announced:
    return Announced(
        row.source, row.name, row.size, row.sha256, row.as_of, BatchKind(row.kind), row.batch, tuple(row.supersedes),
        row.mapping,
    )  # fmt: skip


def _content(given: Announced) -> dict[str, Any]:
    names = ("source", "name", "size", "sha256", "as_of", "kind", "batch")
    told = {name: getattr(given, name) for name in names}
    return {**told, "supersedes": list(given.supersedes), "mapping": dict(given.mapping or {})}
