"""The migrations make exactly the tables that the models describe, and take them away again."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations
from api.models import Base


async def test_upgraded_the_database_is_as_the_models_say(engine: AsyncEngine) -> None:
    assert not await migrations.is_current(engine)
    await migrations.upgrade(engine)
    await migrations.upgrade(engine)
    assert await migrations.is_current(engine)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_downgraded_nothing_is_left(engine: AsyncEngine) -> None:
    await migrations.upgrade(engine)
    await migrations.downgrade(engine, "base")
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(left) <= {"alembic_version"}
