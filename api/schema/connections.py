"""Pages of a list in the shape of the Relay specification: edges, nodes, pageInfo, and a count for who asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar

import strawberry

from api.loaders import pages
from api.loaders.conditions import Condition
from api.loaders.pages import Listing, Order, Window
from api.schema.context import Info
from api.schema.selection import wanted
from api.schema.tree import Make, grow
from api.schema.words import Direction

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="So many rows, up to 100; 25 where nothing is said.")]
After = Annotated[str | None, strawberry.argument(description="Behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="The last so many rows, up to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Before this cursor.")]
ORDER = "In which order: up to three fields, the first deciding before the next. Where nothing is said,"


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether there is more behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row.")


@strawberry.type(description="One row of a page, with the cursor that continues the list from there.")
class Edge(Generic[T]):
    """One row of a page."""

    cursor: str = strawberry.field(description="Continues the list from this row, with the same filter and order.")
    node: T = strawberry.field(description="The row.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int | None = strawberry.field(
        description="How many rows the whole list has; counted only when asked for, at the cost of one statement more."
    )


class Ordered(Protocol):
    """An order of a list: a field, and which way."""

    field: Any
    direction: Direction


def order_of(given: Sequence[Ordered] | None, usual: str) -> Order:
    """The order that is asked for; where none is, the usual one, the greatest first."""
    return tuple((each.field.value, each.direction is Direction.DESC) for each in given or ()) or ((usual, True),)


async def connection(
    info: Info,
    listing: Listing,
    make: Make,
    where: Condition,
    order: Order,
    window: Window,
) -> Connection[Any]:
    """A page with all that is asked for below it."""
    asked = wanted(info)
    below = asked.below("nodes", "edges.node")
    async with info.context.reading() as reading:
        page = await pages.page(reading, listing, where, order, window)
        nodes = make(reading, page.rows, below)
        edges = asked.below("edges")
        shown = asked.below("nodes").times * asked.has("nodes") + edges.times * edges.below("node").times
        await grow(reading, nodes, below, asked.times * max(1, shown))
        total = await pages.count(reading, listing, where) if asked.has("totalCount") else None
    return Connection(
        edges=[Edge(cursor=page.cursor(row), node=node) for row, node in zip(page.rows, nodes, strict=True)]
        if asked.has("edges")
        else [],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursor(page.rows[0]) if page.rows else None,
            end_cursor=page.cursor(page.rows[-1]) if page.rows else None,
        ),
        total_count=total,
    )
