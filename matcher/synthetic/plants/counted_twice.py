"""One person counted in two households' aid by head: plants for C07."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.synthetic.households import Household, Ledger, Person


def _in_both(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> Household:
    """Somebody in both files, which is rule P05's lead; returns the household whose file was opened later."""
    guest = next(ledger.outsiders)
    first, second = (Person(guest.human, next(next_id), "OTHER", guest.identity, marital="SINGLE") for _ in range(2))
    one.people.append(first)
    other.people.append(second)
    later = max((one, other), key=lambda home: (home.file_opened_on or home.applied_on, home.household_id))
    for home in (one, other):
        home.settled |= {"aid", "school"}
    ledger.lead("P05", later, first, second)
    return later


def both_on_dibao(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """Both households receive dibao in the same months."""
    later = _in_both(one, other, next_id, ledger)
    for home in (one, other):
        ledger.pay(home.head, "DIBAO", ledger.months_ago(3), None, 300 * len(home.people))
    ledger.lead("C07", later, one.people[-1], other.people[-1])


def one_on_dibao(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """Only one of them receives what is reckoned by head."""
    later = _in_both(one, other, next_id, ledger)
    ledger.pay(one.head, "DIBAO", ledger.months_ago(3), None, 300 * len(one.people))
    ledger.pay(other.head, "LIVING_SUBSIDY", ledger.months_ago(3), None, 300)
    ledger.innocent("one_on_dibao", "C07", later, later.people[-1])
