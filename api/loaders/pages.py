"""A page of a list by keyset: where the last page ended is a row of values, so that no page is ever skipped or doubled.

A list is a narrowed select with named conditions and orders, each a piece of SQL with parameters. What is asked of it is
a tree of conditions (loaders/conditions) and up to three orders; the statement for any combination is built once and
kept. Whatever the order, the row's key decides between equals.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select, tuple_

from api.domain.errors import BadCursor, BadInput
from api.loaders.conditions import Condition, Shape, checked, condition, names, parameters, shape
from api.loaders.reading import Reading, Rows
from api.sealing import NotOurs

DEFAULT, MOST, MOST_ORDERS = 25, 100, 3
AFTER, AFTER_KEY, ORDER_VALUE, LIMIT = "after_", "after_key", "order_value_", "page_limit"


@dataclass(frozen=True, slots=True)
class By:
    """What a list may be ordered by: a column that is never null, and how its value is read from a cursor.

    After one that is `unique` nothing is left to be decided.
    """

    column: ColumnElement[Any]
    read: Callable[[Any], Any]
    unique: bool = False


@dataclass(frozen=True, eq=False)
class Listing:
    """A list: its narrowed select, the row's key, and by name what it can be filtered and ordered by.

    `identities` are the conditions that look for somebody by an exact value, as the schema calls them.
    """

    name: str
    select: Select[*tuple[Any, ...]]
    key: ColumnElement[int]
    filters: Mapping[str, ColumnElement[bool]]
    orders: Mapping[str, By]
    identities: Mapping[str, str] = field(default_factory=dict)


Order = tuple[tuple[str, bool], ...]
"""Names of a list's orders, the first deciding before the next, each with whether it descends."""


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


async def page(reading: Reading, listing: Listing, where: Condition, order: Order, window: Window) -> Page:
    """A page of the list's rows of which the condition holds. Raises BadInput or BadCursor."""
    size, backwards = window.size(), window.last is not None
    if not 0 < len(order) <= MOST_ORDERS or len({name for name, _ in order}) < len(order):
        raise BadInput(
            f"排序最多 {MOST_ORDERS} 项，且各不相同。",
            f"A list has up to {MOST_ORDERS} orders, each of another field.",
        )
    bound_to = _bound_to(listing, checked(where), order, reading)
    cursor = window.before if backwards else window.after
    given = parameters(where) | {LIMIT: size + 1}
    if cursor is not None:
        given |= _opened(reading, listing, order, cursor, bound_to)
    statement = _statement(listing, shape(where), order, backwards, cursor is not None)
    found = list(await reading.rows(statement, given))
    more, found = len(found) > size, found[:size]
    if by := {listing.identities[name] for name in names(where) if name in listing.identities}:
        reading.log.searched(by, len(found))
    if backwards:
        found.reverse()

    def cursor_of(row: Row[*tuple[Any, ...]]) -> str:
        values = [getattr(row, f"{ORDER_VALUE}{place}") for place in range(len(order))]
        return reading.vault.cursor(json.dumps([*values, row.id], default=dt.date.isoformat).encode(), bound_to)

    beyond = cursor is not None
    return Page(found, cursor_of, *((beyond, more) if backwards else (more, beyond)))


async def count(reading: Reading, listing: Listing, where: Condition) -> int:
    """How many rows the whole list has."""
    rows = await reading.counted(_count(listing, shape(where)), parameters(where))
    return int(rows[0][0])


@lru_cache(maxsize=2_000)
def _statement(
    listing: Listing, where: Shape, order: Order, backwards: bool, behind_cursor: bool
) -> Select[*tuple[Any, ...]]:
    shown = [listing.orders[name].column.label(f"{ORDER_VALUE}{place}") for place, (name, _) in enumerate(order)]
    statement = listing.select.add_columns(*shown).where(condition(listing.filters, where))
    places = _places(listing, order, backwards)
    if behind_cursor:
        statement = statement.where(_behind(places))
    return statement.order_by(*(column.desc() if downwards else column for column, _, downwards in places)).limit(
        bindparam(LIMIT)
    )


Place = tuple[ColumnElement[Any], ColumnElement[Any], bool]
"""A column that decides the order, its value in the cursor, and whether it goes downwards."""


def _places(listing: Listing, order: Order, backwards: bool) -> list[Place]:
    """What decides the order, at last the key, which goes the way of the first."""
    places: list[Place] = []
    for place, (name, descending) in enumerate(order):
        by = listing.orders[name]
        places.append((by.column, bindparam(f"{AFTER}{place}", type_=by.column.type), descending != backwards))
        if by.unique or by.column is listing.key:
            return places
    return [*places, (listing.key, bindparam(AFTER_KEY, type_=listing.key.type), places[0][2])]


def _behind(places: Sequence[Place]) -> ColumnElement[bool]:
    """Rows behind the cursor: of one direction as one comparison of rows, which an index answers."""
    columns, values, ways = zip(*places, strict=True)
    if len(places) == 1:
        return _beyond(*places[0])
    if len(set(ways)) == 1:
        here, there = tuple_(*columns), tuple_(*values)
        return here < there if ways[0] else here > there
    first, value, downwards = places[0]
    equal = [column == value for column, value, _ in places]
    further = [and_(*equal[:place], _beyond(*each)) for place, each in enumerate(places)]
    return and_(first <= value if downwards else first >= value, or_(*further))


def _beyond(column: ColumnElement[Any], value: ColumnElement[Any], downwards: bool) -> ColumnElement[bool]:
    return column < value if downwards else column > value


@lru_cache(maxsize=500)
def _count(listing: Listing, where: Shape) -> Select[*tuple[Any, ...]]:
    counted = listing.select.where(condition(listing.filters, where)).with_only_columns(listing.key)
    return select(func.count()).select_from(counted.subquery())


def _bound_to(listing: Listing, where: Condition, order: Order, reading: Reading) -> bytes:
    """What a cursor is good for: this list, condition and order, for viewers of this division."""
    parts = [listing.name, shape(where), parameters(where), order, reading.viewer.division_code]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()


def _opened(reading: Reading, listing: Listing, order: Order, cursor: str, bound_to: bytes) -> dict[str, Any]:
    """The parameters of what stands behind the cursor. Raises BadCursor."""
    try:
        *values, key = json.loads(reading.vault.order_values(cursor, bound_to))
    except NotOurs:
        raise BadCursor from None
    read = {
        f"{AFTER}{place}": listing.orders[name].read(value)
        for place, ((name, _), value) in enumerate(zip(order, values, strict=True))
    }
    return {**read, AFTER_KEY: int(key)}
