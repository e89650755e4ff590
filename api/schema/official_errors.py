"""Errors of ours: what they were, how they were put right, and how many there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import stops as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted
from api.schema.stop_terms import OfficialErrorKind
from api.schema.tree import branch
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction
from api.services import official_errors
from api.services.official_errors import Wrong

ALWAYS, NEVER, KINDS = dt.date(2000, 1, 1), dt.date(2999, 12, 31), len(OfficialErrorKind)


@strawberry.type(description="An error of ours.")
class OfficialError(Node):
    """An error of ours."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int | None]
    kind: OfficialErrorKind = strawberry.field(description="What went wrong.")
    division: Division = strawberry.field(description="Where.")
    what: str | None = strawberry.field(description="In words; null for viewers who see masks.")
    discovered_on: dt.date = strawberry.field(description="When it came out.")
    grant_id: strawberry.ID | None = strawberry.field(description="Of which grant, where it is one's.")
    month: Month | None = strawberry.field(description="Of which month of it.")
    recorded_by: str | None = strawberry.field(description="Who wrote it down.")
    put_right_on: dt.date | None = strawberry.field(description="When it was put right; null where it was not yet.")
    remedy: str | None = strawberry.field(description="How; null for viewers who see masks.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    household: Household | None = strawberry.field(
        default=NOT_LOADED, description="The household whose case it was in; null for none."
    )


@strawberry.type(description="How many errors of ours of one kind were discovered, and put right since.")
class OfficialErrorCount:
    """How many errors of ours of one kind."""

    kind: OfficialErrorKind = strawberry.field(description="Of which kind.")
    discovered: int = strawberry.field(description="How many were discovered.")
    put_right: int = strawberry.field(description="How many of these were put right.")


@strawberry.input(description="Which errors of ours; all that is given must hold.")
class OfficialErrorFilter:
    """Which errors."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="In these households' cases."
    )
    kinds: list[OfficialErrorKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    put_right: bool | None = strawberry.field(default=None, description="Whether they were put right.")
    discovered: DateRange | None = strawberry.field(default=None, description="Discovered between these days.")
    and_: list[OfficialErrorFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[OfficialErrorFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: OfficialErrorFilter | None = strawberry.field(name="not", default=None, description=NOT)


class OfficialErrorOrderField(StrEnum):
    """What errors of ours may be ordered by."""

    DISCOVERED_ON = "DISCOVERED_ON"


described(
    OfficialErrorOrderField,
    "What errors of ours may be ordered by.",
    {"DISCOVERED_ON": Words("发现日期", "Discovered", "发现的先后。", "When they were discovered.")},
)


@strawberry.input(description="An order of errors of ours.")
class OfficialErrorOrder:
    """An order of errors."""

    field: OfficialErrorOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: OfficialErrorFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("kinds", given.kinds)
    yield from whether("put_right", given.put_right)
    yield from between("discovered", given.discovered)


def error_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[OfficialError]:
    """Rows as errors of ours."""
    whole = reading.sees_identity
    what = reading.shown("official_errors.what", asked.has("what") and whole, lambda _: None)
    remedy = reading.shown("official_errors.remedy", asked.has("remedy") and whole, lambda _: None)
    reading.log.saw_households([row.household_id for row in rows if row.household_id is not None])
    grants = reading.vault.ids("Grant", [row.grant_id or 0 for row in rows])
    return [
        OfficialError(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            kind=OfficialErrorKind(row.kind),
            division=division_of(row.division_code),
            what=what(reading.whereabouts(row, row.what)),
            discovered_on=row.discovered_on,
            grant_id=None if row.grant_id is None else strawberry.ID(grant_id),
            month=None if row.month is None else Month(row.month),
            recorded_by=reading.whereabouts(row, row.finder),
            put_right_on=row.put_right_on,
            remedy=remedy(reading.whereabouts(row, row.remedy)),
            version=row.version,
        )
        for row, public_id, grant_id in zip(rows, reading.ids("OfficialError", rows), grants, strict=True)
    ]


@strawberry.type(description="What may be asked about errors of ours.")
class OfficialErrorQueries:
    """Errors of ours."""

    @guards.query(Permission.READ_CASES, "Errors of ours in the viewer's division, the latest discovered first.")
    async def official_errors(
        self,
        info: Info,
        filter: Annotated[OfficialErrorFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[OfficialErrorOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OfficialError] | None:
        """A page of errors of ours."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "DISCOVERED_ON"), Window(first, after, last, before)
        return await connection(info, loaders.ERRORS, error_objects, where, order, window)

    @guards.query(
        Permission.READ_CASES,
        "How many errors of ours were discovered in the viewer's division, and put right; by kind.",
        rows=KINDS,
    )
    async def official_error_counts(
        self,
        info: Info,
        discovered: Annotated[
            DateRange | None, strawberry.argument(description="Between these days; ever where nothing is said.")
        ] = None,
    ) -> list[OfficialErrorCount] | None:
        """Errors of ours, counted."""
        given = discovered or DateRange()
        async with info.context.reading() as reading:
            rows = await loaders.errors_counted(reading, given.from_ or ALWAYS, given.to or NEVER)
        return [
            OfficialErrorCount(kind=OfficialErrorKind(row.kind), discovered=row.found, put_right=row.put_right)
            for row in rows
        ]


@strawberry.input(description="An error of ours.")
class RecordOfficialErrorInput(MutationInput):
    """An error of ours."""

    kind: OfficialErrorKind = strawberry.field(description="What went wrong.")
    what: str = strawberry.field(description="In words, up to 2,000 characters; kept sealed.")
    discovered_on: dt.date = strawberry.field(description="When it came out; no day to come.")
    household_id: strawberry.ID | None = strawberry.field(
        default=None, description="In whose case; left out for none."
    )
    grant_id: strawberry.ID | None = strawberry.field(default=None, description="Of which grant of the household.")
    month: Month | None = strawberry.field(default=None, description="Of which month of the grant.")


@strawberry.type(description="What `recordOfficialError` answers.")
class RecordOfficialErrorPayload(Payload):
    """What `recordOfficialError` answers."""

    error: OfficialError | None = strawberry.field(description="The error as it is on record.")


@strawberry.input(description="That an error of ours was put right.")
class PutRightOfficialErrorInput(MutationInput):
    """That an error was put right."""

    error_id: strawberry.ID = strawberry.field(description="The error.")
    expected_version: int = strawberry.field(description="Its `version` as it was read.")
    put_right_on: dt.date = strawberry.field(description="When; no day to come.")
    remedy: str = strawberry.field(description="How, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `putRightOfficialError` answers.")
class PutRightOfficialErrorPayload(Payload):
    """What `putRightOfficialError` answers."""

    error: OfficialError | None = strawberry.field(description="The error as it stands now.")


@strawberry.type(description="What may be done about errors of ours.")
class OfficialErrorMutations:
    """Errors of ours are written down and put right."""

    @guards.mutation(Permission.KEEP_FILES, "Writes an error of ours down as ours.")
    async def record_official_error(
        self, info: Info, input: Annotated[RecordOfficialErrorInput, strawberry.argument(description="The error.")]
    ) -> RecordOfficialErrorPayload:
        """Writes an error down."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            wrong = Wrong(
                input.kind,
                input.what,
                input.discovered_on,
                household_id=named(info, "Household", input.household_id),
                grant_id=named(info, "Grant", input.grant_id),
                month=input.month,
            )
            return await official_errors.record(connection, info.context.vault, viewer, wrong, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        error = await nodes.below_payload(info, "OfficialError", "error", done.subject)
        return RecordOfficialErrorPayload(error=error, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Records how an error of ours was put right.")
    async def put_right_official_error(
        self, info: Info, input: Annotated[PutRightOfficialErrorInput, strawberry.argument(description="How.")]
    ) -> PutRightOfficialErrorPayload:
        """Records how it was put right."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            of = (nodes.key_of(info, "OfficialError", input.error_id), input.expected_version)
            told = (input.put_right_on, input.remedy)
            return await official_errors.put_right(
                connection, info.context.vault, viewer, *of, *told, info.context.now()
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        error = await nodes.below_payload(info, "OfficialError", "error", done.subject)
        return PutRightOfficialErrorPayload(error=error, **done.answered)


branch(OfficialError, "household", ITS_HOUSEHOLD)
kind("OfficialError", Kind(loaders.errors_by_key, error_objects, Permission.READ_CASES))
