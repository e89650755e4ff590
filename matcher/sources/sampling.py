"""A few rows from all over a feed, and how many it holds: what a dry run reads instead of the feed.

Extracts are often sorted, so that their first rows say little of the rest. Of a Parquet file a few row groups are read,
evenly spread, of a plain text file a few windows of bytes, and of what was read every k-th row is taken. What is packed,
a workbook or a query can only be read from the beginning, and its first rows must do.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import polars as pl

from matcher.errors import InputRefused
from matcher.sources import database, text
from matcher.sources.blocks import Opened
from matcher.sources.chunking import Piece
from matcher.sources.delivery import Feed
from matcher.sources.opening import tables
from matcher.sources.parquet import open_footer
from matcher.sources.parts import DELIMITED, PARQUET, Part, parts

FILES, GROUPS, ROWS_OF_A_GROUP = 12, 12, 200_000
"""How many files of a feed are read at most, how many row groups of all of them, and how many rows of each."""

WINDOWS, WINDOW_BYTES = 128, 64 << 10
BLOCKS_TO_TIME = 3


@dataclass(frozen=True)
class Sample:
    """`pieces` of a feed that together hold about as many rows as were asked for.

    The feed has `rows`, as footers say (`exact`) or as its bytes let expect. Reading one takes `seconds_a_row`.
    """

    pieces: tuple[Piece, ...]
    rows: int
    exact: bool
    seconds_a_row: float

    @property
    def drawn(self) -> int:
        """How many rows the pieces hold."""
        return sum(len(piece.raw) for piece in self.pieces)


@dataclass(frozen=True)
class _Drawn:
    """What was read of one file, and of how many rows it stands there."""

    pieces: list[Piece]
    rows: float
    exact: bool
    seconds_a_row: float


def sample(feed: Feed, wanted: int) -> Sample:
    """About `wanted` rows of the feed. Raises InputRefused for a file that cannot be opened."""
    if feed.query is not None:
        first = _first_rows(feed, 0, wanted)
        return Sample(tuple(first.pieces), row_count(feed), True, first.seconds_a_row)
    chosen = [feed.files[place] for place in _spread(len(feed.files), FILES)]
    sizes = [path.stat().st_size for path in feed.files]
    each = max(wanted // max(len(chosen), 1), 1)
    drawn = [_of_file(feed, path, place, len(chosen), each) for place, path in enumerate(chosen)]
    read = [piece for one in drawn for piece in one.pieces]
    step = max(sum(len(piece.raw) for piece in read) // max(wanted, 1), 1)
    of_chosen = sum(path.stat().st_size for path in chosen)
    exact = all(one.exact for one in drawn)
    known = (
        sum(_footer_rows(path) for path in feed.files)
        if exact
        else round(sum(one.rows for one in drawn) * sum(sizes) / max(of_chosen, 1))
    )
    rows = max(sum(one.rows for one in drawn), 1)
    return Sample(
        pieces=tuple(replace(piece, raw=piece.raw.gather_every(step)) for piece in read),
        rows=known,
        exact=exact,
        seconds_a_row=sum(one.seconds_a_row * one.rows for one in drawn) / rows,
    )


def row_count(feed: Feed) -> int:
    """How many rows the feed holds: exact for Parquet and a query, else as its first rows and its bytes let expect."""
    if feed.query is not None:
        return database.row_count(feed.query)
    return round(
        sum(
            _footer_rows(path)
            if _kind(path) in PARQUET
            else _first_rows(replace(feed, files=(path,)), 0, 10_000).rows
            for path in feed.files
        )
    )


def dealt(piece: Piece, parts: int) -> list[Piece]:
    """The rows of a piece dealt out to so many pieces."""
    return [replace(piece, raw=piece.raw.gather_every(parts, place)) for place in range(parts)]


def _of_file(feed: Feed, path: Path, place: int, files: int, wanted: int) -> _Drawn:
    if _kind(path) in PARQUET:
        return _of_parquet(feed, path, max(GROUPS // files, 1), place)
    if _kind(path) in DELIMITED:
        return _of_text(feed, path, max(WINDOWS // files, 1), place)
    return _first_rows(replace(feed, files=(path,)), place, wanted)


def _kind(path: Path) -> str:
    """What a file is that can be read from any place; empty for one that is packed."""
    first = parts(path)[0]
    return "" if first.packed else first.kind


def _footer_rows(path: Path) -> int:
    return int(open_footer(path, path.name).metadata.num_rows)


def _spread(size: int, most: int) -> list[int]:
    """At most so many places of `size`, evenly spread."""
    count = min(size, most)
    return [size * (2 * place + 1) // (2 * count) for place in range(count)]


def _piece(feed: Feed, opened: Opened, place: int, raw: pl.DataFrame) -> Piece:
    return Piece(feed, opened.name, place, 0, raw, {}, opened.headings, opened.layout, opened.has_header_row)


def _of_parquet(feed: Feed, path: Path, groups: int, place: int) -> _Drawn:
    """The rows of a few row groups; of a very large one the first."""
    began = time.perf_counter()
    (opened,) = tables(replace(feed, files=(path,)))
    file = open_footer(path, path.name)
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    columns = [pl.col(own).alias(name) for name, own in opened[0].layout.columns.items()]
    table = pl.scan_parquet(path, glob=False).select(columns)
    frames = [table.head(0).collect().with_columns(row_number=pl.lit(0, pl.Int64))]
    try:
        for number in _spread(len(sizes), groups):
            before = sum(sizes[:number])
            rows = table.slice(before, min(sizes[number], ROWS_OF_A_GROUP)).collect()
            numbers = pl.int_range(before + 1, before + 1 + len(rows), dtype=pl.Int64)
            frames.append(rows.with_columns(row_number=numbers))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputRefused(
            f"it is damaged ({type(error).__name__})", file=path.name, remedy="Ask the department to send it again"
        ) from error
    raw = pl.concat(frames)
    return _Drawn(
        [_piece(feed, opened[0], place, raw)], sum(sizes), True, (time.perf_counter() - began) / max(len(raw), 1)
    )


def _of_text(feed: Feed, path: Path, windows: int, place: int) -> _Drawn:
    """The whole rows of a few windows; rows that do not fit the header are left out."""
    form = text.form(feed, Part(path))
    rows = [
        row
        for lines in _windows(path, form.encoding, windows)
        for row in csv.reader(io.StringIO(lines, newline=""), delimiter=form.delimiter)
        if len(row) == len(form.headings) and row != form.headings
    ]
    began = time.perf_counter()
    opened, _ = next(every := tables(replace(feed, files=(path,))))
    timed = sum(len(block) for block in islice(opened.blocks, BLOCKS_TO_TIME))
    seconds = (time.perf_counter() - began) / max(timed, 1)
    every.close()
    raw = pl.DataFrame(
        {
            name: pl.Series([row[form.headings.index(own)] for row in rows], dtype=pl.String)
            for name, own in opened.layout.columns.items()
        }
    ).with_columns(row_number=pl.int_range(1, len(rows) + 1, dtype=pl.Int64))
    size = path.stat().st_size
    share = max(min(size, windows * WINDOW_BYTES), 1)
    return _Drawn([_piece(feed, opened, place, raw)], size * len(rows) / share, False, seconds)


def _windows(path: Path, encoding: str, most: int) -> Iterator[str]:
    """Whole lines from all over the file; the whole file where it is no longer than so many windows."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if encoding == "utf-16":
            encoding = "utf-16-le" if stream.read(2) == b"\xff\xfe" else "utf-16-be"
        if size <= most * WINDOW_BYTES:
            stream.seek(0)
            yield stream.read().decode(encoding, "replace").lstrip("\ufeff").replace("\x00", "")
            return
        for place in range(most):
            stream.seek((size - WINDOW_BYTES) * place // max(most - 1, 1) // 2 * 2)
            lines = stream.read(WINDOW_BYTES).decode(encoding, "replace").replace("\x00", "")
            yield lines[lines.find("\n") + 1 : lines.rfind("\n") + 1]


def _first_rows(feed: Feed, place: int, wanted: int) -> _Drawn:
    """The first rows of each table of a feed that is read from its beginning only: of one file, or a query."""
    pieces, rows, read, began = [], 0.0, 0, time.perf_counter()
    for opened, _ in tables(feed):
        frames = [opened.layout.empty()]
        for block in opened.blocks:
            frames.append(block)
            if sum(map(len, frames)) >= wanted:
                break
        raw = pl.concat(frames, how="diagonal_relaxed")
        read += len(raw)
        rows += len(raw) / max(opened.share(), 1e-9) if len(raw) else 0
        pieces.append(_piece(feed, opened, place, raw.head(wanted)))
    return _Drawn(pieces, rows, False, (time.perf_counter() - began) / max(read, 1))
