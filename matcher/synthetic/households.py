"""The applicants' households: who lives there, what they declare, and the ordinary records that offices keep of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from matcher.overlap import add_months, first_day
from matcher.synthetic import places

Record = dict[str, Any]
SCHOOL_AGE = (6, 22)


@dataclass
class Person:
    """A human being as a member of one household; `human` is the same wherever the human appears, `file` what else it says."""

    human: int
    person_id: str
    relation: str
    identity: Record
    marital: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    file: Record = field(default_factory=dict)

    @property
    def born(self) -> dt.date:
        """The birth date."""
        day: dt.date = self.identity["birth_date"]
        return day

    def age(self, on: dt.date) -> int:
        """Whole years, near enough for planning."""
        return (on - self.born).days // 366


@dataclass
class Household:
    """One household; `settled` names the feeds that a plant has already arranged, `file` holds further columns of its file."""

    household_id: str
    people: list[Person]
    applied_on: dt.date
    file_opened_on: dt.date | None
    file_closed_on: dt.date | None = None
    declared: dict[str, int] = field(default_factory=lambda: {"vehicles": 0, "homes": 0, "businesses": 0})
    settled: set[str] = field(default_factory=set)
    file: Record = field(default_factory=dict)
    planted: str | None = None

    @property
    def head(self) -> Person:
        """The head, always first."""
        return self.people[0]

    def having(self, relation: str) -> list[Person]:
        """The members of this relation."""
        return [person for person in self.people if person.relation == relation]

    def pupils(self, on: dt.date) -> list[Person]:
        """The children of school age."""
        return [child for child in self.having("CHILD") if SCHOOL_AGE[0] < child.age(on) < SCHOOL_AGE[1]]


@dataclass
class Ledger:
    """What the offices will hold of the applicants, and what is true: filled while the city is planned.

    `documents`: households with the content of a document in their file, beside the one that is nobody else's.
    """

    as_of: dt.date
    rng: np.random.Generator
    outsiders: Iterator[Person]
    sources: frozenset[str]
    records: dict[str, list[Record]] = field(default_factory=dict)
    findings: list[Record] = field(default_factory=list)
    lookalikes: list[Record] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)

    def add(self, source: str, person: Person, **columns: Any) -> None:
        """A record of a source about one person; nothing where the city has no such feed."""
        if source not in self.sources:
            return
        row = {**person.identity, **columns, "_humans": {"SELF": person.human}}
        self.records.setdefault(source, []).append(row)

    def marry(self, one: Person, other: Person, event: str, on: dt.date) -> None:
        """An event of the marriage register; the man is party A, as the form has it."""
        if "marriage" not in self.sources:
            return
        a, b = sorted((one, other), key=lambda person: person.identity["sex"], reverse=True)
        row: Record = {
            "certificate_no": f"J4105-{on.year}-{self.number(100_000, 999_999)}",
            "event": event,
            "event_date": on,
            "_humans": {"A": a.human, "B": b.human},
        }
        for side, person in (("a", a), ("b", b)):
            row |= {f"{side}_{column}": person.identity[column] for column in PARTY}
        self.records.setdefault("marriage", []).append(row)

    def pay(
        self,
        person: Person,
        programme: str,
        first: dt.date,
        last: dt.date | None,
        yuan: int,
        division: str | None = None,
        **columns: Any,
    ) -> None:
        """A row of aid, from one month to another or without end; `columns`: what else it says."""
        agency = "总工会" if programme in ("LIVING_SUBSIDY", "GOLDEN_AUTUMN") else "民政局"
        self.add(
            "aid",
            person,
            **{
                "programme": programme,
                "agency": agency,
                "start_month": f"{first:%Y-%m}",
                "end_month": f"{last:%Y-%m}" if last else None,
                "amount_yuan": Decimal(yuan),
                "division_code": division or person.identity["division_code"],
                **columns,
            },
        )

    def lead(self, rule: str, household: Household, *people: Person, basis: str | None = None) -> None:
        """This lead is true."""
        self.findings.append(
            {
                "rule_id": rule,
                "household_id": household.household_id,
                "person_ids": sorted(person.person_id for person in people),
                "basis": basis,
            }
        )

    def innocent(self, kind: str, rule: str, household: Household, person: Person) -> None:
        """This looks like a lead of the rule and is none."""
        self.lookalikes.append(
            {
                "kind": kind,
                "rule_id": rule,
                "household_id": household.household_id,
                "person_id": person.person_id,
            }
        )

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both possible."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return bool(self.rng.random() < share)

    def months_ago(self, count: int) -> dt.date:
        """The month `count` months before the reference date's."""
        return add_months(first_day(self.as_of), -count)

    def before(self, day: dt.date, low: int, high: int) -> dt.date:
        """A day between `low` and `high` days before another."""
        return day - dt.timedelta(days=self.number(low, high))


def settle(people: pl.DataFrame, as_of: dt.date, rng: np.random.Generator) -> list[Household]:
    """The applicants' families as households with a file or an application."""
    households: list[Household] = []
    for human, row in enumerate(people.iter_rows(named=True)):
        identity = {key: row[key] for key in IDENTITY}
        if row["relation"] == "HEAD":
            applied = as_of - dt.timedelta(days=int(rng.integers(130, 730)))
            opened = applied + dt.timedelta(days=int(rng.integers(20, 45))) if rng.random() > 0.08 else None
            closed = as_of - dt.timedelta(days=int(rng.integers(5, 40))) if opened and rng.random() < 0.03 else None
            households.append(Household(f"H{len(households) + 1:07d}", [], applied, opened, closed))
        household = households[-1]
        household.people.append(Person(human, f"P{human + 1:08d}", row["relation"], identity))
    for household in households:
        spouses = household.having("SPOUSE")
        for person in household.people:
            if person.relation in ("HEAD", "SPOUSE"):
                alone = ("SINGLE", "DIVORCED", "WIDOWED")[int(rng.integers(0, 3))]
                person.marital = "MARRIED" if spouses else alone
            elif person.relation == "CHILD":
                person.marital = "SINGLE"
    return households


IDENTITY = ("name", "id_number", "sex", "birth_date", "phone", "address", "division_code", "former_name")
PARTY = ("name", "id_number", "birth_date", "former_name")


def live(household: Household, ledger: Ledger) -> None:
    """The ordinary records of a household, in every feed that no plant has settled."""
    head = household.head
    if "aid" not in household.settled:
        _receive(household, ledger)
    if "marriage" not in household.settled:
        _marriage(household, ledger)
    if "real_estate" not in household.settled and ledger.chance(0.45):
        own_home(head, ledger, ledger.before(household.applied_on, 400, 6000))
        household.declared["homes"] = 1
    if "vehicles" not in household.settled and ledger.chance(0.06):
        own_vehicle(head, ledger, "MOTORCYCLE", ledger.before(household.applied_on, 100, 2500))
    if "school" not in household.settled:
        go_to_school(household, ledger)


def own_home(
    person: Person, ledger: Ledger, since: dt.date, *, use: str = "HOME", share: float | None = None,
    unit: str | None = None, status: str = "CURRENT", ended: dt.date | None = None,
) -> str:  # fmt: skip
    """A record of the real-estate register; returns its unit number."""
    unit = unit or f"410502{ledger.number(10**9, 10**10 - 1)}F{ledger.number(1000, 9999)}"
    ledger.add(
        "real_estate", person, certificate_no=f"豫2020安阳市不动产权第{ledger.number(10**6, 10**7 - 1)}号", unit_no=unit,
        share_percent=share, use=use, area_m2=float(ledger.number(38, 120)),
        property_address=f"安阳市文峰区{places.ROADS[ledger.number(0, len(places.ROADS) - 1)]}{ledger.number(1, 300)}号",
        status=status, acquired_on=since, ended_on=ended,
    )  # fmt: skip
    return unit


def own_vehicle(
    person: Person, ledger: Ledger, kind: str, since: dt.date, *, status: str = "ACTIVE", ended: dt.date | None = None,
) -> None:  # fmt: skip
    """A record of the vehicle register."""
    ledger.add(
        "vehicles", person, plate=f"豫E{ledger.number(10_000, 99_999)}", vin=f"LSV{ledger.number(10**13, 10**14 - 1)}",
        vehicle_kind=kind, value_yuan=Decimal(ledger.number(35_000, 160_000)), registered_on=since, status=status,
        ended_on=ended,
    )  # fmt: skip


def run_business(
    person: Person, ledger: Ledger, since: dt.date, *, role: str = "LEGAL_REPRESENTATIVE", status: str = "LIVE",
    ended: dt.date | None = None, share: float | None = 60.0, turnover: int = 180_000, employees: int = 2,
    uscc: str | None = None,
) -> str:  # fmt: skip
    """A record of the business register; returns the credit code."""
    uscc = uscc or f"92410502MA{ledger.number(10**7, 10**8 - 1)}"
    ledger.add(
        "business", person, uscc=uscc, company_name="安阳市" + places.EMPLOYERS[ledger.number(0, len(places.EMPLOYERS) - 1)],
        role=role, share_percent=share, capital_yuan=Decimal(100_000), status=status, established_on=since, ended_on=ended,
        turnover_yuan=Decimal(turnover), employees=employees,
    )  # fmt: skip
    return uscc


def enrol(child: Person, ledger: Ledger, *, status: str = "ENROLLED", ended: bool = False) -> None:
    """A record of the school register for the term that the reference date lies in, or for one long over."""
    year = ledger.as_of.year - (2 if ended else 0) - (0 if ledger.as_of.month >= 9 else 1)
    ledger.add(
        "school", child, school="安阳市" + places.SCHOOLS[ledger.number(0, len(places.SCHOOLS) - 1)], status=status,
        stage="小学" if child.age(ledger.as_of) < 12 else "中学", term_start=dt.date(year, 9, 1),
        term_end=dt.date(year + 1, 1, 20), fee_yuan=Decimal(ledger.number(0, 3000)),
    )  # fmt: skip


def on_file(household: Household, as_of: dt.date) -> bool:
    """Whether the household is applying or on file on that day."""
    return household.file_closed_on is None or household.file_closed_on > as_of


def go_to_school(household: Household, ledger: Ledger) -> None:
    """Children of school age are enrolled, most families receive student aid; those that do not are a lead."""
    pupils = [child for child in household.pupils(ledger.as_of) if ledger.chance(0.85)]
    for child in pupils:
        enrol(child, ledger)
    if pupils and ledger.chance(0.6):
        ledger.pay(pupils[0] if ledger.chance(0.5) else household.head, "STATE_STUDENT_AID", ledger.months_ago(2),
                   ledger.months_ago(2), 1500)  # fmt: skip
    elif on_file(household, ledger.as_of):
        for child in pupils:
            ledger.lead("U04", household, child)


def _receive(household: Household, ledger: Ledger) -> None:
    kind = ledger.number(1, 100)
    begun = first_day(household.file_opened_on or household.applied_on)
    if kind <= 45:
        ledger.pay(household.head, "DIBAO", begun, None, ledger.number(300, 1200))
    elif kind <= 70:
        ledger.pay(household.head, "LIVING_SUBSIDY", begun, None, ledger.number(200, 600))
    elif kind <= 85:
        ledger.pay(household.head, "TEMPORARY_AID", begun, begun, ledger.number(1000, 4000))


def _marriage(household: Household, ledger: Ledger) -> None:
    head = household.head
    for spouse in household.having("SPOUSE"):
        if ledger.chance(0.7):
            ledger.marry(head, spouse, "MARRIED", ledger.before(ledger.as_of, 2500, 9000))
    if head.marital == "DIVORCED" and ledger.chance(0.7):
        former = next(ledger.outsiders)
        married = ledger.before(ledger.as_of, 3000, 9000)
        ledger.marry(head, former, "MARRIED", married)
        ledger.marry(head, former, "DIVORCED", married + dt.timedelta(days=ledger.number(400, 2500)))
