"""Recipients who were drawn by chance after a settlement, and what they say of the payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import payments as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, of_keys, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.payment_terms import CheckOutcome
from api.schema.payments import PaymentOrder, order_objects
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.schema.words import Direction
from api.services import payment_checks


@strawberry.type(description="A recipient who was drawn by chance, to be asked whether they were paid.")
class PaymentCheck(Node):
    """A recipient who was drawn by chance."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    order_key: strawberry.Private[int]
    outcome: CheckOutcome | None = strawberry.field(description="What they say; null until they were asked.")
    note: str | None = strawberry.field(description="How they were asked; null for viewers who see masks.")
    checked_by: str | None = strawberry.field(description="Who asked, where this viewer is told.")
    checked_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `recordPaymentCheck`.")
    order: PaymentOrder = strawberry.field(default=NOT_LOADED, description="The payment.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.input(description="Which checks; all that is given must hold.")
class PaymentCheckFilter:
    """Which checks."""

    division_code: str | None = strawberry.field(
        default=None, description="Of households of this division or one below it."
    )
    cycle_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these cycles.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    outcomes: list[CheckOutcome] | None = strawberry.field(default=None, description="With one of these outcomes.")
    made: bool | None = strawberry.field(default=None, description="Whether they were asked.")
    and_: list[PaymentCheckFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[PaymentCheckFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: PaymentCheckFilter | None = strawberry.field(name="not", default=None, description=NOT)


class PaymentCheckOrderField(StrEnum):
    """What checks may be ordered by."""

    DRAWN = "DRAWN"


described(
    PaymentCheckOrderField,
    "What checks may be ordered by.",
    {"DRAWN": Words("抽取先后", "Drawn", "抽取的先后。", "When it was drawn.")},
)


@strawberry.input(description="An order of checks.")
class PaymentCheckOrder:
    """An order of checks."""

    field: PaymentCheckOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: PaymentCheckFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_keys(info, "cycles", "PaymentCycle", given.cycle_ids)
    yield from of_households(info, given.household_ids)
    yield from one_of("outcomes", given.outcomes)
    yield from whether("made", given.made)


def check_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[PaymentCheck]:
    """Rows as checks."""
    note = reading.shown("payment_checks.note", asked.has("note") and reading.sees_identity, lambda _: None)
    return [
        PaymentCheck(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            order_key=row.order_id,
            outcome=CheckOutcome(row.outcome) if row.outcome else None,
            note=note(reading.whereabouts(row, row.note)),
            checked_by=reading.whereabouts(row, row.display_name),
            checked_at=row.checked_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("PaymentCheck", rows), strict=True)
    ]


@strawberry.input(description="What a recipient who was drawn says.")
class RecordPaymentCheckInput(MutationInput):
    """What a recipient says."""

    check_id: strawberry.ID = strawberry.field(description="The check.")
    expected_version: int = strawberry.field(description="The check's `version` as it was read.")
    outcome: CheckOutcome = strawberry.field(description="What they say.")
    note: str = strawberry.field(description="How they were asked, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `recordPaymentCheck` answers.")
class RecordPaymentCheckPayload(Payload):
    """What `recordPaymentCheck` answers."""

    check: PaymentCheck | None = strawberry.field(description="The check as it stands now.")


@strawberry.type(description="What may be asked about checks of payments.")
class PaymentCheckQueries:
    """Checks of payments."""

    @guards.query(Permission.READ_CASES, "Recipients who were drawn to be asked, those drawn last first.")
    async def payment_checks(
        self,
        info: Info,
        filter: Annotated[PaymentCheckFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[PaymentCheckOrder] | None, strawberry.argument(description=ORDER + " those drawn last.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PaymentCheck] | None:
        """A page of checks."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "DRAWN"), Window(first, after, last, before)
        return await connection(info, loaders.CHECKS, check_objects, where, order, window)


@strawberry.type(description="What may be done with checks of payments.")
class PaymentCheckMutations:
    """Recipients are asked."""

    @guards.mutation(
        Permission.KEEP_FILES, "Records what a recipient says, by an officer who had no part in the payment."
    )
    async def record_payment_check(
        self, info: Info, input: Annotated[RecordPaymentCheckInput, strawberry.argument(description="What.")]
    ) -> RecordPaymentCheckPayload:
        """Records what a recipient says."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "PaymentCheck", input.check_id), info.context.vault
            told = (input.expected_version, input.outcome, input.note)
            return await payment_checks.record(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        check = await nodes.below_payload(info, "PaymentCheck", "check", done.subject)
        return RecordPaymentCheckPayload(check=check, **done.answered)


branch(PaymentCheck, "household", ITS_HOUSEHOLD)
branch(
    PaymentCheck,
    "order",
    Branch("order_key", lambda reading, keys, _: loaders.orders_by_key(reading, keys), order_objects, "order", False),
)
kind("PaymentCheck", Kind(loaders.checks_by_key, check_objects, Permission.READ_CASES))
