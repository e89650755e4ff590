"""Carries out jobs, one at a time: leases one, works, and renews the lease while it works.

A worker may be killed at any moment: another one leases the job when the lease has run out, and the matcher goes on
where it stood, in the same folder. A scan that the matcher refuses (its exit status says that the input or the call is
wrong) is not tried again; whatever else goes wrong is, a few times.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
import shutil
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from api import jobs, matching, outbox
from api.database import reading, transaction
from api.jobs import Leased
from api.matching import outputs
from api.sealing import Vault
from api.services import once, scans

IDLE_SECONDS = 0.5
TELL_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 600.0
REFUSED = (2, 3)
"""Exit statuses of the matcher that another attempt would not change."""

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
            if time.monotonic() - tidied > HOUSEKEEPING_SECONDS:
                await self._tidy()
                tidied = time.monotonic()
            if not await self.step():
                await asyncio.sleep(IDLE_SECONDS)

    async def step(self) -> bool:
        """Carries out one job; False where none waits."""
        async with transaction(self.engine) as connection:
            job = await jobs.lease(connection, self.name, _now())
        if job is None:
            return False
        work = asyncio.create_task(self._scan(job))
        renewal = asyncio.create_task(self._renew(job))
        try:
            await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                log.warning("job %s: the lease is lost; another worker goes on", job.id)
                return True
            await self._end(job, work.exception())
        finally:
            for task in (work, renewal):
                task.cancel()
            await asyncio.gather(work, renewal, return_exceptions=True)
        return True

    async def _scan(self, job: Leased) -> None:
        async with transaction(self.engine) as connection:
            order = await scans.begin(connection, job.subject, _now())
        if order.status.ended:
            return
        folder, out = self._folder(order.id), self._folder(order.id) / "out"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (folder / "in").mkdir(exist_ok=True)
        async with reading(self.engine) as connection:
            await scans.lay_out(connection, self.vault, order, self.data_dir, folder / "in")
        arguments = ["--as-of", order.as_of.isoformat()] if order.as_of else []
        arguments += ["--rules", ",".join(order.rules)] if order.rules else []
        try:
            await matching.scan(folder / "in", out, arguments, self._teller(order.id))
            await self._take_in(order, out)
        finally:
            if (out / "summary.json").exists():
                shutil.rmtree(folder / "in", ignore_errors=True)

    async def _take_in(self, order: scans.Order, out: Path) -> None:
        summary = await asyncio.to_thread(outputs.summary, out)
        total = summary["links"]["total"] + summary["findings"]["total"]
        tell, taken = self._teller(order.id), 0
        async with reading(self.engine) as connection:
            members = await scans.members_of(connection, order)
        for batch in outputs.links(out):
            async with transaction(self.engine) as connection:
                await scans.take_links(connection, order.id, batch, members)
            taken += len(batch)
            await tell(matching.Step("ingest", taken, total, "rows"))
        async with transaction(self.engine) as connection:
            for batch in outputs.findings(out):
                await scans.take_findings(connection, order, batch, members, _now())
            await scans.succeed(connection, order.id, summary, _now())

    def _teller(self, scan_id: int) -> matching.Progress:
        """Writes a scan's progress down, at most twice a second, and the last step of every stage."""
        told, stage = 0.0, ""

        async def tell(step: matching.Step) -> None:
            nonlocal told, stage
            finished = step.total is not None and step.done >= step.total
            if not finished and step.stage == stage and time.monotonic() - told < TELL_SECONDS:
                return
            told, stage = time.monotonic(), step.stage
            async with transaction(self.engine) as connection:
                await scans.tell(connection, scan_id, step, _now())

        return tell

    async def _end(self, job: Leased, failure: BaseException | None) -> None:
        async with transaction(self.engine) as connection:
            if failure is None:
                await jobs.finish(connection, job, _now())
                return
            refused = isinstance(failure, matching.MatcherFailed) and failure.exit_status in REFUSED
            log.error("job %s, attempt %s: %s", job.id, job.attempt, type(failure).__name__)
            if refused or job.attempt >= jobs.ATTEMPTS:
                said = failure.said if isinstance(failure, matching.MatcherFailed) else ""
                await scans.fail(connection, job.subject, said or type(failure).__name__, _now())
                await jobs.give_up(connection, job, _now())
                shutil.rmtree(self._folder(job.subject), ignore_errors=True)
            else:
                await jobs.give_back(connection, job, _now())

    async def _renew(self, job: Leased) -> None:
        """Ends when the lease is lost."""
        while True:
            await asyncio.sleep(jobs.LEASE.total_seconds() / 4)
            with contextlib.suppress(OSError):  # a database that is away for a moment costs no lease
                async with transaction(self.engine) as connection:
                    if not await jobs.renew(connection, job, self.name, _now()):
                        return

    async def _tidy(self) -> None:
        async with transaction(self.engine) as connection:
            await outbox.forget_old(connection, _now())
            await once.forget_old(connection, _now())

    def _folder(self, scan_id: int) -> Path:
        return self.data_dir / "scans" / str(scan_id)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
