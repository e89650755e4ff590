"""What is planted: for every rule a few true leads, and beside them innocents that look alike.

A plant arranges one household and writes down what is true of it, never by asking the rules. Each household bears one
plant at most; `needs` says which households will do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from matcher.overlap import add_months, first_day
from matcher.synthetic.households import (
    Household,
    Ledger,
    Person,
    enrol,
    own_home,
    own_vehicle,
    run_business,
)

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


# ---- P01 aid after death -------------------------------------------------------------------------------------------


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


# ---- H01 spouse left out -------------------------------------------------------------------------------------------


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


# ---- H04 homes -----------------------------------------------------------------------------------------------------


def hidden_home(household: Household, ledger: Ledger) -> None:
    """Two homes, one declared."""
    for _ in range(2):
        own_home(household.head, ledger, ledger.before(household.applied_on, 300, 5000))
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.lead("H04", household, household.head, basis="UNDECLARED")


def declared_second_home(household: Household, ledger: Ledger) -> None:
    """Two homes, both declared: nothing was concealed, the limit is broken."""
    for _ in range(2):
        own_home(household.head, ledger, ledger.before(household.applied_on, 300, 5000))
    household.declared["homes"] = 2
    household.settled.add("real_estate")
    ledger.lead("H04", household, household.head, basis="OVER_LIMIT")


def owns_shop(household: Household, ledger: Ledger) -> None:
    """A home that was declared, and a shop."""
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 5000))
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 5000), use="SHOP")
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.lead("H04", household, household.head, basis="OVER_LIMIT")


def presale_and_registration(household: Household, ledger: Ledger) -> None:
    """One unit, with its presale contract and its registration."""
    since = ledger.before(household.applied_on, 300, 2000)
    unit = own_home(household.head, ledger, since - dt.timedelta(days=400), status="PRESALE")
    own_home(household.head, ledger, since, unit=unit)
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.innocent("presale_and_registration", "H04", household, household.head)


def couple_owns_one_home(household: Household, ledger: Ledger) -> None:
    """One home, half each."""
    since = ledger.before(household.applied_on, 300, 4000)
    unit = own_home(household.head, ledger, since, share=50.0)
    own_home(household.having("SPOUSE")[0], ledger, since, share=50.0, unit=unit)
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.innocent("couple_owns_one_home", "H04", household, household.head)


def inherited_share(household: Household, ledger: Ledger) -> None:
    """A home, and a quarter of the parents' one."""
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 4000))
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 4000), share=25.0)
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.innocent("inherited_share", "H04", household, household.head)


def sold_home(household: Household, ledger: Ledger) -> None:
    """A home, and one sold before the application."""
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 4000))
    own_home(household.head, ledger, ledger.before(household.applied_on, 3000, 5000), status="HISTORIC",
             ended=ledger.before(household.applied_on, 40, 900))  # fmt: skip
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.innocent("sold_home", "H04", household, household.head)


def parking_space(household: Household, ledger: Ledger) -> None:
    """A home and a parking space."""
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 4000))
    own_home(household.head, ledger, ledger.before(household.applied_on, 300, 4000), use="PARKING")
    household.declared["homes"] = 1
    household.settled.add("real_estate")
    ledger.innocent("parking_space", "H04", household, household.head)


# ---- H05 vehicles --------------------------------------------------------------------------------------------------


def hidden_car(household: Household, ledger: Ledger) -> None:
    """A car or van that was not declared."""
    own_vehicle(household.head, ledger, ("CAR", "VAN", "TRUCK")[ledger.number(0, 2)],
                ledger.before(household.applied_on, 60, 1500))  # fmt: skip
    household.settled.add("vehicles")
    ledger.lead("H05", household, household.head, basis="UNDECLARED")


def declared_car(household: Household, ledger: Ledger) -> None:
    """A car that was declared: nothing was concealed, the limit is broken."""
    own_vehicle(household.head, ledger, "CAR", ledger.before(household.applied_on, 60, 1500))
    household.declared["vehicles"] = 1
    household.settled.add("vehicles")
    ledger.lead("H05", household, household.head, basis="OVER_LIMIT")


def _harmless_vehicle(kind: str, **record: str) -> Arrange:
    def arrange(household: Household, ledger: Ledger) -> None:
        status = record.get("status", "ACTIVE")
        old = "old" in record
        since = (
            ledger.before(household.applied_on, 4000, 5500) if old else ledger.before(household.applied_on, 900, 1800)
        )
        ended = None if status == "ACTIVE" else ledger.before(household.applied_on, 40, 800)
        own_vehicle(household.head, ledger, kind, since, status=status, ended=ended)
        household.settled.add("vehicles")
        ledger.innocent(f"{kind.lower()}_{status.lower()}", "H05", household, household.head)

    return arrange


# ---- P11 businesses ------------------------------------------------------------------------------------------------


def hidden_business(household: Household, ledger: Ledger) -> None:
    """A trading business that was not declared."""
    run_business(household.head, ledger, ledger.before(household.applied_on, 100, 2000))
    ledger.lead("P11", household, household.head, basis="UNDECLARED")


def declared_business(household: Household, ledger: Ledger) -> None:
    """A trading business that was declared: nothing was concealed, the limit is broken."""
    run_business(household.head, ledger, ledger.before(household.applied_on, 100, 2000))
    household.declared["businesses"] = 1
    ledger.lead("P11", household, household.head, basis="OVER_LIMIT")


def couples_business(household: Household, ledger: Ledger) -> None:
    """One business of both spouses, undeclared: one lead."""
    since, spouse = ledger.before(household.applied_on, 100, 2000), household.having("SPOUSE")[0]
    uscc = run_business(household.head, ledger, since)
    run_business(spouse, ledger, since, role="SHAREHOLDER", share=40.0, uscc=uscc)
    ledger.lead("P11", household, household.head, spouse, basis="UNDECLARED")


def started_with_support(household: Household, ledger: Ledger) -> None:
    """A business founded with the start-up grant, as the policy wishes."""
    since = ledger.before(household.applied_on, 100, 1000)
    run_business(household.head, ledger, since)
    month = first_day(since)
    ledger.pay(household.head, "STARTUP_GRANT", month, month, 5000)
    household.settled |= {"aid", "school"}
    ledger.innocent("started_with_support", "P11", household, household.head)


def _harmless_business(kind: str, **record: object) -> Arrange:
    def arrange(household: Household, ledger: Ledger) -> None:
        since = ledger.before(household.applied_on, 900, 3000)
        if record.get("status"):
            run_business(
                household.head,
                ledger,
                since,
                status="DEREGISTERED",
                ended=ledger.before(household.applied_on, 40, 800),
            )
        elif kind == "dormant":
            run_business(household.head, ledger, since, turnover=0, employees=0)
        elif kind == "nominal_share":
            run_business(household.head, ledger, since, role="SHAREHOLDER", share=2.0)
        else:
            run_business(household.head, ledger, since, role=str(record["role"]), share=None)
        ledger.innocent(kind, "P11", household, household.head)

    return arrange


# ---- C02, C06 duplicate aid ----------------------------------------------------------------------------------------


def _both(keeps: str, yields: str, months: int) -> Arrange:
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
    ledger.pay(household.head, "MEDICAL_AID", ledger.months_ago(4), ledger.months_ago(4), 3000)
    household.settled |= {"aid", "school"}
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


# ---- U04 student aid -----------------------------------------------------------------------------------------------


def unaided_pupil(household: Household, ledger: Ledger) -> None:
    """A child at school, no student aid."""
    child = household.pupils(ledger.as_of)[0]
    enrol(child, ledger)
    household.settled.add("school")
    ledger.lead("U04", household, child)


def _aided(in_name_of_child: bool) -> Arrange:
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


PLANTS: tuple[Plant, ...] = (
    Plant("aid_after_death", "P01", aid_after_death, with_parent),
    Plant("household_counts_the_dead", "P01", household_counts_the_dead, with_parent),
    Plant("hidden_spouse", "H01", hidden_spouse, alone),
    Plant("hidden_home", "H04", hidden_home, anyone),
    Plant("declared_second_home", "H04", declared_second_home, anyone),
    Plant("owns_shop", "H04", owns_shop, anyone),
    Plant("hidden_car", "H05", hidden_car, anyone),
    Plant("declared_car", "H05", declared_car, anyone),
    Plant("hidden_business", "P11", hidden_business, anyone),
    Plant("declared_business", "P11", declared_business, anyone),
    Plant("couples_business", "P11", couples_business, couple),
    Plant("dibao_and_tekun", "C02", _both("TEKUN", "DIBAO", 6), anyone),
    Plant("post_and_unemployment", "C02", _both("PUBLIC_WELFARE_POST", "UI_BENEFIT", 6), anyone),
    Plant("two_counties", "C06", two_counties, anyone),
    Plant("unaided_pupil", "U04", unaided_pupil, with_pupil),
    Plant("death_reported", "P01", death_reported, with_parent),
    Plant("paid_to_month_of_death", "P01", paid_to_month_of_death, with_parent),
    Plant("namesake_died", "P01", namesake_died, anyone),
    Plant("divorced_since", "H01", divorced_since, alone),
    Plant("widowed", "H01", widowed, alone),
    Plant("spouse_has_left", "H01", spouse_has_left, couple),
    Plant("presale_and_registration", "H04", presale_and_registration, anyone),
    Plant("couple_owns_one_home", "H04", couple_owns_one_home, couple),
    Plant("inherited_share", "H04", inherited_share, anyone),
    Plant("sold_home", "H04", sold_home, anyone),
    Plant("parking_space", "H04", parking_space, anyone),
    Plant("motorcycle", "H05", _harmless_vehicle("MOTORCYCLE"), anyone),
    Plant("disability_vehicle", "H05", _harmless_vehicle("DISABILITY"), anyone),
    Plant("scrapped_car", "H05", _harmless_vehicle("CAR", status="SCRAPPED"), anyone),
    Plant("sold_car", "H05", _harmless_vehicle("CAR", status="TRANSFERRED"), anyone),
    Plant("old_car", "H05", _harmless_vehicle("CAR", old="yes"), anyone),
    Plant("deregistered", "P11", _harmless_business("deregistered", status="DEREGISTERED"), anyone),
    Plant("dormant", "P11", _harmless_business("dormant"), anyone),
    Plant("supervisor", "P11", _harmless_business("supervisor", role="SUPERVISOR"), anyone),
    Plant("coop_member", "P11", _harmless_business("coop_member", role="COOP_MEMBER"), anyone),
    Plant("nominal_share", "P11", _harmless_business("nominal_share"), anyone),
    Plant("started_with_support", "P11", started_with_support, anyone),
    Plant("switched", "C02", switched, anyone),
    Plant("different_members", "C02", different_members, with_parent),
    Plant("compatible", "C02", compatible, anyone),
    Plant("moved", "C06", moved, anyone),
    Plant("aided_child", "U04", _aided(True), with_pupil),
    Plant("aided_parent", "U04", _aided(False), with_pupil),
    Plant("left_school", "U04", left_school, with_pupil),
)
