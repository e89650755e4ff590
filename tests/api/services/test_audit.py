"""The audit trail: rows chained by hash, so that a change or a gap is found, whoever made it."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations
from api.database import transaction
from api.services import audit

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
async def trail(engine: AsyncEngine) -> AsyncEngine:
    await migrations.upgrade(engine)

    async def act(number: int) -> None:
        async with transaction(engine) as connection:
            await audit.record(
                connection, None, "scan.requested", ("Scan", number), NOW, {"rules": ["H05"], "n": number}
            )

    await asyncio.gather(*(act(number) for number in range(12)))
    return engine


async def broken(trail: AsyncEngine) -> int | None:
    async with transaction(trail) as connection:
        return (await audit.prove(connection)).broken


async def test_written_at_the_same_time_the_rows_are_one_chain(trail: AsyncEngine) -> None:
    assert await broken(trail) is None


@pytest.mark.parametrize(
    ("tampering", "row"),
    [
        ("UPDATE audit_events SET subject = 99 WHERE number = 5", 5),
        ("UPDATE audit_events SET action = 'x' WHERE number = 1", 1),
        ("UPDATE audit_events SET detail = '{}' WHERE number = 12", 12),
        ("DELETE FROM audit_events WHERE number = 7", 7),
        ("DELETE FROM audit_events WHERE number = 1", 1),
        ("UPDATE audit_events SET number = 40 WHERE number = 4", 4),
    ],
)
async def test_a_change_is_found_where_it_was_made(trail: AsyncEngine, tampering: str, row: int) -> None:
    async with transaction(trail) as connection:
        await connection.execute(text(tampering))
    assert await broken(trail) == row


async def test_what_is_not_done_is_not_told(trail: AsyncEngine) -> None:
    async def act_and_fail() -> None:
        async with transaction(trail) as connection:
            await audit.record(connection, None, "scan.requested", ("Scan", 1), NOW)
            raise RuntimeError("it is not done")

    with pytest.raises(RuntimeError, match="not done"):
        await act_and_fail()
    async with transaction(trail) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM audit_events"))).scalar_one() == 12
