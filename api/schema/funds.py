"""Funds by source, where their money stands, and the ledger that tells of every move of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import divisions
from api.domain.permissions import Permission, Viewer
from api.loaders import payments as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_keys, one_of
from api.schema.nodes import Id, Kind, kind
from api.schema.payment_terms import FundAccount, FundEntryKind, FundSource
from api.schema.people import fen_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.tree import grow
from api.schema.values import Division, Money, Node, division_code_of, division_of, known_money
from api.schema.words import Direction
from api.services import funds


@strawberry.type(description="Money of one source for a division and a year: all that came in, and where it stands.")
class Fund(Node):
    """Money of one source."""

    key: strawberry.Private[int]
    source: FundSource = strawberry.field(description="Whose money it is.")
    division: Division = strawberry.field(description="For which division.")
    year: int = strawberry.field(description="Of which year.")
    allocated: Money = strawberry.field(description="What came in: always the sum of the other three.")
    available: Money = strawberry.field(description="What there is to dispose of; never below zero.")
    committed: Money = strawberry.field(description="What stands in cycles that are not settled yet.")
    paid: Money = strawberry.field(description="What was paid to households, and has not come back.")


@strawberry.type(description="Funds of one source together.")
class FundUse:
    """Funds of one source together."""

    source: FundSource = strawberry.field(description="Whose money it is.")
    allocated: Money = strawberry.field(description="What came in.")
    available: Money = strawberry.field(description="What there is to dispose of.")
    committed: Money = strawberry.field(description="What stands in cycles that are not settled yet.")
    paid: Money = strawberry.field(description="What was paid to households, and has not come back.")


@strawberry.type(description="Money that went from one account of a fund to another; entries are only ever added.")
class FundEntry(Node):
    """Money that went from one account to another."""

    key: strawberry.Private[int]
    kind: FundEntryKind = strawberry.field(description="Why.")
    credit: FundAccount = strawberry.field(description="The account that it left.")
    debit: FundAccount = strawberry.field(description="The account to which it went.")
    amount: Money = strawberry.field(description="How much; always above zero.")
    fund_id: strawberry.ID = strawberry.field(description="Of which fund.")
    order_id: strawberry.ID | None = strawberry.field(description="The order that it was for, where it was for one.")
    document_no: str | None = strawberry.field(description="The document that allocated it.")
    entered_by: str = strawberry.field(description="Who did it.")
    happened_at: dt.datetime = strawberry.field(description="When.")


@strawberry.input(description="Which funds; all that is given must hold.")
class FundFilter:
    """Which funds."""

    division_code: str | None = strawberry.field(default=None, description="For this division or one below it.")
    sources: list[FundSource] | None = strawberry.field(default=None, description="Of one of these sources.")
    years: list[int] | None = strawberry.field(default=None, description="Of one of these years.")
    and_: list[FundFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[FundFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: FundFilter | None = strawberry.field(name="not", default=None, description=NOT)


@strawberry.input(description="Which entries; all that is given must hold.")
class FundEntryFilter:
    """Which entries."""

    division_code: str | None = strawberry.field(
        default=None, description="Of funds for this division or one below it."
    )
    fund_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these funds.")
    order_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For these orders.")
    kinds: list[FundEntryKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    and_: list[FundEntryFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[FundEntryFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: FundEntryFilter | None = strawberry.field(name="not", default=None, description=NOT)


class FundOrderField(StrEnum):
    """What funds may be ordered by."""

    YEAR = "YEAR"


class FundEntryOrderField(StrEnum):
    """What entries may be ordered by."""

    HAPPENED = "HAPPENED"


described(FundOrderField, "What funds may be ordered by.", {"YEAR": Words("年度", "Year", "年度。", "The year.")})
described(
    FundEntryOrderField,
    "What entries may be ordered by.",
    {"HAPPENED": Words("登记先后", "Happened", "登记的先后。", "When it happened.")},
)


@strawberry.input(description="An order of funds.")
class FundOrder:
    """An order of funds."""

    field: FundOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="An order of entries.")
class FundEntryOrder:
    """An order of entries."""

    field: FundEntryOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _of_funds(given: FundFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("sources", given.sources)
    if given.years is not None:
        yield Is("years", {"years": given.years})


def _of_entries(info: Info, given: FundEntryFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_keys(info, "funds", "Fund", given.fund_ids)
    yield from of_keys(info, "orders", "PaymentOrder", given.order_ids)
    yield from one_of("kinds", given.kinds)


def fund_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Fund]:
    """Rows as funds."""
    return [
        Fund(
            id=strawberry.ID(public_id),
            key=row.id,
            source=FundSource(row.source),
            division=division_of(row.division_code),
            year=row.year,
            allocated=known_money(row.allocated_fen),
            available=known_money(row.available_fen),
            committed=known_money(row.committed_fen),
            paid=known_money(row.paid_fen),
        )
        for row, public_id in zip(rows, reading.ids("Fund", rows), strict=True)
    ]


def _entry_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[FundEntry]:
    ids = reading.vault.ids
    own = ids("Fund", [row.fund_id for row in rows])
    orders = {key: ids("PaymentOrder", [key])[0] for key in {row.order_id for row in rows} - {None}}
    return [
        FundEntry(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=FundEntryKind(row.kind),
            credit=FundAccount(row.credit),
            debit=FundAccount(row.debit),
            amount=known_money(row.amount_fen),
            fund_id=strawberry.ID(fund),
            order_id=strawberry.ID(orders[row.order_id]) if row.order_id else None,
            document_no=row.document_no,
            entered_by=row.display_name,
            happened_at=row.happened_at,
        )
        for row, fund, public_id in zip(rows, own, reading.ids("FundEntry", rows), strict=True)
    ]


@strawberry.input(description="Money for a fund, or back from it.")
class AllocateFundInput(MutationInput):
    """Money for a fund."""

    source: FundSource = strawberry.field(description="Whose money it is.")
    division_code: str = strawberry.field(description="For which division.")
    year: int = strawberry.field(description="Of which year.")
    amount: Decimal = strawberry.field(description="How much, in yuan with up to two decimals.")
    document_no: str = strawberry.field(description="The document that says so; each is entered once.")
    back: bool = strawberry.field(default=False, description="Whether it goes back to where it came from.")


@strawberry.type(description="What `allocateFund` answers.")
class AllocateFundPayload(Payload):
    """What `allocateFund` answers."""

    fund: Fund | None = strawberry.field(description="The fund as it stands now.")


@strawberry.type(description="What may be asked about funds.")
class FundQueries:
    """Funds."""

    @guards.query(Permission.READ_CASES, "Funds of the viewer's division, those of the latest year first.")
    async def funds(
        self,
        info: Info,
        filter: Annotated[FundFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[FundOrder] | None, strawberry.argument(description=ORDER + " the latest year first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Fund] | None:
        """A page of funds."""
        where = joined(filter, lambda given, _: _of_funds(given))
        order, window = order_of(order_by, "YEAR"), Window(first, after, last, before)
        return await connection(info, loaders.FUNDS, fund_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One fund; null where there is none that this viewer may see.")
    async def fund(self, info: Info, id: Id) -> Fund | None:
        """One fund."""
        found: Fund | None = await nodes.one(info, "Fund", id)
        return found

    @guards.query(Permission.READ_CASES, "The ledger of funds of the viewer's division, the latest entry first.")
    async def fund_entries(
        self,
        info: Info,
        filter: Annotated[FundEntryFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[FundEntryOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[FundEntry] | None:
        """A page of entries."""
        where = joined(filter, lambda given, _: _of_entries(info, given))
        order, window = order_of(order_by, "HAPPENED"), Window(first, after, last, before)
        return await connection(info, loaders.ENTRIES, _entry_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "How funds of a division and all below it were used, by source.", rows=6)
    async def fund_use(
        self,
        info: Info,
        division_code: Annotated[
            str | None, strawberry.argument(description="The division; the viewer's own where nothing is said.")
        ] = None,
        year: Annotated[
            int | None, strawberry.argument(description="Of which year; of all where nothing is said.")
        ] = None,
    ) -> list[FundUse] | None:
        """How funds were used."""
        code = division_code_of(division_code or info.context.viewer_who_may(None).division_code)
        asked = wanted(info)
        async with info.context.reading() as reading:
            rows = await loaders.use(reading, divisions.span(code), year)
            found = [
                FundUse(
                    source=FundSource(row.source),
                    allocated=known_money(int(row.allocated_fen)),
                    available=known_money(int(row.available_fen)),
                    committed=known_money(int(row.committed_fen)),
                    paid=known_money(int(row.paid_fen)),
                )
                for row in rows
            ]
            await grow(reading, found, asked, asked.times)
        return found


@strawberry.type(description="What may be done with funds.")
class FundMutations:
    """Funds are given money."""

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Enters money that came into a fund, or that went back from it; the fund is opened with its first money.",
    )
    async def allocate_fund(
        self, info: Info, input: Annotated[AllocateFundInput, strawberry.argument(description="How much.")]
    ) -> AllocateFundPayload:
        """Enters money."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            amount = fen_of(input.amount, ("input", "amount")) or 0
            told = (input.source, input.division_code, input.year, amount, input.document_no)
            return await funds.allocate(connection, viewer, *told, info.context.now(), back=input.back)

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        fund = await nodes.below_payload(info, "Fund", "fund", done.subject)
        return AllocateFundPayload(fund=fund, **done.answered)


kind("Fund", Kind(loaders.funds_by_key, fund_objects, Permission.READ_CASES))
kind("FundEntry", Kind(loaders.entries_by_key, _entry_objects, Permission.READ_CASES))
