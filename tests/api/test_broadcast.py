"""Subscribers hear what any process has written to the outbox, once it is committed and not before."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import outbox
from api.broadcast import Broadcast
from api.database import transaction

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
PATIENCE = 30


@pytest.fixture
async def told(empty: AsyncEngine) -> AsyncEngine:
    return empty


async def test_events_are_read_in_order_and_once(told: AsyncEngine) -> None:
    async with transaction(told) as connection:
        for subject in (3, 1, 2):
            await outbox.append(connection, "scan", subject, NOW)
    async with transaction(told) as connection:
        events = await outbox.after(connection, 0)
        assert [event.subject for event in events] == [3, 1, 2]
        assert await outbox.after(connection, events[0].id) == events[1:]
        assert await outbox.newest(connection) == events[-1].id


async def test_concurrent_writers_become_visible_in_the_order_of_their_ids(told: AsyncEngine) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    async def write(subject: int) -> None:
        async with transaction(told) as connection:
            await outbox.append(connection, "scan", subject, NOW)
            await asyncio.sleep(0.01 * (subject % 3))

    async def read() -> None:
        last = 0
        while not done.is_set() or last < 12:
            async with transaction(told) as connection:
                events = await outbox.after(connection, last)
            seen.extend(event.id for event in events)
            last = seen[-1] if seen else 0
            await asyncio.sleep(0.005)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(subject) for subject in range(12)))
    done.set()
    await asyncio.wait_for(reader, PATIENCE)
    assert seen == sorted(seen)
    assert len(seen) == 12, "none was passed over"


async def test_a_subscriber_hears_of_its_subject_and_of_no_other(told: AsyncEngine) -> None:
    broadcast = Broadcast(told)
    async with broadcast.subscribed("scan", 1) as one, broadcast.subscribed("scan", 2) as two:
        async with transaction(told) as connection:
            await outbox.append(connection, "scan", 1, NOW)
        await asyncio.wait_for(one.wait(), PATIENCE)
        assert not two.is_set()
    await broadcast.close()


async def test_who_comes_after_all_have_left_hears_too(told: AsyncEngine) -> None:
    broadcast = Broadcast(told)
    for subject in (1, 2):
        async with broadcast.subscribed("scan", subject) as heard:
            async with transaction(told) as connection:
                await outbox.append(connection, "scan", subject, NOW)
            await asyncio.wait_for(heard.wait(), PATIENCE)
    await broadcast.close()


async def test_a_database_that_is_away_for_a_moment_costs_no_event(
    told: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, after, away = Broadcast(told), outbox.after, [True, True]

    async def sometimes(connection: AsyncConnection, last: int) -> list[outbox.Event]:
        if away:
            away.pop()
            raise OSError("the connection was closed")
        return await after(connection, last)

    monkeypatch.setattr(outbox, "after", sometimes)
    async with broadcast.subscribed("scan", 1) as heard:
        async with transaction(told) as connection:
            await outbox.append(connection, "scan", 1, NOW)
        await asyncio.wait_for(heard.wait(), PATIENCE)
    await broadcast.close()


async def test_ids_go_on_when_all_was_forgotten(told: AsyncEngine) -> None:
    async with transaction(told) as connection:
        for _ in range(3):
            await outbox.append(connection, "scan", 1, NOW)
    async with transaction(told) as connection:
        last = await outbox.newest(connection)
        await outbox.forget_old(connection, NOW + 2 * outbox.KEPT)
        await outbox.append(connection, "scan", 1, NOW)
    async with transaction(told) as connection:
        assert len(await outbox.after(connection, last)) == 1


async def test_what_was_heard_long_ago_is_forgotten(told: AsyncEngine) -> None:
    async with transaction(told) as connection:
        await outbox.append(connection, "scan", 1, NOW - outbox.KEPT - dt.timedelta(seconds=1))
        await outbox.append(connection, "scan", 2, NOW)
    async with transaction(told) as connection:
        await outbox.forget_old(connection, NOW)
        assert [event.subject for event in await outbox.after(connection, 0)] == [2]
