"""A scan is carried out: its folder laid out, the matcher run in it, and what it found taken in.

The matcher goes on where it stood, in the same folder, when another worker takes the job over. A scan that it refuses
(its exit status says that the input or the call is wrong) is not tried again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from api import matching
from api.database import reading
from api.domain import receipts as told
from api.matching import outputs
from api.services import receipts, scans
from api.work.held import AWAY, Held, Refused

TELL_SECONDS = 0.5
REFUSED = (2, 3)
"""Exit statuses of the matcher that another attempt would not change."""


async def carry_out(held: Held) -> None:
    """The scan's links and findings are in the database, and its files with its folder."""
    async with held.writing() as connection:
        order = await scans.begin(connection, held.job.subject, held.now())
    if order.status.ended:
        return
    folder, out = _folder(held), _folder(held) / "out"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    (folder / "in").mkdir(exist_ok=True)
    async with reading(held.engine) as connection:
        await scans.lay_out(connection, held.vault, order, held.data_dir, folder / "in", held.now())
    arguments = ["--as-of", order.as_of.isoformat()] if order.as_of else []
    arguments += ["--rules", ",".join(order.rules)] if order.rules else []
    try:
        await matching.scan(folder / "in", out, arguments, _teller(held))
    except matching.MatcherFailed as failure:
        if failure.exit_status in REFUSED:
            raise Refused(failure.said or str(failure)) from failure
        raise
    await take_in(held, order, out)
    shutil.rmtree(folder / "in", ignore_errors=True)


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """The scan has failed, and what it wrote is removed."""
    await scans.fail(connection, held.job.subject, failure, held.now())
    shutil.rmtree(_folder(held), ignore_errors=True)


async def take_in(held: Held, order: scans.Order, out: Path) -> None:
    """What the matcher wrote is in the database. Raises LeaseLost, and then nothing of it is the latest."""
    summary = await asyncio.to_thread(outputs.summary, out)
    written = await asyncio.to_thread(told.outputs, out)
    findings = await asyncio.to_thread(lambda: list(outputs.findings(out)))
    as_of = dt.date.fromisoformat(summary["as_of"])
    tell, taken = _teller(held), 0
    async with reading(held.engine) as connection:
        members = await scans.members_of(connection, order)
    links = outputs.links(out)
    while batch := await asyncio.to_thread(next, links, None):
        async with held.writing() as connection:
            await scans.take_links(connection, order.id, batch, members)
        taken += len(batch)
        await tell(matching.Step("ingest", taken, summary["links"]["total"], "links"))
    async with held.writing() as connection:
        for some in findings:
            await scans.take_findings(connection, order, as_of, some, members, held.now())
        await receipts.make(connection, held.vault, order.id, written, summary, held.now())
        await scans.succeed(connection, order, summary, held.now())


def _teller(held: Held) -> matching.Progress:
    """Writes a scan's progress down, at most twice a second, and the last step of every stage."""
    told, stage = 0.0, ""

    async def tell(step: matching.Step) -> None:
        nonlocal told, stage
        finished = step.total is not None and step.done >= step.total
        if not finished and step.stage == stage and time.monotonic() - told < TELL_SECONDS:
            return
        told, stage = time.monotonic(), step.stage
        with suppress(*AWAY):  # the next step tells it
            async with held.writing() as connection:
                await scans.tell(connection, held.job.subject, step, held.now())

    return tell


def _folder(held: Held) -> Path:
    return held.data_dir / "scans" / str(held.job.subject)
