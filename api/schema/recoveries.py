"""What a household gives back, as a ledger: opened by a decision, paid in by instalments, or waived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
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
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.people import fen_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.stop_terms import EntryKind, RecoveryCause
from api.schema.tree import Branch, branch
from api.schema.values import Money, Node, known_money, money_of
from api.schema.words import Direction
from api.services import recoveries

RECOVERY = "The recovery, of which something is left."


@strawberry.type(description="What changed what is left of a recovery.")
class RecoveryEntry:
    """What changed what is left of a recovery."""

    kind: EntryKind = strawberry.field(description="What it was.")
    month: Month | None = strawberry.field(description="Of an instalment, for which month.")
    amount: Money = strawberry.field(description="How much it took off.")
    left: Money = strawberry.field(description="What was left then.")
    cap: Money | None = strawberry.field(description="Of an instalment, what the month could bear.")
    paid_on: dt.date | None = strawberry.field(description="Of an instalment, when it was paid in.")
    reason: str | None = strawberry.field(description="Why it was waived; null for viewers who see masks.")
    entered_at: dt.datetime = strawberry.field(description="When it was written down.")


@strawberry.type(description="What a household gives back of aid that was paid wrongly, after a decision.")
class Recovery(Node):
    """What a household gives back."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    grant_id: strawberry.ID = strawberry.field(description="Of which grant.")
    programme: str = strawberry.field(description="Of which programme, by its code.")
    total: Money = strawberry.field(description="How much in all; there is no interest.")
    most: Money = strawberry.field(description="The most that is ever due of a month.")
    left: Money = strawberry.field(description="What is left.")
    cause: RecoveryCause = strawberry.field(description="Why too much was paid.")
    opened_at: dt.datetime = strawberry.field(description="When it was decided.")
    entries: list[RecoveryEntry] = strawberry.field(
        default=NOT_LOADED, description="What changed it, in order.", metadata=about(12)
    )
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.input(description="Which recoveries; all that is given must hold.")
class RecoveryFilter:
    """Which recoveries."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    open: bool | None = strawberry.field(default=None, description="Whether something is left.")
    and_: list[RecoveryFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[RecoveryFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: RecoveryFilter | None = strawberry.field(name="not", default=None, description=NOT)


class RecoveryOrderField(StrEnum):
    """What recoveries may be ordered by."""

    OPENED = "OPENED"


described(
    RecoveryOrderField,
    "What recoveries may be ordered by.",
    {"OPENED": Words("决定时间", "Opened", "决定的先后。", "When it was decided.")},
)


@strawberry.input(description="An order of recoveries.")
class RecoveryOrder:
    """An order of recoveries."""

    field: RecoveryOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: RecoveryFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from whether("open", given.open)


def recovery_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Recovery]:
    """Rows as recoveries."""
    grants = reading.vault.ids("Grant", [row.grant_id for row in rows])
    return [
        Recovery(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            grant_id=strawberry.ID(grant_id),
            programme=row.programme_code,
            total=known_money(row.total_fen),
            most=known_money(row.most_fen),
            left=known_money(row.left_fen),
            cause=RecoveryCause(row.cause),
            opened_at=row.opened_at,
        )
        for row, public_id, grant_id in zip(rows, reading.ids("Recovery", rows), grants, strict=True)
    ]


def _entry_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[RecoveryEntry]:
    whole = asked.has("reason") and reading.sees_identity
    reason = reading.shown("recovery_entries.reason", whole, lambda _: None)
    return [
        RecoveryEntry(
            kind=EntryKind(row.kind),
            month=None if row.month is None else Month(row.month),
            amount=known_money(row.amount_fen),
            left=known_money(row.left_fen),
            cap=money_of(row.cap_fen),
            paid_on=row.paid_on,
            reason=reason(row.reason),
            entered_at=row.entered_at,
        )
        for row in rows
    ]


@strawberry.type(description="What may be asked about what is given back.")
class RecoveryQueries:
    """Recoveries."""

    @guards.query(Permission.READ_CASES, "What households give back, the latest decided first.")
    async def recoveries(
        self,
        info: Info,
        filter: Annotated[RecoveryFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[RecoveryOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Recovery] | None:
        """A page of recoveries."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "OPENED"), Window(first, after, last, before)
        return await connection(info, loaders.RECOVERIES, recovery_objects, where, order, window)


@strawberry.input(description="An instalment that a household paid in.")
class PayInstalmentInput(MutationInput):
    """An instalment that a household paid in."""

    recovery_id: strawberry.ID = strawberry.field(description=RECOVERY)
    month: Month = strawberry.field(description="For which month: one since the decision, none to come, each once.")
    amount: Decimal = strawberry.field(description="How much: no more than that month could bear.")
    paid_on: dt.date = strawberry.field(description="When it was paid in.")


@strawberry.type(description="What `payInstalment` answers.")
class PayInstalmentPayload(Payload):
    """What `payInstalment` answers."""

    recovery: Recovery | None = strawberry.field(description="The recovery as it stands now.")


@strawberry.input(description="That what is left of a recovery is given up.")
class WaiveRecoveryInput(MutationInput):
    """That what is left is given up."""

    recovery_id: strawberry.ID = strawberry.field(description=RECOVERY)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `waiveRecovery` answers.")
class WaiveRecoveryPayload(Payload):
    """What `waiveRecovery` answers."""

    recovery: Recovery | None = strawberry.field(description="The recovery, of which nothing is left.")


@strawberry.type(description="What may be done with what is given back.")
class RecoveryMutations:
    """Instalments are paid in, and what is left is waived."""

    @guards.mutation(
        Permission.KEEP_FILES, "Records an instalment that a household paid in; nothing is withheld from its aid."
    )
    async def pay_instalment(
        self, info: Info, input: Annotated[PayInstalmentInput, strawberry.argument(description="The instalment.")]
    ) -> PayInstalmentPayload:
        """Records an instalment."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            amount = fen_of(input.amount, ("input", "amount")) or 0
            key = nodes.key_of(info, "Recovery", input.recovery_id)
            told = (input.month, amount, input.paid_on)
            return await recoveries.pay_in(connection, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        recovery = await nodes.below_payload(info, "Recovery", "recovery", done.subject)
        return PayInstalmentPayload(recovery=recovery, **done.answered)

    @guards.mutation(Permission.DECIDE_FILES, "Gives up what is left of a recovery.")
    async def waive_recovery(
        self, info: Info, input: Annotated[WaiveRecoveryInput, strawberry.argument(description="Which, and why.")]
    ) -> WaiveRecoveryPayload:
        """Waives what is left."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "Recovery", input.recovery_id), info.context
            return await recoveries.waive(connection, context.vault, viewer, key, input.reason, context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        recovery = await nodes.below_payload(info, "Recovery", "recovery", done.subject)
        return WaiveRecoveryPayload(recovery=recovery, **done.answered)


branch(
    Recovery,
    "entries",
    Branch("key", lambda reading, keys, _: loaders.entries_of(reading, keys), _entry_objects, "entries"),
)
branch(Recovery, "household", ITS_HOUSEHOLD)
kind("Recovery", Kind(loaders.recoveries_by_key, recovery_objects, Permission.READ_CASES))
