"""The queue: jobs enqueued in the caller's transaction, held by lease, given back when a worker dies.

A worker that holds a job renews its lease; one that stops renewing has lost it, and another goes on. Whatever a worker
writes for a job, it writes in a transaction that `hold`s the job: one that has lost it writes nothing any more. An
attempt counts when it begins, so that a job which kills its worker is given up like one that fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import locked, skip_locked
from api.models import Job

ATTEMPTS = 3
LEASE = dt.timedelta(seconds=60)
PAUSE = dt.timedelta(seconds=5)


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that this worker holds; `attempt` counts from 1."""

    id: int
    kind: str
    subject: int
    attempt: int


async def enqueue(connection: AsyncConnection, kind: str, subject: int, now: dt.datetime) -> None:
    """Adds a job; it exists when the caller's transaction does."""
    await connection.execute(
        insert(Job).values(
            kind=kind, subject=subject, state=JobState.WAITING, attempts=0, run_after=now, created_at=now
        )
    )


async def look_soon(connection: AsyncConnection, kind: str, subject: int, now: dt.datetime) -> None:
    """A job of this kind looks after the subject from now on: the one that waits longer, or a new one where none is.

    Whoever asks, and whoever ends such a job, holds the subject's own row, so that none ends between.
    """
    ours = (Job.kind == kind, Job.subject == subject)
    await connection.execute(
        update(Job).where(*ours, Job.state == JobState.WAITING, Job.run_after > now).values(run_after=now)
    )
    there = select(Job.id).where(*ours, Job.state.in_((JobState.WAITING, JobState.RUNNING)))
    if (await connection.execute(there.limit(1))).first() is None:
        await enqueue(connection, kind, subject, now)


class LeaseLost(Exception):
    """Another worker holds the job by now."""


async def lease(connection: AsyncConnection, worker: str, kinds: Collection[str], now: dt.datetime) -> Leased | None:
    """The oldest job that waits or whose worker has stopped renewing, now held by this one; None where there is none.

    Only jobs of these kinds. An `attempt` beyond ATTEMPTS is to be given up.
    """
    oldest = select(Job).where(_free(kinds, now)).order_by(Job.id).limit(1)
    found = (await connection.execute(skip_locked(oldest, connection))).one_or_none()
    if found is None:
        return None
    await connection.execute(
        update(Job)
        .where(Job.id == found.id)
        .values(state=JobState.RUNNING, worker=worker, leased_until=now + LEASE, attempts=found.attempts + 1)
    )
    return Leased(found.id, found.kind, found.subject, found.attempts + 1)


async def renew(connection: AsyncConnection, job: Leased, worker: str, now: dt.datetime) -> bool:
    """Holds the job for longer; False where another worker has it by now."""
    changed = await connection.execute(
        update(Job)
        .where(Job.id == job.id, Job.worker == worker, Job.state == JobState.RUNNING, Job.attempts == job.attempt)
        .values(leased_until=now + LEASE)
    )
    return changed.rowcount == 1


async def hold(connection: AsyncConnection, job: Leased, worker: str) -> None:
    """Until this transaction ends nobody else takes the job. Raises LeaseLost."""
    mine = (Job.id == job.id, Job.worker == worker, Job.state == JobState.RUNNING, Job.attempts == job.attempt)
    if (await connection.execute(locked(select(Job.id).where(*mine), connection, Job))).one_or_none() is None:
        raise LeaseLost


async def finish(connection: AsyncConnection, job: Leased, now: dt.datetime) -> None:
    """The job is done."""
    await _end(connection, job, JobState.DONE, now)


async def give_up(connection: AsyncConnection, job: Leased, now: dt.datetime) -> None:
    """The job will not be tried again."""
    await _end(connection, job, JobState.GIVEN_UP, now)


async def give_back(connection: AsyncConnection, job: Leased, now: dt.datetime, *, tried: bool = True) -> None:
    """The job waits again, a little longer after each attempt; one that was not really tried does not count."""
    attempts, pause = (job.attempt, PAUSE * job.attempt) if tried else (job.attempt - 1, PAUSE * 0)
    await connection.execute(
        update(Job)
        .where(Job.id == job.id)
        .values(state=JobState.WAITING, worker=None, leased_until=None, run_after=now + pause, attempts=attempts)
    )


async def put_off(connection: AsyncConnection, job: Leased, until: dt.datetime) -> None:
    """The job waits until then, as if it had never been tried."""
    await connection.execute(
        update(Job)
        .where(Job.id == job.id)
        .values(state=JobState.WAITING, worker=None, leased_until=None, run_after=until, attempts=0)
    )


async def due(connection: AsyncConnection, kind: str, now: dt.datetime) -> bool:
    """Whether a job of this kind may be leased now."""
    return (await connection.execute(select(Job.id).where(_free((kind,), now)).limit(1))).first() is not None


async def waiting(connection: AsyncConnection) -> int:
    """How many jobs wait."""
    counted = select(func.count()).select_from(Job).where(Job.state == JobState.WAITING)
    return int((await connection.execute(counted)).scalar_one())


def _free(kinds: Collection[str], now: dt.datetime) -> ColumnElement[bool]:
    return Job.kind.in_(sorted(kinds)) & or_(
        (Job.state == JobState.WAITING) & (Job.run_after <= now),
        (Job.state == JobState.RUNNING) & (Job.leased_until < now),
    )


async def _end(connection: AsyncConnection, job: Leased, state: JobState, now: dt.datetime) -> None:
    await connection.execute(
        update(Job).where(Job.id == job.id).values(state=state, worker=None, leased_until=None, finished_at=now)
    )
