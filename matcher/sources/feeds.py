"""A feed in chunks of equal size, each held against the contract; rows in = rows accepted + rows set aside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from matcher.errors import InputRefused, UsageError
from matcher.sources import checks, text
from matcher.sources.blocks import Opened
from matcher.sources.delimited import open_delimited, rows_of_delimited
from matcher.sources.delivery import Feed
from matcher.sources.parquet import headings_of_parquet, open_parquet, rows_of_parquet

HEADER_AGAIN = "HEADER_AGAIN"


@dataclass(frozen=True)
class Chunk:
    """Some rows of one file: those accepted (typed, with `row_number`), those set aside, and what was nulled.

    `row_number` counts the rows after the header from 1. Rows in = rows accepted + rows set aside.
    """

    source: str
    file: str
    file_index: int
    index: int
    frame: pl.DataFrame
    rejects: pl.DataFrame
    rows_in: int
    nulled: Mapping[str, int]


@dataclass(frozen=True)
class Piece:
    """Some rows of one file as they stand there, not yet held against the contract: `checked` does that, anywhere."""

    feed: Feed
    file: str
    file_index: int
    index: int
    raw: pl.DataFrame
    misfits: Mapping[int, str]
    opened: Opened

    def checked(self) -> Chunk:
        """The rows held against the contract; a pure function. Raises InputRefused for a value that refuses the feed."""
        return _checked(self.feed, self.file, self.file_index, self.index, self.raw, self.misfits, self.opened)


def pieces(feed: Feed, rows: int) -> Iterator[Piece]:
    """The feed in pieces of `rows` rows, the last of each file shorter; at least one piece a file.

    A piece is also full when it holds `rows` rows that fit no header. So where it ends depends on nothing but the file
    and `rows`. Raises InputRefused, naming file and place, for a file that is damaged or lacks a column that must exist.
    """
    if rows < 1:
        raise UsageError(f"a chunk holds at least one row, not {rows}")
    for file_index, path in enumerate(feed.files):
        opened = open_parquet(feed, path) if _is_parquet(path) else open_delimited(feed, path)
        for index, (raw, misfits) in enumerate(_equal(opened, rows)):
            yield Piece(feed, path.name, file_index, index, raw, misfits, opened)


def chunks(feed: Feed, rows: int) -> Iterator[Chunk]:
    """The pieces of the feed, each held against the contract. Raises InputRefused as `pieces` and `checked` do."""
    return (piece.checked() for piece in pieces(feed, rows))


def read_all(feed: Feed) -> Chunk:
    """A small table as a whole, all its files in one."""
    parts = list(chunks(feed, 1 << 30))
    return Chunk(
        source=feed.source,
        file=", ".join(part.file for part in parts),
        file_index=0,
        index=0,
        frame=pl.concat(part.frame for part in parts),
        rejects=pl.concat(part.rejects for part in parts),
        rows_in=sum(part.rows_in for part in parts),
        nulled={
            column: sum(part.nulled.get(column, 0) for part in parts)
            for column in sorted({column for part in parts for column in part.nulled})
        },
    )


def row_count(feed: Feed) -> int:
    """How many rows the feed holds: exact for Parquet, estimated from the first megabyte for text."""
    return sum(rows_of_parquet(path) if _is_parquet(path) else rows_of_delimited(path) for path in feed.files)


def headings(path: Path) -> list[str]:
    """The headings of a file, as they stand in it."""
    if _is_parquet(path):
        return headings_of_parquet(path)
    encoding = text.encoding_of(path)
    return text.header(path, encoding)[0]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _equal(opened: Opened, rows: int) -> Iterator[tuple[pl.DataFrame, Mapping[int, str]]]:
    """The blocks of a file cut anew into frames of `rows` rows, each with the misfits that stand before its end."""
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
            yield held.head(count).rechunk(), misfits.between(given, until)
            held, given, index = held.slice(count), until, index + 1
    if len(held) or given < len(misfits.numbers) or index == 0:
        yield held.rechunk(), misfits.between(given, len(misfits.numbers))


def _checked(
    feed: Feed, file: str, file_index: int, index: int, raw: pl.DataFrame, misfits: Mapping[int, str], opened: Opened
) -> Chunk:
    came = len(raw) + len(misfits)
    raw, repeated = _without_headers(raw, opened)
    accepted = checks.accept(raw, feed.contract, file, opened.layout.units, feed.values)
    if not accepted.refused.is_empty():
        first = accepted.refused.sort("row_number").row(0, named=True)
        raise InputRefused(
            f"a value cannot be read ({first['reason']})",
            file=file,
            row=first["row_number"],
            column=first["column"],
            remedy="This column must be right in every row: ask the department to send it again",
        )
    rejects = pl.concat(
        [
            accepted.rejects,
            checks.rows_set_aside(feed.source, file, {**misfits, **dict.fromkeys(repeated, HEADER_AGAIN)}),
        ]
    ).sort("row_number", maintain_order=True)
    aside = rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE)).get_column("row_number").n_unique()
    if came != len(accepted.rows) + aside:
        raise AssertionError(f"{file}: {came} rows in, {len(accepted.rows)} accepted and {aside} set aside")
    return Chunk(feed.source, file, file_index, index, accepted.rows, rejects, came, accepted.nulled)


def _without_headers(raw: pl.DataFrame, opened: Opened) -> tuple[pl.DataFrame, list[int]]:
    """The rows that do not repeat the header, and the numbers of those that do, where extracts were glued together."""
    headings = opened.layout.columns
    if not opened.has_header_row or not headings or raw.is_empty():
        return raw, []
    repeats = pl.all_horizontal(pl.col(column) == pl.lit(heading) for column, heading in headings.items())
    repeated = raw.filter(repeats)
    return (raw.filter(~repeats), repeated.get_column("row_number").to_list()) if len(repeated) else (raw, [])
