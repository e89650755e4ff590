"""A feed in chunks of equal size, each held against the contract; rows in = rows accepted + rows set aside.

This is the part that touches foreign bytes: it runs in a process of its own (`apart`), and `feeds` is how the rest of
the program asks for it.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain

import polars as pl

from matcher.errors import InputRefused, UsageError
from matcher.sources import changes, checks, footers, retracting
from matcher.sources.blocks import Opened
from matcher.sources.contract import Contract
from matcher.sources.delivery import Feed
from matcher.sources.headings import Layout
from matcher.sources.opening import tables
from matcher.sources.retracting import Later

HEADER_AGAIN = "HEADER_AGAIN"
WORKERS = 2
NAMES = pl.Schema({"row_number": pl.Int64(), changes.RECORD_ID: pl.String()})
"""Of which record a row is."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of one table: those accepted (typed, with `row_number`), those set aside, and what was nulled.

    `row_number` counts the rows after the header from 1. Rows in = rows accepted + rows set aside. `headings` are the
    table's own; `bytes_read` says how far the feed's files have been read up to here, of feeds.size. `names` are the names
    of the records that were set aside, as far as they have one (`NAMES`).
    """

    source: str
    file: str
    file_index: int
    index: int
    frame: pl.DataFrame
    rejects: pl.DataFrame
    rows_in: int
    nulled: Mapping[str, int]
    headings: tuple[str, ...]
    bytes_read: int
    names: pl.DataFrame = field(default_factory=NAMES.to_frame)


@dataclass(frozen=True)
class Piece:
    """Some rows of one table as they stand there, not yet held against the contract: `checked` does that, anywhere."""

    feed: Feed
    file: str
    file_index: int
    index: int
    raw: pl.DataFrame
    misfits: Mapping[int, str]
    headings: tuple[str, ...]
    layout: Layout
    has_header_row: bool
    bytes_read: int = 0
    later: Later | None = None

    def checked(self) -> Chunk:
        """The rows held against the contract; a pure function. Raises InputRefused for a value that refuses the feed."""
        came = len(self.raw) + len(self.misfits)
        raw, repeated = _without_headers(replace(self, raw=self.raw.rechunk()))
        raw, below = _without_footers(replace(self, raw=raw))
        whole = raw
        batch, listed = self.feed.batch_of(self.file), []
        if batch is not None and batch.kind == "CHANGES":
            ordered = changes.orders(raw, self.feed.contract, self.file)
            raw, listed = ordered.records, [ordered.rejects]
        accepted = checks.accept(raw, self.feed.contract, self.file, self.layout.units, self.feed.values)
        if not accepted.refused.is_empty():
            first = accepted.refused.sort("row_number").row(0, named=True)
            raise InputRefused(
                f"a value cannot be read ({first['reason']})",
                file=self.file,
                row=first["row_number"],
                column=first["column"],
                remedy="This column must be right in every row: ask the department to send it again",
            )
        rows = accepted.rows
        if batch is not None and self.later is not None:
            rows, past = self.later.standing(rows, batch, self.file, self.feed.source)
            listed.append(past)
        aside = {**self.misfits, **dict.fromkeys(repeated, HEADER_AGAIN), **dict.fromkeys(below, footers.FOOTER)}
        rejects = pl.concat(
            [accepted.rejects, *listed, checks.rows_set_aside(self.feed.source, self.file, aside)]
        ).sort("row_number", maintain_order=True)  # fmt: skip
        lost = came - len(rows) - rows_of(rejects)
        if lost:
            raise AssertionError(f"{self.file}: {came} rows in, {lost} neither accepted nor set aside")
        return Chunk(
            self.feed.source,
            self.file,
            self.file_index,
            self.index,
            rows,
            rejects,
            came,
            accepted.nulled,
            self.headings,
            self.bytes_read,
            _names(whole, rejects, self.feed.contract, self.file),
        )


def rows_of(rejects: pl.DataFrame) -> int:
    """How many rows frames.REJECTS sets aside."""
    aside = rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE))
    return aside.get_column("row_number").n_unique()


def _names(raw: pl.DataFrame, rejects: pl.DataFrame, contract: Contract, file: str) -> pl.DataFrame:
    """The names of the records that were set aside, typed as those of accepted rows are."""
    aside = rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE)).get_column("row_number")
    named = next((column for column in contract.columns if column.name == changes.RECORD_ID), None)
    if aside.is_empty() or named is None or changes.RECORD_ID not in raw.columns:
        return NAMES.to_frame()
    rows = raw.select("row_number", changes.RECORD_ID).filter(pl.col("row_number").is_in(aside.implode()))
    typed = checks.accept(rows, replace(contract, columns=(named,)), file, {}, {}).rows
    return typed.drop_nulls(changes.RECORD_ID)


def pieces(feed: Feed, rows: int) -> Iterator[Piece]:
    """The feed in pieces of `rows` rows, the last of each table shorter; at least one piece a table.

    A piece is also full when it holds `rows` rows that fit no header. So where it ends depends on nothing but the file
    and `rows`. Raises InputRefused, naming file and place, for a file that is damaged or lacks a column that must exist.
    """
    if rows < 1:
        raise UsageError(f"a chunk holds at least one row, not {rows}")
    before = 0
    later = retracting.later(feed) if feed.standing.in_force else None
    counted: Counter[str] = Counter()
    for file_index, (opened, size) in enumerate(tables(feed)):
        for index, (raw, misfits) in enumerate(_equal(opened, rows)):
            read = before + round(opened.share() * size)
            yield Piece(
                replace(feed, values={}) if opened.as_kept else feed,
                opened.name,
                file_index,
                index,
                raw,
                misfits,
                opened.headings,
                opened.layout,
                opened.has_header_row,
                read,
                later,
            )
            counted[opened.name.partition("/")[0]] += len(raw) + len(misfits)
        before += size
    for batch in feed.standing.in_force:
        for file in batch.files:
            if file.rows not in (None, counted[file.name]):
                raise InputRefused(
                    f"the manifest of batch {batch.number} says {file.rows} rows, and it holds {counted[file.name]}",
                    file=file.name,
                    remedy="Ask the department which is right, and to send manifest and file again",
                )


def chunks(feed: Feed, rows: int, done: Collection[tuple[int, int]] = ()) -> Iterator[Chunk | tuple[int, int]]:
    """The pieces of the feed, each held against the contract, in their order; of those in `done` only which it is."""
    ready: deque[Future[Chunk] | tuple[int, int]] = deque()

    def settled() -> Chunk | tuple[int, int]:
        first = ready.popleft()
        return first if isinstance(first, tuple) else first.result()

    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        for piece in pieces(feed, rows):
            place = (piece.file_index, piece.index)
            ready.append(place if place in done else pool.submit(piece.checked))
            if len(ready) >= WORKERS:
                yield settled()
        while ready:
            yield settled()


def _equal(opened: Opened, rows: int) -> Iterator[tuple[pl.DataFrame, Mapping[int, str]]]:
    """The blocks of a table cut anew into frames of `rows` rows, each with the misfits that stand before its end."""
    held = pl.DataFrame(schema={"row_number": pl.Int64})
    misfits = opened.misfits
    given = index = 0
    for block in chain((block for block in opened.blocks if len(block)), [None]):
        if block is not None:
            held = pl.concat([held, block]) if len(held) else block
        # of the rows behind the last one held we do not know yet whether they fit
        known = len(misfits.numbers) if block is None else bisect_right(misfits.numbers, held.item(-1, "row_number"))
        while True:
            ends = [held.item(rows - 1, "row_number")] if len(held) >= rows else []
            ends += [misfits.numbers[given + rows - 1]] if known >= given + rows else []
            if not ends:
                break
            count = held.get_column("row_number").search_sorted(min(ends), side="right")
            until = bisect_right(misfits.numbers, min(ends))
            yield held.head(count), misfits.between(given, until)
            held, given, index = held.slice(count), until, index + 1
    if len(held) or given < len(misfits.numbers) or index == 0:
        yield held, misfits.between(given, len(misfits.numbers))


def _without_headers(piece: Piece) -> tuple[pl.DataFrame, list[int]]:
    """The rows that do not repeat the header, and the numbers of those that do, where extracts were glued together."""
    headings, raw = piece.layout.columns, piece.raw
    if not piece.has_header_row or not headings or raw.is_empty():
        return raw, []
    first, heading = next(iter(headings.items()))
    if raw.get_column(first).dtype != pl.String or not (raw.get_column(first) == heading).any():
        return raw, []
    repeats = pl.all_horizontal(
        (pl.col(column) == pl.lit(heading)).fill_null(False) for column, heading in headings.items()
    )
    repeated = raw.filter(repeats)
    return (raw.filter(~repeats), repeated.get_column("row_number").to_list()) if len(repeated) else (raw, [])


def _without_footers(piece: Piece) -> tuple[pl.DataFrame, list[int]]:
    """The rows without those that stand below a table, in a file that a person has laid out; and their numbers."""
    raw, columns = piece.raw, piece.layout.columns
    order = sorted(columns, key=lambda column: piece.headings.index(columns[column])) if piece.has_header_row else []
    if footers.FIRST_CELL in raw.columns:
        order.insert(0, footers.FIRST_CELL)
    elif not order or columns[order[0]] != piece.headings[0]:  # how a row begins is known to its opener alone
        return raw, []
    found = footers.find(raw, piece.feed.contract, order)
    return (raw.filter(~pl.col("row_number").is_in(found)), found) if found else (raw, [])
