"""A file's rows on their way: blocks of raw columns under the contract's names, each row with its number in the file."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from matcher.sources.headings import Layout


@dataclass(frozen=True, slots=True)
class Misfits:
    """The rows of a text file whose fields are too many or too few, in their order; fills while the file is read."""

    expected: int = 0
    numbers: array[int] = field(default_factory=lambda: array("q"))
    fields: array[int] = field(default_factory=lambda: array("q"))

    def add(self, number: int, fields: int) -> None:
        """Notes the row of this number, behind all noted before."""
        self.numbers.append(number)
        self.fields.append(fields)

    def between(self, start: int, end: int) -> Mapping[int, str]:
        """Row number → why it does not fit, of those from place `start` to before `end`."""
        return {self.numbers[i]: f"{self.fields[i]}_FIELDS_OF_{self.expected}" for i in range(start, end)}


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened file: its blocks (columns of the contract as written, and `row_number` from 1), layout and misfits.

    `has_header_row`: its headings stand in a row like any other, so that they may stand there again.
    """

    blocks: Iterator[pl.DataFrame]
    layout: Layout
    misfits: Misfits
    has_header_row: bool


def numbered(frame: pl.DataFrame, last: int, misfits: Misfits) -> pl.DataFrame:
    """The frame with `row_number`: the numbers that follow `last`, without those of misfits."""
    after = np.array(misfits.numbers[bisect_right(misfits.numbers, last) :], dtype=np.int64)
    numbers = np.arange(last + 1, last + 1 + len(frame) + len(after), dtype=np.int64)
    kept = numbers[~np.isin(numbers, after)][: len(frame)] if len(after) else numbers
    return frame.with_columns(pl.Series("row_number", kept, dtype=pl.Int64))
