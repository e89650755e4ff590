"""Homes, vehicles and businesses: plants for H04, H05 and P11."""

from __future__ import annotations

import datetime as dt

from matcher.overlap import first_day
from matcher.synthetic.households import Household, Ledger, own_home, own_vehicle, run_business
from matcher.synthetic.plants.plant import Arrange


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


def harmless_vehicle(kind: str, **record: str) -> Arrange:
    """A vehicle that does not count: of such a kind, or scrapped, sold or old by the application."""

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


def harmless_business(kind: str, **record: object) -> Arrange:
    """A business that does not count: ended, dormant, or a role without a real share."""

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
