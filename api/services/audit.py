"""Who did what to what: rows that are only ever added, each carrying the hash of the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.models import AuditEvent
from api.services import chain
from api.services.chain import Head, Progress, Proof

LOCK = 4_105_002
UNHASHED = chain.UNHASHED | {"id"}

_added: WeakKeyDictionary[AsyncConnection, int] = WeakKeyDictionary()


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
    last = await chain.head(connection, AuditEvent)
    row = {
        "number": last.number + 1,
        "happened_at": now,
        "user_id": user_id,
        "action": action,
        "subject_type": subject[0],
        "subject": subject[1],
        "detail": dict(detail or {}),
        "previous_hash": last.hash,
    }
    added = await connection.execute(insert(AuditEvent).values(**row, hash=chain.link(row)).returning(AuditEvent.id))
    _added[connection] = int(added.scalar_one())


def added(connection: AsyncConnection) -> int | None:
    """The key of the row that this transaction added last; None where it has added none."""
    return _added.get(connection)


async def head(connection: AsyncConnection) -> Head:
    """Where the trail ends."""
    return await chain.head(connection, AuditEvent)


async def prove(connection: AsyncConnection, known: Head | None = None, progress: Progress | None = None) -> Proof:
    """Recomputes the trail from its first row."""
    return await chain.prove(connection, AuditEvent, unhashed=UNHASHED, known=known, progress=progress)
