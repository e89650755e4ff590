"""Rows of a register on their way into our tables: which columns are whose, in batches, and what else they told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, upsert
from api.domain import divisions
from api.models import Base, Household, Member, table
from api.services import households, members

BATCH = 5_000
MONEY = {
    "declared_monthly_income_yuan": "declared_monthly_income_fen",
    "declared_deposits_yuan": "declared_deposits_fen",
}
HOUSEHOLD_PLAIN = (
    "target_group", "residence", "applied_on", "file_opened_on", "file_closed_on",
    "declared_vehicles", "declared_homes", "declared_businesses",
)  # fmt: skip
HOUSEHOLD_SEALED = tuple(households.SEALED)
MEMBER_PLAIN = (
    "relation", "sex", "birth_date", "division_code", "declared_marital_status", "declared_employment",
    "valid_from", "valid_to", "authorised_until",
)  # fmt: skip
MEMBER_SEALED = members.SEALED

Row = Mapping[str, Any]


def batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    """The items, so many at a time."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def save(connection: AsyncConnection, model: type[Base], keys: list[str], rows: Iterable[Row]) -> None:
    """Rows are there as they are given, whether or not rows with these keys were there before."""
    for batch in batches(rows):
        await connection.execute(upsert(connection, table(model), keys, batch[0].keys()), batch)


async def keys(connection: AsyncConnection, model: type[Household | Member], references: list[str]) -> dict[str, int]:
    """The rows' keys by their reference."""
    found: dict[str, int] = {}
    statement = select(model.reference, model.id).where(among(table(model).c.reference, "references", String))
    for some in batches(references):
        found.update((row.reference, row.id) for row in await connection.execute(statement, {"references": some}))
    return found


def division(row: Row) -> str | None:
    """The division that a row names, if it can be read."""
    code = (row.get("division_code") or "")[:6]
    return code if divisions.is_code(code) else None


def division_as_written(row: Row) -> dict[str, Any]:
    """How the row wrote it, where that is not how we keep it."""
    written = row.get("division_code")
    return {} if written is not None and written == division(row) else {"division_code": written}


def month(day: dt.date | None) -> dt.date | None:
    """The first day of its month."""
    return None if day is None else day.replace(day=1)


def others(row: Row, known: set[str], kept: Mapping[str, Any] | None = None) -> str | None:
    """What the register tells beyond our columns; `kept` is what we have otherwise than it was written."""
    rest = {column: value for column, value in row.items() if column not in known and value is not None}
    rest |= kept or {}
    return json.dumps(rest, ensure_ascii=False, default=str) if rest else None
