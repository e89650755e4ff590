"""Households that are looked at without knowing whether a rule raised a lead about them: what the rules miss (F-19)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from api.domain import figures, quality


class BlindVerdict(StrEnum):
    """What somebody finds who looks at a household for themselves."""

    NO_ISSUE = "NO_ISSUE"
    ISSUE_FOUND = "ISSUE_FOUND"
    UNMET_ENTITLEMENT = "UNMET_ENTITLEMENT"
    CANNOT_TELL = "CANNOT_TELL"


FOUND = frozenset({BlindVerdict.ISSUE_FOUND, BlindVerdict.UNMET_ENTITLEMENT})
"""Verdicts by which there was something that a rule could have asked about; who cannot tell counts nowhere."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of households drawn by chance: how many were looked at, how many of these had something, their share, and between what
    it surely lies."""

    drawn: int
    reviewed: int
    found: int
    share: Decimal | None
    low: Decimal | None
    high: Decimal | None


def estimate(drawn: int, verdicts: dict[BlindVerdict, int]) -> Estimate:
    """What the verdicts come to.

    >>> estimate(40, {BlindVerdict.NO_ISSUE: 27, BlindVerdict.ISSUE_FOUND: 3, BlindVerdict.CANNOT_TELL: 2}).share
    Decimal('0.1000')
    """
    reviewed = sum(number for verdict, number in verdicts.items() if verdict is not BlindVerdict.CANNOT_TELL)
    found = sum(number for verdict, number in verdicts.items() if verdict in FOUND)
    low, high = quality.interval(found, reviewed) or (None, None)
    return Estimate(drawn, reviewed, found, figures.part(found, reviewed), low, high)
