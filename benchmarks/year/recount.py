"""What must hold of the money after every step, counted again from raw rows: by plain SQL and plain Python of its own.

Nothing here uses a statement, a model or a rule of the service's, so that an error there does not hide itself here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Date, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

EXCLUSIVE = frozenset({"LIVING_SUBSIDY", "TEKUN"})
ON_FILE = ("RECORDED", "RELIEVED")
PAID, STANDS = ("SETTLED", "PAID"), ("DRAWN_UP", "SETTLED", "PAID")

ACCOUNTS = "SELECT credit, debit, sum(amount_fen) FROM fund_entries WHERE fund_id = :fund GROUP BY credit, debit"
BACK = "SELECT coalesce(sum(amount_fen), 0) FROM fund_entries WHERE fund_id = :fund AND kind = 'RECOVERED'"
FUND = "SELECT allocated_fen, available_fen, committed_fen, paid_fen FROM funds WHERE id = :fund"
ORDERED = (
    "SELECT o.state, sum(o.amount_fen) FROM payment_orders o JOIN payment_cycles c ON c.id = o.cycle_id "
    "WHERE c.fund_id = :fund GROUP BY o.state"
)
CYCLE = "SELECT fund_id, state, drawn_up_by, approved_by FROM payment_cycles WHERE id = :cycle"
OF_CYCLE = (
    "SELECT o.id, o.state, o.amount_fen, h.stage, f.closed_on, f.household_id, o.household_id, o.payee_account "
    "FROM payment_orders o JOIN grants g ON g.id = o.grant_id JOIN households h ON h.id = o.household_id "
    "JOIN files f ON f.id = g.file_id WHERE o.cycle_id = :cycle"
)
MONTHS_OF_CYCLE = (
    "SELECT m.order_id, m.month, m.amount_fen, m.live FROM order_months m "
    "JOIN payment_orders o ON o.id = m.order_id WHERE o.cycle_id = :cycle"
)
PAID_OF_CYCLE = (
    "SELECT p.order_id, p.month, p.amount_fen FROM payments p "
    "JOIN payment_orders o ON o.id = p.order_id WHERE o.cycle_id = :cycle"
)
GRANTS = (
    "SELECT g.id, g.household_id, g.programme_code, g.period, g.amount_fen, g.first_month, g.last_month, g.enrolment_id, "
    "e.end_month, f.opened_on, f.closed_on, h.stage FROM grants g JOIN enrolments e ON e.id = g.enrolment_id "
    "JOIN files f ON f.id = g.file_id JOIN households h ON h.id = g.household_id WHERE g.state = 'GRANTED'"
)
ORDER_MONTHS = (
    "SELECT m.grant_id, m.month, m.amount_fen, m.live, o.state, o.id FROM order_months m "
    "JOIN payment_orders o ON o.id = m.order_id"
)
PAYMENTS = "SELECT enrolment_id, month, amount_fen, order_id FROM payments WHERE order_id IS NOT NULL"
LOWERED = "SELECT grant_id, from_month, amount_fen FROM stops WHERE kind = 'REDUCE_AID' ORDER BY id"
HELD = "SELECT DISTINCT grant_id FROM payment_orders WHERE state = 'HELD'"
CLAIMED = "SELECT DISTINCT grant_id, month FROM claims"
OF_MONTH = (
    "SELECT g.household_id, g.member_id, g.programme_code, d.made_at FROM grants g "
    "JOIN enrolments e ON e.id = g.enrolment_id JOIN decisions d ON d.id = g.decision_id "
    "WHERE g.state = 'GRANTED' AND g.period <> 'ONCE' AND g.first_month <= :month AND g.last_month >= :month "
    "AND (e.end_month IS NULL OR e.end_month >= :month)"
)
MEMBERS = "SELECT id, household_id, person_id, valid_from, valid_to, left_on FROM members"


class Wrong(AssertionError):
    """Something does not hold."""


@dataclass(slots=True)
class Checks:
    """How many times what was looked at, all of it found right."""

    made: Counter[str] = field(default_factory=Counter)

    def holds(self, what: str, holds: bool, told: object = "") -> None:
        """Counts it; raises Wrong where it does not hold."""
        if not holds:
            raise Wrong(f"{what}: {told}")
        self.made[what] += 1


async def fund(connection: AsyncConnection, checks: Checks, key: int) -> None:
    """The fund's balances are what its entries come to and what became of its orders; none is below zero."""
    stands: Counter[str] = Counter()
    for credit, debit, amount in await _rows(connection, ACCOUNTS, fund=key):
        stands[credit] -= int(amount)
        stands[debit] += int(amount)
    ((allocated, available, committed, paid),) = await _rows(connection, FUND, fund=key)
    ((back,),) = await _rows(connection, BACK, fund=key)
    ordered = {state: int(amount) for state, amount in await _rows(connection, ORDERED, fund=key)}
    counted = (-stands["OUTSIDE"], stands["AVAILABLE"], stands["COMMITTED"], stands["PAID"])
    checks.holds("entries add up to nothing", sum(stands.values()) == 0, key)
    checks.holds("a fund's balances are its entries", counted == (allocated, available, committed, paid), key)
    checks.holds("no balance is below zero", min(counted) >= 0, counted)
    checks.holds("committed is what is drawn up", committed == ordered.get("DRAWN_UP", 0), key)
    settled = sum(ordered.get(state, 0) for state in PAID)
    checks.holds("paid is what was settled and did not come back", paid == settled - int(back), key)


async def cycle(connection: AsyncConnection, checks: Checks, key: int, *, settled_now: bool = False) -> int:
    """The cycle's orders pay just their months, and aid is known to be paid just where they were settled; its fund's key.

    When it is settled, nobody among the paid is without an active file and an account (F-37).
    """
    ((fund_id, state, drawer, approver),) = await _rows(connection, CYCLE, cycle=key)
    approved = state in ("APPROVED", "SETTLED", "RECONCILED")
    checks.holds("two officers approved it", not approved or approver not in (None, drawer), key)
    orders = {row[0]: row for row in await _rows(connection, OF_CYCLE, cycle=key)}
    months: dict[int, dict[str, int]] = defaultdict(dict)
    live: dict[int, set[bool]] = defaultdict(set)
    for order, month, amount, lives in await _rows(connection, MONTHS_OF_CYCLE, cycle=key):
        months[order][str(month)] = amount
        live[order].add(bool(lives))
    paid: dict[int, dict[str, int]] = defaultdict(dict)
    for order, month, amount in await _rows(connection, PAID_OF_CYCLE, cycle=key):
        checks.holds("no order pays a month twice", str(month) not in paid[order], order)
        paid[order][str(month)] = amount
    for order, stands, amount, stage, closed_on, of_file, household, account in orders.values():
        if stands in STANDS:
            checks.holds("an order is the sum of its months", sum(months[order].values()) == amount, order)
        checks.holds("months are taken just while an order stands", live[order] <= {stands in STANDS}, order)
        checks.holds(
            "aid is known as paid just where it was", paid[order] == (months[order] if stands in PAID else {}), order
        )
        if settled_now and stands in PAID:
            on_file = stage in ON_FILE and closed_on is None and of_file == household and account is not None
            checks.holds("nobody is paid without an active file and an account", on_file, order)
    return int(fund_id)


async def month_end(connection: AsyncConnection, checks: Checks, month: dt.date) -> None:
    """Whatever was granted is paid once and for what it is worth, or there is a reason to be read; nobody has two at once."""
    await _nothing_lost(connection, checks, month)
    await _exclusive(connection, checks, month)


async def _nothing_lost(connection: AsyncConnection, checks: Checks, month: dt.date) -> None:
    """Of all months before this one: they were to be in cycles by now."""
    lowered: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for grant, since, amount in await _rows(connection, LOWERED):
        lowered[grant].append((str(since), amount))
    taken: dict[int, dict[str, tuple[str, int]]] = defaultdict(dict)
    returned: dict[int, set[str]] = defaultdict(set)
    for grant, of, amount, lives, state, _ in await _rows(connection, ORDER_MONTHS):
        if lives:
            checks.holds("no month of a grant is taken by two orders", str(of) not in taken[grant], (grant, of))
            taken[grant][str(of)] = (state, amount)
        elif state == "RETURNED":
            returned[grant].add(str(of))
    paid: dict[tuple[int, str], int] = {}
    for enrolment, of, amount, _ in await _rows(connection, PAYMENTS):
        checks.holds("no month of a grant is paid twice", (enrolment, str(of)) not in paid, (enrolment, of))
        paid[enrolment, str(of)] = amount
    held = {row[0] for row in await _rows(connection, HELD)}
    claimed = {(grant, str(of)) for grant, of in await _rows(connection, CLAIMED)}
    for row in await _rows(connection, GRANTS):
        worth = dict(_worth(row, lowered[row[0]], month))
        of_grant = taken[row[0]]
        for of, amount in worth.items():
            state, ordered = of_grant.get(of, ("", 0))
            if state in PAID:
                checks.holds(
                    "a month is paid what it is worth", amount in (None, ordered), (row[0], of, amount, ordered)
                )
                checks.holds("what is paid is known to all", paid.pop((row[7], of), None) == ordered, (row[0], of))
                continue
            closed = row[10] is not None or row[11] not in ON_FILE
            reason = state or of in returned[row[0]] or closed or row[0] in held or (row[0], of) not in claimed
            checks.holds("nothing that was granted is lost", bool(reason), (row[0], of))
        for of, (state, ordered) in of_grant.items():
            if of not in worth and state in PAID:
                late = of >= str(month) or row[3] != "MONTH"
                checks.holds(
                    "nothing is paid that was not granted",
                    late and paid.pop((row[7], of), None) == ordered,
                    (row[0], of),
                )
        if row[3] == "QUARTER" and not lowered[row[0]]:
            _quarters(checks, row, of_grant)
    checks.holds("nothing is paid that no order paid", not paid, list(paid)[:5])


def _quarters(checks: Checks, row: Any, months: Mapping[str, tuple[str, int]]) -> None:
    """Three months of a quarter come to exactly its sum, and no month to a fen more than a third of it, rounded up."""
    quarters: dict[tuple[int, int], list[int]] = defaultdict(list)
    for of, (_, ordered) in months.items():
        quarters[int(of[:4]), (int(of[5:7]) + 2) // 3].append(ordered)
    for amounts in quarters.values():
        exact = sum(amounts) == row[4] if len(amounts) == 3 else max(amounts) <= -(-row[4] // 3)
        checks.holds("a quarter comes to its sum", exact, (row[0], amounts))


def _worth(row: Any, lowered: list[tuple[str, int]], month: dt.date) -> Iterator[tuple[str, int | None]]:
    """The months before this one that are due by it, and what each is worth; None for a quarter's, which are split."""
    _, _, _, period, amount, first, last, _, ended, opened, *_ = row
    last = min(str(last), str(ended or last))
    since = max(str(first), f"{str(opened)[:7]}-01")
    of = dt.date.fromisoformat(since)
    while str(of) <= last and of < month:
        quarter = f"{of.year}-{3 * ((of.month + 2) // 3):02d}-01"
        if period != "QUARTER":
            yield str(of), min([amount, *(less for from_month, less in lowered if from_month <= str(of))])
        elif min(quarter, last) < str(month):
            yield str(of), None
        of = (of.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


async def _exclusive(connection: AsyncConnection, checks: Checks, month: dt.date) -> None:
    """Nobody has one programme twice in this month, or two that exclude one another, in however many households."""
    people: dict[int, list[tuple[int, int, str, str]]] = defaultdict(list)
    for member, household, person, since, until, left in await _rows(connection, MEMBERS):
        ended = min(str(until or "9999"), str(left or "9999"))
        if ended > str(month):
            people[household].append((member, person, str(since or ""), ended))
    has: dict[int, list[str]] = defaultdict(list)
    asked = text(OF_MONTH).bindparams(bindparam("month", type_=Date()))
    for household, member, programme, made_at in await connection.execute(asked, {"month": month}):
        for key, person, since, _ in people[household]:
            if member in (None, key) and since <= str(made_at)[:10]:
                has[person].append(programme)
    for person, programmes in has.items():
        once = len(programmes) == len(set(programmes)) and not set(programmes) >= EXCLUSIVE
        checks.holds("nobody has two exclusive grants in a month", once, (person, programmes))


async def _rows(connection: AsyncConnection, statement: str, **told: Any) -> list[Any]:
    return list((await connection.execute(text(statement), told)).all())
