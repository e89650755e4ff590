"""The ledger of funds: money stands on accounts of a fund, and an entry takes it from one to another; so it always balances.

An entry is a credit of one account and a debit of another by the same amount. What lies outside, where a fund's money
comes from, is an account too; it alone may be below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FundSource(StrEnum):
    """Whose money a fund is."""

    CENTRAL = "CENTRAL"
    PROVINCIAL = "PROVINCIAL"
    MUNICIPAL = "MUNICIPAL"
    COUNTY = "COUNTY"
    UNION = "UNION"
    SOCIAL = "SOCIAL"


class FundAccount(StrEnum):
    """Where a fund's money stands."""

    OUTSIDE = "OUTSIDE"
    AVAILABLE = "AVAILABLE"
    COMMITTED = "COMMITTED"
    PAID = "PAID"


class FundEntryKind(StrEnum):
    """Why money goes from one account to another."""

    ALLOCATED = "ALLOCATED"
    TAKEN_BACK = "TAKEN_BACK"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    SETTLED = "SETTLED"
    RETURNED = "RETURNED"
    RECOVERED = "RECOVERED"


A, K = FundAccount, FundEntryKind
MOVES: Mapping[FundEntryKind, tuple[FundAccount, FundAccount]] = {
    K.ALLOCATED: (A.OUTSIDE, A.AVAILABLE),
    K.TAKEN_BACK: (A.AVAILABLE, A.OUTSIDE),
    K.COMMITTED: (A.AVAILABLE, A.COMMITTED),
    K.RELEASED: (A.COMMITTED, A.AVAILABLE),
    K.SETTLED: (A.COMMITTED, A.PAID),
    K.RETURNED: (A.PAID, A.AVAILABLE),
    K.RECOVERED: (A.PAID, A.AVAILABLE),
}
"""By kind the account that is credited, which the money leaves, and the one that is debited, where it goes."""


class Overdrawn(ValueError):
    """An account of a fund would be below zero."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Money of a fund that went from one account to another; the same reference never stands there twice."""

    fund: int
    kind: FundEntryKind
    amount_fen: int
    reference: str


@dataclass(slots=True)
class Ledger:
    """Balances by fund and account, as entries are added."""

    balances: dict[tuple[int, FundAccount], int] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)

    def balance(self, fund: int, account: FundAccount) -> int:
        """What stands on an account."""
        return self.balances.get((fund, account), 0)

    def add(self, entry: Entry) -> bool:
        """Takes the money over; False where this reference was added before.

        Raises Overdrawn, or ValueError for an amount that is none; then nothing has changed.

        >>> ledger = Ledger()
        >>> ledger.add(Entry(1, FundEntryKind.ALLOCATED, 500, "a")), ledger.add(Entry(1, FundEntryKind.ALLOCATED, 500, "a"))
        (True, False)
        >>> ledger.balance(1, FundAccount.AVAILABLE), ledger.balance(1, FundAccount.OUTSIDE)
        (500, -500)
        """
        if entry.amount_fen <= 0:
            raise ValueError("an entry's amount is above zero")
        if entry.reference in self.references:
            return False
        out_of, into = MOVES[entry.kind]
        left = self.balance(entry.fund, out_of) - entry.amount_fen
        if left < 0 and out_of is not FundAccount.OUTSIDE:
            raise Overdrawn
        self.references.add(entry.reference)
        self.balances[entry.fund, out_of] = left
        self.balances[entry.fund, into] = self.balance(entry.fund, into) + entry.amount_fen
        return True

    def total(self) -> int:
        """All accounts together, which is always nothing."""
        return sum(self.balances.values())


def balanced(entries: Iterable[Entry]) -> Ledger:
    """The ledger that entries come to in their order. Raises Overdrawn."""
    ledger = Ledger()
    for entry in entries:
        ledger.add(entry)
    return ledger
