"""All clocks at once: what is over is deleted, some at a time, each lot in a transaction of its own.

Interrupted anywhere it is run again, and does what is left. Nobody waits for it, and it waits for nobody: what somebody is
at work on is left for the next time, and whether something is over is asked once more while it is held. The audit is told
how many of each class, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import reading, transaction
from api.depot import Depot
from api.domain import days
from api.domain.retention import RetentionClass
from api.sealing import Vault
from api.services import answers, audit
from api.services.retention import clocks, extracts, holds, households, leads, traces
from api.services.retention.sweeping import sweep

R = RetentionClass
Told = Callable[[RetentionClass, int], None]


@dataclass
class Outcome:
    """How much of each class was deleted, or would be; folders beside the database; households that something holds."""

    counts: Counter[RetentionClass] = field(default_factory=Counter)
    folders: int = 0
    held: int = 0


async def run(
    engine: AsyncEngine,
    vault: Vault,
    data_dir: Path,
    now: dt.datetime,
    day: dt.date,
    *,
    dry: bool,
    told: Told | None = None,
) -> Outcome:
    """What is over on this day is gone; or, dry, only counted."""
    outcome = Outcome()
    depot = Depot.of(data_dir, vault)
    if dry:
        async with reading(engine) as connection:
            outcome = await _counted(connection, now, day)
        outcome.folders = await sweep(engine, depot, now, day, dry=True)
        return outcome
    for lot in LOTS:
        while True:
            async with transaction(engine) as connection:
                done = await lot(connection, vault, now, day)
                await _tell(connection, done, now)
            outcome.counts.update(done)
            for kept, number in done.items():
                if told and number:
                    told(kept, outcome.counts[kept])
            if not done.total():
                break
    outcome.folders = await sweep(engine, depot, now, day)
    async with reading(engine) as connection:
        outcome.held = await _held(connection)
    return outcome


async def chore(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """One lot of every kind, in the worker's transaction; the sweep that follows it finds their files."""
    day = days.today(now)
    done: Counter[RetentionClass] = Counter()
    for lot in LOTS:
        done.update(await lot(connection, vault, now, day))
    await _tell(connection, done, now)
    return done.total()


Lot = Callable[[AsyncConnection, Vault, dt.datetime, dt.date], Awaitable["Counter[RetentionClass]"]]


async def _files(
    connection: AsyncConnection, vault: Vault, now: dt.datetime, day: dt.date
) -> Counter[RetentionClass]:
    done: Counter[RetentionClass] = Counter()
    for kept in (R.FILE, R.APPLICATION):
        here = await households.hold(connection, [key for key, _ in await households.due(connection, kept, day)])
        if here and (found := await households.due(connection, kept, day, of=here)):
            await households.erase(connection, kept, found, now)
            done[kept] = len(found)
    return done


async def _memberships(
    connection: AsyncConnection, vault: Vault, now: dt.datetime, day: dt.date
) -> Counter[RetentionClass]:
    here = await households.hold(connection, {home for _, home in await households.left(connection, day)})
    found = await households.left(connection, day, of=here) if here else []
    if found:
        await households.erase_members(connection, [key for key, _ in found])
    return Counter({R.MEMBERSHIP: len(found)})


async def _leads(
    connection: AsyncConnection, vault: Vault, now: dt.datetime, day: dt.date
) -> Counter[RetentionClass]:
    here = await leads.hold(connection, await leads.due(connection, day))
    found = await leads.due(connection, day, of=here) if here else []
    if found:
        await leads.reduce(connection, vault, found)
    return Counter({R.CLEARED_LEAD: len(found)})


async def _extracts(
    connection: AsyncConnection, vault: Vault, now: dt.datetime, day: dt.date
) -> Counter[RetentionClass]:
    if feeds := await extracts.feeds_due(connection, day):
        await extracts.forget_feeds(connection, feeds)
    said = await answers.forget(connection, clocks.moment(day, R.FEED_EXTRACT))
    if indexes := await extracts.indexes_due(connection, now, day):
        await extracts.forget_indexes(connection, indexes)
    if checks := await extracts.checks_due(connection, day):
        await extracts.forget_checks(connection, checks)
    if doubts := await extracts.doubts_due(connection, day):
        await extracts.forget_doubts(connection, doubts)
    if scans := await extracts.links_due(connection, day):
        await extracts.forget_links(connection, scans)
    gone = len(feeds) + len(indexes) + len(checks) + len(doubts) + said
    return Counter({R.FEED_EXTRACT: gone, R.SCAN: len(scans)})


async def _traces(
    connection: AsyncConnection, vault: Vault, now: dt.datetime, day: dt.date
) -> Counter[RetentionClass]:
    number, rows = await traces.reads_due(connection, day)
    if rows:
        await traces.cut_reads(connection, vault, number, now)
    return Counter({R.READ: rows}) + Counter(await traces.forget(connection, day, dry=False))


LOTS: tuple[Lot, ...] = (_files, _memberships, _leads, _extracts, _traces)


async def _counted(connection: AsyncConnection, now: dt.datetime, day: dt.date) -> Outcome:
    counts = Counter(await traces.forget(connection, day, dry=True))
    counts[R.FILE] = len(await households.due(connection, R.FILE, day, most=None))
    counts[R.APPLICATION] = len(await households.due(connection, R.APPLICATION, day, most=None))
    counts[R.MEMBERSHIP] = len(await households.left(connection, day, most=None))
    counts[R.CLEARED_LEAD] = len(await leads.due(connection, day, most=None))
    counts[R.FEED_EXTRACT] = len(await extracts.feeds_due(connection, day))
    counts[R.FEED_EXTRACT] += len(await extracts.indexes_due(connection, now, day))
    counts[R.FEED_EXTRACT] += len(await extracts.checks_due(connection, day))
    counts[R.FEED_EXTRACT] += await answers.count_due(connection, clocks.moment(day, R.FEED_EXTRACT))
    counts[R.FEED_EXTRACT] += await extracts.count_doubts(connection, day)
    counts[R.SCAN] = len(await extracts.links_due(connection, day))
    counts[R.READ] += (await traces.reads_due(connection, day))[1]
    return Outcome(counts, held=await _held(connection))


async def _held(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(holds.held().subquery()))).scalar_one())


async def _tell(connection: AsyncConnection, done: Counter[RetentionClass], now: dt.datetime) -> None:
    if done.total():
        counts = {kept.value: number for kept, number in sorted(done.items()) if number}
        await audit.record(connection, None, "retention.deleted", ("Retention", 0), now, counts)
