"""Streams the big side through the kernel on this machine's cores, a chunk at a time.

What is in memory at once: the applicants, `WORKERS` chunks at work, one that waits for them and one being read. What stays of a chunk is the pairs at or above the
review threshold and the rows they rest on; rows that match nobody are counted and forgotten (safeguard F-25).
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from matcher import evidence, kernel, linking
from matcher.applicants import Applicants
from matcher.engines.workspace import ChunkResult, Counts, Workspace
from matcher.index import Source
from matcher.kernel import Batch
from matcher.progress import Progress, Step
from matcher.sources.contract import Contract
from matcher.sources.delivery import Feed
from matcher.sources.feeds import Chunk, Piece, pieces, row_count

SELF = "SELF"
WORKERS = 2

Work = Callable[[Chunk], ChunkResult]
"""What is done with a chunk: a pure function, so that it may be done anywhere, in any order, and again."""


def match_feed(feed: Feed, applicants: Applicants, workspace: Workspace, progress: Progress) -> Counts:
    """Runs every chunk of a feed through the kernel that the workspace does not hold yet; returns the feed's counts."""
    rows = applicants.plan.chunk_rows
    return run(feed, rows, lambda chunk: match_chunk(chunk, feed.contract, applicants), workspace, progress)


def run(feed: Feed, rows: int, work: Work, workspace: Workspace, progress: Progress) -> Counts:
    """Does `work` for every chunk of `rows` rows that the workspace does not hold yet; returns the counts of the feed."""
    return _run(feed.source, pieces(feed, rows), row_count(feed), work, workspace, progress)


def _run(
    source: str, every: Iterator[Piece | Chunk], total: int, work: Work, workspace: Workspace, progress: Progress
) -> Counts:
    rows_in = accepted = 0
    nulled: Counter[str] = Counter()
    apart: Counter[str] = Counter()
    for counts in _finished(source, every, work, workspace):
        rows_in += counts.rows_in
        accepted += counts.accepted
        nulled.update(counts.nulled)
        apart.update(counts.apart)
        progress(Step(f"match {source}", rows_in, max(total, rows_in)))
    return Counts(rows_in, accepted, dict(nulled), dict(sorted(apart.items())))


def match_index(source: Source, applicants: Applicants, workspace: Workspace, progress: Progress) -> Counts:
    """The same for a source that an index holds, prepared."""

    def work(chunk: Chunk) -> ChunkResult:
        batches = ((party, source.batch(chunk.index, party)) for party in source.parties)
        return _matched(chunk, source.feed.contract, applicants, batches)

    every = (source.chunk(number) for number in range(len(source.offsets) - 1))
    return _run(source.name, every, source.rows_in, work, workspace, progress)


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
    for party, batch in batches:
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
        Counts(chunk.rows_in, len(chunk.frame), dict(chunk.nulled), kernel.added(apart)),
    )


def _worked(piece: Piece | Chunk, work: Work) -> ChunkResult:
    return work(piece.checked() if isinstance(piece, Piece) else piece)


def _finished(source: str, every: Iterator[Piece | Chunk], work: Work, workspace: Workspace) -> Iterator[Counts]:
    """The counts of each chunk in order, as it is done or found done."""
    pending: deque[tuple[Piece | Chunk, Future[ChunkResult]]] = deque()

    def settle() -> Counts:
        piece, future = pending.popleft()
        result = future.result()
        workspace.keep(source, piece.file_index, piece.index, result)
        return result.counts

    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        try:
            for piece in every:
                if workspace.finished(source, piece.file_index, piece.index):
                    yield workspace.counts(source, piece.file_index, piece.index)
                    continue
                pending.append((piece, pool.submit(_worked, piece, work)))
                if len(pending) > WORKERS:
                    yield settle()
            while pending:
                yield settle()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
