"""People in two files: plants for rule P05 that bind two households together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from matcher.synthetic.households import Household, Ledger, Person

KINDS = ("two_files", "transfer", "closed_file", "child_of_both_parents")


def plant(kind: str, one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """Puts one human into both households, as `kind` says; `one` keeps what it had."""
    if kind == "child_of_both_parents":
        _child_of_both(one, other, next_id, ledger)
        return
    guest = next(ledger.outsiders)
    first = Person(guest.human, next(next_id), "OTHER", guest.identity, marital="SINGLE")
    second = Person(guest.human, next(next_id), "OTHER", guest.identity, marital="SINGLE")
    one.people.append(first)
    other.people.append(second)
    assert one.file_opened_on is not None
    assert other.file_opened_on is not None
    if kind == "transfer":
        moved = ledger.before(ledger.as_of, 40, 80)
        first.valid_to, second.valid_from = moved, moved - dt.timedelta(days=ledger.number(3, 20))
        ledger.innocent(kind, "P05", other, second)
    elif kind == "closed_file":
        one.file_closed_on = other.file_opened_on
        one.settled.add("school")
        ledger.innocent(kind, "P05", other, second)
    else:
        later = max(
            (one, other), key=lambda household: (household.file_opened_on or dt.date.min, household.household_id)
        )
        for home in (one, other):
            ledger.pay(home.head, "LIVING_SUBSIDY", ledger.months_ago(4), None, 300)
            home.settled.add("aid")
        ledger.lead("P05", later, first, second)


def _child_of_both(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    child = one.pupils(ledger.as_of)[0]
    copy = Person(child.human, next(next_id), "CHILD", child.identity, marital="SINGLE")
    other.people.append(copy)
    one.settled.add("school")
    other.settled.add("school")
    ledger.innocent("child_of_both_parents", "P05", other, copy)
