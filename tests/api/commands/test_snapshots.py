"""`jiekun snapshots verify`, as an operator runs it: every snapshot proved, and one that somebody rewrote named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import text

from api.database import open_engine, transaction
from api.domain.stages import Stage
from api.services import snapshots
from tests.api import county
from tests.api.commanding import run, settled
from tests.conftest import complete

NOW = dt.datetime(2024, 6, 15, 4, tzinfo=dt.UTC)


def test_every_snapshot_is_proved_and_one_that_was_rewritten_is_named(
    migrated_on_sqlite: str, tmp_path: Path
) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    url = place["JIEKUN_DATABASE_URL"]

    async def frozen() -> int:
        engine = open_engine(url)
        async with transaction(engine) as connection:
            officers = await county.officers(connection, NOW)
            await county.taken_over(connection, Stage.RECORDED, NOW)
            keys = [
                await snapshots.freeze(connection, officers["second-chief"], "410500", day, None, NOW)
                for day in (None, dt.date(2024, 5, 1))
            ]
        await engine.dispose()
        return keys[1]

    key = complete(frozen())
    assert "2 of 2 snapshots are as they were sealed" in run("snapshots", "verify", place=place).stderr

    async def rewritten() -> None:
        engine = open_engine(url)
        async with transaction(engine) as connection:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'snapshot_rows'"
            for name in [*await connection.scalars(text(triggers))]:
                await connection.execute(text(f"DROP TRIGGER {name}"))
            await connection.execute(
                text("UPDATE snapshot_rows SET stage = 'GRADUATED' WHERE snapshot_id = :key"), {"key": key}
            )
        await engine.dispose()

    complete(rewritten())
    said = run("snapshots", "verify", expect=1, place=place)
    assert said.stdout == f"snapshot {key}: changed since it was sealed\n"
    assert "1 of 2 snapshots are as they were sealed" in said.stderr
