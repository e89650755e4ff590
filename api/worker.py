"""Carries out jobs, one at a time: leases one, works, and renews the lease while it works.

A worker may be killed at any moment: another one leases the job when the lease has run out and goes on. A worker that was
only slow finds its job taken, and writes nothing any more. A job that is refused is not tried again; whatever else goes
wrong is, a few times. A database that is away for a while costs time, and no job.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from api import jobs
from api.database import transaction
from api.depot import Depot
from api.domain import days
from api.jobs import LeaseLost
from api.sealing import Vault
from api.services import deliveries, exports, indexes, once, retention, scans, upkeep, uploads, verifications
from api.work import exporting, feeding, indexing, queueing, scanning, verifying
from api.work.held import AWAY, Held, Refused, Work, WorkersLost

IDLE_SECONDS = 0.5
AWAY_SECONDS = 5.0
HOUSEKEEPING_SECONDS = 600.0
RENEWALS_A_LEASE = 4

KINDS: Mapping[str, Work] = {
    scans.JOB: scanning,
    exports.JOB: exporting,
    uploads.JOB: feeding,
    indexes.JOB: indexing,
    verifications.JOB: verifying,
}
"""What every kind of job is carried out by."""

BEFORE: Mapping[str, Callable[[AsyncEngine, Callable[[], dt.datetime]], Awaitable[None]]] = {"queue": queueing.rank}
"""What is done before a chore, by its name, in transactions of its own."""

log = logging.getLogger("jiekun.worker")


@dataclass
class Worker:
    """Works through the queue of one database, with the data folder beside it."""

    engine: AsyncEngine
    vault: Vault
    data_dir: Path
    name: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:8]}")

    async def run(self) -> None:
        """Works until it is cancelled."""
        tidied = 0.0
        sweeping: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    if time.monotonic() - tidied > HOUSEKEEPING_SECONDS:
                        await self._tidy()
                        if sweeping is None or sweeping.done():
                            sweeping = asyncio.create_task(self._sweep())
                        tidied = time.monotonic()
                    pause = 0.0 if await self.step() else IDLE_SECONDS
                except AWAY as away:
                    log.warning("the database cannot be reached: %s", type(away).__name__)
                    pause = AWAY_SECONDS
                await asyncio.sleep(pause)
        finally:
            if sweeping is not None:
                await _stopped(sweeping)

    async def step(self) -> bool:
        """Carries out one job; False where none waits. Cancelled, it gives the job back untried."""
        async with transaction(self.engine) as connection:
            job = await jobs.lease(connection, self.name, KINDS, _now())
        if job is None:
            return False
        held = Held(self.engine, self.vault, self.data_dir, self.name, job)
        work = asyncio.create_task(_carry_out(held))
        renewal = asyncio.create_task(self._renew(held))
        try:
            await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await end(held, work.exception())
            else:
                log.warning("job %s: the lease is lost; another worker goes on", job.id)
        except asyncio.CancelledError:
            await _stopped(work)
            with suppress(LeaseLost, *AWAY):
                async with held.writing() as connection:
                    await jobs.give_back(connection, job, _now(), tried=False)
            raise
        finally:
            await _stopped(work, renewal)
        return True

    async def _renew(self, held: Held) -> None:
        """Ends when the lease is lost, or when it could not be renewed in time."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < jobs.LEASE.total_seconds():
            await asyncio.sleep(jobs.LEASE.total_seconds() / RENEWALS_A_LEASE)
            with suppress(*AWAY):
                async with transaction(self.engine) as connection:
                    if not await jobs.renew(connection, held.job, self.name, _now()):
                        return
                renewed = time.monotonic()

    async def _tidy(self) -> None:
        async with transaction(self.engine) as connection:
            await deliveries.forget_old(connection, _now())
            await once.forget_old(connection, _now())
        for name, chore in upkeep.CHORES.items():
            try:
                if name in BEFORE:
                    await BEFORE[name](self.engine, _now)
                async with transaction(self.engine) as connection:
                    await chore(connection, self.vault, _now())
            except Exception as failure:  # the others are done all the same, and this one next time
                log.error("upkeep %s: %s", name, type(failure).__name__)

    async def _sweep(self) -> None:
        """Files that no row names any more go, while jobs go on: a store may take its time."""
        try:
            depot = Depot.of(self.data_dir, self.vault)
            await retention.sweep(self.engine, depot, _now(), days.today(_now()))
        except Exception as failure:  # the next sweep finds what is left
            log.error("sweep: %s", type(failure).__name__)


async def _carry_out(held: Held) -> None:
    if held.job.attempt > jobs.ATTEMPTS:
        raise WorkersLost
    await KINDS[held.job.kind].carry_out(held)


async def end(held: Held, failure: BaseException | None) -> None:
    """The job is done, waits for another attempt, or is given up; where it is no longer ours, nothing."""
    job = held.job
    with suppress(LeaseLost):
        async with held.writing() as connection:
            if failure is None:
                await jobs.finish(connection, job, _now())
                return
            log.error("job %s (%s), attempt %s: %s", job.id, job.kind, job.attempt, _told(failure))
            if not isinstance(failure, Refused) and job.attempt < jobs.ATTEMPTS:
                await jobs.give_back(connection, job, _now())
                return
            await KINDS[job.kind].give_up(held, connection, _words(failure))
            await jobs.give_up(connection, job, _now())


def _told(failure: BaseException) -> str:
    """The kind of a failure; where it was refused, also why, on one line."""
    kind = type(failure).__name__
    return f"{kind}: {' '.join(str(failure).split())}" if isinstance(failure, Refused) else kind


def _words(failure: BaseException) -> str:
    """What may be said of a failure: why it was refused, or only its kind."""
    return str(failure) if isinstance(failure, Refused) else type(failure).__name__


async def _stopped(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
