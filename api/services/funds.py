"""Funds: money is allocated to them, and every move of it is an entry of the ledger (domain/ledger).

The database reckons a fund's balances as entries come; one that would fall below zero takes the whole transaction back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, Row, Select, String, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import UtcDateTime, locked, upsert
from api.domain import casework, divisions, money
from api.domain.errors import NotDone, UserErrorCode
from api.domain.ledger import MOVES, Entry, FundAccount, FundEntryKind, FundSource, balanced
from api.domain.permissions import Viewer
from api.models import Fund, FundEntry, PaymentCycle, PaymentOrder, table
from api.services import audit

F, E, O = table(Fund).c, table(FundEntry).c, table(PaymentOrder).c  # noqa: E741
YEARS = range(2000, 2100)
LONGEST_DOCUMENT = 100
MOST_FEN = 10**15
BALANCES = {
    "allocated_fen": FundAccount.OUTSIDE, "available_fen": FundAccount.AVAILABLE, "committed_fen": FundAccount.COMMITTED,
    "paid_fen": FundAccount.PAID,
}  # fmt: skip

_FUND = scope.narrow(select(*F), F.division_code)


async def allocate(
    connection: AsyncConnection,
    viewer: Viewer,
    source: FundSource,
    division_code: str,
    year: int,
    amount_fen: int,
    document_no: str,
    now: dt.datetime,
    *,
    back: bool = False,
) -> int:
    """Money comes into the fund of this source, division and year, or goes back to where it came from; the fund's key.

    A document allocates once. What donors give comes in by a pledge alone (services/donations). Raises NotDone.
    """
    if source is FundSource.SOCIAL and not back:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "source"),
            "社会捐助资金经认捐到账登记入账。",
            "What donors give comes in as money of a pledge.",
        )
    kind = FundEntryKind.TAKEN_BACK if back else FundEntryKind.ALLOCATED
    fund_id, _ = await _allocated(connection, viewer, source, division_code, year, kind, amount_fen, document_no, now)
    return fund_id


async def donated(
    connection: AsyncConnection,
    viewer: Viewer,
    division_code: str,
    year: int,
    amount_fen: int,
    receipt_no: str,
    now: dt.datetime,
) -> int:
    """Money of a donor comes into the fund of what donors give there in that year; the entry's key. Raises NotDone."""
    source, kind = FundSource.SOCIAL, FundEntryKind.ALLOCATED
    _, entry = await _allocated(connection, viewer, source, division_code, year, kind, amount_fen, receipt_no, now)
    return entry


async def _allocated(
    connection: AsyncConnection,
    viewer: Viewer,
    source: FundSource,
    division_code: str,
    year: int,
    kind: FundEntryKind,
    amount_fen: int,
    document_no: str,
    now: dt.datetime,
) -> tuple[int, int]:
    """The keys of the fund and of the entry. Raises NotDone."""
    written = casework.words(document_no, "documentNo", most=LONGEST_DOCUMENT)
    check_division(viewer, division_code)
    if year not in YEARS:
        raise NotDone(UserErrorCode.INVALID, ("input", "year"), "年度有误。", "That is no year.")
    if not 0 < amount_fen <= MOST_FEN:
        raise NotDone(UserErrorCode.INVALID, ("input", "amount"), "金额须大于零。", "The amount is above zero.")
    fund_id = await _opened(connection, source, division_code, year, now)
    fund = await hold(connection, viewer, fund_id)
    reference = f"FUND:{fund_id}:{kind}:{written}"
    if await connection.scalar(select(E.id).where(E.reference == reference)) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "documentNo"),
            "此文号已登记过。",
            "This document has been entered already.",
        )
    if kind is FundEntryKind.TAKEN_BACK:
        enough(fund, amount_fen, "amount")
    entry = await _enter(connection, viewer, fund_id, kind, amount_fen, reference, now, document_no=written)
    detail = {"kind": kind.value, "amount_fen": amount_fen}
    await audit.record(connection, viewer.user_id, "fund.allocated", ("Fund", fund_id), now, detail)
    return fund_id, entry


def check_division(viewer: Viewer, division_code: str) -> None:
    """Raises NotDone for a division that there is not, or that is not the viewer's."""
    if not divisions.is_known(division_code) or not divisions.holds(viewer.division_code, division_code):
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "divisionCode"), "没有此区划。", "There is no such division."
        )


async def recovered(
    connection: AsyncConnection, viewer: Viewer, order_id: int, amount_fen: int, reference: str, now: dt.datetime
) -> None:
    """Money that was paid by an order came back from the household, by a decision that stands elsewhere (F-34).

    Raises NotDone where more would come back than the order paid.
    """
    found = select(O.amount_fen, PaymentCycle.fund_id).join(PaymentCycle, PaymentCycle.id == O.cycle_id)
    order = (await connection.execute(found.where(O.id == order_id))).one()
    await connection.execute(locked(select(F.id).where(F.id == order.fund_id), connection, Fund))
    back = select(func.coalesce(func.sum(E.amount_fen), 0)).where(
        E.order_id == order_id, E.credit == FundAccount.PAID, E.reference != reference
    )
    if amount_fen + int((await connection.execute(back)).scalar_one()) > order.amount_fen:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "amount"),
            "追回金额不得超过已发放金额。",
            "No more comes back than was paid.",
        )
    kind = FundEntryKind.RECOVERED
    await _enter(connection, viewer, order.fund_id, kind, amount_fen, reference, now, order_id=order_id)


async def hold(connection: AsyncConnection, viewer: Viewer, fund_id: int | None) -> Row[*tuple[Any, ...]]:
    """The fund as it stands, which nobody else draws on until the transaction ends. Raises NotDone."""
    statement = locked(_FUND.where(F.id == fund_id), connection, Fund)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "fundId"), "没有此资金。", "There is no such fund.")
    return found


def enough(fund: Row[*tuple[Any, ...]], amount_fen: int, field: str) -> None:
    """Raises NotDone where the fund has less than that to dispose of."""
    if fund.available_fen < amount_fen:
        have, need = money.yuan(fund.available_fen), money.yuan(amount_fen)
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", field),
            f"资金可用余额 {have} 元，不足 {need} 元。",
            f"The fund has {have} yuan to dispose of, and {need} are needed.",
        )


async def move(
    connection: AsyncConnection,
    viewer: Viewer,
    kind: FundEntryKind,
    orders: Select[*tuple[Any, ...]],
    now: dt.datetime,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Takes the money of these orders over, all in one statement: their keys and amounts, and whose fund it is.

    `told` are the parameters of the orders' statement, where it has any.
    """
    out_of, into = MOVES[kind]
    order = orders.subquery("moved")
    rows = select(
        order.c.fund_id, literal(kind.value), literal(out_of.value), literal(into.value), order.c.amount_fen,
        literal("ORDER:") + cast(order.c.id, String) + literal(f":{kind.value}"), order.c.id,
        literal(viewer.user_id, Integer), literal(now, UtcDateTime()),
    )  # fmt: skip
    columns = (
        "fund_id", "kind", "credit", "debit", "amount_fen", "reference", "order_id", "user_id", "happened_at",
    )  # fmt: skip
    await connection.execute(insert(FundEntry).from_select(columns, rows), told)


async def differing(connection: AsyncConnection) -> Sequence[int]:
    """Funds whose balances are not what their entries come to, or whose entries are not what became of their orders."""
    entries: dict[int, list[Entry]] = {}
    rows = await connection.execute(select(E.fund_id, E.kind, E.amount_fen, E.reference).order_by(E.id))
    for fund, kind, amount, reference in rows:
        entries.setdefault(fund, []).append(Entry(fund, FundEntryKind(kind), amount, reference))
    of_orders: dict[tuple[int, str], int] = {}
    counted = select(PaymentCycle.fund_id, O.state, func.sum(O.amount_fen)).join(
        PaymentCycle, PaymentCycle.id == O.cycle_id
    )
    for fund, state, amount in await connection.execute(counted.group_by(PaymentCycle.fund_id, O.state)):
        of_orders[fund, state] = int(amount)
    recovered_by_fund = {
        fund: sum(each.amount_fen for each in some if each.kind is FundEntryKind.RECOVERED)
        for fund, some in entries.items()
    }
    wrong = []
    for fund in await connection.execute(select(*F)):
        ledger = balanced(entries.get(fund.id, []))
        told = {name: ledger.balance(fund.id, account) for name, account in BALANCES.items()}
        told["allocated_fen"] *= -1
        ordered = {state: of_orders.get((fund.id, state), 0) for state in ("DRAWN_UP", "SETTLED", "PAID")}
        paid = ordered["SETTLED"] + ordered["PAID"] - recovered_by_fund.get(fund.id, 0)
        if any(getattr(fund, name) != amount for name, amount in told.items()) or (
            (fund.committed_fen, fund.paid_fen) != (ordered["DRAWN_UP"], paid)
        ):
            wrong.append(int(fund.id))
    return wrong


async def _enter(
    connection: AsyncConnection,
    viewer: Viewer,
    fund_id: int,
    kind: FundEntryKind,
    amount_fen: int,
    reference: str,
    now: dt.datetime,
    **also: Any,
) -> int:
    """One entry of the ledger, its key; `also` tells its order or its document."""
    out_of, into = MOVES[kind]
    row = {"fund_id": fund_id, "kind": kind, "credit": out_of, "debit": into, "amount_fen": amount_fen, **also}
    told = {"reference": reference, "user_id": viewer.user_id, "happened_at": now}
    added = await connection.execute(insert(FundEntry).values(**row, **told).returning(E.id))
    return int(added.scalar_one())


async def _opened(
    connection: AsyncConnection, source: FundSource, division_code: str, year: int, now: dt.datetime
) -> int:
    """The fund's key, which is opened where it is not there yet."""
    of = {"source": source, "division_code": division_code, "year": year}
    nothing = dict.fromkeys(BALANCES, 0)
    keys = ("source", "division_code", "year")
    opened = upsert(connection, table(Fund), keys, keys, {"year": year}).values(**of, **nothing, created_at=now)
    return int((await connection.execute(opened.returning(F.id))).scalar_one())
