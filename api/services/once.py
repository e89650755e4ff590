"""A mutation asked for twice under one key is carried out once; keys are kept as digests, for three days."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import IdempotencyKey

KEPT = dt.timedelta(hours=72)
SHORTEST, LONGEST = 8, 200


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
    await one_writer(connection, int.from_bytes(digest[:8], "big", signed=True) ^ viewer.user_id)
    row = (
        await connection.execute(
            select(IdempotencyKey.request_digest, IdempotencyKey.subject, IdempotencyKey.audit_event_id).where(
                IdempotencyKey.user_id == viewer.user_id,
                IdempotencyKey.digest == digest,
                IdempotencyKey.created_at > now - KEPT,
            )
        )
    ).one_or_none()
    if row is not None and row.request_digest != request_digest:
        raise NotDone(
            UserErrorCode.IDEMPOTENCY_KEY_REUSED,
            ("input", "idempotencyKey"),
            "该幂等键已用于另一请求，请换用新的键。",
            "This idempotency key stood for another request: use a new one.",
        )
    before = (row.subject, row.audit_event_id) if row else (None, None)
    return Request(viewer.user_id, digest, request_digest, *before)


async def carried_out(
    connection: AsyncConnection, request: Request, subject: int, audit_event: int | None, now: dt.datetime
) -> None:
    """Remembers what the request made, and the row of the audit that tells so."""
    await connection.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.user_id == request.user_id, IdempotencyKey.digest == request.digest
        )
    )
    await connection.execute(
        insert(IdempotencyKey).values(
            user_id=request.user_id,
            digest=request.digest,
            request_digest=request.request_digest,
            subject=subject,
            audit_event_id=audit_event,
            created_at=now,
        )
    )


async def forget_old(connection: AsyncConnection, now: dt.datetime) -> None:
    """Removes keys whose time is over."""
    await connection.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
