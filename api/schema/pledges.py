"""What donors pledge, what came of it, and how much of that the ledger can say was paid to households; never to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.donations import spent, together
from api.domain.measures import Measure
from api.domain.permissions import Permission, Viewer
from api.loaders import donations as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.donation_terms import PledgeKind, PledgeState, SpendingKnown
from api.schema.donors import Donor, donor_objects
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_keys, one_of
from api.schema.households import NOT_LOADED
from api.schema.nodes import Kind, kind
from api.schema.people import fen_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch, grow
from api.schema.values import DateRange, Division, Money, Node, division_of, known_money, money_of
from api.schema.words import Direction
from api.services import donations
from api.services.donations import Pledged, Received

PLEDGE, VERSION = "The pledge.", "The pledge's `version` as it was read."


@strawberry.type(description="That some of a pledge came; by the receipt the donor deducts it from taxable income.")
class DonationReceipt:
    """That some of a pledge came."""

    amount: Money | None = strawberry.field(description="How much; null for goods and services.")
    received_on: dt.date = strawberry.field(description="When.")
    receipt_no: str = strawberry.field(description="The receipt's number; in the ledger, the document of the entry.")
    fund_id: strawberry.ID | None = strawberry.field(description="The fund into which the money went.")
    entered_by: str = strawberry.field(description="Who entered it.")


@strawberry.type(description="What a donor promised, for what and until when.")
class DonationPledge(Node):
    """What a donor promised."""

    key: strawberry.Private[int]
    donor_key: strawberry.Private[int]
    kind: PledgeKind = strawberry.field(description="What is given.")
    amount: Money | None = strawberry.field(description="How much money; null for goods and services.")
    goods: str | None = strawberry.field(description="Which goods or services; null for money.")
    division: Division = strawberry.field(description="For which division.")
    programme_code: str | None = strawberry.field(description="For which programme, if for one.")
    measure: Measure | None = strawberry.field(description="For which of the policy's measures, if for one.")
    until: dt.date = strawberry.field(description="Until when it holds.")
    state: PledgeState = strawberry.field(description="What became of it.")
    received: Money | None = strawberry.field(description="How much money came; null for goods and services.")
    recorded_by: str = strawberry.field(description="Who wrote it down.")
    recorded_at: dt.datetime = strawberry.field(description="When.")
    withdrawn_because: str | None = strawberry.field(
        description="Why it was withdrawn, where the donor said so; null for viewers who see masks."
    )
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    donor: Donor | None = strawberry.field(
        default=NOT_LOADED, description="Who gives; null where they are registered outside the viewer's division."
    )
    receipts: list[DonationReceipt] = strawberry.field(
        default=NOT_LOADED, description="What came of it.", metadata=about(2)
    )


@strawberry.type(
    description="What was paid of a pledge's money by one fund, in which others' money stands beside it."
)
class DonationFundUse:
    """What one fund tells of a pledge's money."""

    fund_id: strawberry.ID = strawberry.field(description="The fund, whose entries tell of every payment.")
    year: int = strawberry.field(description="Of which year.")
    received: Money = strawberry.field(description="What the pledge brought into it.")
    given: Money = strawberry.field(description="What all who gave brought into it.")
    paid: Money = strawberry.field(description="What it paid to households, and has not come back.")
    paid_at_least: Money = strawberry.field(
        description="Of the pledge's money: at least so much, whoever's went first."
    )
    paid_at_most: Money = strawberry.field(
        description="Of the pledge's money: at most so much, whoever's went first."
    )
    known: SpendingKnown = strawberry.field(description="Whether that is one amount, or a range.")


@strawberry.type(
    description="What became of a pledge, as far as that can honestly be said; of no household anything is told."
)
class DonationUse:
    """What became of a pledge."""

    pledge_id: strawberry.ID = strawberry.field(description=PLEDGE)
    received: Money = strawberry.field(description="How much money came of it.")
    paid_at_least: Money = strawberry.field(description="Paid to households of its money: at least so much.")
    paid_at_most: Money = strawberry.field(description="Paid to households of its money: at most so much.")
    known: SpendingKnown = strawberry.field(description="Whether that is one amount, or a range that the funds tell.")
    funds: list[DonationFundUse] = strawberry.field(description="By fund.", metadata=about(2))


@strawberry.input(description="Which pledges; all that is given must hold.")
class DonationPledgeFilter:
    """Which pledges."""

    division_code: str | None = strawberry.field(default=None, description="For this division or one below it.")
    donor_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="By one of these donors.")
    kinds: list[PledgeKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    states: list[PledgeState] | None = strawberry.field(default=None, description="Of which this became.")
    programme_codes: list[str] | None = strawberry.field(default=None, description="For one of these programmes.")
    measures: list[Measure] | None = strawberry.field(default=None, description="For one of these measures.")
    until: DateRange | None = strawberry.field(default=None, description="That hold until between these days.")
    and_: list[DonationPledgeFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[DonationPledgeFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: DonationPledgeFilter | None = strawberry.field(name="not", default=None, description=NOT)


class DonationPledgeOrderField(StrEnum):
    """What pledges may be ordered by."""

    RECORDED = "RECORDED"
    UNTIL = "UNTIL"


described(
    DonationPledgeOrderField,
    "What pledges may be ordered by.",
    {
        "RECORDED": Words("登记先后", "Recorded", "登记的先后。", "When it was recorded."),
        "UNTIL": Words("期限", "Until", "认捐期限。", "Until when it holds."),
    },
)


@strawberry.input(description="An order of pledges.")
class DonationPledgeOrder:
    """An order of pledges."""

    field: DonationPledgeOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: DonationPledgeFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_keys(info, "donors", "Donor", given.donor_ids)
    yield from one_of("kinds", given.kinds)
    yield from one_of("states", given.states)
    yield from one_of("programmes", given.programme_codes)
    yield from one_of("measures", given.measures)
    yield from between("until", given.until)


def pledge_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[DonationPledge]:
    """Rows as pledges."""
    goods = reading.shown("donation_pledges.goods", asked.has("goods"), lambda told: told)
    because = asked.has("withdrawnBecause") and reading.sees_identity
    closing = reading.shown("donation_pledges.closing", because, lambda _: None)
    return [
        DonationPledge(
            id=strawberry.ID(public_id),
            key=row.id,
            donor_key=row.donor_id,
            kind=PledgeKind(row.kind),
            amount=money_of(row.amount_fen),
            goods=goods(row.goods),
            division=division_of(row.division_code),
            programme_code=row.programme_code,
            measure=Measure(row.measure) if row.measure else None,
            until=row.until,
            state=PledgeState(row.state),
            received=known_money(row.received_fen) if row.kind == PledgeKind.MONEY else None,
            recorded_by=row.display_name,
            recorded_at=row.recorded_at,
            withdrawn_because=closing(row.closing),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("DonationPledge", rows), strict=True)
    ]


def _receipt_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[DonationReceipt]:
    funds = {key: reading.vault.ids("Fund", [key])[0] for key in {row.fund_id for row in rows} - {None}}
    return [
        DonationReceipt(
            amount=money_of(row.amount_fen),
            received_on=row.received_on,
            receipt_no=row.receipt_no,
            fund_id=strawberry.ID(funds[row.fund_id]) if row.fund_id else None,
            entered_by=row.display_name,
        )
        for row in rows
    ]


def _use_object(reading: Reading, pledge_id: strawberry.ID, rows: Rows) -> DonationUse:
    """What became of a pledge, by the funds into which its money went."""
    by_fund = [spent(int(row.own_fen), int(row.given_fen), row.paid_fen) for row in rows]
    whole = together(by_fund)
    return DonationUse(
        pledge_id=pledge_id,
        received=known_money(sum(int(row.own_fen) for row in rows)),
        paid_at_least=known_money(whole.least),
        paid_at_most=known_money(whole.most),
        known=whole.known,
        funds=[
            DonationFundUse(
                fund_id=strawberry.ID(public_id),
                year=row.year,
                received=known_money(int(row.own_fen)),
                given=known_money(int(row.given_fen)),
                paid=known_money(row.paid_fen),
                paid_at_least=known_money(each.least),
                paid_at_most=known_money(each.most),
                known=each.known,
            )
            for row, each, public_id in zip(rows, by_fund, reading.ids("Fund", rows), strict=True)
        ],
    )


@strawberry.input(description="What a donor promises, money or goods, for what and until when.")
class RecordPledgeInput(MutationInput):
    """What a donor promises."""

    donor_id: strawberry.ID = strawberry.field(description="Who gives.")
    division_code: str = strawberry.field(description="For which division.")
    until: dt.date = strawberry.field(description="Until when it holds; then it lapses, and nobody asks for it.")
    amount: Decimal | None = strawberry.field(
        default=None, description="How much money, in yuan with up to two decimals; or else `goods`."
    )
    goods: str | None = strawberry.field(
        default=None, description="Which goods or services, up to 2,000 characters; kept sealed."
    )
    programme_code: str | None = strawberry.field(default=None, description="For which programme, if for one.")
    measure: Measure | None = strawberry.field(default=None, description="For which measure, if for one.")


@strawberry.type(description="What `recordPledge` answers.")
class RecordPledgePayload(Payload):
    """What `recordPledge` answers."""

    pledge: DonationPledge | None = strawberry.field(description=PLEDGE)


@strawberry.input(description="That some of a pledge came.")
class ReceivePledgeInput(MutationInput):
    """That some of a pledge came."""

    pledge_id: strawberry.ID = strawberry.field(description=PLEDGE)
    expected_version: int = strawberry.field(description=VERSION)
    received_on: dt.date = strawberry.field(description="When it came; its year is the fund's.")
    receipt_no: str = strawberry.field(
        description="The number of the receipt that the donor was given, by which it is deducted from taxable income; "
        "each is given once."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="Of money, how much came: no more than is still to come."
    )
    complete: bool = strawberry.field(default=True, description="Of goods and services, whether that was all.")


@strawberry.type(description="What `receivePledge` answers.")
class ReceivePledgePayload(Payload):
    """What `receivePledge` answers."""

    pledge: DonationPledge | None = strawberry.field(description="The pledge as it stands now.")


@strawberry.input(description="A pledge that its donor takes back.")
class WithdrawPledgeInput(MutationInput):
    """A pledge that its donor takes back."""

    pledge_id: strawberry.ID = strawberry.field(description=PLEDGE)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str | None = strawberry.field(
        default=None, description="Why, where the donor says so; up to 2,000 characters, kept sealed."
    )


@strawberry.type(description="What `withdrawPledge` answers.")
class WithdrawPledgePayload(Payload):
    """What `withdrawPledge` answers."""

    pledge: DonationPledge | None = strawberry.field(description="The pledge as it stands now.")


@strawberry.type(description="What may be asked about pledges.")
class PledgeQueries:
    """Pledges."""

    @guards.query(Permission.READ_CASES, "Pledges for the viewer's division, the latest first.")
    async def pledges(
        self,
        info: Info,
        filter: Annotated[DonationPledgeFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[DonationPledgeOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DonationPledge] | None:
        """A page of pledges."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "RECORDED"), Window(first, after, last, before)
        return await connection(info, loaders.PLEDGES, pledge_objects, where, order, window)

    @guards.query(
        Permission.READ_CASES,
        "What became of a pledge: what came, and between which amounts it was paid to households; null where there is "
        "none that this viewer may see.",
    )
    async def donation_use(
        self, info: Info, pledge_id: Annotated[strawberry.ID, strawberry.argument(description=PLEDGE)]
    ) -> DonationUse | None:
        """What became of a pledge."""
        key, asked = nodes.key_of(info, "DonationPledge", pledge_id), wanted(info)
        if key is None:
            return None
        async with info.context.reading() as reading:
            if not await loaders.pledges_by_key(reading, [key]):
                return None
            use = _use_object(reading, pledge_id, await loaders.use_of(reading, key))
            await grow(reading, [use], asked, asked.times)
        return use


@strawberry.type(description="What may be done with pledges.")
class PledgeMutations:
    """Pledges are recorded, received and withdrawn."""

    @guards.mutation(Permission.KEEP_FILES, "Records what a donor promises.")
    async def record_pledge(
        self, info: Info, input: Annotated[RecordPledgeInput, strawberry.argument(description="What, and for what.")]
    ) -> RecordPledgePayload:
        """Records a pledge."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            told = Pledged(
                input.division_code,
                input.until,
                fen_of(input.amount, ("input", "amount")),
                input.goods,
                input.programme_code,
                input.measure,
            )
            donor = nodes.key_of(info, "Donor", input.donor_id)
            return await donations.pledge(connection, info.context.vault, viewer, donor, told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        pledge = await nodes.below_payload(info, "DonationPledge", "pledge", done.subject)
        return RecordPledgePayload(pledge=pledge, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Enters that some of a pledge came: money into the fund of what donors give for its division in that year.",
    )
    async def receive_pledge(
        self, info: Info, input: Annotated[ReceivePledgeInput, strawberry.argument(description="What came.")]
    ) -> ReceivePledgePayload:
        """Enters that some of a pledge came."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            amount = fen_of(input.amount, ("input", "amount"))
            came = Received(input.received_on, input.receipt_no, amount, input.complete)
            key = nodes.key_of(info, "DonationPledge", input.pledge_id)
            return await donations.receive(connection, viewer, key, input.expected_version, came, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        pledge = await nodes.below_payload(info, "DonationPledge", "pledge", done.subject)
        return ReceivePledgePayload(pledge=pledge, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES, "Ends a pledge on its donor's word, who owes no reason; what came of it stays."
    )
    async def withdraw_pledge(
        self, info: Info, input: Annotated[WithdrawPledgeInput, strawberry.argument(description="Which.")]
    ) -> WithdrawPledgePayload:
        """Ends a pledge."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "DonationPledge", input.pledge_id)
            told = (input.expected_version, input.reason)
            return await donations.withdraw(connection, info.context.vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        pledge = await nodes.below_payload(info, "DonationPledge", "pledge", done.subject)
        return WithdrawPledgePayload(pledge=pledge, **done.answered)


branch(
    DonationPledge,
    "donor",
    Branch("donor_key", lambda reading, keys, _: loaders.donors_by_key(reading, keys), donor_objects, "donor", False),
)
branch(
    DonationPledge,
    "receipts",
    Branch("key", lambda reading, keys, _: loaders.receipts_of(reading, keys), _receipt_objects, "receipts"),
)
kind("DonationPledge", Kind(loaders.pledges_by_key, pledge_objects, Permission.READ_CASES))
