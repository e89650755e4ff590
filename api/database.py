"""One request or one step of a job is one transaction, on SQLite and on PostgreSQL alike; dialects differ here alone.

Services never commit: the block that `transaction` opens commits when it ends, and leaves nothing behind when it
fails. On SQLite a transaction takes the write lock at once, so that two writers wait for each other rather than fail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
BUSY_SECONDS = 30


def open_engine(database_url: str) -> AsyncEngine:
    """An engine for a URL of SQLite or PostgreSQL. Raises ValueError for any other database."""
    url = _with_driver(make_url(database_url))
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine
    return create_async_engine(url, pool_pre_ping=True)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with engine.begin() as connection:
        yield connection


def _with_driver(url: URL) -> URL:
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is not supported; use SQLite or PostgreSQL")
    return url.set(drivername=DRIVERS[backend])


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the begin event speaks for the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
