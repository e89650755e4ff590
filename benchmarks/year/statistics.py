"""What the service's own statistics say, asked over its app, against the same counted from raw rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.graphql.cpu import answer
from benchmarks.year.city import City
from benchmarks.year.recount import Checks

USE = """query ($division: String, $year: Int) { fundUse(divisionCode: $division, year: $year) {
  source allocated { amount } available { amount } committed { amount } paid { amount } } }"""
CYCLES = """query ($filter: PaymentCycleFilter, $after: String) { paymentCycles(filter: $filter, first: 100, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { division { code } programmeCode state sums { state heldBecause orders amount { amount } } } } }"""
ERRORS = "{ officialErrorCounts { kind discovered putRight } }"
FUNDS = "SELECT id, source, division_code, year FROM funds"
ENTRIES = "SELECT fund_id, credit, debit, amount_fen FROM fund_entries"
ORDERS = (
    "SELECT c.division_code, c.programme_code, c.state, o.state, o.held_because, o.amount_fen FROM payment_orders o "
    "JOIN payment_cycles c ON c.id = o.cycle_id WHERE c.month = :month"
)
COUNTED: dict[str, tuple[str, str]] = {
    "households": ("stages", "SELECT stage, count(*) FROM households GROUP BY stage"),
    "grants": ("states", "SELECT state, count(*) FROM grants GROUP BY state"),
    "paymentOrders": ("states", "SELECT state, count(*) FROM payment_orders GROUP BY state"),
    "stopProposals": ("states", "SELECT state, count(*) FROM stop_proposals GROUP BY state"),
    "proposals": ("states", "SELECT state, count(*) FROM proposals GROUP BY state"),
    "fundEntries": ("kinds", "SELECT kind, count(*) FROM fund_entries GROUP BY kind"),
    "tasks": ("kinds", "SELECT kind, count(*) FROM tasks WHERE household_id IS NOT NULL GROUP BY kind"),
}
"""By list: the filter that it is counted by, and the same from raw rows."""


async def compare(city: City, connection: AsyncConnection, checks: Checks, month: dt.date) -> None:
    """Every figure is the same on both sides."""
    await _use(city, connection, checks, month.year)
    await _cycles(city, connection, checks, month)
    for name, (field, statement) in COUNTED.items():
        for value, count in (await connection.execute(text(statement))).all():
            query = f"query {{ {name}(filter: {{ {field}: [{value}] }}, first: 1) {{ totalCount }} }}"
            told = (await answer(city.app, city.token, query, {}))[name]["totalCount"]
            checks.holds("a list's count is that of its rows", told == count, (name, value, told, count))
    await _errors(city, connection, checks)


async def _use(city: City, connection: AsyncConnection, checks: Checks, year: int) -> None:
    of_fund = {row[0]: tuple(row[1:]) for row in (await connection.execute(text(FUNDS))).all()}
    stands: dict[tuple[str, str, int], Counter[str]] = {}
    for fund, credit, debit, amount in await connection.execute(text(ENTRIES)):
        counter = stands.setdefault(of_fund[fund], Counter())
        counter[credit] -= amount
        counter[debit] += amount
    for division in (None, *city.counties):
        counted: dict[str, Counter[str]] = {}
        for (source, where, of_year), amounts in stands.items():
            if of_year == year and division in (None, where):
                counted.setdefault(source, Counter()).update(amounts)
        told = await answer(city.app, city.token, USE, {"division": division, "year": year})
        checks.holds("fundUse tells of just the sources there are", len(told["fundUse"]) == len(counted), division)
        for each in told["fundUse"]:
            amounts = counted[each["source"]]
            fen = [_fen(each[name]) for name in ("allocated", "available", "committed", "paid")]
            own = [-amounts["OUTSIDE"], amounts["AVAILABLE"], amounts["COMMITTED"], amounts["PAID"]]
            checks.holds("fundUse is what the entries come to", fen == own, (division, each["source"], fen, own))


async def _cycles(city: City, connection: AsyncConnection, checks: Checks, month: dt.date) -> None:
    counted: Counter[Any] = Counter()
    asked = text(ORDERS).bindparams(bindparam("month", type_=Date()))
    for division, programme, cycle, state, held, amount in await connection.execute(asked, {"month": month}):
        of = (division, programme, cycle, state, held)
        counted[*of, "orders"] += 1
        counted[*of, "fen"] += amount
    told: Counter[Any] = Counter()
    after, more = None, True
    while more:
        span = {"filter": {"months": {"from": str(month), "to": str(month)}}, "after": after}
        page = (await answer(city.app, city.token, CYCLES, span))["paymentCycles"]
        for each in page["nodes"]:
            for some in each["sums"]:
                of = (
                    each["division"]["code"],
                    each["programmeCode"],
                    each["state"],
                    some["state"],
                    some["heldBecause"],
                )
                told[*of, "orders"] += some["orders"]
                told[*of, "fen"] += _fen(some["amount"])
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    checks.holds("what cycles come to is what their orders do", told == counted, told - counted)


async def _errors(city: City, connection: AsyncConnection, checks: Checks) -> None:
    statement = "SELECT kind, count(*), count(put_right_on) FROM official_errors GROUP BY kind"
    counted = {row[0]: (row[1], row[2]) for row in (await connection.execute(text(statement))).all()}
    told = (await answer(city.app, city.token, ERRORS, {}))["officialErrorCounts"]
    found = {each["kind"]: (each["discovered"], each["putRight"]) for each in told if each["discovered"]}
    checks.holds("errors of ours are counted as they were written down", found == counted, (found, counted))


def _fen(told: Any) -> int:
    return int(Decimal(told["amount"]) * 100)
