"""A mutation asked for twice under one key is carried out once; keys are kept as digests, for three days."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import UtcDateTime, inserting
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import IdempotencyKey, table

KEPT = dt.timedelta(hours=72)
SHORTEST, LONGEST = 8, 200
NOT_YET = 0
"""What a row names until its transaction ends; nobody else sees it."""

K = table(IdempotencyKey).c
_THIS = (K.user_id == bindparam("user"), K.digest == bindparam("key"))


def _claim(dialect: str) -> Any:
    """The row of a key that is new, or whose time is over, and then it is told so; nothing where the key stands for something."""
    row = inserting(dialect, table(IdempotencyKey))
    anew = {name: row.excluded[name] for name in ("request_digest", "subject", "audit_event_id", "created_at")}
    over = K.created_at <= bindparam("over", type_=UtcDateTime())
    return row.on_conflict_do_update(index_elements=["user_id", "digest"], set_=anew, where=over).returning(K.user_id)


_CLAIM = {dialect: _claim(dialect) for dialect in ("postgresql", "sqlite")}
_KNOWN = select(K.request_digest, K.subject, K.audit_event_id).where(*_THIS)
_MADE = (
    update(table(IdempotencyKey)).where(*_THIS).values(subject=bindparam("made"), audit_event_id=bindparam("told"))
)


@dataclass(frozen=True, slots=True)
class Request:
    """A viewer's mutation under its key.

    `subject` is what it made when it was carried out before, `audit_event` the row of the audit that tells so.
    """

    user_id: int
    digest: bytes
    request_digest: bytes
    subject: int | None
    audit_event: int | None


async def asked(
    connection: AsyncConnection,
    viewer: Viewer,
    key: str,
    mutation: str,
    arguments: Mapping[str, Any],
    now: dt.datetime,
) -> Request:
    """Whether this was carried out before. Two at the same time wait for each other here.

    Raises NotDone for a key of the wrong length, or one that stood for something else.
    """
    if not SHORTEST <= len(key) <= LONGEST:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "idempotencyKey"),
            f"幂等键须为 {SHORTEST} 至 {LONGEST} 个字符。",
            f"An idempotency key has {SHORTEST} to {LONGEST} characters.",
        )
    digest = hashlib.sha256(key.encode()).digest()
    content = json.dumps([mutation, arguments], sort_keys=True, default=str).encode()
    request_digest = hashlib.sha256(content).digest()
    row = {
        "user_id": viewer.user_id,
        "digest": digest,
        "request_digest": request_digest,
        "subject": NOT_YET,
        "audit_event_id": None,
        "created_at": now,
    }
    claimed = await connection.execute(_CLAIM[connection.dialect.name], {**row, "over": now - KEPT})
    if claimed.first() is not None:
        return Request(viewer.user_id, digest, request_digest, None, None)
    known = (await connection.execute(_KNOWN, {"user": viewer.user_id, "key": digest})).one()
    if known.request_digest != request_digest:
        raise NotDone(
            UserErrorCode.IDEMPOTENCY_KEY_REUSED,
            ("input", "idempotencyKey"),
            "该幂等键已用于另一请求，请换用新的键。",
            "This idempotency key stood for another request: use a new one.",
        )
    return Request(viewer.user_id, digest, request_digest, known.subject, known.audit_event_id)


async def carried_out(connection: AsyncConnection, request: Request, subject: int, audit_event: int | None) -> None:
    """Remembers what the request made, and the row of the audit that tells so."""
    told = {"user": request.user_id, "key": request.digest, "made": subject, "told": audit_event}
    await connection.execute(_MADE, told)


async def forget_old(connection: AsyncConnection, now: dt.datetime) -> None:
    """Removes keys whose time is over."""
    await connection.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
