"""Aid that is stopped, reduced or recovered: what a month is worth afterwards, and the five things that must stand before (F-3).

A gate that leans one way: what is not known never counts as enough to live on, nor as too much to be given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from api.domain import payments
from api.domain.errors import StopHeld
from api.domain.grants import GrantPeriod

LEAST_WORKING_DAYS = 10
"""What the safeguard asks for wherever nothing longer is in force; the database knows no less."""


class StopKind(StrEnum):
    """What is proposed for a grant, and later decided."""

    STOP_AID = "STOP_AID"
    REDUCE_AID = "REDUCE_AID"
    RECOVER_AID = "RECOVER_AID"


class StopState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "PROPOSED"
    DECIDED = "DECIDED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class Delivery(StrEnum):
    """How a notice reached the household."""

    HANDED_OVER = "HANDED_OVER"
    READ_OUT = "READ_OUT"
    POST = "POST"


class StopItem(StrEnum):
    """What a decision for the worse must have; and that no objection waits."""

    NOTICE = "NOTICE"
    ANSWER = "ANSWER"
    REASON = "REASON"
    SECOND_OFFICER = "SECOND_OFFICER"
    FLOOR = "FLOOR"
    NO_OBJECTION = "NO_OBJECTION"


class Floor(StrEnum):
    """How what is left stands to the line: aid that goes on and income, a head."""

    REACHED = "REACHED"
    BELOW = "BELOW"
    UNKNOWN = "UNKNOWN"


WORDS: dict[StopItem, tuple[str, str]] = {
    StopItem.NOTICE: (
        "尚未送达载明事实的告知书。",
        "No notice with the facts has been delivered.",
    ),
    StopItem.ANSWER: (
        "当事人尚未答复，答复期限也未届满。",
        "There is no answer, and the days to give one are not over.",
    ),
    StopItem.REASON: ("请填写理由。", "Give the reason."),
    StopItem.SECOND_OFFICER: (
        "须由提出人以外的另一名工作人员决定，且只能由人作出。",
        "Another officer than the one who proposed it has to decide, and only a person does.",
    ),
    StopItem.FLOOR: (
        "其余救助与收入不足或不明是否达到当月低保标准，须先有注明期限的转介。",
        "What is left is below the line of that month, or nobody knows: a referral with a day has to be there first.",
    ),
    StopItem.NO_OBJECTION: (
        "有异议尚未答复；答复之前不得进行此步骤。",
        "An objection has not been answered: this step waits until it is.",
    ),
}
"""What is said of each where it is missing."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a grant gives: from its first to its last month, so much a period."""

    first_month: dt.date
    last_month: dt.date
    period: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Change:
    """What was decided of a grant: from a month on it is so much a period, and nothing where it is stopped."""

    from_month: dt.date
    amount_fen: int


def amount_of(grant: Granted, changes: Iterable[Change], month: dt.date) -> int:
    """What a grant gives in a month, in fen: its share of the period's sum as it stands in that month, as it is paid.

    What is given once is given in the first month. Changes only ever lower it, so it does not matter in which order they
    were decided.

    >>> monthly = Granted(dt.date(2026, 1, 1), dt.date(2026, 6, 1), "MONTH", 500_00)
    >>> reduced = [Change(dt.date(2026, 3, 1), 200_00), Change(dt.date(2026, 5, 1), 0)]
    >>> [amount_of(monthly, reduced, dt.date(2026, month, 1)) // 100 for month in range(1, 8)]
    [500, 500, 200, 200, 0, 0, 0]
    >>> quarterly = Granted(dt.date(2026, 1, 1), dt.date(2026, 6, 1), "QUARTER", 900_00)
    >>> [amount_of(quarterly, [Change(dt.date(2026, 2, 1), 0)], dt.date(2026, month, 1)) // 100 for month in (1, 2, 3, 4)]
    [300, 0, 0, 0]
    """
    period = GrantPeriod(grant.period)
    if not grant.first_month <= month <= grant.last_month:
        return 0
    if period is GrantPeriod.ONCE and month != grant.first_month:
        return 0
    return payments.share(period, lowered(grant.amount_fen, changes, month), month)


def lowered(amount_fen: int, changes: Iterable[Change], month: dt.date) -> int:
    """A period's sum as it stands in a month: the least that was decided of it by then."""
    return min([amount_fen, *(each.amount_fen for each in changes if each.from_month <= month)])


def a_month(grant: Granted, changes: Iterable[Change], month: dt.date) -> int:
    """What of a grant there is to live on in a month: what it gives in it; what is given once is not."""
    return 0 if grant.period == GrantPeriod.ONCE else amount_of(grant, changes, month)


def floor(low: int, high: int | None, line: int | None) -> Floor:
    """Whether what is left a head, at least `low` and at most `high` (None: unknown), reaches the line of the month.

    >>> floor(900, None, 800), floor(700, None, 800), floor(700, 790, 800), floor(900, 900, None)
    (<Floor.REACHED: 'REACHED'>, <Floor.UNKNOWN: 'UNKNOWN'>, <Floor.BELOW: 'BELOW'>, <Floor.UNKNOWN: 'UNKNOWN'>)
    """
    if line is None:
        return Floor.UNKNOWN
    if low >= line:
        return Floor.REACHED
    return Floor.BELOW if high is not None and high < line else Floor.UNKNOWN


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands before a decision: the notice and its answer, who proposes and decides, what is left, who objects."""

    proposed_by: int
    decided_by: int
    by_a_person: bool
    reason: str
    delivered_on: dt.date | None
    answered_on: dt.date | None
    wait_until: dt.date | None
    floor: Floor
    referred_until: dt.date | None
    objections: int


def missing(standing: Standing, today: dt.date) -> Iterator[StopItem]:
    """What a decision lacks today, in the order in which it is looked at."""
    if standing.objections:
        yield StopItem.NO_OBJECTION
    if standing.delivered_on is None or standing.delivered_on > today:
        yield StopItem.NOTICE
    if standing.answered_on is None and (standing.wait_until is None or today <= standing.wait_until):
        yield StopItem.ANSWER
    if not standing.reason.strip():
        yield StopItem.REASON
    if standing.decided_by == standing.proposed_by or not standing.by_a_person:
        yield StopItem.SECOND_OFFICER
    if standing.floor is not Floor.REACHED and (standing.referred_until is None or standing.referred_until < today):
        yield StopItem.FLOOR


def check(standing: Standing, today: dt.date) -> None:
    """Nothing is missing. Raises StopHeld, which names the first thing that is."""
    for item in missing(standing, today):
        raise StopHeld(item.value, *WORDS[item])
