"""The matcher's test for leaving hardship, and its arithmetic of months, for the service: written once, used by both."""

from __future__ import annotations

from matcher.income.exits import Assessment, six_months_above
from matcher.income.inputs import COUNTED, RELIEVED, reported_until
from matcher.overlap import add_months, first_day, months

__all__ = [
    "COUNTED",
    "RELIEVED",
    "Assessment",
    "add_months",
    "first_day",
    "months",
    "reported_until",
    "six_months_above",
]
