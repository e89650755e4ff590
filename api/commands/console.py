"""What commands share: results on stdout, messages on stderr, and one transaction, or one look, over the settings' database."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import migrations
from api.database import open_engine, reading, transaction

Answer = TypeVar("Answer")

NO_TABLES = "the database has no tables, or old ones; run: jiekun db upgrade"

messages = Console(stderr=True, highlight=False, soft_wrap=True)
results = Console(highlight=False, soft_wrap=True)


class NotReady(Exception):
    """Something has to be done first; the message says what."""


def run(database_url: str, act: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Carries something out in one transaction. Raises NotReady where the database is not as it should be."""
    return _on(database_url, act, transaction)


def look(database_url: str, act: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Looks at one state of the database, and keeps nobody from writing. Raises NotReady likewise."""
    return _on(database_url, act, reading)


def _on(
    database_url: str,
    act: Callable[[AsyncConnection], Awaitable[Answer]],
    opened: Callable[[AsyncEngine], AbstractAsyncContextManager[AsyncConnection]],
) -> Answer:
    file = make_url(database_url)
    if file.get_backend_name() == "sqlite" and file.database and not Path(file.database).exists():
        raise NotReady(NO_TABLES)  # opening it would make an empty one

    async def acting() -> Answer:
        engine = open_engine(database_url)
        try:
            async with opened(engine) as connection:
                await require_current(connection)
                return await act(connection)
        finally:
            await engine.dispose()

    return asyncio.run(acting())


async def require_current(connection: AsyncConnection) -> None:
    """Raises NotReady where the database stands at an older step."""
    if not await migrations.is_current(connection.engine):
        raise NotReady(NO_TABLES)


def now() -> dt.datetime:
    """This moment, in UTC."""
    return dt.datetime.now(dt.UTC)
