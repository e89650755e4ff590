"""The database's history: one step a file, forwards and backwards, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Brings the database to the newest step; a new one gets all its tables."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def downgrade(engine: AsyncEngine, to: str) -> None:
    """Takes the database back to a step, or to `base`, where nothing is left."""
    async with engine.begin() as connection:
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
