"""What people and organisations outside give: pledges, what came of them, and how much of it can have been paid out.

Money of several donors stands together in a fund, so that what was paid of one pledge is a range and not a guess.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class DonorKind(StrEnum):
    """Who gives."""

    ORGANISATION = "ORGANISATION"
    PERSON = "PERSON"


class PledgeKind(StrEnum):
    """What is given."""

    MONEY = "MONEY"
    IN_KIND = "IN_KIND"


class PledgeState(StrEnum):
    """What became of a pledge."""

    PLEDGED = "PLEDGED"
    PARTLY_RECEIVED = "PARTLY_RECEIVED"
    RECEIVED = "RECEIVED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class SpendingKnown(StrEnum):
    """How exactly the ledger tells what was paid of a pledge's money."""

    EXACT = "EXACT"
    BY_FUND = "BY_FUND"


WAITING = frozenset({PledgeState.PLEDGED, PledgeState.PARTLY_RECEIVED})
"""Of what was promised something is still to come."""

DRAWN_ON = WAITING | {PledgeState.RECEIVED}
"""A referral may draw on it."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was paid to households of the money that a pledge brought into a fund: at least, and at most."""

    least: int
    most: int

    @property
    def known(self) -> SpendingKnown:
        """Whether that is one amount, or only a range that the fund tells."""
        return SpendingKnown.EXACT if self.least == self.most else SpendingKnown.BY_FUND


def spent(own_fen: int, given_fen: int, paid_fen: int) -> Spent:
    """Of a fund into which `given_fen` came, `own_fen` of it by the pledge, and of which `paid_fen` was paid.

    Nobody can say whose yuan was paid first: the rest may all have been paid before the pledge's, or none of it.

    >>> spent(100, 100, 30), spent(100, 300, 30), spent(100, 300, 250)
    (Spent(least=30, most=30), Spent(least=0, most=30), Spent(least=50, most=100))
    """
    return Spent(max(0, paid_fen - (given_fen - own_fen)), min(own_fen, paid_fen))


def together(funds: Collection[Spent]) -> Spent:
    """What all funds tell together: a range of sums, each of which the funds allow by themselves.

    >>> together([Spent(30, 30), Spent(0, 20)]), together([])
    (Spent(least=30, most=50), Spent(least=0, most=0))
    """
    return Spent(sum(each.least for each in funds), sum(each.most for each in funds))
