"""The audit trail: rows chained by hash, so that a change or a gap is found, whoever made it."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import scope
from api.database import transaction
from api.domain.errors import NotDone
from api.domain.permissions import Role, Viewer
from api.loaders import audit as loaders
from api.services import audit

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
async def trail(empty: AsyncEngine) -> AsyncEngine:
    async def act(number: int) -> None:
        async with transaction(empty) as connection:
            await audit.record(
                connection, None, "scan.requested", ("Scan", number), NOW, {"rules": ["H05"], "n": number}
            )

    await asyncio.gather(*(act(number) for number in range(12)))
    return empty


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
        ("UPDATE audit_events SET household_id = 3 WHERE number = 6", 6),
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


async def test_the_operator_lists_the_latest_acts_or_is_told_that_there_is_nobody(trail: AsyncEngine) -> None:
    async with transaction(trail) as connection:
        acts = await audit.about(connection, None, None, 3)
        assert [row.number for row in acts] == [12, 11, 10]
        assert {row.login for row in acts} == {None}
        with pytest.raises(NotDone, match="household"):
            await audit.about(connection, "H404", None, 3)
        with pytest.raises(NotDone, match="user"):
            await audit.about(connection, None, "nobody", 3)
        for division, seen in (("000000", 12), ("410500", 0)):
            viewer = Viewer(1, "auditor", "Auditor", Role.AUDITOR, division)
            shown = (await connection.execute(loaders._EVENTS, scope.of(viewer))).all()
            assert len(shown) == seen, "the operator's acts about no household lie with the whole country"
