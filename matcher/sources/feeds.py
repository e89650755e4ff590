"""What the rest of the program asks of a feed: its chunks, its headings, a sample; read in a process apart."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import replace
from pathlib import Path

import polars as pl

from matcher.progress import Step
from matcher.sources import reader
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import Feed
from matcher.sources.sampling import Sample

ALL_AT_ONCE = 1 << 30


def chunks(feed: Feed, rows: int) -> Generator[Chunk]:
    """The feed in chunks of `rows` rows, the last of each table shorter; at least one chunk a table.

    Raises InputRefused, naming file and place, for a file that cannot be read, lacks a column that must exist, or
    holds a value for which the contract refuses the feed.
    """
    return (chunk for chunk in unfinished(feed, rows, ()) if isinstance(chunk, Chunk))


def unfinished(feed: Feed, rows: int, done: Collection[tuple[int, int]]) -> Generator[Chunk | tuple[int, int]]:
    """The same; of the chunks that are `done` (file and number of the chunk in it) only their place."""
    return reader.chunks(feed, rows, done)


def read_all(feed: Feed) -> Chunk:
    """A small table as a whole, all its files in one."""
    parts = list(chunks(feed, ALL_AT_ONCE))
    return replace(
        parts[0],
        file=", ".join(part.file for part in parts),
        frame=pl.concat(part.frame for part in parts),
        rejects=pl.concat(part.rejects for part in parts),
        rows_in=sum(part.rows_in for part in parts),
        nulled={
            column: sum(part.nulled.get(column, 0) for part in parts)
            for column in sorted({column for part in parts for column in part.nulled})
        },
        names=pl.concat(part.names for part in parts),
    )


def size(feed: Feed) -> int:
    """The bytes of the feed's files, of which Chunk.bytes_read says how many are done."""
    return sum(path.stat().st_size for path in feed.files)


def step(stage: str, feed: Feed, bytes_read: int, rows: int) -> Step:
    """How far a feed has been read: of its files by their bytes; of a query we know only how many rows have come."""
    if feed.query is not None:
        return Step(f"{stage} {feed.source}", rows, None)
    return Step(f"{stage} {feed.source}", bytes_read >> 10, size(feed) >> 10, "KiB")


def row_count(feed: Feed) -> int:
    """How many rows the feed holds: exact for Parquet, workbooks and queries, estimated from the first megabyte for text."""
    return int(reader.ask("row_count", feed))


def headings(path: Path, feed: Feed) -> list[str]:
    """The headings of a file's first table, as they stand in it."""
    return list(map(str, reader.ask("headings", feed, path=path)))


def sample(feed: Feed, wanted: int) -> Sample:
    """About `wanted` rows from all over the feed (sampling). Raises InputRefused for a file that cannot be opened."""
    return reader.sample(feed, wanted)
