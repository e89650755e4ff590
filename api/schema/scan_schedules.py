"""Scans that are asked for again and again: each day, week or month, or after each batch of some kinds of data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.domain.scan_schedules import LATE, Rhythm, ScanRhythm, ScheduleState
from api.loaders import scan_schedules as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scans import NOT_LOADED, Scan, scan_at
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import scan_schedules as services

WEEKDAY = "Of a weekly one the day, from 1 (Monday) to 7; null for others."
DAY_OF_MONTH = "Of a monthly one the day, from 1 to 31, of a shorter month its last; null for others."
HOUR = "The hour of that day, in China's time, from 0 to 23; null for one that goes by batches."
SOURCES = "Of one that goes by batches: after a batch of which kinds of data; empty for others."
RULES = "Only these rules; empty for all."
WHOLE = "Whether everybody is matched again each time, and not only what has changed since the scan before."

described(
    ScanRhythm,
    "How often scans are asked for.",
    {
        "DAILY": Words("每天", "Daily", "每天的某个整点。", "Each day at an hour."),
        "WEEKLY": Words("每周", "Weekly", "每周某日的某个整点。", "On a day of each week, at an hour."),
        "MONTHLY": Words("每月", "Monthly", "每月某日的某个整点。", "On a day of each month, at an hour."),
        "BATCH": Words("新批次", "By batches", "所列数据有新批次后。", "After each batch of some kinds of data."),
    },
)
described(
    ScheduleState,
    "Whether a schedule asks for scans.",
    {
        "ACTIVE": Words("运行中", "Active", "按期提出核对。", "It asks for scans."),
        "PAUSED": Words(
            "已暂停", "Paused", "暂不提出，期间的不补。", "It asks for none, and makes none of them good."
        ),
        "ENDED": Words("已终止", "Ended", "不再提出。", "It asks for none any more."),
    },
)


@strawberry.type(description="The last scan that a schedule asked for.")
class ScanScheduleRun:
    """The last scan that a schedule asked for."""

    due_at: dt.datetime = strawberry.field(description="When it was due, or when the batch came.")
    asked_at: dt.datetime = strawberry.field(description="When it was asked for.")
    late: bool = strawberry.field(description="Whether no worker was there to ask for it within an hour.")
    missed: int = strawberry.field(
        description="How many before it were due meanwhile, and are made good by it alone."
    )


@strawberry.type(description="Scans of a division that are asked for again and again.")
class ScanSchedule(Node):
    """Scans that are asked for again and again."""

    key: strawberry.Private[int]
    scan_key: strawberry.Private[int | None]
    division: Division = strawberry.field(description="Whose households are scanned.")
    rules: list[str] = strawberry.field(description=RULES)
    whole: bool = strawberry.field(description=WHOLE)
    rhythm: ScanRhythm = strawberry.field(description="How often.")
    weekday: int | None = strawberry.field(description=WEEKDAY)
    day_of_month: int | None = strawberry.field(description=DAY_OF_MONTH)
    hour: int | None = strawberry.field(description=HOUR)
    sources: list[str] = strawberry.field(description=SOURCES, metadata=about(4))
    state: ScheduleState = strawberry.field(description="Whether it asks for scans.")
    next_at: dt.datetime | None = strawberry.field(
        description="When the next is due; null where it is paused or has ended, or goes by batches, which come when they come."
    )
    last_run: ScanScheduleRun | None = strawberry.field(
        description="The last that it asked for; null before the first."
    )
    created_by: str = strawberry.field(description="Who made it.")
    created_at: dt.datetime = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    last_scan: Scan | None = strawberry.field(
        default=NOT_LOADED,
        description="The scan of its last run; one that waited already and did the same may be it.",
    )


def schedule_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[ScanSchedule]:
    """Rows as schedules."""
    return [
        ScanSchedule(
            id=strawberry.ID(public_id),
            key=row.id,
            scan_key=row.scan_id,
            division=division_of(row.division_code),
            rules=row.rules,
            whole=row.whole,
            rhythm=ScanRhythm(row.rhythm),
            weekday=row.weekday,
            day_of_month=row.day_of_month,
            hour=row.hour,
            sources=row.sources,
            state=ScheduleState(row.state),
            next_at=row.next_at,
            last_run=None
            if row.due_at is None
            else ScanScheduleRun(
                due_at=row.due_at, asked_at=row.asked_at, late=row.asked_at - row.due_at >= LATE, missed=row.missed
            ),
            created_by=row.display_name,
            created_at=row.created_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("ScanSchedule", rows), strict=True)
    ]


class ScanScheduleOrderField(StrEnum):
    """What schedules may be ordered by."""

    CREATED = "CREATED"


described(
    ScanScheduleOrderField,
    "What schedules may be ordered by.",
    {"CREATED": Words("设定先后", "Created", "设定的先后。", "When they were made.")},
)


@strawberry.input(description="An order of schedules.")
class ScanScheduleOrder:
    """An order of schedules."""

    field: ScanScheduleOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which schedules; all that is given must hold.")
class ScanScheduleFilter:
    """Which schedules."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    states: list[ScheduleState] | None = strawberry.field(default=None, description="In one of these states.")
    and_: list[ScanScheduleFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ScanScheduleFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ScanScheduleFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(given: ScanScheduleFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("states", given.states)


@strawberry.type(description="What may be asked about schedules of scans.")
class ScanScheduleQueries:
    """Schedules of scans."""

    @guards.query(Permission.READ_SCANS, "Schedules of the viewer's division and those below it, the latest first.")
    async def scan_schedules(
        self,
        info: Info,
        filter: Annotated[ScanScheduleFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ScanScheduleOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ScanSchedule] | None:
        """A page of schedules."""
        where = joined(filter, lambda given, _: _conditions(given))
        order, window = order_of(order_by, "CREATED"), Window(first, after, last, before)
        return await connection(info, loaders.LISTING, schedule_objects, where, order, window)


@strawberry.input(description="What a schedule asks for, and when.")
class WantedInput(MutationInput):
    """What a schedule asks for, and when: the same for one that is made and one that is changed."""

    rules: list[str] | None = strawberry.field(default=None, description=RULES)
    whole: bool = strawberry.field(default=False, description=WHOLE)
    rhythm: ScanRhythm = strawberry.field(description="How often.")
    weekday: int | None = strawberry.field(default=None, description=WEEKDAY)
    day_of_month: int | None = strawberry.field(default=None, description=DAY_OF_MONTH)
    hour: int | None = strawberry.field(default=None, description=HOUR)
    sources: list[str] | None = strawberry.field(default=None, description=SOURCES)


@strawberry.input(description="Scans that are to be asked for again and again.")
class ScheduleScanInput(WantedInput):
    """Scans that are to be asked for again and again."""

    division_code: str | None = strawberry.field(
        default=None, description="Whose households; by default all of the viewer's division."
    )


@strawberry.input(description="A schedule, and what it is to ask for from now on.")
class ChangeScanScheduleInput(WantedInput):
    """A schedule, and what it is to ask for from now on."""

    scan_schedule_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")


@strawberry.input(description="A schedule that is to be paused, to go on, or to end.")
class SwitchScanScheduleInput(MutationInput):
    """A schedule that is to be paused, to go on, or to end."""

    scan_schedule_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    state: ScheduleState = strawberry.field(description="How it is to stand; one that has ended stays so.")


@strawberry.type(description="What `scheduleScan` answers.")
class ScheduleScanPayload(Payload):
    """What `scheduleScan` answers."""

    scan_schedule: ScanSchedule | None = strawberry.field(description="The schedule.")


@strawberry.type(description="What `changeScanSchedule` answers.")
class ChangeScanSchedulePayload(Payload):
    """What `changeScanSchedule` answers."""

    scan_schedule: ScanSchedule | None = strawberry.field(description="The schedule, as it is now.")


@strawberry.type(description="What `switchScanSchedule` answers.")
class SwitchScanSchedulePayload(Payload):
    """What `switchScanSchedule` answers."""

    scan_schedule: ScanSchedule | None = strawberry.field(description="The schedule, as it is now.")


def _when(input: WantedInput) -> Rhythm:
    return services.checked(input.rhythm, input.weekday, input.day_of_month, input.hour, input.sources or ())


@strawberry.type(description="What may be done with schedules of scans.")
class ScanScheduleMutations:
    """Scans are asked for again and again, otherwise, and no more."""

    @guards.mutation(
        Permission.START_SCAN,
        "Has scans of a division asked for again and again: one an occasion, and of several that were missed one.",
    )
    async def schedule_scan(
        self, info: Info, input: Annotated[ScheduleScanInput, strawberry.argument(description="Which, and when.")]
    ) -> ScheduleScanPayload:
        """Schedules scans."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            wanted = (input.division_code, input.rules or (), input.whole, _when(input))
            return await services.schedule(connection, viewer, *wanted, info.context.now())

        done = await carry_out(info, Permission.START_SCAN, input, act)
        made = await nodes.below_payload(info, "ScanSchedule", "scanSchedule", done.subject)
        return ScheduleScanPayload(scan_schedule=made, **done.answered)

    @guards.mutation(Permission.START_SCAN, "Has a schedule ask for something else, or at other times, from now on.")
    async def change_scan_schedule(
        self,
        info: Info,
        input: Annotated[ChangeScanScheduleInput, strawberry.argument(description="Which, and what then.")],
    ) -> ChangeScanSchedulePayload:
        """Changes a schedule."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "ScanSchedule", input.scan_schedule_id)
            wanted = (input.rules or (), input.whole, _when(input))
            return await services.change(connection, viewer, key, input.expected_version, *wanted, info.context.now())

        done = await carry_out(info, Permission.START_SCAN, input, act)
        made = await nodes.below_payload(info, "ScanSchedule", "scanSchedule", done.subject)
        return ChangeScanSchedulePayload(scan_schedule=made, **done.answered)

    @guards.mutation(
        Permission.START_SCAN, "Pauses a schedule, has it go on, or ends it; scans that it has asked for stay."
    )
    async def switch_scan_schedule(
        self,
        info: Info,
        input: Annotated[SwitchScanScheduleInput, strawberry.argument(description="Which, and how it is to stand.")],
    ) -> SwitchScanSchedulePayload:
        """Pauses a schedule, has it go on, or ends it."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "ScanSchedule", input.scan_schedule_id)
            return await services.switch(
                connection, viewer, key, input.expected_version, input.state, info.context.now()
            )

        done = await carry_out(info, Permission.START_SCAN, input, act)
        made = await nodes.below_payload(info, "ScanSchedule", "scanSchedule", done.subject)
        return SwitchScanSchedulePayload(scan_schedule=made, **done.answered)


branch(ScanSchedule, "lastScan", scan_at("scan_key", "last_scan"))
kind("ScanSchedule", Kind(loaders.by_key, schedule_objects, Permission.READ_SCANS))
