"""Tells subscribers in this process what the outbox holds, whichever process wrote it.

One task reads the outbox while anybody listens. A subscriber is told that something about its subject happened, and
reads the state itself; events it could not hear in time are told as one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import outbox
from api.database import reading

SECONDS = 0.25

log = logging.getLogger("jiekun.broadcast")

Subject = tuple[str, int]


class Broadcast:
    """Reads the outbox while there are subscribers."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._subscribers: dict[Subject, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribed(self, topic: str, subject: int) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something about the subject has happened; whoever waits clears it."""
        heard, key = asyncio.Event(), (topic, subject)
        if self._task is None or self._task.done():
            async with reading(self._engine) as connection:
                last = await outbox.newest(connection)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._listen(last))
        self._subscribers[key].add(heard)
        try:
            yield heard
        finally:
            self._subscribers[key].discard(heard)
            if not self._subscribers[key]:
                del self._subscribers[key]

    async def close(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, last: int) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            if not self._subscribers:
                return
            try:
                async with reading(self._engine) as connection:
                    events = await outbox.after(connection, last)
            except (OSError, SQLAlchemyError) as away:
                log.warning("the outbox cannot be read for the moment: %s", type(away).__name__)
                continue
            for event in events:
                last = event.id
                for heard in self._subscribers.get((event.topic, event.subject), ()):
                    heard.set()
