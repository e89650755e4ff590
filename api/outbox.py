"""What happened, written with the change itself, and read by whoever tells others; ids only.

Ids become visible in their order: PostgreSQL's writers wait for each other, so that a reader who has seen an id has
seen all before it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import OUTBOX_LOCK, at_last, one_writer
from api.models import OutboxEvent

PLACE = 2
"""After the audit, at the end of a transaction (database.at_last)."""

KEPT = dt.timedelta(days=3)
BATCH = 500

_AFTER = (
    select(OutboxEvent.id, OutboxEvent.topic, OutboxEvent.subject)
    .where(OutboxEvent.id > bindparam("after"))
    .order_by(OutboxEvent.id)
    .limit(BATCH)
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something about `subject`, a row's key, under a topic such as `scan`."""

    id: int
    topic: str
    subject: int


async def append(connection: AsyncConnection, topic: str, subject: int, now: dt.datetime) -> None:
    """Tells that something happened; heard once the caller's transaction has committed."""
    at_last(connection, PLACE, _write, {"topic": topic, "subject": subject, "happened_at": now})


async def _write(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await one_writer(connection, OUTBOX_LOCK)
    await connection.execute(insert(OutboxEvent), rows)


async def after(connection: AsyncConnection, last: int) -> list[Event]:
    """The next events behind this one, in order."""
    return [Event(*row) for row in await connection.execute(_AFTER, {"after": last})]


async def newest(connection: AsyncConnection) -> int:
    """The id of the last event, 0 where there is none."""
    return int((await connection.execute(select(func.coalesce(func.max(OutboxEvent.id), 0)))).scalar_one())


async def forget_old(
    connection: AsyncConnection, now: dt.datetime, kept: dt.timedelta = KEPT, heard: int | None = None
) -> None:
    """Removes what everybody has heard long since, but for the newest, from which SQLite counts on.

    `heard` is the last event that whoever is slowest has heard, where somebody is waited for.
    """
    over = [OutboxEvent.happened_at < now - max(kept, KEPT), OutboxEvent.id < await newest(connection)]
    if heard is not None:
        over.append(OutboxEvent.id <= heard)
    await connection.execute(delete(OutboxEvent).where(*over))
