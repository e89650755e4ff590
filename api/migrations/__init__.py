"""The database's history: one step a file, forwards and backwards, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
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


BY_HAND = {
    "0006": ("transitions", "SELECT count(*) FROM transitions WHERE action <> 'TAKE_OVER'"),
    "0007": ("member_changes", "SELECT count(*) FROM member_changes"),
    "0016": ("member_changes", "SELECT count(*) FROM member_changes WHERE member_id IS NULL"),
    "0018": (
        "recognitions",
        "SELECT count(*) FROM recognitions JOIN transitions ON transitions.id = recognitions.transition_id"
        " WHERE transitions.action <> 'TAKE_OVER' AND (decided_by IS NULL OR category IS NULL OR method IS NULL)",
    ),
}
"""By step what tells that people moved, entered or corrected somebody here; before that step nothing does."""


class WouldForget(RuntimeError):
    """A step back would forget what people did by hand, and the next import would undo it."""


async def downgrade(engine: AsyncEngine, to: str, *, forgetting: bool = False) -> None:
    """Takes the database back to a step, or to `base`, where nothing is left.

    Raises WouldForget where people worked by hand since, unless that is to be forgotten.
    """
    async with _altering(engine) as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        for step, (table, count) in BY_HAND.items():
            behind = to == "base" or to < step
            if behind and not forgetting and table in tables and (done := await connection.scalar(text(count))):
                raise WouldForget(
                    f"{done} rows of {table} tell what people did by hand; before step {step} nothing does, and the next "
                    "import would put back what the register says. Keep a backup, and go back with forgetting=True."
                )
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), to))


async def current(engine: AsyncEngine) -> str | None:
    """The step at which the database stands; None before the first."""
    async with reading(engine) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def knows(step: str) -> bool:
    """Whether this program has that step."""
    try:
        return ScriptDirectory(str(Path(__file__).parent)).get_revision(step) is not None
    except CommandError:
        return False


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database stands at the newest step."""
    async with reading(engine) as connection:
        return await connection.run_sync(
            lambda sync: (
                MigrationContext.configure(sync).get_current_revision()
                == ScriptDirectory.from_config(_config(sync)).get_current_head()
            )
        )
