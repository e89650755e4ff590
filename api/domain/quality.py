"""Whether a rule's leads prove right often enough to be shown, as people have concluded on them (F-17, F-18).

A lead proved right where what it said was so, whoever's error it was: our own, the claimant's, or a deception that a
decision found; of unmet entitlement, where aid is due indeed. It did not where there was no issue, and where the source
was wrong: such a lead cost a household a question for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from api.domain import equity
from api.domain.figures import PLACES
from api.domain.review import Outcome

CONFIRMED = equity.CONFIRMED | {Outcome.ENTITLEMENT_CONFIRMED}
INCONCLUSIVE = equity.INCONCLUSIVE
Z = 1.959963984540054
"""Of 95 %, two-sided."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Below which share, surely, a rule is set aside, and after how many conclusions at least."""

    low: Decimal
    least: int


def interval(some: int, of: int) -> tuple[Decimal, Decimal] | None:
    """Wilson's interval of 95 % for a share; None of nothing.

    >>> interval(3, 30), interval(0, 30), interval(0, 0)
    ((Decimal('0.0346'), Decimal('0.2562')), (Decimal('0.0000'), Decimal('0.1135')), None)
    """
    if not of:
        return None
    share, z2 = some / of, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    middle, whole = share + z2 / (2 * of), 1 + z2 / of
    low, high = max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
    return Decimal(low).quantize(PLACES), Decimal(high).quantize(PLACES)


def at_least(confirmed: int, reviewed: int) -> Decimal | None:
    """The lower bound of that interval for the share of leads that prove right; None of no conclusion.

    >>> at_least(3, 30), at_least(8, 30), at_least(0, 30), at_least(0, 0)
    (Decimal('0.0346'), Decimal('0.1418'), Decimal('0.0000'), None)
    """
    found = interval(confirmed, reviewed)
    return None if found is None else found[0]


def too_poor(confirmed: int, reviewed: int, bounds: Bounds) -> bool:
    """Whether a rule with so many conclusions is set aside.

    >>> bounds = Bounds(Decimal("0.1"), 30)
    >>> [too_poor(*counts, bounds) for counts in ((0, 29), (3, 30), (8, 30), (60, 300))]
    [False, True, False, False]
    """
    found = at_least(confirmed, reviewed)
    return found is not None and reviewed >= bounds.least and found < bounds.low
