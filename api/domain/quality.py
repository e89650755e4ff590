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


def at_least(confirmed: int, reviewed: int) -> Decimal | None:
    """The lower bound of Wilson's interval of 95 % for the share of leads that prove right; None of no conclusion.

    >>> at_least(3, 30), at_least(8, 30), at_least(0, 30), at_least(0, 0)
    (Decimal('0.0346'), Decimal('0.1418'), Decimal('0.0000'), None)
    """
    if not reviewed:
        return None
    share, z2 = confirmed / reviewed, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / reviewed + z2 / (4 * reviewed * reviewed))
    low = (share + z2 / (2 * reviewed) - spread) / (1 + z2 / reviewed)
    return Decimal(max(0.0, low)).quantize(PLACES)


def too_poor(confirmed: int, reviewed: int, bounds: Bounds) -> bool:
    """Whether a rule with so many conclusions is set aside.

    >>> bounds = Bounds(Decimal("0.1"), 30)
    >>> [too_poor(*counts, bounds) for counts in ((0, 29), (3, 30), (8, 30), (60, 300))]
    [False, True, False, False]
    """
    found = at_least(confirmed, reviewed)
    return found is not None and reviewed >= bounds.least and found < bounds.low
