"""One file at a time: who is paid for it, who decided it, what its school costs, who looks after it. Plants for N05, N06, H11, U07."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from matcher.synthetic.households import Household, Ledger, Person
from matcher.synthetic.lives import files
from matcher.synthetic.plants.networks import dibao
from matcher.synthetic.plants.plant import Plant, alone, anyone, couple, on_file, with_pupil

OTHER_CASES = 5
NOBODY = -1
"""A handler's row of the roster is about the handler's work; it is no department record of an applicant."""

YEAR = 366


def paid_to_stranger(household: Household, ledger: Ledger) -> None:
    """Dibao goes to somebody else's card."""
    other = next(ledger.outsiders).identity["name"]
    dibao(household, ledger, payee_account=files.new_account(ledger), payee_name=other)
    household.settled |= {"aid", "school"}
    ledger.lead("N05", household, household.head)


def paid_to_spouse(household: Household, ledger: Ledger) -> None:
    """Dibao goes to the wife's or husband's card."""
    spouse = household.having("SPOUSE")[0]
    ledger.pay(household.head, "DIBAO", ledger.months_ago(8), None, 700, payee_account=files.new_account(ledger),
               payee_name=spouse.identity["name"])  # fmt: skip
    household.settled |= {"aid", "school"}
    ledger.innocent("paid_to_spouse", "N05", household, spouse)


def paid_to_committee(household: Household, ledger: Ledger) -> None:
    """Dibao goes through the residents' committee."""
    ledger.pay(household.head, "DIBAO", ledger.months_ago(8), None, 700, payee_account=files.new_account(ledger),
               payee_name="安阳市北关区灯塔路社区居民委员会")  # fmt: skip
    household.settled |= {"aid", "school"}
    ledger.innocent("paid_to_committee", "N05", household, household.head)


def _decide(
    household: Household, clerk: Person, ledger: Ledger, declared: dt.date | None = None, name: str | None = None
) -> None:
    """A handler who decided this file, and others before; the roster's rows are about nobody who is applied for."""
    identity = clerk.identity | ({"name": name} if name else {})
    person = replace(clerk, human=NOBODY, identity=identity)
    handler = f"HD9{ledger.number(10**5, 10**6 - 1)}"
    for case in range(OTHER_CASES):
        ledger.add(
            "handlers", person, handler_id=handler, household_id=None if case else household.household_id,
            decided_on=household.file_opened_on if not case else None, declared_on=None if case else declared,
        )  # fmt: skip
    household.file["handler_id"] = handler
    household.settled.add("handlers")


def handler_is_member(household: Household, ledger: Ledger) -> None:
    """The wife decided, or the husband."""
    spouse = household.having("SPOUSE")[0]
    _decide(household, spouse, ledger)
    ledger.lead("N06", household, spouse)


def handler_is_secret_spouse(household: Household, ledger: Ledger) -> None:
    """The head is married to the handler, and did not say so."""
    clerk = next(ledger.outsiders)
    household.head.marital = ("SINGLE", "DIVORCED")[ledger.number(0, 1)]
    ledger.marry(household.head, clerk, "MARRIED", ledger.before(household.applied_on, 300, 4000))
    household.settled.add("marriage")
    _decide(household, clerk, ledger)
    ledger.lead("H01", household, household.head)
    ledger.lead("N06", household, household.head)


def handler_declared(household: Household, ledger: Ledger) -> None:
    """The handler is a member, and said so before."""
    spouse = household.having("SPOUSE")[0]
    assert household.file_opened_on is not None
    _decide(household, spouse, ledger, declared=household.file_opened_on - dt.timedelta(days=9))
    ledger.innocent("handler_declared", "N06", household, spouse)


def handlers_namesake(household: Household, ledger: Ledger) -> None:
    """The handler bears the name of a member."""
    spouse = household.having("SPOUSE")[0]
    _decide(household, next(ledger.outsiders), ledger, name=spouse.identity["name"])
    ledger.innocent("handlers_namesake", "N06", household, spouse)


def _attend(household: Household, ledger: Ledger, school: str, fee: int) -> Person:
    child = household.pupils(ledger.as_of)[0]
    year = ledger.as_of.year - (0 if ledger.as_of.month >= 9 else 1)
    ledger.add(
        "school", child, school=school, status="ENROLLED", stage="小学" if child.age(ledger.as_of) < 12 else "初中",
        term_start=dt.date(year, 9, 1), term_end=dt.date(year + 1, 1, 20), fee_yuan=Decimal(fee),
    )  # fmt: skip
    ledger.pay(child, "STATE_STUDENT_AID", ledger.months_ago(2), ledger.months_ago(2), 1500)
    household.settled |= {"school", "aid"}
    return child


def dear_school(household: Household, ledger: Ledger) -> None:
    """A private school at many times the usual fee."""
    child = _attend(household, ledger, "安阳市私立双语学校", ledger.number(9_000, 26_000))
    ledger.lead("H11", household, child)


def school_for_the_disabled(household: Household, ledger: Ledger) -> None:
    """A dear school for deaf children."""
    child = _attend(household, ledger, "安阳市特殊教育学校", ledger.number(9_000, 14_000))
    ledger.innocent("school_for_the_disabled", "H11", household, child)


def public_school(household: Household, ledger: Ledger) -> None:
    """A public school, meals included."""
    child = _attend(household, ledger, "安阳市实验小学", ledger.number(1_700, 2_900))
    ledger.innocent("public_school", "H11", household, child)


def long_on_file(household: Household, as_of: dt.date) -> bool:
    """A household whose file has been open for more than a year."""
    opened = household.file_opened_on
    return opened is not None and household.file_closed_on is None and (as_of - opened).days > YEAR


def not_updated(household: Household, ledger: Ledger) -> None:
    """A file that nobody has changed for more than a year; `register` makes the lead of it."""
    household.file["updated_on"] = ledger.before(ledger.as_of, 400, 700)


def no_contact(household: Household, ledger: Ledger) -> None:
    """A file without a contact officer; `register` makes the lead of it."""
    household.file["contact_officer"] = None


def aided_this_year(household: Household, ledger: Ledger) -> None:
    """Winter warmth this year, nothing else."""
    ledger.pay(household.head, "WINTER_WARMTH", ledger.months_ago(11), ledger.months_ago(11), 500)
    household.settled |= {"aid", "school"}
    ledger.innocent("aided_this_year", "U07", household, household.head)


def register(homes: Sequence[Household], ledger: Ledger, unauthorised: set[str]) -> None:
    """Every open file that was not assisted for a year, not updated for a year, or has no contact officer: one lead each.

    What is not known of somebody who did not sign is no lead.
    """
    since = ledger.months_ago(12)
    helped = {
        row["_humans"]["SELF"]
        for row in ledger.records.get("aid", [])
        if (end := row.get("end_month")) is None or end >= f"{since:%Y-%m}"
    }
    for home in homes:
        if home.file_opened_on is None or not (home.file_closed_on is None or home.file_closed_on > ledger.as_of):
            continue
        signed = not {person.person_id for person in home.people} & unauthorised
        unaided = signed and not {person.human for person in home.people} & helped
        old = (ledger.as_of - home.file_opened_on).days >= YEAR
        stale = (ledger.as_of - home.file["updated_on"]).days >= YEAR
        if (old and (unaided or stale)) or home.file["contact_officer"] is None:
            ledger.lead("U07", home, home.head)


PLANTS: tuple[Plant, ...] = (
    Plant("paid_to_stranger", "N05", paid_to_stranger, on_file),
    Plant("paid_to_spouse", "N05", paid_to_spouse, couple),
    Plant("paid_to_committee", "N05", paid_to_committee, anyone),
    Plant("handler_is_member", "N06", handler_is_member, lambda home, as_of: couple(home, as_of) and on_file(home, as_of)),
    Plant("handler_is_secret_spouse", "N06", handler_is_secret_spouse, lambda home, as_of: alone(home, as_of) and on_file(home, as_of)),
    Plant("handler_declared", "N06", handler_declared, lambda home, as_of: couple(home, as_of) and on_file(home, as_of)),
    Plant("handlers_namesake", "N06", handlers_namesake, lambda home, as_of: couple(home, as_of) and on_file(home, as_of)),
    Plant("dear_school", "H11", dear_school, with_pupil),
    Plant("school_for_the_disabled", "H11", school_for_the_disabled, with_pupil),
    Plant("public_school", "H11", public_school, with_pupil),
    Plant("not_updated", "U07", not_updated, long_on_file),
    Plant("no_contact", "U07", no_contact, on_file),
    Plant("aided_this_year", "U07", aided_this_year, long_on_file),
)  # fmt: skip
