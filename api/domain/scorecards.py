"""What a unit of the policy's measures is held to: what can be counted of it, and of what cannot, why not (domain.md A9).

A figure that nobody can know is None, and one `Unknown` says why; it is never zero (F-8).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from api.domain.figures import part
from api.domain.measures import Measure
from api.domain.responsibilities import MeasureRole


class ScoreFigure(StrEnum):
    """What of a unit is told, or cannot be."""

    DATA = "DATA"
    DATA_AGE = "DATA_AGE"
    DATA_QUALITY = "DATA_QUALITY"
    COVERAGE = "COVERAGE"
    REFERRALS = "REFERRALS"
    REFERRAL_DAYS = "REFERRAL_DAYS"
    REQUESTS = "REQUESTS"
    DOUBTFUL_ROWS = "DOUBTFUL_ROWS"
    TASKS = "TASKS"
    LEADS = "LEADS"


class NotKnown(StrEnum):
    """Why a figure is not told."""

    NO_HOLDER = "NO_HOLDER"
    KEEPS_NO_DATA = "KEEPS_NO_DATA"
    NEVER_SENT = "NEVER_SENT"
    NO_DAY = "NO_DAY"
    NOT_SCANNED = "NOT_SCANNED"
    NOT_IN_SCAN = "NOT_IN_SCAN"
    NONE_CLOSED = "NONE_CLOSED"
    NONE_DUE = "NONE_DUE"
    NO_LONGER_KEPT = "NO_LONGER_KEPT"
    NOT_THIS_UNITS = "NOT_THIS_UNITS"


R = MeasureRole
KEEPS: Mapping[MeasureRole, tuple[str, ...]] = {
    R.TRADE_UNION_FEDERATION: ("documents", "handlers", "union_roll"),
    R.CIVIL_AFFAIRS: ("aid", "deaths", "marriage"),
    R.HUMAN_RESOURCES: ("injury_cases", "social_insurance", "unemployment_benefit"),
    R.HEALTHCARE_SECURITY: ("aid", "medical"),
    R.EDUCATION: ("aid", "school"),
    R.FINANCE: ("payroll_public",),
    R.TAXATION: ("tax",),
    R.PUBLIC_SECURITY: ("custody", "deaths", "population", "vehicles"),
    R.NATURAL_RESOURCES: ("real_estate",),
    R.MARKET_REGULATION: ("business",),
    R.PROVIDENT_FUND: ("housing_fund",),
    R.CENTRAL_BANK: ("finance",),
}
"""Which kinds of department data an office answers for, as their contracts name who holds them (domain.md A5).

Of the kinds that several keep, each answers for its own part; an organisation that says itself what it keeps is believed.
"""

OF_ALL = frozenset({"answers"})
"""Kinds that no office keeps: lists of answers come from whoever was asked."""

ANSWERED, UNANSWERED = ("VALUE", "NO_RECORD"), ("NO_ANSWER", "NOT_AUTHORISED", "NOT_ASKED")
"""What a scan says of a person and a source: there was an answer, be it that there is no record; or there was none."""


def keeps(role: MeasureRole, own: Sequence[str] = ()) -> tuple[str, ...]:
    """The kinds of data that a unit of this role answers for, by its own word where it says any.

    >>> keeps(MeasureRole.TAXATION), keeps(MeasureRole.TAXATION, ["business"]), keeps(MeasureRole.HEALTH)
    (('tax',), ('business',), ())
    """
    return tuple(sorted(own)) or KEEPS.get(role, ())


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure that is not told, of which kind of data where it is of one, and why."""

    figure: ScoreFigure
    reason: NotKnown
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """For how many people of a scan a source had an answer, and why it had none for the others."""

    division_code: str
    scanned_as_of: dt.date
    people: int
    answered: int
    no_answer: int
    not_authorised: int
    not_asked: int

    @property
    def share(self) -> Decimal | None:
        """The part of the people for whom there was an answer."""
        return part(self.answered, self.people)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was sent last of a kind of data, how old it was on the day, and what the last scan made of it."""

    source: str
    title_zh: str
    title_en: str
    received_on: dt.date | None = None
    as_of: dt.date | None = None
    age_days: int | None = None
    complete: bool | None = None
    rows_read: int | None = None
    rows_set_aside: int | None = None
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """Households sent to a unit in a period, and where that stood on its last day."""

    sent: int
    waiting: int
    overdue: int
    closed: int
    by_outcome: Mapping[str, int]
    median_days: Decimal | None


@dataclass(frozen=True, slots=True)
class Requested:
    """What verifications asked of a unit in a period, and what of it was answered by its last day; `source` None for all kinds.

    Of what was neither answered nor due yet nobody can say whether it is in time.
    """

    source: str | None
    asked: int
    answered: int
    in_time: int
    late: int

    @property
    def share(self) -> Decimal | None:
        """The part that was answered in time, of all that was answered or should have been; None where that is nothing."""
        return part(self.in_time, self.in_time + self.late)


@dataclass(frozen=True, slots=True)
class Doubted:
    """Rows of a unit's batches that could not be read: how many waited on the last day of a period to be mended, how many too long."""

    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks of a kind: how many waited on the last day of a period, how many of those were late, how many were done in it."""

    kind: str
    waiting: int
    overdue: int
    done: int


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads raised in a period by rules that read a unit's data, and what people concluded on them by its last day."""

    raised: int
    reviewed: int
    by_outcome: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Holder:
    """The organisation that holds a role, as it was called on the day."""

    code: str
    name_zh: str
    name_en: str
    division_code: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class UnitScore:
    """What is known of a unit that leads a measure, or is responsible beside, and what is not."""

    role: MeasureRole
    leads_it: bool
    holder: Holder | None
    delivered: tuple[Delivered, ...]
    referred: Referred | None
    requested: tuple[Requested, ...] | None
    doubted: Doubted | None
    tasks: tuple[Tasks, ...] | None
    leads: Leads | None
    unknown: tuple[Unknown, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One of the policy's measures, and all its units."""

    measure: Measure
    units: tuple[UnitScore, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: dt.date
    last: dt.date


def coverage(division_code: str, scanned_as_of: dt.date, states: Mapping[str, int]) -> Coverage | None:
    """What a scan's counts of people by state come to for one source; None where it asked that source of nobody."""
    people = sum(states.get(state, 0) for state in (*ANSWERED, *UNANSWERED))
    if people == 0 or states.get("NOT_ASKED", 0) == people:
        return None
    return Coverage(
        division_code,
        scanned_as_of,
        people,
        sum(states.get(state, 0) for state in ANSWERED),
        *(states.get(state, 0) for state in UNANSWERED),
    )
