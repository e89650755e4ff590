"""A job is carried out once, by one worker; what a dead worker held is given to another."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api import jobs
from api.database import transaction

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
LATER = NOW + jobs.LEASE + dt.timedelta(seconds=1)


@pytest.fixture
async def queue(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        for subject in range(5):
            await jobs.enqueue(connection, "scan", subject, NOW)
    return empty


async def lease(queue: AsyncEngine, worker: str, now: dt.datetime = NOW) -> jobs.Leased | None:
    async with transaction(queue) as connection:
        return await jobs.lease(connection, worker, ["scan"], now)


async def test_many_workers_share_the_queue_and_none_takes_what_another_has(queue: AsyncEngine) -> None:
    taken = await asyncio.gather(*(lease(queue, f"worker-{number}") for number in range(8)))
    subjects = [job.subject for job in taken if job is not None]
    assert sorted(subjects) == [0, 1, 2, 3, 4]


async def test_the_oldest_comes_first(queue: AsyncEngine) -> None:
    first = await lease(queue, "one")
    assert first is not None
    assert first.subject == 0


async def test_a_job_that_is_not_renewed_goes_to_another_worker(queue: AsyncEngine) -> None:
    held = await lease(queue, "one")
    assert held is not None
    again = await lease(queue, "two", LATER)
    assert again == jobs.Leased(held.id, "scan", 0, 2)
    async with transaction(queue) as connection:
        assert not await jobs.renew(connection, held, "one", LATER), "the first worker has lost it"
        assert await jobs.renew(connection, again, "two", LATER)


async def test_a_job_that_is_renewed_stays(queue: AsyncEngine) -> None:
    held = await lease(queue, "one")
    assert held is not None
    async with transaction(queue) as connection:
        assert await jobs.renew(connection, held, "one", LATER)
    other = await lease(queue, "two", LATER)
    assert other is not None
    assert other.id != held.id


async def test_a_finished_job_is_not_taken_again_and_one_given_back_waits_a_little(queue: AsyncEngine) -> None:
    first, second = await lease(queue, "one"), await lease(queue, "one")
    assert first is not None
    assert second is not None
    async with transaction(queue) as connection:
        await jobs.finish(connection, first, NOW)
        await jobs.give_back(connection, second, NOW)
        assert await jobs.waiting(connection) == 4
    left = [await lease(queue, "two", LATER) for _ in range(5)]
    assert [job.subject for job in left if job] == [1, 2, 3, 4]
    assert left[0] is not None
    assert left[0].attempt == 2


async def test_who_has_lost_a_job_writes_nothing_for_it_any_more(queue: AsyncEngine) -> None:
    held = await lease(queue, "one")
    assert held is not None
    again = await lease(queue, "two", LATER)
    assert again is not None
    async with transaction(queue) as connection:
        await jobs.hold(connection, again, "two")
        with pytest.raises(jobs.LeaseLost):
            await jobs.hold(connection, held, "one")


async def test_every_attempt_counts_also_of_workers_that_died_but_not_of_those_that_were_stopped(
    queue: AsyncEngine,
) -> None:
    job = await lease(queue, "one")
    assert job is not None
    async with transaction(queue) as connection:
        await jobs.give_back(connection, job, NOW, tried=False)
    attempts = []
    now = NOW
    for _ in range(4):
        again = await lease(queue, "two", now)
        assert again is not None
        assert again.id == job.id
        attempts.append(again.attempt)
        now += jobs.LEASE + dt.timedelta(seconds=1)
    assert attempts == [1, 2, 3, 4]


async def test_a_job_of_a_kind_that_this_worker_does_not_know_is_left(queue: AsyncEngine) -> None:
    async with transaction(queue) as connection:
        assert await jobs.lease(connection, "one", ["notice"], NOW) is None


async def test_a_job_exists_only_with_the_transaction_that_asked_for_it(queue: AsyncEngine) -> None:
    async def ask_and_fail() -> None:
        async with transaction(queue) as connection:
            await jobs.enqueue(connection, "scan", 99, NOW)
            raise RuntimeError("the caller fails")

    with pytest.raises(RuntimeError, match="the caller fails"):
        await ask_and_fail()
    async with transaction(queue) as connection:
        assert await jobs.waiting(connection) == 5
