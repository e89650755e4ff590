"""Aid granted twice: plants for C02 and C06."""

from __future__ import annotations

from matcher.synthetic.households import Household, Ledger
from matcher.synthetic.lives.medical import bill
from matcher.synthetic.plants.plant import Arrange


def both(keeps: str, yields: str, months: int) -> Arrange:
    """Two programmes that exclude one another, paid together for some months."""

    def arrange(household: Household, ledger: Ledger) -> None:
        ledger.pay(household.head, keeps, ledger.months_ago(months), None, 900)
        ledger.pay(household.head, yields, ledger.months_ago(months + 8), ledger.months_ago(1), 700)
        household.settled |= {"aid", "school"}
        ledger.lead("C02", household, household.head)

    return arrange


def switched(household: Household, ledger: Ledger) -> None:
    """From dibao to destitution support, with one month of both."""
    month = ledger.months_ago(5)
    ledger.pay(household.head, "DIBAO", ledger.months_ago(14), month, 700)
    ledger.pay(household.head, "TEKUN", month, None, 900)
    household.settled |= {"aid", "school"}
    ledger.innocent("switched", "C02", household, household.head)


def different_members(household: Household, ledger: Ledger) -> None:
    """The head's dibao and the parent's destitution support."""
    parent = household.having("PARENT")[0]
    ledger.pay(household.head, "DIBAO", ledger.months_ago(10), None, 700)
    ledger.pay(parent, "TEKUN", ledger.months_ago(10), None, 900)
    household.settled |= {"aid", "school"}
    ledger.innocent("different_members", "C02", household, parent)


def compatible(household: Household, ledger: Ledger) -> None:
    """Dibao and medical aid."""
    ledger.pay(household.head, "DIBAO", ledger.months_ago(10), None, 700)
    bill(household.head, ledger, ledger.before(ledger.as_of, 160, 220), 20_000, 6000)
    ledger.pay(household.head, "MEDICAL_AID", ledger.months_ago(4), ledger.months_ago(4), 3000)
    household.settled |= {"aid", "school", "medical"}
    ledger.innocent("compatible", "C02", household, household.head)


def _elsewhere(household: Household) -> str:
    return "410522" if household.head.identity["division_code"] != "410522" else "410502"


def two_counties(household: Household, ledger: Ledger) -> None:
    """Dibao from two counties."""
    ledger.pay(household.head, "DIBAO", ledger.months_ago(12), None, 700)
    ledger.pay(
        household.head, "DIBAO", ledger.months_ago(6), ledger.months_ago(1), 650, division=_elsewhere(household)
    )
    household.settled |= {"aid", "school"}
    ledger.lead("C06", household, household.head)


def moved(household: Household, ledger: Ledger) -> None:
    """Moved from one county to the other, paid by both in the month of the move."""
    month = ledger.months_ago(6)
    ledger.pay(household.head, "DIBAO", ledger.months_ago(16), month, 650, division=_elsewhere(household))
    ledger.pay(household.head, "DIBAO", month, None, 700)
    household.settled |= {"aid", "school"}
    ledger.innocent("moved", "C06", household, household.head)
