"""What a plant is, and which households will do for one.

A plant arranges one household and writes down what is true of it, never by asking the rules. Each household bears one
plant at most; `needs` says which households will do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from matcher.synthetic.households import Household, Ledger

Needs = Callable[[Household, dt.date], bool]
Arrange = Callable[[Household, Ledger], None]


@dataclass(frozen=True, slots=True)
class Plant:
    """One kind of planted situation."""

    kind: str
    rule: str
    arrange: Arrange
    needs: Needs


def anyone(household: Household, as_of: dt.date) -> bool:
    """Every household will do."""
    return True


def couple(household: Household, as_of: dt.date) -> bool:
    """A household with a spouse."""
    return bool(household.having("SPOUSE"))


def alone(household: Household, as_of: dt.date) -> bool:
    """A household whose head has no spouse."""
    return not household.having("SPOUSE")


def with_parent(household: Household, as_of: dt.date) -> bool:
    """A household with a parent of the head, not closed."""
    return bool(household.having("PARENT")) and household.file_closed_on is None


def with_pupil(household: Household, as_of: dt.date) -> bool:
    """A household on file with a child of school age."""
    return bool(household.pupils(as_of)) and household.file_closed_on is None


def on_file(household: Household, as_of: dt.date) -> bool:
    """A household whose file has been open for four months."""
    opened = household.file_opened_on
    return opened is not None and household.file_closed_on is None and (as_of - opened).days > 130
