"""A few rows from all over a feed, and how many it holds: what a dry run reads instead of the feed.

Extracts are often sorted, so that their first rows say little of the rest. Of a Parquet file a few row groups are read,
evenly spread, of a text file a few windows of bytes, and of what was read every k-th row is taken.
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
import pyarrow.parquet as pq

from matcher.errors import InputRefused
from matcher.sources import text
from matcher.sources.delimited import open_delimited
from matcher.sources.delivery import Feed
from matcher.sources.feeds import Piece
from matcher.sources.parquet import open_parquet, rows_of_parquet

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


def sample(feed: Feed, wanted: int) -> Sample:
    """About `wanted` rows of the feed. Raises InputRefused for a file that cannot be opened."""
    chosen = [feed.files[place] for place in _spread(len(feed.files), FILES)]
    began = time.perf_counter()
    read = [
        _of_parquet(feed, path, max(GROUPS // len(chosen), 1), place)
        if _is_parquet(path)
        else _of_text(feed, path, WINDOWS // len(chosen), place)
        for place, path in enumerate(chosen)
    ]
    seconds = time.perf_counter() - began
    there = sum(len(piece.raw) for piece in read)
    step = max(there // max(wanted, 1), 1)
    as_text = [piece for piece, path in zip(read, chosen, strict=True) if not _is_parquet(path)]
    largest = max((path for path in chosen if not _is_parquet(path)), key=_size, default=None)
    return Sample(
        pieces=tuple(replace(piece, raw=piece.raw.gather_every(step)) for piece in read),
        rows=_rows(feed, as_text, WINDOWS // len(chosen)),
        exact=not as_text,
        seconds_a_row=_seconds_a_row(feed, largest) if largest else seconds / max(there, 1),
    )


def dealt(piece: Piece, parts: int) -> list[Piece]:
    """The rows of a piece dealt out to so many pieces."""
    return [replace(piece, raw=piece.raw.gather_every(parts, place)) for place in range(parts)]


def _size(path: Path) -> int:
    return path.stat().st_size


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _spread(size: int, most: int) -> list[int]:
    """At most so many places of `size`, evenly spread."""
    count = min(size, most)
    return [size * (2 * place + 1) // (2 * count) for place in range(count)]


def _of_parquet(feed: Feed, path: Path, groups: int, place: int) -> Piece:
    """The rows of a few row groups; of a very large one the first."""
    opened = open_parquet(feed, path)
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    columns = [pl.col(own).alias(name) for name, own in opened.layout.columns.items()]
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
    return Piece(feed, path.name, place, 0, pl.concat(frames), {}, opened)


def _of_text(feed: Feed, path: Path, windows: int, place: int) -> Piece:
    """The whole rows of a few windows; rows that do not fit the header are left out."""
    encoding = text.encoding_of(path, feed.encoding)
    headings, delimiter = text.header(path, encoding)
    opened = open_delimited(feed, path)
    rows = [
        row
        for lines in _windows(path, encoding, windows)
        for row in csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
        if len(row) == len(headings) and row != headings
    ]
    raw = pl.DataFrame(
        {
            name: pl.Series([row[headings.index(own)] for row in rows], dtype=pl.String)
            for name, own in opened.layout.columns.items()
        }
    ).with_columns(row_number=pl.int_range(1, len(rows) + 1, dtype=pl.Int64))
    return Piece(feed, path.name, place, 0, raw, {}, opened)


def _windows(path: Path, encoding: str, most: int) -> Iterator[str]:
    """Whole lines from all over the file; the whole file where it is no longer than so many windows."""
    size = _size(path)
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


def _rows(feed: Feed, as_text: list[Piece], windows: int) -> int:
    """Rows by footers, and by the bytes that a row of text takes where it was read."""
    known = sum(rows_of_parquet(path) for path in feed.files if _is_parquet(path))
    if not as_text:
        return known
    sizes = {path.name: _size(path) for path in feed.files if not _is_parquet(path)}
    read = sum(min(sizes[piece.file], windows * WINDOW_BYTES) for piece in as_text)
    return known + round(sum(sizes.values()) * sum(len(piece.raw) for piece in as_text) / max(read, 1))


def _seconds_a_row(feed: Feed, path: Path) -> float:
    """How long the reader takes for a row of text, as its first blocks show."""
    began = time.perf_counter()
    rows = sum(len(block) for block in islice(open_delimited(feed, path).blocks, BLOCKS_TO_TIME))
    return (time.perf_counter() - began) / max(rows, 1)
