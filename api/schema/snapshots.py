"""Snapshots of files: which there are, and a baseline frozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import snapshots as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, one_of
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.target_terms import SnapshotKind
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction
from api.services import snapshots


@strawberry.type(
    description="The files of a division as they stood on a day, frozen in coded facts: nothing of it changes any more."
)
class Snapshot(Node):
    """The files of a division as they stood on a day."""

    key: strawberry.Private[int]
    kind: SnapshotKind = strawberry.field(description="Why it was taken.")
    division: Division = strawberry.field(description="Of which division, with all below it.")
    since: dt.date = strawberry.field(
        description="The day that it looks back to: files that ended since are in it, too."
    )
    as_of: dt.date = strawberry.field(description="The day at whose end the files stood so.")
    rows: int = strawberry.field(description="How many files are in it.")
    digest: str = strawberry.field(description="SHA-256 of all that its rows say, in hexadecimal digits.")
    taken_by: str | None = strawberry.field(description="Who froze it; null for what is taken every month by itself.")
    taken_at: dt.datetime = strawberry.field(
        description="When it was frozen; later than its day where it looks back."
    )


@strawberry.input(description="Which snapshots; all that is given must hold.")
class SnapshotFilter:
    """Which snapshots."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or one below it.")
    kinds: list[SnapshotKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    as_of: DateRange | None = strawberry.field(default=None, description="Of a day within these.")
    and_: list[SnapshotFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[SnapshotFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: SnapshotFilter | None = strawberry.field(name="not", default=None, description=NOT)


class SnapshotOrderField(StrEnum):
    """What snapshots may be ordered by."""

    TAKEN = "TAKEN"
    AS_OF = "AS_OF"


described(
    SnapshotOrderField,
    "What snapshots may be ordered by.",
    {
        "TAKEN": Words("冻结先后", "Taken", "冻结的先后。", "When they were taken."),
        "AS_OF": Words("冻结日", "Day", "冻结的日期。", "The day that they are of."),
    },
)


@strawberry.input(description="An order of snapshots.")
class SnapshotOrder:
    """An order of snapshots."""

    field: SnapshotOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _where(given: SnapshotFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("kinds", given.kinds)
    yield from between("as_of", given.as_of)


def snapshot_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Snapshot]:
    """Rows as snapshots."""
    return [
        Snapshot(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=SnapshotKind(row.kind),
            division=division_of(row.division_code),
            since=row.since,
            as_of=row.as_of,
            rows=row.rows,
            digest=row.digest,
            taken_by=row.display_name,
            taken_at=row.taken_at,
        )
        for row, public_id in zip(rows, reading.ids("Snapshot", rows), strict=True)
    ]


@strawberry.input(description="What is frozen.")
class FreezeBaselineInput(MutationInput):
    """What is frozen."""

    division_code: str = strawberry.field(description="The files of this division and of all below it.")
    as_of: dt.date | None = strawberry.field(
        default=None,
        description="As they stood at the end of this day, as far as the register knows; today where nothing is said.",
    )
    since: dt.date | None = strawberry.field(
        default=None,
        description="Files that ended since this day are in it, too; twelve months before where nothing is said.",
    )


@strawberry.type(description="What `freezeBaseline` answers.")
class FreezeBaselinePayload(Payload):
    """What `freezeBaseline` answers."""

    snapshot: Snapshot | None = strawberry.field(description="What was frozen.")


@strawberry.type(description="What may be asked about snapshots.")
class SnapshotQueries:
    """Snapshots."""

    @guards.query(
        Permission.READ_CASES,
        "Snapshots of the viewer's division, of those below and of those above, the latest first.",
    )
    async def snapshots(
        self,
        info: Info,
        filter: Annotated[SnapshotFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[SnapshotOrder] | None, strawberry.argument(description=ORDER + " the latest taken first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Snapshot] | None:
        """A page of snapshots."""
        where = joined(filter, lambda given, _: _where(given))
        order, window = order_of(order_by, "TAKEN"), Window(first, after, last, before)
        return await connection(info, loaders.SNAPSHOTS, snapshot_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One snapshot; null where there is none that this viewer may see.")
    async def snapshot(self, info: Info, id: Id) -> Snapshot | None:
        """One snapshot."""
        found: Snapshot | None = await nodes.one(info, "Snapshot", id)
        return found


@strawberry.type(description="What may be done with snapshots.")
class SnapshotMutations:
    """A baseline is frozen."""

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Freezes the files of a division as they stood on a day, so that whatever is reckoned from it stays as it is.",
    )
    async def freeze_baseline(
        self, info: Info, input: Annotated[FreezeBaselineInput, strawberry.argument(description="What.")]
    ) -> FreezeBaselinePayload:
        """Freezes files."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            told = (input.division_code, input.as_of, input.since)
            return await snapshots.freeze(connection, viewer, *told, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        snapshot = await nodes.below_payload(info, "Snapshot", "snapshot", done.subject)
        return FreezeBaselinePayload(snapshot=snapshot, **done.answered)


kind("Snapshot", Kind(loaders.by_key, snapshot_objects, Permission.READ_CASES))
