"""Who is who and who is counted: plants for P02, P04, P12, P13, P15, H03 and H14."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from matcher.identity.numbers import check_character
from matcher.overlap import add_months, first_day
from matcher.synthetic import numbering
from matcher.synthetic.households import Household, Ledger, Person, enrol
from matcher.synthetic.lives.identity import MIGRANT, join_union, register
from matcher.synthetic.plants.plant import Arrange, Plant, anyone, with_parent

PREFECTURE = "4105"
NEWBORN_DAYS = 70
RETIRED_AT = 61
NOBODY_ELSE = 2_000_000_000
"""From here on the invented are numbered, of whom no office has a record."""

CITIZEN = 18
"""Characters of a citizen number."""


def _open(household: Household) -> bool:
    return household.file_closed_on is None


def issued_elsewhere(household: Household, as_of: dt.date) -> bool:
    """A household on file whose spouse's number was issued in another prefecture."""
    spouses = household.having("SPOUSE")
    return (
        _open(household) and bool(spouses) and _citizen(spouses[0]) and not _number(spouses[0]).startswith(PREFECTURE)
    )


def citizen_head(household: Household, as_of: dt.date) -> bool:
    """A household on file whose head has a citizen number."""
    return _open(household) and _citizen(household.head)


def with_child(household: Household, as_of: dt.date) -> bool:
    """A household on file with children."""
    return _open(household) and bool(household.having("CHILD"))


def with_student(household: Household, as_of: dt.date) -> bool:
    """A household on file with one child, of an age to study."""
    children = household.having("CHILD")
    return _open(household) and len(children) == 1 and 17 < children[0].age(as_of) < 22


def with_grown_child(household: Household, as_of: dt.date) -> bool:
    """A household on file with a grown child."""
    return _open(household) and any(child.age(as_of) >= 19 for child in household.having("CHILD"))


def with_mother(household: Household, as_of: dt.date) -> bool:
    """A household on file whose head is a woman of less than forty-five with a citizen number."""
    head = household.head
    return citizen_head(household, as_of) and head.identity["sex"] == "FEMALE" and head.age(as_of) < 45


def with_old_parent(household: Household, as_of: dt.date) -> bool:
    """A household on file with a parent past the age of retirement."""
    return with_parent(household, as_of) and household.having("PARENT")[0].age(as_of) > RETIRED_AT


def _citizen(person: Person) -> bool:
    return len(_number(person)) == CITIZEN and _number(person)[:17].isdigit()


def _number(person: Person) -> str:
    return str(person.identity["id_number"])


def anothers_records(household: Household, ledger: Ledger) -> None:
    """Two offices, which keep no address, have the head's number, and the birth date and sex in it, under another's name."""
    other, head = next(ledger.outsiders), household.head
    numbered = {column: head.identity[column] for column in ("id_number", "birth_date", "sex")}
    stranger = replace(other, identity=other.identity | numbered | {"phone": None, "address": None})
    ledger.add("vehicles", stranger, vehicle_kind="CAR", status="ACTIVE", plate=f"豫E{ledger.number(10_000, 99_999)}",
               registered_on=ledger.before(ledger.as_of, 300, 2000))  # fmt: skip
    ledger.add("real_estate", stranger, use="HOME", status="CURRENT", acquired_on=ledger.before(ledger.as_of, 300, 4000),
               unit_no=f"410502{ledger.number(10**9, 10**10 - 1)}F{ledger.number(1000, 9999)}")  # fmt: skip
    ledger.lead("P02", household, household.head)


def _under_another_name(kind: str, called: Callable[[str], str]) -> Arrange:
    """A record of the head's own number under a name that explains itself."""

    def arrange(household: Household, ledger: Ledger) -> None:
        head = household.head
        written = replace(head, identity=head.identity | {"name": called(head.identity["name"])})
        ledger.add("medical", written, hospital="安阳市妇幼保健院", admitted_on=ledger.before(ledger.as_of, 20, 300))
        ledger.innocent(kind, "P02", household, head)

    return arrange


def not_registered(household: Household, ledger: Ledger) -> None:
    """A small child of the household of whom the register, complete, knows nothing, and nobody else either."""
    household.file["target_group"] = "BELOW_LINE"
    year, serial = ledger.as_of.year - ledger.number(2, 4), int(household.household_id[1:])
    born = dt.date(year, 1, 1) + dt.timedelta(days=serial % 365)
    first = f"410502{born:%Y%m%d}{numbering.RESERVED + 2}"
    child = Person(
        NOBODY_ELSE + serial, f"P9{household.household_id[1:]}", "CHILD",
        {**household.head.identity, "name": household.head.identity["name"][:1] + "小满", "former_name": None, "sex": "MALE",
         "id_number": first + check_character(first), "birth_date": born},
        marital="SINGLE",
    )  # fmt: skip
    household.people.append(child)
    _register_others(household, ledger, child)
    household.settled |= {"school", "medical"}
    ledger.lead("P04", household, child)


def _register_others(household: Household, ledger: Ledger, left_out: Person) -> None:
    for person in household.people:
        if person is not left_out:
            register(person, household, ledger)
    household.settled.add("population")


def impossible_number(household: Household, ledger: Ledger) -> None:
    """The head's number in our file has a thirteenth month."""
    number = _number(household.head)
    household.head.file["id_number"] = number[:10] + "13" + number[12:]
    ledger.lead("P04", household, household.head)


def registered_elsewhere(household: Household, ledger: Ledger) -> None:
    """The spouse came from another prefecture and is registered there."""
    spouse = household.having("SPOUSE")[0]
    _register_others(household, ledger, spouse)
    ledger.innocent("registered_elsewhere", "P04", household, spouse)


def migrant_not_registered(household: Household, ledger: Ledger) -> None:
    """A migrant worker's household, registered in the village it came from."""
    household.file["target_group"] = MIGRANT
    household.settled.add("population")
    ledger.innocent("migrant_not_registered", "P04", household, household.head)


def newborn(household: Household, ledger: Ledger) -> None:
    """A child of two months, not yet reported to the register."""
    child = household.having("CHILD")[-1]
    born = ledger.before(ledger.as_of, 10, NEWBORN_DAYS)
    code, male = _number(household.head)[:6], child.identity["sex"] == "MALE"
    sequence = 200 + 2 * ledger.number(0, 200) + (1 if male else 0)
    first = f"{code if code.isdigit() else '410502'}{born:%Y%m%d}{sequence:03d}"
    child.identity = child.identity | {
        "id_number": first + check_character(first), "birth_date": born, "former_name": None,
    }  # fmt: skip
    child.marital = "SINGLE"
    _register_others(household, ledger, child)
    household.settled.add("school")
    ledger.innocent("newborn", "P04", household, child)


def _away(kind: str, lead: bool, *, words: str, months: int = 4, left: bool = False) -> Arrange:
    """A grown child is away for some months while the household is paid dibao."""

    def arrange(household: Household, ledger: Ledger) -> None:
        child = next(child for child in household.having("CHILD") if child.age(ledger.as_of) >= 19)
        began = ledger.months_ago(9) + dt.timedelta(days=3)
        ended = add_months(first_day(began), months) + dt.timedelta(days=20)
        ledger.add("custody", child, kind=words, **{"from": began, "to": ended})
        if lead:
            again = ledger.months_ago(3)
            ledger.add(
                "custody", child, kind=words, **{"from": again, "to": add_months(again, 1) + dt.timedelta(days=9)}
            )
        if left:
            child.valid_to = began + dt.timedelta(days=10)
        ledger.pay(household.head, "DIBAO", ledger.months_ago(14), None, 900)
        household.settled |= {"aid", "school", "custody"}
        if lead:
            ledger.lead("P12", household, child)
        else:
            ledger.innocent(kind, "P12", household, child)

    return arrange


def unenrolled_student(household: Household, ledger: Ledger) -> None:
    """Student aid for a child whom no school knows."""
    child = household.having("CHILD")[0]
    for months in (3, 2):
        ledger.pay(child, "STATE_STUDENT_AID", ledger.months_ago(months), ledger.months_ago(months), 800 + months)
    household.settled |= {"school", "aid"}
    ledger.lead("P13", household, child)


def graduated_long_ago(household: Household, ledger: Ledger) -> None:
    """Student aid for a child who left school almost two years ago."""
    child = household.having("CHILD")[0]
    enrol(child, ledger, status="GRADUATED", ended=True)
    ledger.pay(child, "STATE_STUDENT_AID", ledger.months_ago(2), ledger.months_ago(2), 1500)
    household.settled |= {"school", "aid"}
    ledger.lead("P13", household, child)


def terms_leave(household: Household, ledger: Ledger) -> None:
    """Student aid in a term's leave; the last term ended in summer."""
    child = household.having("CHILD")[0]
    summer = dt.date(ledger.as_of.year, 7, 10)
    ledger.add("school", child, school="安阳市工学院", stage="大学", status="SUSPENDED",
               term_start=summer - dt.timedelta(days=140), term_end=summer)  # fmt: skip
    ledger.pay(child, "STATE_STUDENT_AID", ledger.months_ago(2), ledger.months_ago(2), 1500)
    household.settled |= {"school", "aid"}
    ledger.innocent("terms_leave", "P13", household, child)


def old_jobseeker(household: Household, ledger: Ledger) -> None:
    """A parent past the age of retirement, declared as jobless."""
    parent = household.having("PARENT")[0]
    parent.file["declared_employment"] = "失业"
    household.settled.add("social_insurance")
    ledger.lead("P15", household, parent)


def unable_and_self_insured(household: Household, ledger: Ledger) -> None:
    """Unable to work, and insured out of their own pocket."""
    household.head.file["declared_employment"] = "无劳动能力"
    ledger.add("social_insurance", household.head, kind="EMPLOYEE_PENSION", payer="FLEXIBLE", status="PAYING",
               start_month=f"{ledger.months_ago(20):%Y-%m}")  # fmt: skip
    household.settled.add("social_insurance")
    ledger.innocent("unable_and_self_insured", "P15", household, household.head)


def dead_by_the_register(household: Household, ledger: Ledger) -> None:
    """The population register knows of the parent's death, the death registers do not, and dibao counts the parent."""
    parent = household.having("PARENT")[0]
    died = ledger.months_ago(ledger.number(5, 9)) + dt.timedelta(days=ledger.number(3, 25))
    _register_others(household, ledger, parent)
    register(parent, household, ledger, status="DECEASED", death_date=died, updated_on=died + dt.timedelta(days=20))
    ledger.pay(household.head, "DIBAO", ledger.months_ago(14), None, 900)
    household.settled |= {"aid", "school"}
    ledger.lead("H03", household, parent)


def struck_off(household: Household, ledger: Ledger) -> None:
    """The register has struck the parent off."""
    parent = household.having("PARENT")[0]
    _register_others(household, ledger, parent)
    register(parent, household, ledger, status="CANCELLED", updated_on=ledger.before(ledger.as_of, 200, 500))
    ledger.lead("H03", household, parent)


def registered_again(household: Household, ledger: Ledger) -> None:
    """The parent's old registration was struck off, the new one is in force."""
    parent = household.having("PARENT")[0]
    register(
        parent,
        household,
        ledger,
        status="CANCELLED",
        household_no="HK-OLD",
        updated_on=ledger.before(ledger.as_of, 200, 500),
    )
    ledger.innocent("registered_again", "H03", household, parent)


def counted_one_less(household: Household, ledger: Ledger) -> None:
    """The register knows of the parent's death, and so does the household's file."""
    parent = household.having("PARENT")[0]
    died = ledger.months_ago(ledger.number(5, 9)) + dt.timedelta(days=ledger.number(3, 25))
    parent.valid_to = died + dt.timedelta(days=9)
    _register_others(household, ledger, parent)
    register(parent, household, ledger, status="DECEASED", death_date=died, updated_on=died + dt.timedelta(days=20))
    ledger.innocent("counted_one_less", "H03", household, parent)


def _migrant(household: Household) -> None:
    household.file["target_group"] = MIGRANT
    household.settled.add("union_roll")


def no_union_member(household: Household, ledger: Ledger) -> None:
    """A migrant worker's household of whom no union knows."""
    _migrant(household)
    ledger.lead("H14", household, household.head)


def short_contract(household: Household, ledger: Ledger) -> None:
    """A migrant worker whose contract ran for half a year."""
    _migrant(household)
    begun = ledger.before(household.applied_on, 30, 90)
    join_union(household.head, ledger, begun, begun, begun + dt.timedelta(days=182))
    ledger.lead("H14", household, household.head)


def renewed_contract(household: Household, ledger: Ledger) -> None:
    """A contract of ten months, renewed for a year."""
    _migrant(household)
    begun = ledger.before(household.applied_on, 30, 200)
    ended = begun + dt.timedelta(days=300)
    join_union(household.head, ledger, begun, begun, ended)
    join_union(household.head, ledger, begun, ended + dt.timedelta(days=1), ended + dt.timedelta(days=366))
    ledger.innocent("renewed_contract", "H14", household, household.head)


def undated_contract(household: Household, ledger: Ledger) -> None:
    """A union member of whose contract the roll says nothing."""
    _migrant(household)
    join_union(household.head, ledger, ledger.before(household.applied_on, 100, 900), None, None)
    ledger.innocent("undated_contract", "H14", household, household.head)


PLANTS: tuple[Plant, ...] = (
    Plant("anothers_records", "P02", anothers_records, citizen_head),
    Plant("not_registered", "P04", not_registered, citizen_head),
    Plant("impossible_number", "P04", impossible_number, citizen_head),
    Plant("in_prison", "P12", _away("in_prison", lead=True, words="服刑"), with_grown_child),
    Plant("unenrolled_student", "P13", unenrolled_student, with_student),
    Plant("graduated_long_ago", "P13", graduated_long_ago, with_student),
    Plant("old_jobseeker", "P15", old_jobseeker, with_old_parent),
    Plant("dead_by_the_register", "H03", dead_by_the_register, with_parent),
    Plant("struck_off", "H03", struck_off, with_parent),
    Plant("no_union_member", "H14", no_union_member, citizen_head),
    Plant("short_contract", "H14", short_contract, citizen_head),
    Plant("newborns_bill", "P02", _under_another_name("newborns_bill", lambda name: f"{name}之女"), with_mother),
    Plant("question_marks", "P02", _under_another_name("question_marks", lambda name: "?" * len(name)), citizen_head),
    Plant("registered_elsewhere", "P04", registered_elsewhere, issued_elsewhere),
    Plant("migrant_not_registered", "P04", migrant_not_registered, citizen_head),
    Plant("newborn", "P04", newborn, with_child),
    Plant("on_remand", "P12", _away("on_remand", lead=False, words="刑事拘留"), with_grown_child),
    Plant("treated_abroad", "P12", _away("treated_abroad", lead=False, words="出境就医"), with_grown_child),
    Plant(
        "soldier_not_counted",
        "P12",
        _away("soldier_not_counted", lead=False, words="服现役", left=True),
        with_grown_child,
    ),
    Plant("terms_leave", "P13", terms_leave, with_student),
    Plant("unable_and_self_insured", "P15", unable_and_self_insured, anyone),
    Plant("registered_again", "H03", registered_again, with_parent),
    Plant("counted_one_less", "H03", counted_one_less, with_parent),
    Plant("renewed_contract", "H14", renewed_contract, citizen_head),
    Plant("undated_contract", "H14", undated_contract, citizen_head),
)

FEEDS: dict[str, frozenset[str]] = {
    "P02": frozenset({"vehicles", "real_estate"}),
    "P03": frozenset(),
    "P04": frozenset({"population"}),
    "P12": frozenset({"custody", "aid"}),
    "P13": frozenset({"school", "aid"}),
    "P15": frozenset(),
    "H02": frozenset({"marriage", "vehicles"}),
    "H03": frozenset({"population"}),
    "H14": frozenset({"union_roll"}),
}
"""The feeds in which these rules' plants stand."""
