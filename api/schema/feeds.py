"""Feeds: the department data that scans read, and how old they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

import strawberry

from api.domain.permissions import Permission
from api.loaders import uploads as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.feed_terms import FeedOrderField
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of, whether
from api.schema.nodes import Id, Kind, kind
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction


@strawberry.type(description="A file of a feed, by its hash.")
class FeedFile:
    """A file of a feed."""

    name: str = strawberry.field(description="What it is called.")
    bytes: BigInt = strawberry.field(description="How many bytes it has.")
    content_hash: str = strawberry.field(description="Their SHA-256, in hexadecimal.")


@strawberry.type(description="What a department sent at one time, as scans read it; its rows are shown to nobody.")
class Feed(Node):
    """What a department sent at one time."""

    key: strawberry.Private[int]
    source: str = strawberry.field(description="The kind of data, as in `departments`.")
    department: str | None = strawberry.field(description="Who sent it; null where it was imported.")
    division: Division = strawberry.field(description="The department's; the country's where it was imported.")
    as_of: dt.date | None = strawberry.field(description="The day up to which it speaks.")
    age_days: int | None = strawberry.field(description="How many days ago that was; null where it is unknown.")
    complete: bool = strawberry.field(description="Whether it is all that the department has.")
    rows: BigInt = strawberry.field(description="How many rows it has; of text files that were imported, about.")
    received_at: dt.datetime = strawberry.field(description="When it was taken over.")
    batch: str | None = strawberry.field(description="The department's own number, where it was sent as a batch.")
    upload_id: strawberry.ID | None = strawberry.field(description="By which upload it came.")
    files: list[FeedFile] = strawberry.field(description="Its files.", metadata=about(1))


@strawberry.input(description="An order of feeds.")
class FeedOrder:
    """An order of feeds."""

    field: FeedOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which feeds; all that is given must hold.")
class FeedFilter:
    """Which feeds."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    sources: list[str] | None = strawberry.field(default=None, description="Of one of these kinds of data.")
    newest: bool | None = strawberry.field(
        default=None, description="Whether it is the last that its department sent of its kind."
    )
    complete: bool | None = strawberry.field(default=None, description="Whether it is all that the department has.")
    and_: list[FeedFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[FeedFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: FeedFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(given: FeedFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("sources", given.sources)
    yield from whether("newest", given.newest)
    yield from whether("complete", given.complete)


def feed_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Feed]:
    """Rows as feeds."""
    uploads = [row.upload_id for row in rows if row.upload_id is not None]
    by_key = dict(zip(uploads, reading.vault.ids("Upload", uploads), strict=True))
    return [
        Feed(
            id=strawberry.ID(public_id),
            key=row.id,
            source=row.department_code,
            department=row.department,
            division=division_of(row.division_code),
            as_of=row.as_of,
            age_days=None if row.as_of is None else (reading.today - row.as_of).days,
            complete=row.complete,
            rows=row.rows,
            received_at=row.received_at,
            batch=row.batch,
            upload_id=None if row.upload_id is None else strawberry.ID(by_key[row.upload_id]),
            files=[
                FeedFile(name=each["name"], bytes=each["bytes"], content_hash=each["sha256"]) for each in row.files
            ],
        )
        for row, public_id in zip(rows, reading.ids("Feed", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about feeds.")
class FeedQueries:
    """Feeds."""

    @guards.query(
        Permission.READ_SCANS,
        "Department data that are kept, of the viewer's division, those below it and those above it, the latest first; "
        "a department sees what it sent.",
    )
    async def feeds(
        self,
        info: Info,
        filter: Annotated[FeedFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[FeedOrder] | None, strawberry.argument(description=ORDER + " the latest received first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Feed] | None:
        """A page of feeds."""
        return await connection(
            info,
            loaders.FEEDS,
            feed_objects,
            joined(filter, lambda given, _: _conditions(given)),
            order_of(order_by, "RECEIVED"),
            Window(first, after, last, before),
        )

    @guards.query(Permission.READ_SCANS, "One feed; null where there is none that this viewer may see.")
    async def feed(self, info: Info, id: Id) -> Feed | None:
        """One feed."""
        found: Feed | None = await nodes.one(info, "Feed", id)
        return found


kind("Feed", Kind(loaders.feeds_by_key, feed_objects, Permission.READ_SCANS))
