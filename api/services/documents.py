"""Registered documents: added by whoever builds a client, looked up by the hash of their text."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import TrustedDocument
from api.services import audit

EVERY_CLIENT = ""
D = TrustedDocument

_TEXT = (
    select(D.text).where(D.digest == bindparam("digest"), D.client.in_([EVERY_CLIENT, bindparam("client")])).limit(1)
)


async def register(
    connection: AsyncConnection, client: str, texts: Iterable[str], user_id: int | None, now: dt.datetime
) -> int:
    """Registers these texts for a client, or for EVERY_CLIENT; how many were new. Registering twice changes nothing."""
    known = set((await connection.execute(select(D.digest).where(D.client == client))).scalars())
    added = {digest(text): text for text in texts}
    rows = [
        {"client": client, "digest": key, "text": text, "registered_at": now, "user_id": user_id}
        for key, text in added.items()
        if key not in known
    ]
    if rows:
        await connection.execute(insert(D), rows)
        await audit.record(connection, user_id, "documents.registered", ("TrustedDocument", len(rows)), now)
    return len(rows)


async def withdraw(connection: AsyncConnection, client: str, user_id: int | None, now: dt.datetime) -> int:
    """Removes all that is registered for a client; how many they were."""
    removed = (await connection.execute(delete(D).where(D.client == client))).rowcount
    if removed:
        await audit.record(connection, user_id, "documents.withdrawn", ("TrustedDocument", removed), now)
    return removed


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """By client how many documents are registered."""
    rows = await connection.execute(select(D.client, func.count()).group_by(D.client).order_by(D.client))
    return {str(client): int(count) for client, count in rows}


async def text_of(connection: AsyncConnection, key: str, client: str | None) -> str | None:
    """The text of a document registered for this client or for every client; None where there is none."""
    found = await connection.execute(_TEXT, {"digest": key, "client": client or EVERY_CLIENT})
    return found.scalar_one_or_none()


def digest(text: str) -> str:
    """By which a document is known: the SHA-256 of its text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
