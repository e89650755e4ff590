"""Cycles of payments, their orders, and what becomes of them; a payee's account stands only in the list for the bank."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import payments as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, of_keys, one_of
from api.schema.funds import Fund, fund_objects
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Id, Kind, kind
from api.schema.payment_terms import CycleKind, CycleState, HeldBecause, OrderState
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Money, Node, division_of, known_money
from api.schema.words import Direction
from api.services import bank, cycles, settlement

CYCLE, VERSION = "The cycle.", "The cycle's `version` as it was read."


@strawberry.type(description="What orders of a cycle come to that stand alike.")
class OrderSum:
    """What orders come to."""

    state: OrderState = strawberry.field(description="Where they stand.")
    held_because: HeldBecause | None = strawberry.field(description="Why they are held, or were.")
    orders: int = strawberry.field(description="How many they are.")
    amount: Money = strawberry.field(description="What they come to.")


@strawberry.type(description="The payments of one programme from one fund in one month.")
class PaymentCycle(Node):
    """A cycle of payments."""

    key: strawberry.Private[int]
    fund_key: strawberry.Private[int]
    kind: CycleKind = strawberry.field(description="What it is made of.")
    programme_code: str = strawberry.field(description="Of which programme, as in `programmes`.")
    division: Division = strawberry.field(description="For which division.")
    month: Month = strawberry.field(description="Months up to this one are paid.")
    state: CycleState = strawberry.field(description="Where it stands.")
    seed: str = strawberry.field(description="By which the recipients are drawn who are asked afterwards.")
    drawn_up_by: str = strawberry.field(description="Who drew it up.")
    drawn_up_at: dt.datetime = strawberry.field(description="When.")
    approved_by: str | None = strawberry.field(description="Who approved it: never who drew it up.")
    approved_at: dt.datetime | None = strawberry.field(description="When.")
    settled_by: str | None = strawberry.field(description="Who settled it.")
    settled_at: dt.datetime | None = strawberry.field(description="When.")
    times_listed: int = strawberry.field(
        description="How often its list was taken for the bank; from the second time on with a reason."
    )
    reconciled_at: dt.datetime | None = strawberry.field(description="When the bank had answered all of it.")
    cancelled_by: str | None = strawberry.field(description="Who cancelled it.")
    cancelled_at: dt.datetime | None = strawberry.field(description="When.")
    cancelled_because: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    fund: Fund | None = strawberry.field(
        default=NOT_LOADED, description="From which fund; null where the viewer's division is not the fund's."
    )
    sums: list[OrderSum] = strawberry.field(
        default=NOT_LOADED, description="What its orders come to.", metadata=about(3)
    )


@strawberry.type(description="A month of a grant that an order pays.")
class OrderMonth:
    """A month that an order pays."""

    month: Month = strawberry.field(description="The month.")
    amount: Money = strawberry.field(description="What is paid for it.")


@strawberry.type(description="What a household is to be paid in a cycle for months of a grant.")
class PaymentOrder(Node):
    """What a household is to be paid."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    cycle_key: strawberry.Private[int]
    reference: str = strawberry.field(description="By which the bank tells it.")
    state: OrderState = strawberry.field(description="What became of it.")
    held_because: HeldBecause | None = strawberry.field(description="Why it is held, or was.")
    amount: Money = strawberry.field(description="How much.")
    answered_on: dt.date | None = strawberry.field(description="When the bank paid it or sent it back.")
    returned_because: str | None = strawberry.field(
        description="Why the bank sent it back, in the bank's words; null for viewers who see masks."
    )
    repays_id: strawberry.ID | None = strawberry.field(
        description="The order that was returned, which it pays again."
    )
    version: int = strawberry.field(description="Counts changes; to be given back by `repayOrder`.")
    months: list[OrderMonth] = strawberry.field(
        default=NOT_LOADED, description="Which months it pays; none while it is held.", metadata=about(2)
    )
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    cycle: PaymentCycle | None = strawberry.field(
        default=NOT_LOADED, description="Its cycle; null where the viewer's division is not the cycle's."
    )


@strawberry.input(description="Which cycles; all that is given must hold.")
class PaymentCycleFilter:
    """Which cycles."""

    division_code: str | None = strawberry.field(default=None, description="For this division or one below it.")
    states: list[CycleState] | None = strawberry.field(default=None, description="At one of these states.")
    fund_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="From these funds.")
    months: DateRange | None = strawberry.field(default=None, description="Of months whose first day lies in this.")
    and_: list[PaymentCycleFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[PaymentCycleFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: PaymentCycleFilter | None = strawberry.field(name="not", default=None, description=NOT)


@strawberry.input(description="Which orders; all that is given must hold.")
class PaymentOrderFilter:
    """Which orders."""

    division_code: str | None = strawberry.field(
        default=None, description="Of households of this division or one below it."
    )
    cycle_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these cycles.")
    fund_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Paid from these funds.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For these households.")
    states: list[OrderState] | None = strawberry.field(default=None, description="At one of these states.")
    and_: list[PaymentOrderFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[PaymentOrderFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: PaymentOrderFilter | None = strawberry.field(name="not", default=None, description=NOT)


class PaymentCycleOrderField(StrEnum):
    """What cycles may be ordered by."""

    DRAWN_UP = "DRAWN_UP"
    MONTH = "MONTH"


class PaymentOrderOrderField(StrEnum):
    """What orders may be ordered by."""

    DRAWN_UP = "DRAWN_UP"


described(
    PaymentCycleOrderField,
    "What cycles may be ordered by.",
    {
        "DRAWN_UP": Words("编制先后", "Drawn up", "编制的先后。", "When it was drawn up."),
        "MONTH": Words("月份", "Month", "发放月份。", "Its month."),
    },
)
described(
    PaymentOrderOrderField,
    "What orders may be ordered by.",
    {"DRAWN_UP": Words("编制先后", "Drawn up", "编制的先后。", "When it was drawn up.")},
)


@strawberry.input(description="An order of cycles.")
class PaymentCycleOrder:
    """An order of cycles."""

    field: PaymentCycleOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="An order of orders to pay.")
class PaymentOrderOrder:
    """An order of orders to pay."""

    field: PaymentOrderOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


def _of_cycles(info: Info, given: PaymentCycleFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("states", given.states)
    yield from of_keys(info, "funds", "Fund", given.fund_ids)
    yield from between("months", given.months)


def _of_orders(info: Info, given: PaymentOrderFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_keys(info, "cycles", "PaymentCycle", given.cycle_ids)
    yield from of_keys(info, "funds", "Fund", given.fund_ids)
    yield from of_households(info, given.household_ids)
    yield from one_of("states", given.states)


def cycle_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[PaymentCycle]:
    """Rows as cycles."""
    told = asked.has("cancelledBecause") and reading.sees_identity
    because = reading.shown("payment_cycles.cancelled_because", told, lambda _: None)
    return [
        PaymentCycle(
            id=strawberry.ID(public_id),
            key=row.id,
            fund_key=row.fund_id,
            kind=CycleKind(row.kind),
            programme_code=row.programme_code,
            division=division_of(row.division_code),
            month=Month(row.month),
            state=CycleState(row.state),
            seed=row.seed,
            drawn_up_by=row.drawer,
            drawn_up_at=row.drawn_up_at,
            approved_by=row.approver,
            approved_at=row.approved_at,
            settled_by=row.settler,
            settled_at=row.settled_at,
            times_listed=row.times_listed,
            reconciled_at=row.reconciled_at,
            cancelled_by=row.canceller,
            cancelled_at=row.cancelled_at,
            cancelled_because=because(row.cancelled_because),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("PaymentCycle", rows), strict=True)
    ]


def order_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[PaymentOrder]:
    """Rows as orders."""
    told = asked.has("returnedBecause") and reading.sees_identity
    because = reading.shown("payment_orders.returned_because", told, lambda _: None)
    ids = reading.vault.ids
    return [
        PaymentOrder(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            cycle_key=row.cycle_id,
            reference=row.reference,
            state=OrderState(row.state),
            held_because=HeldBecause(row.held_because) if row.held_because else None,
            amount=known_money(row.amount_fen),
            answered_on=row.answered_on,
            returned_because=because(reading.whereabouts(row, row.returned_because)),
            repays_id=strawberry.ID(ids("PaymentOrder", [row.repays_id])[0]) if row.repays_id else None,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("PaymentOrder", rows), strict=True)
    ]


def _sums(reading: Reading, rows: Rows, asked: Wanted) -> list[OrderSum]:
    return [
        OrderSum(
            state=OrderState(row.state),
            held_because=HeldBecause(row.held_because) if row.held_because else None,
            orders=row.orders,
            amount=known_money(int(row.amount_fen)),
        )
        for row in rows
    ]


def _months(reading: Reading, rows: Rows, asked: Wanted) -> list[OrderMonth]:
    return [OrderMonth(month=Month(row.month), amount=known_money(row.amount_fen)) for row in rows]


@strawberry.input(description="What a cycle is drawn up of.")
class DrawUpCycleInput(MutationInput):
    """What a cycle is drawn up of."""

    fund_id: strawberry.ID = strawberry.field(description="From which fund.")
    programme_code: str = strawberry.field(description="Of which programme, as in `programmes`.")
    division_code: str = strawberry.field(description="For which division and all below it.")
    month: Month = strawberry.field(description="Months that are due up to this one are paid; none to come.")


@strawberry.input(description="A cycle that another officer drew up.")
class ApproveCycleInput(MutationInput):
    """A cycle to be approved."""

    cycle_id: strawberry.ID = strawberry.field(description=CYCLE)
    expected_version: int = strawberry.field(description=VERSION)


@strawberry.input(description="A cycle that was approved.")
class SettleCycleInput(MutationInput):
    """A cycle to be settled."""

    cycle_id: strawberry.ID = strawberry.field(description=CYCLE)
    expected_version: int = strawberry.field(description=VERSION)


@strawberry.input(description="A cycle that is not settled yet, and why it is not to be.")
class CancelCycleInput(MutationInput):
    """A cycle to be cancelled."""

    cycle_id: strawberry.ID = strawberry.field(description=CYCLE)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.input(description="What the bank answers of a settled cycle.")
class ReconcileCycleInput(MutationInput):
    """What the bank answers."""

    cycle_id: strawberry.ID = strawberry.field(description=CYCLE)
    answers: str = strawberry.field(
        description="The bank's file as CSV text, with the columns 指令号/reference, 结果/result, 金额/amount, 日期/date and "
        "原因/reason. Larger files, and Excel's, are sent to POST /payments/CYCLE."
    )


@strawberry.input(description="An order that the bank sent back.")
class RepayOrderInput(MutationInput):
    """An order that the bank sent back."""

    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = strawberry.field(description="The order's `version` as it was read.")


@strawberry.type(description="A place of a file that cannot be taken; nothing of the file was.")
class RowError:
    """A place of a file that cannot be taken."""

    file: str = strawberry.field(description="The file.")
    row: int = strawberry.field(description="The row, the headings being the first.")
    column: str = strawberry.field(description="The column's heading.")
    message: str = strawberry.field(description="What is wrong, in Chinese or English as Accept-Language says.")


@strawberry.type(description="What `drawUpCycle` answers.")
class DrawUpCyclePayload(Payload):
    """What `drawUpCycle` answers."""

    cycle: PaymentCycle | None = strawberry.field(description="The cycle; what is held says why.")


@strawberry.type(description="What `approveCycle` answers.")
class ApproveCyclePayload(Payload):
    """What `approveCycle` answers."""

    cycle: PaymentCycle | None = strawberry.field(description="The cycle as it stands now.")


@strawberry.type(description="What `settleCycle` answers.")
class SettleCyclePayload(Payload):
    """What `settleCycle` answers."""

    cycle: PaymentCycle | None = strawberry.field(description="The cycle as it stands now.")


@strawberry.type(description="What `cancelCycle` answers.")
class CancelCyclePayload(Payload):
    """What `cancelCycle` answers."""

    cycle: PaymentCycle | None = strawberry.field(description="The cycle as it stands now.")


@strawberry.type(description="What `reconcileCycle` answers.")
class ReconcileCyclePayload(Payload):
    """What `reconcileCycle` answers."""

    cycle: PaymentCycle | None = strawberry.field(description="The cycle as it stands now.")
    row_errors: list[RowError] = strawberry.field(
        description="What stands in the way of taking the file in, the first 100.", metadata=about(5)
    )


@strawberry.type(description="What `repayOrder` answers.")
class RepayOrderPayload(Payload):
    """What `repayOrder` answers."""

    cycle: PaymentCycle | None = strawberry.field(
        description="A cycle of one order, which another officer has to approve."
    )


@strawberry.type(description="What may be asked about payments.")
class PaymentQueries:
    """Payments."""

    @guards.query(Permission.READ_CASES, "Cycles of payments of the viewer's division, the latest first.")
    async def payment_cycles(
        self,
        info: Info,
        filter: Annotated[PaymentCycleFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[PaymentCycleOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PaymentCycle] | None:
        """A page of cycles."""
        where = joined(filter, lambda given, _: _of_cycles(info, given))
        order, window = order_of(order_by, "DRAWN_UP"), Window(first, after, last, before)
        return await connection(info, loaders.CYCLES, cycle_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One cycle of payments; null where there is none that this viewer may see.")
    async def payment_cycle(self, info: Info, id: Id) -> PaymentCycle | None:
        """One cycle."""
        found: PaymentCycle | None = await nodes.one(info, "PaymentCycle", id)
        return found

    @guards.query(Permission.READ_CASES, "Orders to pay households of the viewer's division, in their order.")
    async def payment_orders(
        self,
        info: Info,
        filter: Annotated[PaymentOrderFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[PaymentOrderOrder] | None, strawberry.argument(description=ORDER + " as they were drawn up.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PaymentOrder] | None:
        """A page of orders."""
        where = joined(filter, lambda given, _: _of_orders(info, given))
        order = order_of(order_by or [PaymentOrderOrder(field=PaymentOrderOrderField.DRAWN_UP)], "DRAWN_UP")
        return await connection(info, loaders.ORDERS, order_objects, where, order, Window(first, after, last, before))


@strawberry.type(description="What may be done with payments.")
class PaymentMutations:
    """Payments are made."""

    @guards.mutation(
        Permission.KEEP_FILES,
        "Draws up a cycle with an order for each grant of which months are due, and commits the fund's money.",
    )
    async def draw_up_cycle(
        self, info: Info, input: Annotated[DrawUpCycleInput, strawberry.argument(description="Of what.")]
    ) -> DrawUpCyclePayload:
        """Draws up a cycle."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            told = (nodes.key_of(info, "Fund", input.fund_id), input.programme_code, input.division_code, input.month)
            return await cycles.draw_up(connection, info.context.vault, viewer, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        return DrawUpCyclePayload(cycle=cycle, **done.answered)

    @guards.mutation(Permission.DECIDE_FILES, "Approves a cycle that another officer drew up. It pays nothing yet.")
    async def approve_cycle(
        self, info: Info, input: Annotated[ApproveCycleInput, strawberry.argument(description="Which.")]
    ) -> ApproveCyclePayload:
        """Approves a cycle."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "PaymentCycle", input.cycle_id)
            return await cycles.approve(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        return ApproveCyclePayload(cycle=cycle, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Settles an approved cycle: it goes to the bank as GET /payments/CYCLE.csv lists it, and counts as paid.",
    )
    async def settle_cycle(
        self, info: Info, input: Annotated[SettleCycleInput, strawberry.argument(description="Which.")]
    ) -> SettleCyclePayload:
        """Settles a cycle."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "PaymentCycle", input.cycle_id)
            return await settlement.settle(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        return SettleCyclePayload(cycle=cycle, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES, "Cancels a cycle that is not settled yet; its money is the fund's again."
    )
    async def cancel_cycle(
        self, info: Info, input: Annotated[CancelCycleInput, strawberry.argument(description="Which, and why.")]
    ) -> CancelCyclePayload:
        """Cancels a cycle."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "PaymentCycle", input.cycle_id), info.context.vault
            told = (input.expected_version, input.reason)
            return await cycles.cancel(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        return CancelCyclePayload(cycle=cycle, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES,
        "Takes in what the bank answers of a cycle, all of a file or nothing; the same file twice changes nothing.",
    )
    async def reconcile_cycle(
        self, info: Info, input: Annotated[ReconcileCycleInput, strawberry.argument(description="The answers.")]
    ) -> ReconcileCyclePayload:
        """Takes in the bank's answers."""
        refused: list[bank.RowRefused] = []

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, content = nodes.key_of(info, "PaymentCycle", input.cycle_id), input.answers.encode()
            lines = await asyncio.to_thread(bank.lines, "answers.csv", content)
            digest = hashlib.sha256(content).hexdigest()
            try:
                taken = await bank.answered(
                    connection, info.context.vault, viewer, key, lines, digest, info.context.now()
                )
            except bank.AnswersRefused as why:
                refused.extend(why.rows)
                raise
            return taken.cycle_id

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        language = info.context.language
        errors = [
            RowError(file=each.file, row=each.row, column=each.column, message=each.words(language))
            for each in refused
        ]
        return ReconcileCyclePayload(cycle=cycle, row_errors=errors, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES,
        "Draws up a cycle that pays a returned order again, to the household's account of today.",
    )
    async def repay_order(
        self, info: Info, input: Annotated[RepayOrderInput, strawberry.argument(description="Which.")]
    ) -> RepayOrderPayload:
        """Pays an order again."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "PaymentOrder", input.order_id), info.context.vault
            return await settlement.repay(connection, vault, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cycle = await nodes.below_payload(info, "PaymentCycle", "cycle", done.subject)
        return RepayOrderPayload(cycle=cycle, **done.answered)


branch(
    PaymentCycle,
    "fund",
    Branch("fund_key", lambda reading, keys, _: loaders.funds_by_key(reading, keys), fund_objects, "fund", False),
)
branch(PaymentCycle, "sums", Branch("key", lambda reading, keys, _: loaders.sums_of(reading, keys), _sums, "sums"))
branch(
    PaymentOrder,
    "months",
    Branch("key", lambda reading, keys, _: loaders.months_of(reading, keys), _months, "months"),
)
branch(
    PaymentOrder,
    "cycle",
    Branch("cycle_key", lambda reading, keys, _: loaders.cycles_by_key(reading, keys), cycle_objects, "cycle", False),
)
branch(PaymentOrder, "household", ITS_HOUSEHOLD)
kind("PaymentCycle", Kind(loaders.cycles_by_key, cycle_objects, Permission.READ_CASES))
kind("PaymentOrder", Kind(loaders.orders_by_key, order_objects, Permission.READ_CASES))
