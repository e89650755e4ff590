"""A year that was lived, many times over: every household's rows copied on PostgreSQL, for whoever measures what is asked of them.

    python -m benchmarks.year.multiplied DATA 50

Funds and cycles stay as they are, with so many times as many orders. Keys move on by as much as a table has, whatever is
unique gets the copy's number, and nothing watches meanwhile: it is the size of a city, and not a city that lived.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import open_engine
from api.models import Base
from benchmarks.graphql import task

ROOTS = ("households", "people")
ONCE = frozenset({"users", "funds", "payment_cycles", "organisations", "scans", "feeds"})
KEYS = {("fund_entries", "order_id"): "payment_orders"}
"""Columns that hold keys without saying so."""


def copied() -> list[Table]:
    """The tables that tell of households, those first that others name."""
    found = {*ROOTS, "fund_entries"}
    tables = Base.metadata.tables
    while more := {
        name
        for name, each in tables.items()
        if name not in found | ONCE and any(key.column.table.name in found for key in each.foreign_keys)
    }:
        found |= more
    return [each for name, each in tables.items() if name in found]


def base(column: Column[Any], tables: frozenset[str], seen: frozenset[str] = frozenset()) -> str | None:
    """Of which of these tables the column holds a key, if of any."""
    of = column.table.name
    if (of, column.name) in KEYS:
        return KEYS[of, column.name]
    if column.name == "id":
        return of if of in tables else None
    for key in column.foreign_keys:
        if key.column.table.name in tables and str(key.column) not in seen:
            found = base(key.column, tables, seen | {str(column)})
            if found is not None:
                return found
    return None


def statement(of: Table, tables: frozenset[str], spans: Mapping[str, int]) -> str:
    """Copies a table's rows as often as `copies` says."""
    moved = {column.name: base(column, tables) for column in of.columns}
    numbered = set()
    constraints = [each.columns for each in of.constraints if isinstance(each, UniqueConstraint)]
    for columns in (*constraints, *(each.columns for each in of.indexes if each.unique)):
        if not any(moved[column.name] for column in columns):
            free = [column for column in columns if not column.foreign_keys]
            numbered.add(next(column.name for column in free if column.type.python_type in (str, bytes)))
    shown = []
    for column in of.columns:
        if key := moved[column.name]:
            shown.append(f"{column.name} + copy * {spans[key]}")
        elif column.name in numbered:
            binary = column.type.python_type is bytes
            shown.append(f"{column.name} || " + ("int4send(copy)" if binary else "('-' || copy)"))
        else:
            shown.append(column.name)
    into = ", ".join(column.name for column in of.columns)
    below = f" WHERE {of.name}.id <= {spans[of.name]}" if "id" in of.c else ""
    only = " AND order_id IS NOT NULL" if of.name == "fund_entries" else ""
    return (
        f"INSERT INTO {of.name} ({into}) SELECT {', '.join(shown)} FROM {of.name}, "
        f"generate_series(1, CAST(:copies AS integer)) AS copy{below}{only}"
    )


async def multiply(connection: AsyncConnection, times: int) -> None:
    """There are so many times as many households."""
    tables = copied()
    names = frozenset(each.name for each in tables)
    spans = {}
    for each in tables:
        if "id" in each.c:
            most = await connection.scalar(text(f"SELECT coalesce(max(id), 0) FROM {each.name}"))
            spans[each.name] = int(most or 0)
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    for each in tables:
        done = await connection.execute(text(statement(each, names, spans)), {"copies": times - 1})
        sys.stdout.write(f"{each.name}: {done.rowcount:,}\n")
        sys.stdout.flush()


async def main() -> None:
    """The database of that folder is multiplied, and its statistics are made."""
    engine = open_engine(task.read(Path(sys.argv[1]) / "task").url)
    async with engine.begin() as connection:
        await multiply(connection, int(sys.argv[2]))
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE"))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
