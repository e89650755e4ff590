"""What a feed's department has to look at again: each line of the rejects with the name of its record, and which records a batch speaks of.

Written for whoever tells departments, and knows a row again in a later batch by its record: no value is in it but that name,
so it is for a folder that is removed again. Rows that were skipped and ask nothing of anybody are no doubts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.frames import REJECTS
from matcher.sources import changes, checks, footers, retracting
from matcher.sources.changes import RECORD_ID
from matcher.sources.chunking import HEADER_AGAIN, Chunk
from matcher.sources.delivery import Feed

LINES_FILE, SPOKEN_FILE = "doubts.parquet", "spoken.parquet"
LINES = pl.Schema({**{name: REJECTS[name] for name in REJECTS if name != "raw_value"}, RECORD_ID: pl.String()})
"""The rejects without their values, and of which record each is; null where it has no name."""

SPOKEN = pl.Schema({RECORD_ID: pl.String()})
FIELDS = "FIELDS"
NO_FAULT = tuple(
    f"{checks.SET_ASIDE}:{why}"
    for why in (
        HEADER_AGAIN,
        footers.FOOTER,
        changes.DELETION,
        retracting.CORRECTED,
        retracting.DELETED,
        retracting.SUPERSEDED,
    )
)
"""Reasons that ask nothing: what is no record, and what a later batch took back."""


class Doubts:
    """The doubts of one feed, written into a folder while it is read.

    What the batch speaks of is written of a feed that is no full extract: of a full one, all that came before is over.
    """

    def __init__(self, folder: Path, feed: Feed) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lines = pq.ParquetWriter(folder / LINES_FILE, _arrow(LINES), compression="zstd")
        self._spoken = (
            None if feed.complete else pq.ParquetWriter(folder / SPOKEN_FILE, _arrow(SPOKEN), compression="zstd")
        )

    def __enter__(self) -> Doubts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        if self._spoken is not None:
            self._spoken.close()

    def add(self, chunk: Chunk) -> None:
        """Takes the next chunk in."""
        names = chunk.names
        if RECORD_ID in chunk.frame.columns:
            accepted = chunk.frame.select("row_number", RECORD_ID).drop_nulls(RECORD_ID)
            names = pl.concat([accepted, names])
        _write(self._lines, _lines(chunk.rejects, names))
        if self._spoken is not None:
            _write(self._spoken, names.select(RECORD_ID))


def lines(folder: Path, rows: int) -> Iterator[pl.DataFrame]:
    """The doubts that were written there, up to so many at a time, as `LINES`; none where there are none."""
    return _read(folder / LINES_FILE, rows)


def spoken(folder: Path, rows: int) -> Iterator[pl.DataFrame]:
    """The names of the records that the batch speaks of, as `SPOKEN`; none of a full extract."""
    return _read(folder / SPOKEN_FILE, rows)


def _lines(rejects: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    doubted = rejects.filter(~pl.col("reason").is_in(NO_FAULT))
    joined = doubted.join(names, on="row_number", how="left", maintain_order="left")
    kind = pl.col("reason").str.replace(r":\d+_FIELDS_OF_\d+$", f":{FIELDS}")
    return joined.with_columns(kind).select(LINES.names())


def _arrow(schema: pl.Schema) -> pa.Schema:
    found: pa.Schema = schema.to_frame().to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return found


def _write(to: pq.ParquetWriter, frame: pl.DataFrame) -> None:
    if len(frame):
        to.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _read(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    if not path.exists():
        return
    with pq.ParquetFile(path) as opened:
        for batch in opened.iter_batches(batch_size=rows):
            found = pl.from_arrow(batch)
            assert isinstance(found, pl.DataFrame)
            yield found
