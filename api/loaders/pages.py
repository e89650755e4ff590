"""A page of a list by keyset: where the last page ended is a pair of values, so that no page is ever skipped or doubled.

A list is a narrowed select with filters and orders, each a piece of SQL with parameters; the statement for any
combination of them is built once and kept. Whatever the order, the row's key decides between equals.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, tuple_

from api.domain.errors import BadCursor, BadInput
from api.loaders.reading import Reading, Rows
from api.sealing import NotOurs

DEFAULT, MOST = 25, 100
AFTER_VALUE, AFTER_KEY, LIMIT = "after_value", "after_key", "page_limit"


@dataclass(frozen=True, slots=True)
class By:
    """What a list may be ordered by: a column that is never null, and how its value is read from a cursor."""

    column: ColumnElement[Any]
    read: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Listing:
    """A list: its narrowed select, the row's key, and by name what it can be filtered and ordered by."""

    name: str
    select: Select[*tuple[Any, ...]]
    key: ColumnElement[int]
    filters: Mapping[str, ColumnElement[bool]]
    orders: Mapping[str, By]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for: `first` behind `after`, or `last` before `before`."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def size(self) -> int:
        """How many rows. Raises BadInput."""
        if self.last is not None and (self.first is not None or self.after is not None):
            raise BadInput("first/after 与 last/before 不能同时使用。", "Use first and after, or last and before.")
        if self.before is not None and self.last is None:
            raise BadInput("before 须与 last 一起使用。", "`before` needs `last`.")
        size = self.last if self.last is not None else self.first if self.first is not None else DEFAULT
        if not 0 <= size <= MOST:
            raise BadInput(f"每页条数须在 0 与 {MOST} 之间。", f"A page has 0 to {MOST} rows.")
        return size


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the list's order, how a row's cursor is made, and whether there is more on either side."""

    rows: Rows
    cursor: Callable[[Row[*tuple[Any, ...]]], str]
    has_next: bool
    has_previous: bool


async def page(
    reading: Reading,
    listing: Listing,
    filters: Mapping[str, Mapping[str, Any]],
    order: str,
    descending: bool,
    window: Window,
) -> Page:
    """A page of the list. `filters` maps a filter's name to its parameters. Raises BadInput or BadCursor."""
    size, backwards = window.size(), window.last is not None
    by = listing.orders[order]
    bound_to = _bound_to(listing, filters, order, descending, reading)
    cursor = window.before if backwards else window.after
    parameters = _parameters(filters) | {LIMIT: size + 1}
    if cursor is not None:
        value, key = _opened(reading, by, cursor, bound_to)
        parameters |= {AFTER_VALUE: value, AFTER_KEY: key}
    statement = _statement(listing, tuple(sorted(filters)), order, descending, backwards, cursor is not None)
    found = list(await reading.rows(statement, parameters))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()

    def cursor_of(row: Row[*tuple[Any, ...]]) -> str:
        values = json.dumps([row.order_value, row.id], default=dt.date.isoformat)
        return reading.vault.cursor(values.encode(), bound_to)

    beyond = cursor is not None
    return Page(found, cursor_of, *((beyond, more) if backwards else (more, beyond)))


async def count(reading: Reading, listing: Listing, filters: Mapping[str, Mapping[str, Any]]) -> int:
    """How many rows the whole list has."""
    rows = await reading.rows(_count(listing, tuple(sorted(filters))), _parameters(filters))
    return int(rows[0][0])


@lru_cache(maxsize=2_000)
def _statement(
    listing: Listing, filters: tuple[str, ...], order: str, descending: bool, backwards: bool, behind_cursor: bool
) -> Select[*tuple[Any, ...]]:
    column, key = listing.orders[order].column, listing.key
    statement = listing.select.add_columns(column.label("order_value")).where(
        *(listing.filters[name] for name in filters)
    )
    downwards = descending != backwards
    if behind_cursor:
        place = tuple_(bindparam(AFTER_VALUE, type_=column.type), bindparam(AFTER_KEY, type_=key.type))
        here = tuple_(column, key)
        statement = statement.where(here < place if downwards else here > place)
    ordered = (column.desc(), key.desc()) if downwards else (column, key)
    return statement.order_by(*ordered).limit(bindparam(LIMIT))


@lru_cache(maxsize=500)
def _count(listing: Listing, filters: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    counted = listing.select.where(*(listing.filters[name] for name in filters)).with_only_columns(listing.key)
    return select(func.count()).select_from(counted.subquery())


def _parameters(filters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for values in filters.values() for name, value in values.items()}


def _bound_to(
    listing: Listing, filters: Mapping[str, Mapping[str, Any]], order: str, descending: bool, reading: Reading
) -> bytes:
    """What a cursor is good for: this list, filter and order, for viewers of this division."""
    parts = [listing.name, {**filters}, order, descending, reading.viewer.division_code]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()


def _opened(reading: Reading, by: By, cursor: str, bound_to: bytes) -> tuple[Any, int]:
    try:
        value, key = json.loads(reading.vault.order_values(cursor, bound_to))
    except NotOurs:
        raise BadCursor from None
    return by.read(value), int(key)
