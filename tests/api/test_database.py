"""One block is one transaction, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import api
from api.database import Write, at_last, conclude, open_engine, transaction

CLIENTS = 16


@pytest.fixture
async def counter(engine: AsyncEngine) -> AsyncEngine:
    async with transaction(engine) as connection:
        await connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)"))
        await connection.execute(text("INSERT INTO counter VALUES (1, 0)"))
    return engine


async def value(engine: AsyncEngine) -> int:
    async with transaction(engine) as connection:
        return int((await connection.execute(text("SELECT value FROM counter WHERE id = 1"))).scalar_one())


async def test_a_block_that_ends_is_committed(counter: AsyncEngine) -> None:
    async with transaction(counter) as connection:
        await connection.execute(text("UPDATE counter SET value = 5"))
    assert await value(counter) == 5


async def test_a_block_that_fails_leaves_nothing_behind(counter: AsyncEngine) -> None:
    async def change_and_fail() -> None:
        async with transaction(counter) as connection:
            await connection.execute(text("UPDATE counter SET value = 5"))
            await connection.execute(text("INSERT INTO counter VALUES (1, 0)"))

    with pytest.raises(IntegrityError):
        await change_and_fail()
    assert await value(counter) == 0


async def test_what_waits_for_the_end_is_written_once_in_its_order_and_not_for_a_block_that_fails(
    counter: AsyncEngine,
) -> None:
    written: list[tuple[str, list[int]]] = []

    def writing(name: str) -> Write:
        async def write(connection: AsyncConnection, rows: list[int]) -> None:
            written.append((name, rows))

        return write

    first, second = writing("first"), writing("second")
    async with transaction(counter) as connection:
        at_last(connection, 2, second, 1)
        at_last(connection, 1, first, 2)
        at_last(connection, 2, second, 3)
        assert written == []
    assert written == [("first", [2]), ("second", [1, 3])]

    async with transaction(counter) as connection:
        at_last(connection, 1, first, 4)
        await conclude(connection)
        await conclude(connection)
    assert written[2:] == [("first", [4])]

    async def fail() -> None:
        async with transaction(counter) as connection:
            at_last(connection, 1, first, 5)
            raise RuntimeError("it fails")

    with pytest.raises(RuntimeError, match="fails"):
        await fail()
    async with transaction(counter):
        pass
    assert len(written) == 3


async def test_writers_at_once_lose_nothing(counter: AsyncEngine) -> None:
    async def add_one() -> None:
        async with transaction(counter) as connection:
            await connection.execute(text("UPDATE counter SET value = value + 1"))

    await asyncio.gather(*(add_one() for _ in range(CLIENTS)))
    assert await value(counter) == CLIENTS


async def test_sqlite_reads_then_writes_without_a_deadlock(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/race.db")
    async with transaction(engine) as connection:
        await connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)"))
        await connection.execute(text("INSERT INTO counter VALUES (1, 0)"))

    async def read_then_write() -> None:
        async with transaction(engine) as connection:
            seen = (await connection.execute(text("SELECT value FROM counter"))).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE counter SET value = :next"), {"next": seen + 1})

    await asyncio.gather(*(read_then_write() for _ in range(CLIENTS)))
    assert await value(engine) == CLIENTS
    await engine.dispose()


async def test_sqlite_keeps_foreign_keys(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/keys.db")
    async with transaction(engine) as connection:
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1
    await engine.dispose()


def test_other_databases_are_refused() -> None:
    with pytest.raises(ValueError, match="use SQLite or PostgreSQL"):
        open_engine("mysql://localhost/x")


def test_no_two_kinds_of_work_wait_for_the_same_lock() -> None:
    """A number that two modules chose lets a department's receipt wait for a whole scan that is taken in."""
    numbered = re.compile(r"^[A-Z_]+ = (4_105_\d{3})$", re.M)
    told = [
        number for path in Path(api.__file__).parent.rglob("*.py") for number in numbered.findall(path.read_text())
    ]
    assert len(told) > 8
    assert sorted(told) == sorted(set(told))
