"""Deaths, marriages and pupils: plants for P01, H01 and U04."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from matcher.overlap import add_months, first_day
from matcher.synthetic.households import Household, Ledger, Person, enrol
from matcher.synthetic.plants.plant import Arrange


def _die(household: Household, ledger: Ledger, months: int) -> tuple[Person, dt.date]:
    parent = household.having("PARENT")[0]
    died = ledger.months_ago(months) + dt.timedelta(days=ledger.number(3, 25))
    ledger.add("deaths", parent, death_date=died, register="CREMATION")
    return parent, died


def aid_after_death(household: Household, ledger: Ledger) -> None:
    """Destitution support goes on for a dead parent."""
    parent, died = _die(household, ledger, ledger.number(4, 9))
    ledger.pay(parent, "TEKUN", add_months(first_day(died), -10), None, 900)
    household.settled |= {"aid", "school"}
    ledger.lead("P01", household, parent)


def household_counts_the_dead(household: Household, ledger: Ledger) -> None:
    """A household's dibao goes on, and the dead parent is still a member."""
    parent, died = _die(household, ledger, ledger.number(4, 9))
    ledger.pay(household.head, "DIBAO", add_months(first_day(died), -10), None, 1000)
    household.settled |= {"aid", "school"}
    ledger.lead("P01", household, parent)


def death_reported(household: Household, ledger: Ledger) -> None:
    """The membership ended with the death; the household's aid goes on for the others."""
    parent, died = _die(household, ledger, ledger.number(4, 9))
    parent.valid_to = died + dt.timedelta(days=12)
    ledger.pay(household.head, "DIBAO", add_months(first_day(died), -10), None, 800)
    household.settled |= {"aid", "school"}
    ledger.innocent("death_reported", "P01", household, parent)


def paid_to_month_of_death(household: Household, ledger: Ledger) -> None:
    """The last payment is for the month of death."""
    parent, died = _die(household, ledger, ledger.number(4, 9))
    parent.valid_to = died
    ledger.pay(parent, "TEKUN", add_months(first_day(died), -10), first_day(died), 900)
    household.settled |= {"aid", "school"}
    ledger.innocent("paid_to_month_of_death", "P01", household, parent)


def namesake_died(household: Household, ledger: Ledger) -> None:
    """Somebody of the same name and birth date died."""
    head = household.head
    other = next(ledger.outsiders)
    dead = replace(other, identity=other.identity | {k: head.identity[k] for k in ("name", "sex", "birth_date")})
    ledger.add("deaths", dead, death_date=ledger.months_ago(6), register="POLICE")
    ledger.pay(head, "DIBAO", ledger.months_ago(12), None, 700)
    household.settled |= {"aid", "school"}
    ledger.innocent("namesake_died", "P01", household, head)


def hidden_spouse(household: Household, ledger: Ledger) -> None:
    """Married by the register, single by declaration."""
    household.head.marital = ("SINGLE", "DIVORCED")[ledger.number(0, 1)]
    ledger.marry(household.head, next(ledger.outsiders), "MARRIED", ledger.before(household.applied_on, 300, 4000))
    household.settled.add("marriage")
    ledger.lead("H01", household, household.head)


def divorced_since(household: Household, ledger: Ledger) -> None:
    """Married and divorced by the register."""
    household.head.marital = "DIVORCED"
    former, married = next(ledger.outsiders), ledger.before(household.applied_on, 2000, 4000)
    ledger.marry(household.head, former, "MARRIED", married)
    ledger.marry(household.head, former, "DIVORCED", married + dt.timedelta(days=900))
    household.settled.add("marriage")
    ledger.innocent("divorced_since", "H01", household, household.head)


def widowed(household: Household, ledger: Ledger) -> None:
    """The spouse has died; the marriage register does not know."""
    household.head.marital = "WIDOWED"
    ledger.marry(household.head, next(ledger.outsiders), "MARRIED", ledger.before(household.applied_on, 5000, 9000))
    household.settled.add("marriage")
    ledger.innocent("widowed", "H01", household, household.head)


def spouse_has_left(household: Household, ledger: Ledger) -> None:
    """The spouse was a member and died; membership and marriage record remain."""
    spouse = household.having("SPOUSE")[0]
    died = ledger.before(ledger.as_of, 100, 300)
    spouse.valid_to = died
    household.head.marital = "WIDOWED"
    ledger.add("deaths", spouse, death_date=died, register="POLICE")
    ledger.marry(household.head, spouse, "MARRIED", ledger.before(household.applied_on, 3000, 6000))
    household.settled |= {"marriage", "school"}
    ledger.innocent("spouse_has_left", "H01", household, household.head)


def unaided_pupil(household: Household, ledger: Ledger) -> None:
    """A child at school, no student aid."""
    child = household.pupils(ledger.as_of)[0]
    enrol(child, ledger)
    household.settled.add("school")
    ledger.lead("U04", household, child)


def aided(in_name_of_child: bool) -> Arrange:
    """A child at school whose family received student aid, in the child's name or in the parent's."""

    def arrange(household: Household, ledger: Ledger) -> None:
        child = household.pupils(ledger.as_of)[0]
        enrol(child, ledger)
        receiver = child if in_name_of_child else household.head
        ledger.pay(receiver, "GOLDEN_AUTUMN", ledger.months_ago(3), ledger.months_ago(3), 2000)
        household.settled.add("school")
        ledger.innocent("aided_child" if in_name_of_child else "aided_parent", "U04", household, child)

    return arrange


def left_school(household: Household, ledger: Ledger) -> None:
    """A child who has graduated, with an old record."""
    child = household.pupils(ledger.as_of)[0]
    enrol(child, ledger, status="GRADUATED")
    enrol(child, ledger, ended=True)
    household.settled.add("school")
    ledger.innocent("left_school", "U04", household, child)
