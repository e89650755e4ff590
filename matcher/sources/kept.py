"""Rows that were kept as Parquet (keeping), known again by what the file says of itself: their numbers rise as they did in the file
that was sent, and nothing of a department's own is to be understood in them any more.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from matcher.errors import InputRefused

MARK = b"jiekun.rows_of"
"""In the file's metadata: these are rows that were kept, of the table of this name."""


def is_kept(schema: pa.Schema) -> bool:
    """Whether a Parquet file holds rows that were kept."""
    return MARK in (schema.metadata or {}) and "row_number" in schema.names


def rising(frames: Iterable[pl.DataFrame], name: str) -> Iterable[pl.DataFrame]:
    """The same frames. Raises InputRefused where their `row_number` does not rise from 1 on, as it does in what we keep."""
    last = 0
    for frame in frames:
        numbers = frame.get_column("row_number")
        if numbers.null_count() or (len(numbers) and (numbers[0] <= last or not (numbers.diff().slice(1) > 0).all())):
            raise InputRefused(
                "its row numbers do not rise",
                file=name,
                row=last + 1,
                remedy="It is not as it was kept: take the file that was sent",
            )
        last = numbers[-1] if len(numbers) else last
        yield frame
