"""What has to stand before a conclusion that may weigh on a household, and who may draw one (F-3, F-4, F-6, F-32, F-33).

The gate of stops (domain/stops) asks for the same things before aid is touched; this one stands before a lead is
concluded against somebody. What is not known counts for the household.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from api.domain.errors import NotDone, ReviewHeld, UserErrorCode
from api.domain.review import Outcome

MOST_AT_ONCE = 50
"""How many leads are concluded on in one go (F-4)."""

WEIGHING = frozenset({Outcome.CLAIMANT_ERROR, Outcome.DECEPTION_CONFIRMED})
"""Conclusions that may weigh on a household: a second officer draws them."""


class ConclusionState(StrEnum):
    """What became of a conclusion that was proposed."""

    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class ReviewItem(StrEnum):
    """What a conclusion must have, or must not have against it."""

    HOLDER = "HOLDER"
    NOTICE = "NOTICE"
    ANSWER = "ANSWER"
    SECOND_OFFICER = "SECOND_OFFICER"
    NO_OBJECTION = "NO_OBJECTION"
    RECORD_STANDS = "RECORD_STANDS"
    VIEWED = "VIEWED"
    CLEARANCE = "CLEARANCE"


WORDS: dict[ReviewItem, tuple[str, str]] = {
    ReviewItem.HOLDER: (
        "该疑点正由另一名工作人员办理。",
        "Another officer is at work on this lead.",
    ),
    ReviewItem.NOTICE: (
        "尚未就现有证据送达告知书。",
        "No notice on the evidence as it is has been delivered.",
    ),
    ReviewItem.ANSWER: (
        "当事人尚未答复，答复期限也未届满。",
        "There is no answer, and the days to give one are not over.",
    ),
    ReviewItem.SECOND_OFFICER: (
        "可能不利于当事人的结论须由一名工作人员提出、另一名确认，且只能由人作出。",
        "What may weigh on a household is proposed by one officer and confirmed by another, and only people do either.",
    ),
    ReviewItem.NO_OBJECTION: (
        "有异议尚未答复；答复之前不得作出不利结论。",
        "An objection has not been answered: nothing adverse is concluded until it is.",
    ),
    ReviewItem.RECORD_STANDS: (
        "所依据的记录被指有误，部门尚未核实其无误。",
        "A record behind it is said to be wrong, and its department has not found it right.",
    ),
    ReviewItem.VIEWED: (
        "须先逐一查看该疑点的现状，再作结论。",
        "Each lead is looked at by itself, as it stands, before it is concluded on.",
    ),
    ReviewItem.CLEARANCE: (
        "须由可查看受保护信息的工作人员告知。",
        "An officer who is cleared for what is hidden has to tell them.",
    ),
}
"""What is said of each where it is missing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands before a conclusion: the notice and its answer, who proposes and confirms, who objects, what is doubted."""

    proposed_by: int
    confirmed_by: int | None
    by_a_person: bool
    delivered_on: dt.date | None
    answered_on: dt.date | None
    wait_until: dt.date | None
    objections: int
    doubts: int


def missing(standing: Standing, today: dt.date) -> Iterator[ReviewItem]:
    """What a conclusion lacks today, in the order in which it is looked at; without `confirmed_by` it is only proposed."""
    if standing.objections:
        yield ReviewItem.NO_OBJECTION
    if standing.doubts:
        yield ReviewItem.RECORD_STANDS
    if standing.delivered_on is None or standing.delivered_on > today:
        yield ReviewItem.NOTICE
    if standing.answered_on is None and (standing.wait_until is None or today <= standing.wait_until):
        yield ReviewItem.ANSWER
    if standing.confirmed_by == standing.proposed_by or not standing.by_a_person:
        yield ReviewItem.SECOND_OFFICER


def check(standing: Standing, today: dt.date, finding_id: int) -> None:
    """Nothing is missing. Raises ReviewHeld, which names the first thing that is, and the lead."""
    for item in missing(standing, today):
        raise held(item, finding_id)


def held(item: ReviewItem, finding_id: int, path: tuple[str, ...] = ("input",)) -> ReviewHeld:
    """The refusal that names what is missing, and of which lead."""
    return ReviewHeld(item.value, finding_id, path, *WORDS[item])


def check_number(leads: int) -> None:
    """Raises NotDone for no lead at all, or more than are concluded on in one go."""
    if not 1 <= leads <= MOST_AT_ONCE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "leads"),
            f"一次须为 1 至 {MOST_AT_ONCE} 条疑点。",
            f"From 1 to {MOST_AT_ONCE} leads at a time.",
        )
