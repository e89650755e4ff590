"""A household that lived goes back with its database, step by step to before anybody's life was kept, and forward again.

Whatever the older tables can hold is there at every step, no row refers to one that is gone, and what is only added to is
guarded again as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations, sealing
from api.database import transaction
from api.models import Base
from tests.api.lives import NOW, Writing, donated, live, settle

BEFORE = "0005"
"""The last step at which a household had no file of its own."""

VERSIONS = Path(migrations.__file__).parent / "versions"
STEPS = sorted(step for path in VERSIONS.glob("[0-9]*.py") if (step := path.name[:4]) > BEFORE)
OLD = ("households", "members", "findings", "authorisations", "users", "organisations")
"""What was kept before, and is to be found at every step."""

GUARDS = {
    "households_begin", "households_follow", "transitions_kept", "transitions_never_deleted", "decisions_kept",
    "decisions_never_deleted",
}  # fmt: skip
TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, pg_get_triggerdef(pg_trigger.oid) || prosrc FROM pg_trigger"
    " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal",
}
DANGLING = {
    "sqlite": "PRAGMA foreign_key_check",
    "postgresql": "SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated",
}
"""SQLite looks for rows that refer to nothing; PostgreSQL has none where every foreign key was validated."""

Shape = Mapping[str, Sequence[str]]
Rows = list[tuple[Any, ...]]


async def _rows(engine: AsyncEngine, statement: str) -> Rows:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def _shape(engine: AsyncEngine) -> Shape:
    """The tables of now and their columns."""

    def read(connection: Connection) -> Shape:
        found = inspect(connection)
        return {name: [each["name"] for each in found.get_columns(name)] for name in found.get_table_names()}

    async with engine.connect() as connection:
        return await connection.run_sync(read)


async def _kept(engine: AsyncEngine, shape: Shape) -> dict[str, Rows]:
    """What stands in the old tables, as far as they had columns for it."""
    return {name: await _rows(engine, f"SELECT {', '.join(shape[name])} FROM {name} ORDER BY id") for name in OLD}


async def _triggers(engine: AsyncEngine) -> dict[str, str]:
    return dict(await _rows(engine, TRIGGERS[engine.dialect.name]))


async def _differences(engine: AsyncEngine) -> list[object]:
    def read(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(read)


async def _lived(engine: AsyncEngine) -> None:
    """One household with a row in every table of the steps, and the tables that tell of none."""
    vault = sealing.vault(sealing.new_key())
    async with transaction(engine) as connection:
        place = await settle(connection)
        await live(connection, vault, place, "one", ended=dt.date(2015, 4, 1))
        writing = Writing(connection, vault, "one")
        await donated(writing, place)
        await writing.add("measure_roles", organisation_id=place.organisation)
        await writing.add("scan_receipts", scan_id=place.scan)
        often = {
            "rhythm": "DAILY",
            "weekday": None,
            "day_of_month": None,
            "hour": 2,
            "state": "ACTIVE",
            "next_at": NOW,
        }
        plan = await writing.add("scan_schedules", created_by=place.officer, **often)
        await writing.add("scan_occasions", schedule_id=plan, scan_id=place.scan)
        await writing.add("exports", user_id=place.officer, status="RUNNING", finished_at=None, sha256=None)
        hook = await writing.add(
            "webhooks", state="ACTIVE", disabled_because=None, previous_secret=None, previous_until=None
        )
        await writing.add("webhook_deliveries", webhook_id=hook, state="FAILED", next_at=None, delivered_at=None)
        await writing.add("erasures", household_id=9_000, retention_class="FILE")
        upload = await writing.add("uploads", organisation_id=place.organisation, user_id=place.officer)
        await writing.add("receipts", upload_id=upload)
        await writing.add("doubtful_kinds", upload_id=upload)
        doubted = {"state": "OPEN", "ended_at": None, "answer": None, "digest": b"x"}
        await writing.add(
            "doubtful_rows", organisation_id=place.organisation, first_upload_id=upload, upload_id=upload, **doubted
        )
        for name in ("chain_cuts", "resealings", "key_checks", "installations", "leaving_folders"):
            await writing.add(name)


@pytest.mark.filterwarnings("ignore:.*expression-based index")
async def test_a_life_goes_back_step_by_step_and_forward_again(engine: AsyncEngine) -> None:
    await migrations.upgrade(engine, BEFORE)
    shape = await _shape(engine)
    await migrations.upgrade(engine)
    await _lived(engine)
    now, guards = await _kept(engine, shape), await _triggers(engine)
    assert guards.keys() >= GUARDS
    empty = [
        name
        for name in (await _shape(engine)).keys() - shape.keys()
        if not await _rows(engine, f"SELECT 1 FROM {name} LIMIT 1")
    ]
    assert empty == [], "there is something to lose in every table of the steps"
    assert [name for name, rows in now.items() if not rows] == []

    for step in [*reversed(STEPS[:-1]), BEFORE]:
        if (
            step == "0015" or step < "0007"
        ):  # once nothing by hand is left that a step would forget, it is refused no more
            with pytest.raises(migrations.WouldForget, match="what people did by hand"):
                await migrations.downgrade(engine, step)
        await migrations.downgrade(engine, step, forgetting=True)
        await _stands(engine, step, shape, now)
    for step in STEPS:
        await migrations.upgrade(engine, step)
        await _stands(engine, step, shape, now)

    assert await migrations.is_current(engine)
    assert await _differences(engine) == []
    assert await _triggers(engine) == guards, "to the letter"
    for statement in ("UPDATE transitions SET to_stage = 'RECORDED'", "DELETE FROM transitions"):
        with pytest.raises(DBAPIError):
            async with transaction(engine) as connection:
                await connection.execute(text(statement))


async def _stands(engine: AsyncEngine, step: str, shape: Shape, kept: Mapping[str, Rows]) -> None:
    """At this step nothing dangles, what was kept is there, and what is only added to is guarded."""
    assert await _rows(engine, "SELECT version_num FROM alembic_version") == [(step,)]
    assert await _rows(engine, DANGLING[engine.dialect.name]) == [], step
    guards = (await _triggers(engine)).keys()
    assert not guards if step == BEFORE else guards >= GUARDS, step
    found = await _kept(engine, shape)
    for name, rows in kept.items():
        assert found[name] == rows, f"{name} at {step}"
