"""Carries out jobs, one at a time: leases one, works, and renews the lease while it works.

A worker may be killed at any moment: another one leases the job when the lease has run out, and the matcher goes on
where it stood, in the same folder. A worker that was only slow finds its job taken, and writes nothing any more. A scan
that the matcher refuses (its exit status says that the input or the call is wrong) is not tried again; whatever else goes
wrong is, a few times. A database that is away for a while costs time, and no job.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import jobs, matching, outbox
from api.database import reading, transaction
from api.jobs import Leased, LeaseLost
from api.matching import outputs
from api.sealing import Vault
from api.services import once, scans, upkeep

IDLE_SECONDS = 0.5
AWAY_SECONDS = 5.0
TELL_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 600.0
RENEWALS_A_LEASE = 4
REFUSED = (2, 3)
"""Exit statuses of the matcher that another attempt would not change."""

AWAY = (OSError, SQLAlchemyError)
"""What a database raises that cannot be reached or is busy."""

KINDS = (scans.JOB,)

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
        while True:
            try:
                if time.monotonic() - tidied > HOUSEKEEPING_SECONDS:
                    await self._tidy()
                    tidied = time.monotonic()
                pause = 0.0 if await self.step() else IDLE_SECONDS
            except AWAY as away:
                log.warning("the database cannot be reached: %s", type(away).__name__)
                pause = AWAY_SECONDS
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Carries out one job; False where none waits. Cancelled, it gives the job back untried."""
        async with transaction(self.engine) as connection:
            job = await jobs.lease(connection, self.name, KINDS, _now())
        if job is None:
            return False
        work = asyncio.create_task(self._scan(job))
        renewal = asyncio.create_task(self._renew(job))
        try:
            await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await self._end(job, work.exception())
            else:
                log.warning("job %s: the lease is lost; another worker goes on", job.id)
        except asyncio.CancelledError:
            await _stopped(work)
            with suppress(LeaseLost, *AWAY):
                async with self._holding(job) as connection:
                    await jobs.give_back(connection, job, _now(), tried=False)
            raise
        finally:
            await _stopped(work, renewal)
        return True

    @asynccontextmanager
    async def _holding(self, job: Leased) -> AsyncIterator[AsyncConnection]:
        """A transaction in which the job is ours. Raises LeaseLost."""
        async with transaction(self.engine) as connection:
            await jobs.hold(connection, job, self.name)
            yield connection

    async def _scan(self, job: Leased) -> None:
        if job.attempt > jobs.ATTEMPTS:
            raise WorkersLost
        async with self._holding(job) as connection:
            order = await scans.begin(connection, job.subject, _now())
        if order.status.ended:
            return
        folder, out = self._folder(order.id), self._folder(order.id) / "out"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (folder / "in").mkdir(exist_ok=True)
        async with reading(self.engine) as connection:
            await scans.lay_out(connection, self.vault, order, self.data_dir, folder / "in", _now())
        arguments = ["--as-of", order.as_of.isoformat()] if order.as_of else []
        arguments += ["--rules", ",".join(order.rules)] if order.rules else []
        await matching.scan(folder / "in", out, arguments, self._teller(job))
        await self._take_in(job, order, out)
        shutil.rmtree(folder / "in", ignore_errors=True)

    async def _take_in(self, job: Leased, order: scans.Order, out: Path) -> None:
        summary = await asyncio.to_thread(outputs.summary, out)
        findings = await asyncio.to_thread(lambda: list(outputs.findings(out)))
        as_of = dt.date.fromisoformat(summary["as_of"])
        tell, taken = self._teller(job), 0
        async with reading(self.engine) as connection:
            members = await scans.members_of(connection, order)
        links = outputs.links(out)
        while batch := await asyncio.to_thread(next, links, None):
            async with self._holding(job) as connection:
                await scans.take_links(connection, order.id, batch, members)
            taken += len(batch)
            await tell(matching.Step("ingest", taken, summary["links"]["total"], "links"))
        async with self._holding(job) as connection:
            for some in findings:
                await scans.take_findings(connection, order, as_of, some, members, _now())
            await scans.succeed(connection, order, summary, _now())

    def _teller(self, job: Leased) -> matching.Progress:
        """Writes a scan's progress down, at most twice a second, and the last step of every stage."""
        told, stage = 0.0, ""

        async def tell(step: matching.Step) -> None:
            nonlocal told, stage
            finished = step.total is not None and step.done >= step.total
            if not finished and step.stage == stage and time.monotonic() - told < TELL_SECONDS:
                return
            told, stage = time.monotonic(), step.stage
            with suppress(*AWAY):  # the next step tells it
                async with self._holding(job) as connection:
                    await scans.tell(connection, job.subject, step, _now())

        return tell

    async def _end(self, job: Leased, failure: BaseException | None) -> None:
        with suppress(LeaseLost):
            async with self._holding(job) as connection:
                if failure is None:
                    await jobs.finish(connection, job, _now())
                    return
                log.error("job %s, attempt %s: %s", job.id, job.attempt, type(failure).__name__)
                refused = isinstance(failure, matching.MatcherFailed) and failure.exit_status in REFUSED
                if not refused and job.attempt < jobs.ATTEMPTS:
                    await jobs.give_back(connection, job, _now())
                    return
                await scans.fail(connection, job.subject, _words(failure), _now())
                await jobs.give_up(connection, job, _now())
                shutil.rmtree(self._folder(job.subject), ignore_errors=True)

    async def _renew(self, job: Leased) -> None:
        """Ends when the lease is lost, or when it could not be renewed in time."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < jobs.LEASE.total_seconds():
            await asyncio.sleep(jobs.LEASE.total_seconds() / RENEWALS_A_LEASE)
            with suppress(*AWAY):
                async with transaction(self.engine) as connection:
                    if not await jobs.renew(connection, job, self.name, _now()):
                        return
                renewed = time.monotonic()

    async def _tidy(self) -> None:
        async with transaction(self.engine) as connection:
            await outbox.forget_old(connection, _now())
            await once.forget_old(connection, _now())
        for name, chore in upkeep.CHORES.items():
            try:
                async with transaction(self.engine) as connection:
                    await chore(connection, self.vault, _now())
            except Exception as failure:  # the others are done all the same, and this one next time
                log.error("upkeep %s: %s", name, type(failure).__name__)

    def _folder(self, scan_id: int) -> Path:
        return self.data_dir / "scans" / str(scan_id)


class WorkersLost(Exception):
    """Every worker that tried the job was lost while it worked."""


def _words(failure: BaseException) -> str:
    """What may be said of a failure: the matcher's refusal, which names no person, or only its kind."""
    if isinstance(failure, matching.MatcherFailed):
        return failure.said if failure.exit_status in REFUSED and failure.said else str(failure)
    return type(failure).__name__


async def _stopped(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
