"""Where something was noticed in a batch: how many cells, and the first few places, each value masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from matcher.sources import cells, checks
from matcher.sources.contract import Contract

FEW = 5
"""So many places are shown of each kind."""


@dataclass(frozen=True, slots=True)
class Example:
    """A cell worth a look: its file, the row after the header from 1, the column (none: the whole row), masked."""

    file: str
    row: int
    column: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Marks:
    """The rows of a chunk in whose `column` something of this `kind` was noticed; `where` is as long as the chunk."""

    kind: str
    column: str
    where: pl.Series


def first_places(rows: pl.DataFrame, marks: Marks, file: str, contract: Contract, wanted: int) -> Iterator[Example]:
    """The first `wanted` of the marked cells."""
    found = rows.select("row_number", marks.column).filter(marks.where).head(wanted)
    personal = next(column.personal for column in contract.columns if column.name == marks.column)
    values = checks.masked(cells.as_text(found.get_column(marks.column)), personal=personal)
    for number, value in zip(found.get_column("row_number").to_list(), values.to_list(), strict=True):
        yield Example(file, number, marks.column, value)
