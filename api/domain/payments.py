"""Aid that is paid in cycles: which months are due, how a period's sum is split over them, and whom a check is drawn for.

A cycle is drawn up, approved by somebody else, settled, and answered by the bank. Amounts are whole fen, and the months of
a period always come to exactly its sum.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from enum import StrEnum

from api.domain.clocks import months_after
from api.domain.grants import GrantPeriod


class CycleState(StrEnum):
    """Where a cycle of payments stands."""

    DRAWN_UP = "DRAWN_UP"
    APPROVED = "APPROVED"
    SETTLED = "SETTLED"
    RECONCILED = "RECONCILED"
    CANCELLED = "CANCELLED"


class CycleKind(StrEnum):
    """What a cycle of payments is made of."""

    REGULAR = "REGULAR"
    REPAYMENT = "REPAYMENT"


class OrderState(StrEnum):
    """What became of an order to pay."""

    DRAWN_UP = "DRAWN_UP"
    HELD = "HELD"
    SETTLED = "SETTLED"
    PAID = "PAID"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"


class HeldBecause(StrEnum):
    """Why an order is not carried out for now; no verdict about anybody."""

    NO_ACTIVE_FILE = "NO_ACTIVE_FILE"
    NO_ACCOUNT = "NO_ACCOUNT"
    MONTHS_ENDED = "MONTHS_ENDED"
    AMOUNT_CHANGED = "AMOUNT_CHANGED"


class BankOutcome(StrEnum):
    """What the bank answers of an order."""

    PAID = "PAID"
    RETURNED = "RETURNED"


class CheckOutcome(StrEnum):
    """What a recipient who was asked says of a payment."""

    RECEIVED = "RECEIVED"
    NOT_RECEIVED = "NOT_RECEIVED"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    NOT_REACHED = "NOT_REACHED"


def months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The months from one to another, both included.

    >>> [each.month for each in months(dt.date(2026, 11, 1), dt.date(2027, 1, 1))]
    [11, 12, 1]
    """
    while first <= last:
        yield first
        first = months_after(first, 1)


def due(
    period: GrantPeriod, first: dt.date, last: dt.date, cycle: dt.date, taken: Collection[dt.date] = ()
) -> list[dt.date]:
    """The months of a grant that a cycle of this month pays: those up to it that no other order has taken.

    A quarter is the calendar's and is paid when its last month has come, or the grant's own last month. What is given once
    is paid in the first month.

    >>> def of(period, cycle):
    ...     return [each.month for each in due(period, dt.date(2026, 2, 1), dt.date(2026, 8, 1), dt.date(2026, cycle, 1))]
    >>> of(GrantPeriod.MONTH, 4), of(GrantPeriod.QUARTER, 5), of(GrantPeriod.QUARTER, 8), of(GrantPeriod.ONCE, 5)
    ([2, 3, 4], [2, 3], [2, 3, 4, 5, 6, 7, 8], [2])
    """
    if period is GrantPeriod.ONCE:
        last = min(last, first)
    found = months(first, min(last, cycle))
    if period is GrantPeriod.QUARTER:
        found = (each for each in found if min(last, _end_of_quarter(each)) <= cycle)
    return [each for each in found if each not in taken]


def share(period: GrantPeriod, amount_fen: int, month: dt.date) -> int:
    """What a month has of its period's sum; the three months of a quarter come to exactly that.

    >>> [share(GrantPeriod.QUARTER, 100, dt.date(2026, month, 1)) for month in (4, 5, 6)]
    [33, 33, 34]
    """
    if period is not GrantPeriod.QUARTER:
        return amount_fen
    place = (month.month - 1) % 3
    return amount_fen * (place + 1) // 3 - amount_fen * place // 3


def _end_of_quarter(month: dt.date) -> dt.date:
    return month.replace(month=month.month + 2 - (month.month - 1) % 3)


def sample(seed: str, keys: Collection[int], percent: int, least: int) -> list[int]:
    """Of these keys so many in a hundred, and at least so many: by chance, and always the same for the same seed.

    Which they are depends on nothing else: not on the order in which they are told, nor on who asks.

    >>> sample("cycle-1", range(100), 5, 3) == sample("cycle-1", range(99, -1, -1), 5, 3)
    True
    >>> len(sample("cycle-1", range(100), 5, 3)), len(sample("cycle-1", range(100), 1, 3)), sample("x", [7], 5, 3)
    (5, 3, [7])
    """
    size = max(-(-len(keys) * percent // 100), least)
    return sorted(sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())[:size])


def reference(cycle: int, place: int) -> str:
    """By what the bank tells an order: the cycle, its place in it, and a check digit.

    >>> reference(12, 7), reference(12, 17)
    ('JK12-00007-3', 'JK12-00017-0')
    """
    return f"JK{cycle}-{place:05}-{_check(cycle, place)}"


def _check(cycle: int, place: int) -> int:
    """Of ISO 7064, MOD 11-10."""
    left = 10
    for digit in f"{cycle}{place:05}":
        left = ((left + int(digit)) % 10 or 10) * 2 % 11
    return (11 - left) % 10
