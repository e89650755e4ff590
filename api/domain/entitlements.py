"""What a household may be due and is not known to have: how far each condition is met, and which occasions call for a task.

A condition is met, is not met, or nobody can tell; unknown is never no. An answer is a likelihood for an officer to look
into and never a verdict: what a programme asks for is decided by whoever grants it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api.domain.catalogue import Condition, ConditionKind, Sign
from api.domain.grants import GrantPeriod, OnceFor
from api.domain.responsibilities import MeasureRole


class Likelihood(StrEnum):
    """Whether a condition, or all that a programme asks for, seems to be met."""

    LIKELY = "LIKELY"
    UNLIKELY = "UNLIKELY"
    CANNOT_TELL = "CANNOT_TELL"


class AidStanding(StrEnum):
    """What is on record of a programme for a household, or somebody in it, in the time that it counts for."""

    RECEIVED = "RECEIVED"
    UNDER_WAY = "UNDER_WAY"
    DECLINED = "DECLINED"
    UNKNOWN = "UNKNOWN"
    NONE_KNOWN = "NONE_KNOWN"


class NoLongerDue(StrEnum):
    """Why a task of this kind ended by itself."""

    RECEIVED = "RECEIVED"
    UNDER_WAY = "UNDER_WAY"
    DECLINED = "DECLINED"
    LEAD_WITHDRAWN = "LEAD_WITHDRAWN"
    RULE_SET_ASIDE = "RULE_SET_ASIDE"
    NOT_LIKELY = "NOT_LIKELY"
    FILE_CLOSED = "FILE_CLOSED"
    MEMBER_LEFT = "MEMBER_LEFT"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a household, or of somebody in it, that conditions ask after; None where it is not known.

    `named` is whether a cause is named for which the aid is asked, `bill` whether there is a bill.
    """

    category: str | None = None
    causes: frozenset[str] | None = None
    named: bool | None = None
    bill: bool | None = None
    signs: Mapping[Sign, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lead:
    """What an open finding of a rule on unmet entitlement is about: a programme, or else the offices that answer for it."""

    programme: str | None
    roles: tuple[MeasureRole, ...] = ()


LEADS: Mapping[str, Lead] = {
    "U01": Lead("DIBAO"),
    "U02": Lead(None, (MeasureRole.HUMAN_RESOURCES, MeasureRole.TAXATION)),
    "U03": Lead("WORK_INJURY_BENEFIT"),
    "U04": Lead("EDUCATION_AID"),
    "U05": Lead("MEDICAL_AID"),
    "U06": Lead("UI_BENEFIT"),
    "U07": Lead(None),
    "U08": Lead(None),
}
"""By rule; U07 and U08 ask the union itself to go and see the household, and lead to no other office."""

SCHOOLING = "SCHOOL_YEAR"
"""The one occasion that all programmes of a school year are for a student: any of them is enough."""


def met(condition: Condition, known: Known) -> bool | None:
    """Whether what is known meets the condition; None where it does not tell."""
    if condition.kind is ConditionKind.CATEGORY:
        return None if known.category is None else known.category in condition.codes
    if condition.kind is ConditionKind.CAUSE:
        return None if known.causes is None else bool(known.causes & set(condition.codes))
    if condition.kind is ConditionKind.NAMED_CAUSE:
        return known.named
    if condition.kind is ConditionKind.BILL:
        return known.bill
    return None if condition.sign is None else known.signs.get(condition.sign)


def answer(fits: bool | None) -> Likelihood:
    """What is told of one condition.

    >>> answer(None), answer(False)
    (<Likelihood.CANNOT_TELL: 'CANNOT_TELL'>, <Likelihood.UNLIKELY: 'UNLIKELY'>)
    """
    if fits is None:
        return Likelihood.CANNOT_TELL
    return Likelihood.LIKELY if fits else Likelihood.UNLIKELY


def altogether(answers: Iterable[Likelihood]) -> Likelihood:
    """What is told of a programme by its conditions; of one that names none nobody can tell.

    >>> altogether([Likelihood.LIKELY, Likelihood.CANNOT_TELL]), altogether([])
    (<Likelihood.CANNOT_TELL: 'CANNOT_TELL'>, <Likelihood.CANNOT_TELL: 'CANNOT_TELL'>)
    """
    told = set(answers)
    if Likelihood.UNLIKELY in told:
        return Likelihood.UNLIKELY
    return Likelihood.LIKELY if told == {Likelihood.LIKELY} else Likelihood.CANNOT_TELL


def school_year(day: dt.date, first_month: int) -> dt.date:
    """The first day of the school year that a day belongs to.

    >>> school_year(dt.date(2026, 7, 31), 8), school_year(dt.date(2026, 8, 1), 8)
    (datetime.date(2025, 8, 1), datetime.date(2026, 8, 1))
    """
    return dt.date(day.year - (day.month < first_month), first_month, 1)


def since(once: OnceFor, periods: Iterable[GrantPeriod], today: dt.date, first_month: int) -> dt.date:
    """The first month in which aid counts as received now.

    What is paid by month or quarter goes on or not, so it is this month; a school year and a life count whole, and what
    is given once in this calendar year.

    >>> since(OnceFor.MONTH, [GrantPeriod.MONTH], dt.date(2026, 5, 9), 8)
    datetime.date(2026, 5, 1)
    """
    if once is OnceFor.SCHOOL_YEAR:
        return school_year(today, first_month)
    if once is OnceFor.LIFE:
        return dt.date(1900, 1, 1)
    goes_on = {GrantPeriod.MONTH, GrantPeriod.QUARTER} & set(periods)
    return today.replace(day=1) if once is OnceFor.MONTH and goes_on else dt.date(today.year, 1, 1)


def occasion(programme: str | None, once: OnceFor | None, rule: str | None) -> str:
    """What a task is for, by name: the programme, a school year's aid whichever it is, or the rule that named none."""
    if programme is None:
        return str(rule)
    return SCHOOLING if once is OnceFor.SCHOOL_YEAR else programme


def year(name: str, today: dt.date, first_month: int) -> int:
    """The year in which an occasion calls for one task; of a school year the one in which it begins."""
    return school_year(today, first_month).year if name == SCHOOLING else today.year
