"""A table on its way: blocks of raw columns under the contract's names, each row with its number in the table."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from matcher.sources.headings import Layout


@dataclass(frozen=True, slots=True)
class Misfits:
    """The rows that cannot be held against the contract at all, in their order, and why; fills while a table is read."""

    numbers: array[int] = field(default_factory=lambda: array("q"))
    reasons: list[str] = field(default_factory=list)

    def add(self, number: int, reason: str) -> None:
        """Notes the row of this number, behind all noted before; `reason` is a word in capitals (`3_FIELDS_OF_7`)."""
        self.numbers.append(number)
        self.reasons.append(reason)

    def between(self, start: int, end: int) -> Mapping[int, str]:
        """Row number → why it does not fit, of those from place `start` to before `end`."""
        return {self.numbers[place]: self.reasons[place] for place in range(start, end)}


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened table: its name (`a.csv`, `a.zip/b.csv`, `a.xlsx/Sheet1`), headings, layout, blocks and misfits.

    `blocks` hold the contract's columns as written, and `row_number` from 1, rising. `misfits` fills while they are
    read: when a block comes, those before its last row are known. `has_header_row`: the headings stand in a row like any
    other, so that they may stand there again. `share` is how much of the table has been read, from 0 to 1, and
    `part_share` how much of its part the table is: a workbook has several sheets. `as_kept`: rows that
    were kept (kept), to which nothing of a department's own is applied any more.
    """

    name: str
    headings: tuple[str, ...]
    layout: Layout
    blocks: Iterator[pl.DataFrame]
    misfits: Misfits
    has_header_row: bool
    share: Callable[[], float]
    part_share: float = 1.0
    as_kept: bool = False


def numbered(frame: pl.DataFrame, last: int) -> pl.DataFrame:
    """The frame with `row_number`: the numbers that follow `last`."""
    return frame.with_columns(row_number=pl.int_range(last + 1, last + 1 + len(frame), dtype=pl.Int64))
