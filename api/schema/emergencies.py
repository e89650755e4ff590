"""In an emergency an officer lets a household be looked up before it has consented: shown on it, and listed for auditors (F-23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.consent import ConsentPurpose
from api.domain.permissions import Permission, Viewer
from api.loaders import consents as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import consents

DECIDE = Permission.DECIDE_FILES


@strawberry.type(
    description="An officer's exception: until its day a household may be looked up without its consent."
)
class EmergencyException(Node):
    """An officer's exception."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    division: Division = strawberry.field(description="The household's.")
    sources: list[str] = strawberry.field(
        description="Which kinds of data, as in `departments`, or ALL.", metadata=about(9)
    )
    purpose: ConsentPurpose = strawberry.field(description="What for.")
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    starts_on: dt.date = strawberry.field(description="Its first day, on which it was recorded.")
    ends_on: dt.date = strawberry.field(description="Its last day; it ends by itself.")
    in_force: bool = strawberry.field(description="Whether today is one of its days.")
    recorded_by: str | None = strawberry.field(description="Which officer; null where the viewer is not told.")
    recorded_at: dt.datetime = strawberry.field(description="When.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


class EmergencyExceptionOrderField(StrEnum):
    """What exceptions may be ordered by."""

    RECORDED = "RECORDED"
    ENDS_ON = "ENDS_ON"


described(
    EmergencyExceptionOrderField,
    "What exceptions may be ordered by.",
    {
        "RECORDED": Words("登记先后", "Recorded", "登记的先后。", "In which order they were recorded."),
        "ENDS_ON": Words("截止日期", "Last day", "例外的最后一日。", "The last day."),
    },
)


@strawberry.input(description="An order of exceptions.")
class EmergencyExceptionOrder:
    """An order of exceptions."""

    field: EmergencyExceptionOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which exceptions; all that is given must hold.")
class EmergencyExceptionFilter:
    """Which exceptions."""

    division_code: str | None = strawberry.field(
        default=None, description="Of households in this division or below it."
    )
    in_force: bool | None = strawberry.field(default=None, description="Whether today is one of its days.")
    and_: list[EmergencyExceptionFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[EmergencyExceptionFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: EmergencyExceptionFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: EmergencyExceptionFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from whether("in_force", given.in_force)


def exception_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[EmergencyException]:
    """Rows as exceptions; why one was made for a protected person's household may tell where it is."""
    reason = reading.shown(
        "emergency_exceptions.reason", wanted.has("reason") and reading.sees_identity, lambda _: None
    )
    today = reading.today
    return [
        EmergencyException(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            division=division_of(row.division_code),
            sources=row.sources,
            purpose=ConsentPurpose(row.purpose),
            reason=reading.whereabouts(row, reason(row.reason)),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            in_force=row.starts_on <= today <= row.ends_on,
            recorded_by=reading.whereabouts(row, row.recorder),
            recorded_at=row.recorded_at,
        )
        for row, public_id in zip(rows, reading.ids("EmergencyException", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about exceptions.")
class EmergencyQueries:
    """Exceptions in an emergency."""

    @guards.query(Permission.READ_AUDIT, "Exceptions made for households in the viewer's division.")
    async def emergency_exceptions(
        self,
        info: Info,
        filter: Annotated[EmergencyExceptionFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[EmergencyExceptionOrder] | None,
            strawberry.argument(description=ORDER + " the latest recorded first."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[EmergencyException] | None:
        """A page of exceptions."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "RECORDED"), Window(first, after, last, before)
        return await connection(info, loaders.EXCEPTIONS, exception_objects, where, order, window)


@strawberry.input(description="Why, and for how long, a household has to be looked up before it has consented.")
class RecordEmergencyExceptionInput(MutationInput):
    """Why, and for how long, a household has to be looked up before it has consented."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    sources: list[str] = strawberry.field(description="Which kinds of data, as in `departments`; or ALL alone.")
    reason: str = strawberry.field(
        description="Why a consent cannot be had in time, in up to 2,000 characters; sealed."
    )
    until: dt.date = strawberry.field(
        description="Its last day, within as many days as the parameter emergency.days says."
    )
    purpose: ConsentPurpose = strawberry.field(default=ConsentPurpose.ECONOMIC_CHECK, description="What for.")


@strawberry.type(description="What `recordEmergencyException` answers.")
class RecordEmergencyExceptionPayload(Payload):
    """What `recordEmergencyException` answers."""

    emergency_exception: EmergencyException | None = strawberry.field(description="The exception as it was recorded.")


@strawberry.type(description="What may be done in an emergency.")
class EmergencyMutations:
    """Exceptions are recorded."""

    @guards.mutation(
        DECIDE,
        "Lets a household be looked up for some days without its consent, but nobody who took theirs back. On record.",
    )
    async def record_emergency_exception(
        self,
        info: Info,
        input: Annotated[RecordEmergencyExceptionInput, strawberry.argument(description="The exception.")],
    ) -> RecordEmergencyExceptionPayload:
        """Records an exception."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await consents.except_in_emergency(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Household", input.household_id),
                input.sources,
                input.purpose,
                input.reason,
                input.until,
                info.context.now(),
            )

        done = await carry_out(info, DECIDE, input, act)
        found = await nodes.below_payload(info, "EmergencyException", "emergencyException", done.subject)
        return RecordEmergencyExceptionPayload(emergency_exception=found, **done.answered)


branch(
    Household,
    "emergencyExceptions",
    Branch(
        "key",
        lambda reading, keys, _: loaders.exceptions_of(reading, keys),
        exception_objects,
        "emergency_exceptions",
    ),
)
branch(EmergencyException, "household", ITS_HOUSEHOLD)
kind("EmergencyException", Kind(loaders.exceptions_by_key, exception_objects, Permission.READ_CASES))
