"""What a scan, link or dedupe will cost, told before it begins: candidates, seconds, memory, and the bound that holds.

The small side is read and keyed as in earnest. Of the big side a sample is drawn from all over (sources.sampling) and
run through the very work that would be done; what it gave and took is extrapolated by rows. Nothing is written.

The bound needs no sample: of one source an applicant gets at most a block's cap of records from each block under which they
have a key, so there are at most `Applicants.bound` candidates, and no more pairs are kept. A sample does not see what lies
together in places that it did not touch.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from matcher import gathering, joins, kernel, tables
from matcher import plan as plans
from matcher.applicants import Applicants
from matcher.blocking import BlockKeys
from matcher.engines import local
from matcher.engines.workspace import ChunkResult
from matcher.flooding import Tally, unflooded
from matcher.gathering import ScanRequest
from matcher.index import Source
from matcher.joins import DedupeRequest, LinkRequest
from matcher.kernel import Batch
from matcher.measure import Clock, memory_bytes
from matcher.plan import Plan
from matcher.prepared import More, Prepared
from matcher.progress import Progress, Step, silent
from matcher.scoring.model import Model
from matcher.sources.chunking import Chunk, Piece
from matcher.sources.delivery import Feed
from matcher.sources.feeds import row_count, sample
from matcher.sources.sampling import dealt

SAMPLED, AT_LEAST, AT_MOST = 1 / 20, 30_000, 60_000
"""Which share of a source's rows is tried out, and how many rows at least and at most."""

SURE_OF_A_FLOOD = 10
"""An applicant counts as flooded only where so many records of the sample were proposed to them."""

ROWS_TO_WEIGH = 2_000
WHILE_PREPARED = 2.0
"""A chunk takes so many times the memory of what is read and prepared of it while it is worked on."""

READER_BYTES = 64 << 20
"""What the reader of a file holds besides."""

BYTES_PROPOSED, BYTES_COMPARED, BYTES_KEPT = 64, 300, 1_500
"""What a pair takes while it is proposed, compared, and kept to the end with the record it rests on."""

SECONDS_A_KEPT_PAIR = {"scan": 80e-6, "join": 8e-6}
"""What linking, rules and report take for a pair: a rule of thumb, since it cannot be tried out before."""

BYTES_TO_HASH = 32 << 20


@dataclass(frozen=True)
class Trial:
    """A source's sample tried out: what it holds, what `drawn` of its `rows` gave, and what one row takes."""

    source: str
    side: Applicants
    parties: int
    rows: int
    exact: bool
    drawn: int
    proposed: pl.DataFrame  # frames.PROPOSED, over the whole sample
    pairs: pl.DataFrame  # applicant and blocks of the pairs at or above the review threshold
    seconds_a_chunk: float
    seconds_a_row: float
    reading_a_row: float
    bytes_a_row: float
    gain: float = 1.0
    mapped: int = 0  # bytes of an index, which stay in memory only as long as there is room

    @property
    def scale(self) -> float:
        """How many rows of the source stand behind one of the sample."""
        return self.rows / max(self.drawn, 1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a block will propose in a source: `candidates`, and the applicants whom it floods and who get none of its records."""

    candidates: float
    flooded: int


Part = Callable[[], tuple[pl.DataFrame, pl.DataFrame]]
"""A part of a sample, to be done: its pairs at or above the review threshold, and what was proposed (frames.PROPOSED)."""


def scan(request: ScanRequest, progress: Progress = silent) -> dict[str, Any]:
    """The forecast of a scan (`told`). Raises InputRefused or UsageError as the scan would."""
    clock, opened = Clock(), gathering.open_scan(request)
    files = [path for feed in opened.delivery.feeds.values() for path in feed.files]
    hashing = sum(path.stat().st_size for path in files) / BYTES_TO_HASH * _seconds_to_hash()
    asked = gathering.ask(request, opened)
    clock.lap("applicants")
    base, trials = memory_bytes(), []
    for done, (name, feed) in enumerate(opened.feeds.items(), start=1):
        side = asked.everyone.only(asked.allowed[name])
        trials.append(
            _of_index(opened.index.sources[name], side)
            if opened.index
            else _of_feed(feed, side, _scanning(feed, side))
        )
        progress(Step("try out", done, len(opened.feeds), "sources"))
    return told("scan", trials, asked.everyone, opened.model, base, {"open": hashing, **clock.laps})


def link(request: LinkRequest, progress: Progress = silent, warn: tables.Warn = lambda _: None) -> dict[str, Any]:
    """The forecast of a link (`told`). Raises InputRefused or UsageError as the link would."""
    plan = plans.load(request.plan)
    left = tables.open_table(request.left, plan, plan.left_id, warn)
    right = tables.open_table(request.right, plan, plan.right_id, warn)
    return _join(plan, request, left, right, plan.right_id, progress)


def dedupe(request: DedupeRequest, progress: Progress = silent, warn: tables.Warn = lambda _: None) -> dict[str, Any]:
    """The forecast of a dedupe (`told`): the table is both sides. Raises InputRefused or UsageError as it would."""
    plan = plans.load(request.plan)
    feed = tables.open_table(request.table, plan, plan.left_id, warn)
    return _join(plan, request, feed, feed, plan.left_id, progress)


def _join(
    plan: Plan,
    request: LinkRequest | DedupeRequest,
    left: Feed,
    right: Feed,
    id_column: str | None,
    progress: Progress,
) -> dict[str, Any]:
    clock, model = Clock(), joins.model_to_forecast(plan, request.model, train=request.train)
    small = joins.small_side(left, plan, model)
    clock.lap("applicants")
    base = memory_bytes()
    trial = _of_feed(right, small, lambda chunk: joins.match_chunk(chunk, small, id_column))
    progress(Step("try out", 1, 1, "sources"))
    outcome = told("join", [trial], small, model, base, clock.laps)
    if request.train:  # what a model will say is not known before it is fitted
        outcome |= {"pairs": None, "training": "not included"}
    return outcome


def expected(trial: Trial) -> list[Expected]:
    """What each block of the plan will propose, by the sample."""
    hot, found = flooding(trial), []
    cool = trial.proposed.join(hot, on=["applicant", "block"], how="anti")
    for place, block in enumerate(trial.side.plan.blocks):
        hits = int(cool.filter(pl.col("block") == place).get_column("records").sum())
        bound = block.cap * trial.side.findable[place]
        found.append(Expected(min(hits * trial.scale, bound), len(hot.filter(pl.col("block") == place))))
    return found


def flooding(trial: Trial) -> pl.DataFrame:
    """The applicants whom a block will flood, as the sample says clearly: `applicant`, `block`, and `records` of the source."""
    caps = pl.col("block").replace_strict(
        {place: block.cap for place, block in enumerate(trial.side.plan.blocks)}, return_dtype=pl.Float64
    )
    clear = (pl.col("records") >= SURE_OF_A_FLOOD) | pl.lit(trial.scale <= 1)
    hot = trial.proposed.filter(clear, pl.col("records") * trial.scale > caps)
    return hot.with_columns((pl.col("records") * trial.scale).ceil().cast(pl.UInt64))


def kept(trial: Trial) -> float:
    """How many pairs will be at or above the review threshold and not left out by a flood."""
    return len(unflooded(trial.pairs, flooding(trial))) * trial.scale


def by_chance(trial: Trial, model: Model) -> list[float | None]:
    """What each block would propose if nobody stood on both sides, by what the model knows of its keys."""
    return [
        None
        if (known := model.key_counts.get(block.name)) is None
        else len(lookup.rows) * trial.rows * trial.parties * known.share * known.collision
        for block, lookup in zip(trial.side.plan.blocks, trial.side.lookups, strict=True)
    ]


def uncertainty(trial: Trial) -> float:
    """Two standard errors of the candidates: records come by chance, and one may be proposed by every block."""
    share = min(trial.drawn / max(trial.rows, 1), 1.0)
    hits = float(trial.proposed.get_column("records").sum())
    return 2 * trial.scale * math.sqrt(len(trial.side.plan.blocks) * hits * (1 - share))


def seconds(trial: Trial) -> dict[str, float]:
    """How long the source takes to be read and matched: chunks are worked on side by side, and while others are read.

    `read` is the time for which nothing else can be done.
    """
    size = min(trial.side.plan.chunk_rows, max(trial.rows, 1))
    chunks = math.ceil(trial.rows / size)
    one = trial.seconds_a_chunk + size * trial.seconds_a_row
    every = chunks * trial.seconds_a_chunk + trial.rows * trial.seconds_a_row
    reading, matching = trial.rows * trial.reading_a_row, max(one, every / trial.gain)
    return {"read": reading - min(reading, matching) * (1 - 1 / max(chunks, 1)), "match": matching}


def memory(trials: Sequence[Trial], base: int) -> dict[str, int]:
    """Bytes: the applicants (and the program), the index, the chunks in hand, the pairs under comparison, and the pairs kept;
    their sum as expected, and as it is at most, whatever the records are.
    """
    workers = min(local.WORKERS, os.cpu_count() or 1)
    chunks = compared = most_proposed = 0.0
    all_kept = most_kept = 0.0
    for trial in trials:
        size = min(trial.side.plan.chunk_rows, trial.rows)
        in_hand = min((workers + 2) * size, trial.rows)  # at work, one that waits, and one being read
        chunks = max(chunks, READER_BYTES + in_hand * trial.bytes_a_row * WHILE_PREPARED)
        candidates = sum(each.candidates for each in expected(trial)) * size / max(trial.rows, 1)
        compared = max(
            compared,
            workers * (candidates * BYTES_PROPOSED + min(candidates, kernel.PAIRS_AT_ONCE) * BYTES_COMPARED),
        )
        bound = min(trial.side.bound, len(trial.side) * trial.rows * trial.parties)
        most_here = min(trial.side.bound, len(trial.side) * size)
        most_proposed = max(
            most_proposed,
            workers * (most_here * BYTES_PROPOSED + min(most_here, kernel.PAIRS_AT_ONCE) * BYTES_COMPARED),
        )
        all_kept += min(kept(trial), bound) * BYTES_KEPT
        most_kept += bound * BYTES_KEPT
    mapped = sum(trial.mapped for trial in trials)
    parts = {"applicants": base, "index": mapped, "chunks": chunks, "compared": compared, "kept": all_kept}
    return {
        **{name: round(part) for name, part in parts.items()},
        "expected": round(sum(parts.values())),
        "bound": round(base + mapped + chunks + most_proposed + most_kept),
    }


def told(
    kind: str, trials: Sequence[Trial], everyone: Applicants, model: Model, base: int, before: dict[str, float]
) -> dict[str, Any]:
    """The forecast as plain data: in total, a block at a time, a source at a time."""
    plan = everyone.plan
    found = [expected(trial) for trial in trials]
    chances = [by_chance(trial, model) for trial in trials]
    times = [seconds(trial) for trial in trials]
    pairs = [kept(trial) for trial in trials]
    laps = {
        **before,
        "read": sum(each["read"] for each in times),
        "match": sum(each["match"] for each in times),
        "link": sum(pairs) * SECONDS_A_KEPT_PAIR[kind],
    }
    blocks = {
        block.name: {
            "cap": block.cap,
            "keys": len(everyone.lookups[place].held),
            "applicants": everyone.findable[place],
            "candidates": round(sum(each[place].candidates for each in found)),
            "by_chance": _sum([each[place] for each in chances]),
            "flooded": sum(each[place].flooded for each in found),
            "bound": sum(block.cap * trial.side.findable[place] for trial in trials),
        }
        for place, block in enumerate(plan.blocks)
    }
    return {
        "applicants": len(everyone),
        "rows": sum(trial.rows for trial in trials),
        "rows_exact": all(trial.exact for trial in trials),
        "sampled_rows": sum(trial.drawn for trial in trials),
        "candidates": sum(block["candidates"] for block in blocks.values()),
        "plus_minus": round(math.sqrt(sum(uncertainty(trial) ** 2 for trial in trials))),
        "pairs": round(sum(pairs)),
        "bound": sum(trial.side.bound for trial in trials),
        "flooded": sum(block["flooded"] for block in blocks.values()),
        "seconds": {name: round(lap, 2) for name, lap in laps.items()} | {"total": round(sum(laps.values()), 2)},
        "memory_bytes": memory(trials, base),
        "blocks": blocks,
        "sources": {
            trial.source: {
                "rows": trial.rows,
                "rows_exact": trial.exact,
                "sampled_rows": trial.drawn,
                "candidates": round(sum(each.candidates for each in some)),
                "pairs": round(count),
                "bound": trial.side.bound,
                "flooded": sum(each.flooded for each in some),
                "seconds": round(sum(lap.values()), 2),
            }
            for trial, some, count, lap in zip(trials, found, pairs, times, strict=True)
        },
        "versions": {"plan": plan.version, "model": model.version},
    }


def _sum(values: Sequence[float | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known)) if known else None


def _scanning(feed: Feed, side: Applicants) -> Callable[[Chunk], ChunkResult]:
    return lambda chunk: local.match_chunk(chunk, feed.contract, side)


def _of_feed(feed: Feed, side: Applicants, work: Callable[[Chunk], ChunkResult]) -> Trial:
    some = sample(feed, min(max(round(row_count(feed) * SAMPLED), AT_LEAST), AT_MOST))
    chunks = math.ceil(some.rows / side.plan.chunk_rows)
    prefixes = [f"{party}_" for party in feed.contract.parties] or [""]

    def part(piece: Piece) -> Part:
        def run() -> tuple[pl.DataFrame, pl.DataFrame]:
            result = work(piece.checked())
            return result.pairs.select("applicant", "blocks"), result.proposed

        return run

    trial = _tried(
        feed.source,
        side,
        [part(piece) for whole in some.pieces for piece in dealt(whole, local.WORKERS if chunks > 1 else 1)],
        part(replace(some.pieces[0], raw=some.pieces[0].raw.clear())),
        chunks=chunks,
    )
    return replace(
        trial,
        parties=len(prefixes),
        rows=some.rows,
        exact=some.exact,
        drawn=some.drawn,
        seconds_a_row=trial.seconds_a_row / max(some.drawn, 1),
        reading_a_row=some.seconds_a_row,
        bytes_a_row=_bytes_a_row(some.pieces[0], prefixes, side.plan),
    )


def _of_index(source: Source, side: Applicants) -> Trial:
    step = max(round(source.accepted / min(max(source.accepted * SAMPLED, AT_LEAST), AT_MOST)), 1)
    chunks = range(len(source.offsets) - 1)

    def part(number: int, step: int) -> Part:
        def run() -> tuple[pl.DataFrame, pl.DataFrame]:
            scored = [kernel.score(side, thinned(source.batch(number, party), step)) for party in source.parties]
            pairs = pl.concat(each.pairs.select("applicant", "blocks") for each in scored)
            return pairs, pl.concat(each.proposed for each in scored)

        return run

    trial = _tried(
        source.name, side, [part(number, step) for number in chunks], part(0, source.accepted + 1), chunks=len(chunks)
    )
    drawn = sum(-(-(source.offsets[number + 1] - source.offsets[number]) // step) for number in chunks)
    facets = sum(source.facets(party).estimated_size() for party in source.parties)
    return replace(
        trial,
        parties=len(source.parties),
        rows=source.accepted,
        drawn=drawn,
        seconds_a_row=trial.seconds_a_row / max(drawn, 1),
        bytes_a_row=facets / max(source.accepted, 1),
        mapped=round(facets),
    )


def thinned(batch: Batch, step: int) -> Batch:
    """Every `step`th row of a batch, the first among them."""
    keys = []
    for held in batch.keys:
        chosen = held.more.rows % step == 0
        keys.append(BlockKeys(held.dense[::step], More(held.more.rows[chosen] // step, held.more.keys[chosen])))
    return Batch(Prepared(batch.people.table.gather_every(step)), tuple(keys))


def _tried(source: str, side: Applicants, parts: Sequence[Part], empty: Part, *, chunks: int) -> Trial:
    """The parts done and timed, one after another; of a source of several chunks, how much is gained by doing two at once.

    `seconds_a_row` is those of the whole sample here.
    """
    empty()  # what is made once, such as lookups, is not a chunk's own
    nothing = _seconds(lambda: [empty()])
    results: list[tuple[pl.DataFrame, pl.DataFrame]] = []
    alone = _seconds(lambda: results.extend(part() for part in parts))
    gain = 1.0
    if chunks > 1 and local.WORKERS > 1 and len(parts) > 1:
        with ThreadPoolExecutor(min(local.WORKERS, os.cpu_count() or 1)) as pool:
            together = _seconds(lambda: list(pool.map(lambda part: part(), parts)))
        gain = min(max(alone / max(together, 1e-9), 1.0), float(local.WORKERS))
    return Trial(
        source=source,
        side=side,
        parties=1,
        rows=0,
        exact=True,
        drawn=0,
        proposed=Tally(side.plan, (proposed for _, proposed in results)).proposed(),
        pairs=pl.concat(pairs for pairs, _ in results),
        seconds_a_chunk=nothing,
        seconds_a_row=max(alone - len(parts) * nothing, 0.0),
        reading_a_row=0.0,
        bytes_a_row=0.0,
        gain=gain,
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bytes_a_row(piece: Piece, prefixes: Sequence[str], plan: Plan) -> float:
    """What a row takes as it was read, as the contract types it, and prepared with its keys."""
    few = replace(piece, raw=piece.raw.head(ROWS_TO_WEIGH))
    chunk = few.checked()
    size = few.raw.estimated_size() + chunk.frame.estimated_size()
    for prefix in prefixes:
        batch = Batch.of(chunk.frame, plan, prefix)
        size += batch.people.table.estimated_size()
        size += sum(held.dense.nbytes + held.more.keys.nbytes + held.more.rows.nbytes for held in batch.keys)
    return size / max(len(few.raw), 1)


def _seconds_to_hash() -> float:
    sample_of_bytes = bytes(BYTES_TO_HASH)
    return _seconds(lambda: hashlib.sha256(sample_of_bytes))
