"""Who did what to what: rows that are only ever added, each carrying the hash of the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.models import AuditEvent

LOCK = 4_105_002
BEGINNING = "0" * 64


async def record(
    connection: AsyncConnection,
    user_id: int | None,
    action: str,
    subject: tuple[str, int],
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds a row in the transaction that does what it tells; `detail` holds codes and ids, nothing personal."""
    await one_writer(connection, LOCK)
    newest = select(AuditEvent.number, AuditEvent.hash).order_by(AuditEvent.number.desc()).limit(1)
    last = (await connection.execute(newest)).one_or_none()
    row = {
        "number": last.number + 1 if last else 1,
        "happened_at": now,
        "user_id": user_id,
        "action": action,
        "subject_type": subject[0],
        "subject": subject[1],
        "detail": dict(detail or {}),
        "previous_hash": last.hash if last else BEGINNING,
    }
    await connection.execute(insert(AuditEvent).values(**row, hash=_hash(row)))


async def first_broken(connection: AsyncConnection) -> int | None:
    """The number of the first row that was changed, or before which one is missing; None where all are as written."""
    previous, expected = BEGINNING, 1
    columns = AuditEvent.__table__.columns
    async with connection.stream(select(*columns).order_by(AuditEvent.number)) as rows:
        async for row in rows.mappings():
            content = {name: row[name] for name in columns.keys() if name not in ("id", "hash")}  # noqa: SIM118
            if row["number"] != expected or row["previous_hash"] != previous or row["hash"] != _hash(content):
                return expected
            previous, expected = row["hash"], expected + 1
    return None


def _hash(row: Mapping[str, Any]) -> str:
    content = {**row, "happened_at": row["happened_at"].astimezone(dt.UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
