"""Households that left hardship, looked after at three, six and twelve months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import exits as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.exit_terms import WatchOutcome
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, one_of
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.tree import branch
from api.schema.values import Node
from api.schema.words import Direction
from api.services import watches


@strawberry.type(description="A look at a household so many months after it left hardship.")
class Watch(Node):
    """A look at a household after it left hardship."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    months: int = strawberry.field(description="So many months after it left.")
    due_on: dt.date = strawberry.field(description="The day on which it is due.")
    outcome: WatchOutcome | None = strawberry.field(description="How it was found; null until then.")
    note: str | None = strawberry.field(description="What was found; null for viewers who see masks.")
    done_by: str | None = strawberry.field(description="Who looked.")
    done_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `recordWatch`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.input(description="Which watches; all that is given must hold.")
class WatchFilter:
    """Which watches."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    due_by: dt.date | None = strawberry.field(default=None, description="Not done, and due on this day or before.")
    outcomes: list[WatchOutcome] | None = strawberry.field(default=None, description="With one of these outcomes.")
    and_: list[WatchFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[WatchFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: WatchFilter | None = strawberry.field(name="not", default=None, description=NOT)


class WatchOrderField(StrEnum):
    """What watches may be ordered by."""

    DUE_ON = "DUE_ON"


described(
    WatchOrderField,
    "What watches may be ordered by.",
    {"DUE_ON": Words("到期日", "Due", "到期的先后。", "The day on which it is due.")},
)


@strawberry.input(description="An order of watches.")
class WatchOrder:
    """An order of watches."""

    field: WatchOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


def _conditions(info: Info, given: WatchFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    if given.due_by is not None:
        yield Is("due", {"due_by": given.due_by})
    yield from one_of("outcomes", given.outcomes)


def watch_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Watch]:
    """Rows as watches."""
    note = reading.shown("watches.note", asked.has("note") and reading.sees_identity, lambda _: None)
    return [
        Watch(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            months=row.months,
            due_on=row.due_on,
            outcome=WatchOutcome(row.outcome) if row.outcome else None,
            note=note(row.note),
            done_by=reading.whereabouts(row, row.display_name),
            done_at=row.done_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Watch", rows), strict=True)
    ]


@strawberry.input(description="How a household was found.")
class RecordWatchInput(MutationInput):
    """How a household was found."""

    watch_id: strawberry.ID = strawberry.field(description="The watch.")
    expected_version: int = strawberry.field(description="The watch's `version` as it was read.")
    outcome: WatchOutcome = strawberry.field(
        description="How it was found. BACK_IN_HARDSHIP opens a task: see `returnToHardship`."
    )
    note: str = strawberry.field(description="What was found, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `recordWatch` answers.")
class RecordWatchPayload(Payload):
    """What `recordWatch` answers."""

    watch: Watch | None = strawberry.field(description="The watch as it stands now.")


@strawberry.type(description="What may be asked about watches.")
class WatchQueries:
    """Watches."""

    @guards.query(
        Permission.READ_CASES, "Watches over households that left hardship, those that are due first coming first."
    )
    async def watches(
        self,
        info: Info,
        filter: Annotated[WatchFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[WatchOrder] | None, strawberry.argument(description=ORDER + " those that are due first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Watch] | None:
        """A page of watches."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order = order_of(order_by or [WatchOrder(field=WatchOrderField.DUE_ON)], "DUE_ON")
        window = Window(first, after, last, before)
        return await connection(info, loaders.WATCHES, watch_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One watch; null where there is none that this viewer may see.")
    async def watch(self, info: Info, id: Id) -> Watch | None:
        """One watch."""
        found: Watch | None = await nodes.one(info, "Watch", id)
        return found


@strawberry.type(description="What may be done after an exit.")
class WatchMutations:
    """Households are looked after."""

    @guards.mutation(Permission.KEEP_FILES, "Records how a household was found after it left hardship.")
    async def record_watch(
        self, info: Info, input: Annotated[RecordWatchInput, strawberry.argument(description="How.")]
    ) -> RecordWatchPayload:
        """Records a watch."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await watches.record(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Watch", input.watch_id),
                input.expected_version,
                input.outcome,
                input.note,
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        watch = await nodes.below_payload(info, "Watch", "watch", done.subject)
        return RecordWatchPayload(watch=watch, **done.answered)


branch(Watch, "household", ITS_HOUSEHOLD)
kind("Watch", Kind(loaders.watches_by_key, watch_objects, Permission.READ_CASES))
