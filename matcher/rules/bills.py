"""Medical bills and what was paid for them: one bill's cost, the insurance's part, and the aid that names it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, first_day, months_between
from matcher.policy import Policy
from matcher.rules import grants, silence
from matcher.rules.reading import Row
from matcher.rules.rule import Facts, Grade

SETTLED = "settlement_no invoice_no hospital admitted_on total_yuan insurance_paid_yuan patient_paid_yuan"
"""What a rule reads of medical settlements."""

INSURANCE = "BASIC_MEDICAL"
"""Already in what the settlement says the insurance paid."""

PREMIUM = ("参保", "缴费", "保费")
"""Words of aid that pays somebody's contribution, and no bill."""


@dataclass(frozen=True, slots=True)
class Bill:
    """One settlement of a bill, in yuan; None where the record does not say."""

    record_id: str
    person_id: str
    human: str
    household_id: str
    invoice: str
    settlement: str
    hospital: str
    admitted: dt.date | None
    total: Decimal | None
    insurance: Decimal | None
    patient: Decimal | None
    grade: Grade

    @property
    def cost(self) -> Decimal | None:
        """What it cost."""
        if self.total is not None:
            return self.total
        return None if self.insurance is None or self.patient is None else self.insurance + self.patient

    @property
    def borne(self) -> Decimal | None:
        """What the insurance left to the patient."""
        if self.patient is not None:
            return self.patient
        return None if self.total is None or self.insurance is None else self.total - self.insurance

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers by which a payment may name it."""
        return frozenset({self.invoice, self.settlement} - {""})


def number(text: str | None) -> str:
    """A number of a bill without blanks and marks; empty where there is none, or too short to tell one from another.

    >>> number(" No. 0012-3456 "), number("12"), number(None)
    ('NO00123456', '', '')
    """
    bare = re.sub(r"[\W_]", "", text or "").upper()
    return bare if len(bare) > 3 else ""


def read(facts: Facts, medical: pl.DataFrame) -> list[Bill]:
    """The bills of these settlements, each record once for a human, sorted by record."""
    same = grants.humans(facts)
    rows = medical.with_columns(human=pl.col("person_id").replace(same)).sort("human", "record_id", "person_id")
    return [
        _bill(row)
        for row in rows.unique(["human", "record_id"], keep="first", maintain_order=True).iter_rows(named=True)
    ]


def _bill(row: Row) -> Bill:
    return Bill(
        record_id=row["record_id"],
        person_id=row["person_id"],
        human=row["human"],
        household_id=row["household_id"],
        invoice=number(row["invoice_no"]),
        settlement=number(row["settlement_no"]),
        hospital=re.sub(r"\W", "", row["hospital"] or ""),
        admitted=row["admitted_on"],
        total=row["total_yuan"],
        insurance=row["insurance_paid_yuan"],
        patient=row["patient_paid_yuan"],
        grade=row["grade"],
    )


def layers(policy: Policy, on: dt.date, division: str | None) -> tuple[str, ...]:
    """The programmes that pay for bills beside the insurance, in the order in which they pay."""
    return tuple(code for code in policy.order("medical", on, division).programmes if code != INSURANCE)


def every_layer(policy: Policy) -> list[str]:
    """Every programme that pays for bills somewhere at some time."""
    return sorted(
        {code for order in policy.orders if order.key == "medical" for code in order.programmes} - {INSURANCE}
    )


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of aid for a bill: `names` the bill's number if it says one."""

    stream: Stream
    grade: Grade
    household_id: str
    names: str

    @property
    def yuan(self) -> Decimal:
        """What it paid in all its months, as far as it says."""
        return (self.stream.amount or Decimal(0)) * months_between(self.stream.first, self.stream.last)


def payments(facts: Facts, aid: pl.DataFrame) -> list[Payment]:
    """The payments that still stand, told of once, without what pays a contribution; sorted by month and record."""
    rows = grants.standing(grants.of_humans(facts, aid).iter_rows(named=True))
    found: dict[tuple[object, ...], Payment] = {}
    for row in rows:
        if grants.says(row, (*PREMIUM, *grants.RETURNED, *grants.CORRECTED)):
            continue
        for stream in grants.streams([row], facts.as_of).values():
            told = (
                row["human"],
                stream.programme,
                stream.first,
                stream.last,
                stream.amount,
                number(row["document_no"]),
            )
            found.setdefault(told, Payment(stream, row["grade"], row["household_id"], number(row["document_no"])))
    return sorted(found.values(), key=lambda each: (each.stream.first, each.stream.record_id))


def by_programme(paid: Iterable[Payment]) -> dict[str, Decimal]:
    """What each programme paid."""
    sums: dict[str, Decimal] = {}
    for each in paid:
        sums[each.stream.programme] = sums.get(each.stream.programme, Decimal(0)) + each.yuan
    return sums


def naming(bills: Iterable[Bill], paid: Iterable[Payment]) -> list[tuple[Bill, list[Payment]]]:
    """Each bill that payments name, with them: a bill settled twice is one bill, the first settlement's."""
    first: dict[str, Bill] = {}
    for bill in bills:
        for each in sorted(bill.numbers):
            first.setdefault(each, bill)
    found: dict[str, tuple[Bill, list[Payment]]] = {}
    for each_paid in paid:
        if each_paid.names in first:
            bill = first[each_paid.names]
            found.setdefault(bill.record_id, (bill, []))[1].append(each_paid)
    return [found[record] for record in sorted(found)]


def twice_of_one_kind(bill: Bill, paid: Iterable[Payment]) -> list[Payment]:
    """The payments of programmes that paid for the bill twice and together more than the patient bore: rule P14's."""
    by: dict[str, list[Payment]] = {}
    for each in paid:
        by.setdefault(each.stream.programme, []).append(each)
    borne = bill.borne
    return [
        each
        for group in by.values()
        if len(group) > 1 and borne is not None and sum((one.yuan for one in group), Decimal(0)) > borne
        for each in group
    ]


def known_bills(facts: Facts, household_ids: Iterable[str]) -> frozenset[str]:
    """The households of which the insurance told every bill of every member, up to the day its extract was cut."""
    if not facts.feeds["medical"].complete:
        return frozenset()
    members = facts.members.filter(pl.col("household_id").is_in(sorted(set(household_ids))))
    answered = pl.Series(sorted(silence.answered(facts, "medical")), dtype=pl.String)
    silent = members.filter(~pl.col("person_id").is_in(answered.implode())).get_column("household_id")
    unsure = silence.doubtful(facts, "medical").get_column("household_id")
    return frozenset(members.get_column("household_id")) - frozenset(silent) - frozenset(unsure)


def told_since(facts: Facts) -> dt.date | None:
    """The first day of which the insurance's extract tells, as far as its records show; nobody knows what was before."""
    days = facts.linked["medical"].get_column("admitted_on").drop_nulls()
    first = days.min()
    return first if isinstance(first, dt.date) else None


def told_once(bills: Iterable[Bill]) -> list[Bill]:
    """Each bill once, however many settlements tell of it."""
    seen: dict[object, Bill] = {}
    for bill in bills:
        key: object = bill.invoice or bill.settlement or (bill.hospital, bill.admitted, bill.total, bill.human)
        seen.setdefault(key, bill)
    return list(seen.values())


def year_of(bill: Bill) -> int | None:
    """The calendar year of admission."""
    return None if bill.admitted is None else first_day(bill.admitted).year


def of_households(bills: Iterable[Bill]) -> Mapping[str, list[Bill]]:
    """The bills by household."""
    found: dict[str, list[Bill]] = {}
    for bill in bills:
        found.setdefault(bill.household_id, []).append(bill)
    return found
