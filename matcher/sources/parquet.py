"""Opens a Parquet file a few row groups at a time, and of its columns those that the contract knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.errors import InputRefused
from matcher.sources import kept
from matcher.sources.blocks import Misfits, Opened, numbered
from matcher.sources.delivery import Feed
from matcher.sources.headings import layout
from matcher.sources.parts import Part

ROWS_AT_ONCE, ROWS_IN_MEMORY = 200_000, 1_000_000


def open_parquet(feed: Feed, part: Part) -> Iterator[Opened]:
    """The one table of the file. Raises InputRefused, here or while its blocks are read, where it is damaged."""
    with part.on_disk() as path:
        file = open_footer(path, part.name)
        again = kept.is_kept(file.schema_arrow)
        chosen = layout(as_kept(feed) if again else feed, part.name, file.schema_arrow.names)
        last = 0

        def blocks() -> Iterator[pl.DataFrame]:
            nonlocal last
            try:
                columns = {**chosen.columns, "row_number": "row_number"} if again else chosen.columns
                frames = _frames(path, file, list(columns.values()))
                for frame in kept.rising(frames, part.name) if again else frames:
                    named = frame.select(pl.col(heading).alias(column) for column, heading in columns.items())
                    yield named if again else numbered(named, last)
                    last += len(frame)
            except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
                raise InputRefused(
                    f"from here on the file is damaged ({type(error).__name__})",
                    file=part.name,
                    row=last + 1,
                    remedy="Ask the department to send it again",
                ) from error
            if last != file.metadata.num_rows:
                raise InputRefused(
                    f"its footer says {file.metadata.num_rows} rows, and it holds {last}",
                    file=part.name,
                    remedy="Ask the department to send it again",
                )

        yield Opened(
            name=part.name,
            headings=tuple(file.schema_arrow.names),
            layout=chosen,
            blocks=blocks(),
            misfits=Misfits(),
            has_header_row=False,
            share=lambda: last / max(file.metadata.num_rows, 1),
            as_kept=again,
        )


def as_kept(feed: Feed) -> Feed:
    """The feed without what differs in its department's own files."""
    return replace(feed, columns={}, values={}, units={})


def open_footer(path: Path, name: str) -> pq.ParquetFile:
    """The file with its footer read. Raises InputRefused where it has none."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputRefused(
            "this is no whole Parquet file", file=name, remedy="Ask the department to send it again"
        ) from error


def _frames(path: Path, file: pq.ParquetFile, columns: list[str]) -> Iterator[pl.DataFrame]:
    """The columns in pieces of whole row groups, or, where a row group is too large to hold, of pyarrow's batches.

    polars reads whole row groups twice as fast as pyarrow and in a third of the memory (benchmarks/README.md).
    """
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    if max(sizes, default=0) > ROWS_IN_MEMORY:
        for batch in file.iter_batches(columns=columns):
            yield pl.DataFrame(pa.table(batch))
        return
    source, offset, length = pl.scan_parquet(path, glob=False).select(columns), 0, 0
    for place, size in enumerate(sizes, start=1):
        length += size
        if length >= ROWS_AT_ONCE or place == len(sizes):
            yield source.slice(offset, length).collect()
            offset, length = offset + length, 0
