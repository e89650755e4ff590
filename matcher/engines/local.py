"""Streams the big side through the kernel on this machine's cores, a chunk at a time.

What is in memory at once: the applicants, `WORKERS` chunks at work and one that waits for them; the next ones lie in the process
that reads (sources.reader). What stays of a chunk is the pairs at or above the review threshold and the rows they rest on; rows that match nobody are counted and forgotten (safeguard F-25).
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import polars as pl

from matcher import evidence, kernel, linking
from matcher.applicants import Applicants
from matcher.engines.since import Known
from matcher.engines.workspace import ChunkResult, Counts, Workspace
from matcher.identity.packing import PERMIT, VALID
from matcher.index import Source
from matcher.kernel import Batch
from matcher.progress import Progress, Step
from matcher.sources import feeds
from matcher.sources.chunking import Chunk
from matcher.sources.contract import Contract
from matcher.sources.delivery import Feed

SELF = "SELF"
WORKERS = 2

Place = tuple[int, int]
"""The file of a chunk in its feed, and its number in the file."""

Work = Callable[[Chunk], ChunkResult]
"""What is done with a chunk: a pure function, so that it may be done anywhere, in any order, and again."""


def match_feed(
    feed: Feed, applicants: Applicants, workspace: Workspace, progress: Progress, known: Known | None = None
) -> Counts:
    """Runs every chunk of a feed through the kernel that the workspace does not hold yet; returns the feed's counts.

    Those who are `known` are not matched again, and where everybody is the feed is not even read.
    """
    fresh = applicants if known is None else known.fresh(applicants)
    if known is not None and not fresh.allowed.any():
        return take_over(feed.source, known, workspace, progress)

    def work(chunk: Chunk) -> ChunkResult:
        return _with(known, match_chunk(chunk, feed.contract, fresh), chunk)

    return run(feed, applicants.plan.chunk_rows, work, workspace, progress)


def take_over(source: str, known: Known, workspace: Workspace, progress: Progress) -> Counts:
    """The chunks of a source as an earlier scan left them, of which nobody and nothing is new."""
    done, places, counted = workspace.places(source), list(known.places()), []
    for number, place in enumerate(places, start=1):
        if place not in done:
            workspace.keep(source, *place, known.chunk(*place))
        counted.append(workspace.counts(source, *place))
        progress(Step(f"match {source}", number, len(places), "chunks"))
    return _added(counted)


def run(feed: Feed, rows: int, work: Work, workspace: Workspace, progress: Progress) -> Counts:
    """Does `work` for every chunk of `rows` rows that the workspace does not hold yet; returns the counts of the feed."""
    if feed.query is not None:  # asked again, a database may answer other rows, or in another order
        workspace.forget(feed.source)
    every = feeds.unfinished(feed, rows, workspace.places(feed.source))

    def tell(chunk: Chunk, rows_in: int) -> None:
        progress(feeds.step("match", feed, chunk.bytes_read, rows_in))

    counts = _run(feed.source, every, work, workspace, tell)
    if feed.query is not None:  # only now we know of how many
        progress(Step(f"match {feed.source}", counts.rows_in, counts.rows_in))
    return counts


def match_index(
    source: Source, applicants: Applicants, workspace: Workspace, progress: Progress, known: Known | None = None
) -> Counts:
    """The same for a source that an index holds, prepared."""
    fresh = applicants if known is None else known.fresh(applicants)
    if known is not None and not fresh.allowed.any():
        return take_over(source.name, known, workspace, progress)

    def work(chunk: Chunk) -> ChunkResult:
        batches = ((party, source.batch(chunk.index, party)) for party in source.parties)
        return _with(known, _matched(chunk, source.feed.contract, fresh, batches), chunk)

    def tell(_: Chunk, rows: int) -> None:
        progress(Step(f"match {source.name}", rows, max(source.rows_in, rows)))

    done = workspace.places(source.name)
    every = (
        (0, number) if (0, number) in done else source.chunk(number) for number in range(len(source.offsets) - 1)
    )
    return _run(source.name, every, work, workspace, tell)


def _run(
    source: str,
    every: Iterator[Chunk | Place],
    work: Work,
    workspace: Workspace,
    tell: Callable[[Chunk, int], None],
) -> Counts:
    counted, rows_in = [], 0
    for chunk, counts in _finished(source, every, work, workspace):
        counted.append(counts)
        rows_in += counts.rows_in
        if chunk is not None:
            tell(chunk, rows_in)
    return _added(counted)


def _added(counted: Iterable[Counts]) -> Counts:
    rows_in = accepted = 0
    nulled: Counter[str] = Counter()
    apart: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for counts in counted:
        rows_in += counts.rows_in
        accepted += counts.accepted
        nulled.update(counts.nulled)
        apart.update(counts.apart)
        numbers.update(counts.numbers)
    return Counts(rows_in, accepted, dict(nulled), dict(sorted(apart.items())), dict(numbers))


def _with(known: Known | None, result: ChunkResult, chunk: Chunk) -> ChunkResult:
    return result if known is None else known.with_these(result, chunk.file_index, chunk.index)


def match_chunk(chunk: Chunk, contract: Contract, applicants: Applicants) -> ChunkResult:
    """The pairs of one chunk, with the records they rest on named by `record_id`; a pure function of its arguments."""
    rows = chunk.frame.rechunk()
    parties = tuple(party.upper() for party in contract.parties) or (SELF,)
    batches = (
        (party, Batch.of(rows, applicants.plan, "" if party == SELF else f"{party.lower()}_")) for party in parties
    )
    return _matched(chunk, contract, applicants, batches)


def _matched(
    chunk: Chunk, contract: Contract, applicants: Applicants, batches: Iterable[tuple[str, Batch]]
) -> ChunkResult:
    found, proposed, apart = [], [], []
    numbers: Counter[str] = Counter()
    for party, batch in batches:
        numbers.update(_numbers(chunk.frame, party, batch, applicants))
        scored = kernel.score(applicants, batch)
        found.append(scored.pairs.with_columns(party=pl.lit(party)))
        proposed.append(scored.proposed)
        apart.append(scored.apart)
    pairs = pl.concat(found)
    matched = pairs.get_column("record").unique().sort()
    records = evidence.name_records(chunk.frame.select(pl.all().gather(matched)), contract)
    return ChunkResult(
        linking.named(pairs, matched, records, applicants, chunk.source),
        records,
        chunk.rejects,
        pl.concat(proposed),
        Counts(chunk.rows_in, len(chunk.frame), dict(chunk.nulled), kernel.added(apart), dict(numbers)),
    )


def _numbers(rows: pl.DataFrame, party: str, batch: Batch, applicants: Applicants) -> dict[str, int]:
    """How many ID numbers these rows hold, and how many of them are neither valid nor a permit's (circuit breaker Q03)."""
    field = next((field for field in applicants.plan.fields if field.kind == "cn_number"), None)
    column = f"{'' if party == SELF else f'{party.lower()}_'}{field.column}" if field else ""
    if field is None or column not in rows.columns:
        return {}
    present = len(rows) - rows.get_column(column).null_count()
    sound = np.count_nonzero(batch.people.integers(f"{field.name}.flags") & (VALID | PERMIT))
    return {"present": present, "broken": max(present - int(sound), 0)}


def _finished(
    source: str, every: Iterator[Chunk | Place], work: Work, workspace: Workspace
) -> Iterator[tuple[Chunk | None, Counts]]:
    """The counts of each chunk in order, as it is done; or found done, and then without the chunk."""
    pending: deque[tuple[Chunk, Future[ChunkResult]]] = deque()

    def settle() -> tuple[Chunk, Counts]:
        chunk, future = pending.popleft()
        result = future.result()
        workspace.keep(source, chunk.file_index, chunk.index, result)
        return chunk, result.counts

    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        try:
            for chunk in every:
                if isinstance(chunk, tuple):
                    yield None, workspace.counts(source, *chunk)
                    continue
                pending.append((chunk, pool.submit(work, chunk)))
                if len(pending) > WORKERS:
                    yield settle()
            while pending:
                yield settle()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
