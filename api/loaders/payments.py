"""Funds and their entries; cycles of payments, their orders, and what recipients who were asked said of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, and_, bindparam, func, or_, select

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import (
    BankList,
    Fund,
    FundEntry,
    Household,
    OrderMonth,
    PaymentCheck,
    PaymentCycle,
    PaymentOrder,
    User,
    table,
)

C, E, F, H, K, L = (table(model).c for model in (PaymentCycle, FundEntry, Fund, Household, PaymentCheck, BankList))
M, O, U = table(OrderMonth).c, table(PaymentOrder).c, table(User).c  # noqa: E741
_HIDDEN = scope.protects_household(H.id).label("protected")
_DRAWER, _APPROVER, _SETTLER, _CANCELLER = (
    table(User).alias(name) for name in ("drawer", "approver", "settler", "canceller")
)

_FUNDS = scope.narrow(select(*F), F.division_code)
_FUNDS_BY_KEY = _FUNDS.where(among(F.id, "keys"))
_USE = (
    scope.narrow(
        select(
            F.source,
            *(
                func.sum(F[name]).label(name)
                for name in ("allocated_fen", "available_fen", "committed_fen", "paid_fen")
            ),
        ),
        F.division_code,
    )
    .where(
        F.division_code >= bindparam("from_division"),
        F.division_code < bindparam("to_division"),
        or_(F.year == bindparam("year"), bindparam("every_year")),
    )
    .group_by(F.source)
    .order_by(F.source)
)
_ENTRIES = scope.narrow(
    select(*E, F.division_code, U.display_name).join(Fund, F.id == E.fund_id).outerjoin(User, U.id == E.user_id),
    F.division_code,
)
"""Whoever entered it is there; joined as if they might not be, they are not looked up for entries that are only counted."""
_ENTRIES_BY_KEY = _ENTRIES.where(among(E.id, "keys"))
_CYCLES = scope.narrow(
    select(
        *C,
        select(func.count()).where(L.cycle_id == C.id).scalar_subquery().label("times_listed"),
        *(
            each.c.display_name.label(name)
            for name, each in (
                ("drawer", _DRAWER), ("approver", _APPROVER), ("settler", _SETTLER), ("canceller", _CANCELLER),
            )
        ),
    )
    .join(_DRAWER, _DRAWER.c.id == C.drawn_up_by)
    .outerjoin(_APPROVER, _APPROVER.c.id == C.approved_by)
    .outerjoin(_SETTLER, _SETTLER.c.id == C.settled_by)
    .outerjoin(_CANCELLER, _CANCELLER.c.id == C.cancelled_by),
    C.division_code,
)  # fmt: skip
_CYCLES_BY_KEY = _CYCLES.where(among(C.id, "keys"))
_SUMS_OF = (
    scope.narrow(
        select(
            O.cycle_id, O.state, O.held_because, func.count().label("orders"), func.sum(O.amount_fen).label("amount_fen")
        ).join(PaymentCycle, C.id == O.cycle_id),
        C.division_code,
    )
    .where(among(O.cycle_id, "keys"))
    .group_by(O.cycle_id, O.state, O.held_because)
    .order_by(O.cycle_id, O.state, O.held_because)
)  # fmt: skip
_ORDERS = scope.narrow(select(*O, H.division_code, _HIDDEN).join(Household, H.id == O.household_id), H.division_code)
_ORDERS_BY_KEY = _ORDERS.where(among(O.id, "keys"))
_MONTHS_OF = (
    scope.narrow(
        select(M.order_id, M.month, M.amount_fen)
        .join(PaymentOrder, O.id == M.order_id)
        .join(Household, H.id == O.household_id),
        H.division_code,
    )
    .where(among(M.order_id, "keys"))
    .order_by(M.order_id, M.month)
)
_CHECKS = scope.narrow(
    select(*K, O.household_id, O.cycle_id, H.division_code, U.display_name, _HIDDEN)
    .join(PaymentOrder, O.id == K.order_id)
    .join(Household, H.id == O.household_id)
    .outerjoin(User, U.id == K.checked_by),
    H.division_code,
)
_CHECKS_BY_KEY = _CHECKS.where(among(K.id, "keys"))

FUNDS = Listing(
    "funds",
    _FUNDS,
    F.id,
    {
        "division": in_division(F.division_code),
        "sources": among(F.source, "sources", String),
        "years": among(F.year, "years", BigInteger),
    },
    {"YEAR": By(F.year, int)},
)
ENTRIES = Listing(
    "fund_entries",
    _ENTRIES,
    E.id,
    {
        "division": in_division(F.division_code),
        "funds": among(E.fund_id, "funds", BigInteger),
        "kinds": among(E.kind, "kinds", String),
        "orders": among(E.order_id, "orders", BigInteger),
    },
    {"HAPPENED": By(E.id, int)},
)
CYCLES = Listing(
    "payment_cycles",
    _CYCLES,
    C.id,
    {
        "division": in_division(C.division_code),
        "states": among(C.state, "states", String),
        "funds": among(C.fund_id, "funds", BigInteger),
        "months_from": C.month >= bindparam("months_from"),
        "months_to": C.month <= bindparam("months_to"),
    },
    {"DRAWN_UP": By(C.id, int), "MONTH": By(C.month, dt.date.fromisoformat)},
)
ORDERS = Listing(
    "payment_orders",
    _ORDERS,
    O.id,
    {
        "division": in_division(H.division_code),
        "cycles": among(O.cycle_id, "cycles", BigInteger),
        "funds": O.cycle_id.in_(select(C.id).where(among(C.fund_id, "funds", BigInteger))),
        "households": among(O.household_id, "households", BigInteger),
        "states": among(O.state, "states", String),
    },
    {"DRAWN_UP": By(O.id, int)},
)
CHECKS = Listing(
    "payment_checks",
    _CHECKS,
    K.id,
    {
        "division": in_division(H.division_code),
        "cycles": among(O.cycle_id, "cycles", BigInteger),
        "households": among(O.household_id, "households", BigInteger),
        "outcomes": and_(K.outcome.is_not(None), among(K.outcome, "outcomes", String)),
        "made": K.outcome.is_not(None),
    },
    {"DRAWN": By(K.id, int)},
)


async def funds_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Funds by their key."""
    return await reading.rows(_FUNDS_BY_KEY, {"keys": keys})


async def entries_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Entries by their key."""
    return await reading.rows(_ENTRIES_BY_KEY, {"keys": keys})


async def use(reading: Reading, division: tuple[str, str], year: int | None) -> Rows:
    """What funds of a range of divisions came to, by source."""
    told = {"from_division": division[0], "to_division": division[1], "year": year or 0, "every_year": year is None}
    return await reading.rows(_USE, told)


async def cycles_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Cycles by their key."""
    return await reading.rows(_CYCLES_BY_KEY, {"keys": keys})


async def sums_of(reading: Reading, cycles: Sequence[int]) -> Rows:
    """What the orders of cycles come to, by their state, the first column telling whose."""
    return await reading.rows(_SUMS_OF, {"keys": cycles})


async def orders_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Orders by their key."""
    return await reading.rows(_ORDERS_BY_KEY, {"keys": keys})


async def months_of(reading: Reading, orders: Sequence[int]) -> Rows:
    """The months that orders pay, the first column telling of which."""
    return await reading.rows(_MONTHS_OF, {"keys": orders})


async def checks_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Checks by their key."""
    return await reading.rows(_CHECKS_BY_KEY, {"keys": keys})
