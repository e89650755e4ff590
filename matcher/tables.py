"""Any table as a feed: its columns are those that a plan names, read and set aside like a department's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from matcher.errors import InputRefused
from matcher.plan import Plan
from matcher.sources.chunking import Chunk
from matcher.sources.contract import Column, Contract, Kind, fold
from matcher.sources.delivery import SUPPORTED, Feed
from matcher.sources.feeds import headings, read_all

KINDS: dict[str, Kind] = {"date": "date", "cn_number": "id_number", "cn_name": "name"}
"""How a field's column is read, so that every usual form is understood; all others as text."""

Warn = Callable[[str], None]


def open_table(path: Path, plan: Plan, id_column: str | None, warn: Warn) -> Feed:
    """The table as a feed of the columns that the plan names.

    A column that the table does not have is unknown in every row, and `warn` is told; a table with none of them, or one
    with which no block of the plan can be formed, is refused.
    """
    if not path.is_file():
        raise InputRefused("there is no such file", file=path, remedy="Check the path")
    if path.suffix.lower() not in SUPPORTED:
        raise InputRefused(
            "this kind of file is not read", file=path.name, remedy=f"Give one of {', '.join(SUPPORTED)}"
        )
    # a date in a form of its own is read by the plan, not year first
    wanted = {
        column: "text" if field.form else field.kind
        for field in plan.fields
        for column in (field.column, field.former)
        if column
    }
    named = [Column(column, KINDS.get(kind, "text"), sensitivity="PERSONAL") for column, kind in wanted.items()]
    asked = [*named, *([Column(id_column, "text")] if id_column and id_column not in wanted else [])]
    there = {fold(heading) for heading in headings(path, _feed(path, asked))}
    lacking = sorted(column for column in wanted if fold(column) not in there)
    if len(lacking) == len(wanted):
        raise InputRefused(
            "it has none of the plan's columns", file=path.name, remedy=f"The plan reads {', '.join(sorted(wanted))}"
        )
    _blocks_can_be_formed(path, plan, set(lacking))
    if lacking:
        warn(f"{path.name}: {', '.join(lacking)} not there, taken as unknown in every row")
    columns = [column for column in named if column.name not in lacking]
    if id_column is not None and fold(id_column) in there:
        key = Column(id_column, "text", must_exist=True, never_null=True)
        columns = [key, *(column for column in columns if column.name != id_column)]
    elif id_column is not None:
        warn(f"{path.name}: {id_column} not there, rows are named by their number")
    return _feed(path, columns)


def read_table(feed: Feed) -> pl.DataFrame:
    """A small table whole."""
    return read_all(feed).frame


def ids(frame: pl.DataFrame, id_column: str | None) -> pl.Series:
    """What the rows are called: their id, or their number in the file."""
    column = id_column if id_column in frame.columns else "row_number"
    return frame.get_column(column).cast(pl.String).rename("id")


def chunk_ids(chunk: Chunk, id_column: str | None) -> pl.Series:
    """What the rows of a chunk are called."""
    return ids(chunk.frame, id_column)


def _feed(path: Path, columns: list[Column]) -> Feed:
    return Feed(path.stem, Contract(path.stem, path.stem, path.stem, "", (), tuple(columns), (), None), (path,))


def _blocks_can_be_formed(path: Path, plan: Plan, lacking: set[str]) -> None:
    fields = {field.name: field for field in plan.fields}

    def known(name: str) -> bool:
        field = fields[name.partition(".")[0]]
        return field.column not in lacking or bool(field.fallback and known(field.fallback))

    if not any(all(known(facet) for facet in block.facets) for block in plan.blocks):
        raise InputRefused(
            "no block of the plan can be formed with its columns",
            file=path.name,
            remedy=f"The blocks need {' or '.join(block.name for block in plan.blocks)}",
        )
