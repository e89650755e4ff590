"""The database's history: one step a file, forwards and backwards, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import reading


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def _altering(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction in which tables may be made anew.

    SQLite changes a table by making another of that name, which rows of others refer to meanwhile: their foreign keys are
    not looked at until the end, and then all at once.
    """
    async with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            await _foreign_keys(connection, "OFF")
        try:
            async with connection.begin():
                yield connection
                if sqlite:
                    await _no_row_dangles(connection)
        finally:
            if sqlite:
                await _foreign_keys(connection, "ON")


async def _no_row_dangles(connection: AsyncConnection) -> None:
    dangling = (await connection.execute(text("PRAGMA foreign_key_check"))).mappings().first()
    if dangling is not None:
        raise RuntimeError(
            f"a row of {dangling['table']} would refer to one of {dangling['parent']} that is not there"
        )


async def _foreign_keys(connection: AsyncConnection, state: str) -> None:
    raw = await connection.get_raw_connection()
    assert raw.driver_connection is not None
    await raw.driver_connection.execute(f"PRAGMA foreign_keys={state}")


async def upgrade(engine: AsyncEngine, to: str = "head") -> None:
    """Brings the database to a step, by default the newest; a new one gets all its tables."""
    async with _altering(engine) as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), to))


async def downgrade(engine: AsyncEngine, to: str) -> None:
    """Takes the database back to a step, or to `base`, where nothing is left."""
    async with _altering(engine) as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), to))


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database stands at the newest step."""
    async with reading(engine) as connection:
        return await connection.run_sync(
            lambda sync: (
                MigrationContext.configure(sync).get_current_revision()
                == ScriptDirectory.from_config(_config(sync)).get_current_head()
            )
        )
