"""A scan is carried out: its folder laid out, the matcher run in it, and what it found taken in.

The matcher goes on where it stood, in the same folder, when another worker takes the job over. A scan that it refuses
(its exit status says that the input or the call is wrong) is not tried again; one that it will not go on with, since the
register or the program changed meanwhile, is begun anew. A scan that somebody cancels is stopped within a second or two, and
leaves nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from api import matching
from api.database import reading
from api.domain import receipts as told
from api.domain.pace import Pace
from api.domain.review import WithdrawnBecause
from api.domain.scans import LeadChange, ScanStatus
from api.matching import outputs
from api.services import queue, receipts, scans, verification_answers, verifications, withdrawals
from api.work import queueing
from api.work.held import AWAY, Held, Refused, lay_out, seldom

CANCELLED_SECONDS = 1.0
"""How often it is asked whether the scan was cancelled."""

REFUSED = (2, 3)
"""Exit statuses of the matcher that another attempt would not change."""


async def carry_out(held: Held) -> None:
    """The scan's links and findings are in the database, and its files with its folder."""
    async with held.writing() as connection:
        order = await scans.begin(connection, held.job.subject, held.now())
    try:
        if order.status.ended:
            raise scans.ScanEnded
        await _scanned(held, order)
    except scans.ScanEnded:
        async with reading(held.engine) as connection:
            status = await scans.status_of(connection, order.id)
        if status is ScanStatus.CANCELLED:
            shutil.rmtree(_folder(held), ignore_errors=True)
        elif status is ScanStatus.SUCCEEDED:  # whoever carried it out went away right after
            shutil.rmtree(_folder(held) / "in", ignore_errors=True)
            await _tell_rounds(held, order)


async def _scanned(held: Held, order: scans.Order) -> None:
    folder, out = _folder(held), _folder(held) / "out"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    shutil.rmtree(folder / "in", ignore_errors=True)  # of an attempt before this one
    (folder / "in").mkdir()
    async with reading(held.engine) as connection:
        layout = await scans.laid_out(connection, held.vault, order, held.data_dir, held.now())
    await asyncio.to_thread(lay_out, held.depot, folder / "in", layout)
    async with reading(held.engine) as connection:
        earlier = await scans.earlier(connection, order)
    kept = {key: matching.kept(held.data_dir / "scans" / str(key) / "out") for key in earlier}
    since = None if order.whole else next((place.parent for place in kept.values() if place.is_dir()), None)
    async with reading(held.engine) as connection:
        tell = _teller(held, await scans.pace(connection, order, held.data_dir, since=since is not None))
    arguments = ["--keep", *(["--since", str(since)] if since else [])]
    arguments += ["--as-of", order.as_of.isoformat()] if order.as_of else []
    arguments += ["--rules", ",".join(order.rules)] if order.rules else []
    again = out.exists()
    try:
        await _unless_cancelled(held, matching.scan(folder / "in", out, arguments, tell))
    except matching.MatcherFailed as failure:
        if failure.exit_status not in REFUSED:
            raise
        if not again:
            raise Refused(failure.said or str(failure)) from failure
        shutil.rmtree(out)
        await _scanned(held, order)
        return
    await take_in(held, order, out, tell, layout.set_aside)
    shutil.rmtree(folder / "in", ignore_errors=True)
    await _tell_rounds(held, order)
    await _queued(held)
    for key, inside in earlier.items():
        if inside:  # what this scan keeps is as good
            shutil.rmtree(kept[key], ignore_errors=True)


async def _queued(held: Held) -> None:
    """Leads have their place, and are opened; where this breaks off, the worker's next round goes on."""
    await queueing.rank(held.engine, held.now)
    async with held.writing() as connection:
        await queue.fill(connection, held.now())


async def _unless_cancelled(held: Held, work: Coroutine[None, None, None]) -> None:
    """Does the work, and stops it as soon as the scan is cancelled. Raises ScanEnded."""
    working = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({working}, timeout=CANCELLED_SECONDS))[0]:
            with suppress(*AWAY):
                async with reading(held.engine) as connection:
                    status = await scans.status_of(connection, held.job.subject)
                if status.ended:
                    raise scans.ScanEnded
        await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """The scan has failed, and what it wrote is removed."""
    await scans.fail(connection, held.job.subject, failure, held.now())
    shutil.rmtree(_folder(held), ignore_errors=True)


async def take_in(
    held: Held, order: scans.Order, out: Path, tell: matching.Progress, aside: Mapping[str, int]
) -> None:
    """What the matcher wrote is in the database, with the rows that were set aside before it saw them (`aside`, by source).

    Raises LeaseLost or ScanEnded, and then nothing of it is the latest.
    """
    summary = await asyncio.to_thread(outputs.summary, out)
    for source, rows in aside.items():
        if source in summary["sources"]:
            summary["sources"][source]["set_aside_when_it_came"] = rows
    written = await asyncio.to_thread(told.outputs, out)
    findings = await asyncio.to_thread(lambda: list(outputs.findings(out)))
    as_of = dt.date.fromisoformat(summary["as_of"])
    taken = 0
    async with reading(held.engine) as connection:
        members = await scans.members_of(connection, order)
    links = outputs.links(out)
    while batch := await asyncio.to_thread(next, links, None):
        async with _writing(held) as connection:
            await scans.take_links(connection, order.id, batch, members)
        taken += len(batch)
        await tell(matching.Step("ingest", taken, summary["links"]["total"], "links"))
    because = await _not_raised(held, order, out, as_of, {each["finding_id"] for some in findings for each in some})
    async with _writing(held) as connection:
        await queue.alone(connection)  # whoever opens leads takes this first, and then the leads
        leads = Counter[LeadChange]()
        for some in findings:
            leads += await scans.take_findings(connection, order, as_of, some, members, held.now())
        leads[LeadChange.WITHDRAWN] = await withdrawals.take_back(connection, order, because, held.now())
        await receipts.make(connection, held.vault, order.id, written, summary, held.now())
        await scans.succeed(connection, order, summary, leads, held.now())


async def _tell_rounds(held: Held, order: scans.Order) -> None:
    """Rounds of verification that are open know what this scan tells."""
    async with reading(held.engine) as connection:
        waiting = await verification_answers.open_rounds(connection, order.division_code)
    for key in waiting:
        async with held.writing() as connection:
            await verifications.told_by_a_scan(connection, held.data_dir, key, held.now())


async def _not_raised(
    held: Held, order: scans.Order, out: Path, as_of: dt.date, raised: set[str]
) -> dict[int, tuple[int, WithdrawnBecause]]:
    """The leads that this scan did not raise again and that do not stand: by which scan they were raised last, and why not."""
    async with reading(held.engine) as connection:
        before = await withdrawals.not_raised(connection, order, as_of, raised)
    found = dict[int, tuple[int, WithdrawnBecause]]()
    for scan_id, (summary, leads) in before.items():
        earlier = held.data_dir / "scans" / str(scan_id) / "out"
        because = await asyncio.to_thread(matching.withdrawn, out, earlier, summary, leads)
        found |= {key: (scan_id, why) for key, why in because.items()}
    return found


@asynccontextmanager
async def _writing(held: Held) -> AsyncIterator[AsyncConnection]:
    """A transaction in which the job is ours and the scan goes on. Raises LeaseLost or ScanEnded."""
    async with held.writing() as connection:
        await scans.hold(connection, held.job.subject)
        yield connection


def _teller(held: Held, pace: Pace) -> matching.Progress:
    """Writes a scan's progress down, and how long it will take still; every step tells of its pace, told or not."""

    left: int | None = None

    async def tell(step: matching.Step) -> None:
        async with _writing(held) as connection:
            await scans.tell(connection, held.job.subject, step, left, held.now())

    telling = seldom(tell)

    async def heard(step: matching.Step) -> None:
        nonlocal left
        left = pace.left(step.stage, step.done, step.total, time.monotonic())
        await telling(step)

    return heard


def _folder(held: Held) -> Path:
    return held.data_dir / "scans" / str(held.job.subject)
