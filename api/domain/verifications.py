"""Verification of a household's circumstances: what departments are asked about whom, what they said, and until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from api.domain.answers import ListedAnswer
from api.domain.errors import NotDone, UserErrorCode


class VerificationOccasion(StrEnum):
    """Why a household is verified."""

    APPLICATION = "APPLICATION"
    REVERIFICATION = "REVERIFICATION"
    OBJECTION = "OBJECTION"


class VerificationState(StrEnum):
    """Where a request stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class DepartmentAnswer(StrEnum):
    """What a department's data say of somebody; none of the five is another, and none is a zero (F-8)."""

    VALUE = "VALUE"
    NO_RECORD = "NO_RECORD"
    NO_ANSWER = "NO_ANSWER"
    NOT_ASKED = "NOT_ASKED"
    NOT_AUTHORISED = "NOT_AUTHORISED"


class AnswerOrigin(StrEnum):
    """Where an answer comes from."""

    FEED = "FEED"
    LIST = "LIST"
    DEPARTMENT = "DEPARTMENT"


class UnknownBecause(StrEnum):
    """Why a kind of data says nothing of somebody: none of these is "no record" (F-8)."""

    NO_FEED = "NO_FEED"
    STALE_FEED = "STALE_FEED"
    PARTIAL_FEED = "PARTIAL_FEED"
    NOT_SCANNED = "NOT_SCANNED"
    IN_DOUBT = "IN_DOUBT"


ASK = frozenset({UnknownBecause.NO_FEED, UnknownBecause.STALE_FEED, UnknownBecause.PARTIAL_FEED})
"""What the department that keeps the data can mend by answering; the others wait for the next scan, or for a person."""


@dataclass(frozen=True, slots=True)
class FeedInUse:
    """What is in use of a kind of data: up to which day it speaks, and whether it is all there is."""

    as_of: dt.date | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Covered:
    """What the latest scan said of a person (the matcher's coverage): as of the extract's day, and whether a record resembles them."""

    state: str
    as_of: dt.date | None
    complete: bool
    resembles: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """What a department said of somebody by a list, and on which day."""

    answer: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person without asking: from where, as of which day; or why nothing is."""

    answer: DepartmentAnswer
    origin: AnswerOrigin | None = None
    as_of: dt.date | None = None
    because: UnknownBecause | None = None


def stale(as_of: dt.date | None, limit: int | None, today: dt.date) -> bool:
    """Whether data of that day are too old to tell that there is nothing; a day that nobody told is as old as can be.

    >>> stale(dt.date(2026, 5, 4), 30, dt.date(2026, 6, 3)), stale(dt.date(2026, 5, 4), 30, dt.date(2026, 6, 4))
    (False, True)
    """
    return as_of is None or (limit is not None and (today - as_of).days > limit)


def known(
    feed: FeedInUse | None, covered: Covered | None, listed: Listed | None, limit: int | None, today: dt.date
) -> Known:
    """What the feed, the latest scan and lists of answers tell together; `limit` is from how many days on they are stale.

    A record is told however old it is, with its day. That there is none is told by a fresh word, or a whole and fresh feed.
    """
    nothing = DepartmentAnswer.NO_ANSWER
    if feed is not None and covered is not None and covered.state == DepartmentAnswer.VALUE:
        return Known(DepartmentAnswer.VALUE, AnswerOrigin.FEED, covered.as_of)
    if listed is not None and not stale(listed.on, limit, today):
        if listed.answer == ListedAnswer.NO_ANSWER:
            return Known(nothing, because=UnknownBecause.IN_DOUBT)
        none = listed.answer == ListedAnswer.NO_RECORD
        return Known(DepartmentAnswer.NO_RECORD if none else DepartmentAnswer.VALUE, AnswerOrigin.LIST, listed.on)
    if feed is None:
        return Known(DepartmentAnswer.NOT_ASKED, because=UnknownBecause.NO_FEED)
    if covered is not None and covered.state in LOOKED and not stale(covered.as_of, limit, today):
        if (
            covered.state == DepartmentAnswer.NO_RECORD and covered.complete
        ):  # else it is a list that says so, and a stale one
            return Known(DepartmentAnswer.NO_RECORD, AnswerOrigin.FEED, covered.as_of)
        doubt = covered.resembles or covered.complete
        return Known(nothing, because=UnknownBecause.IN_DOUBT if doubt else UnknownBecause.PARTIAL_FEED)
    if stale(feed.as_of, limit, today):
        return Known(nothing, because=UnknownBecause.STALE_FEED)
    return Known(nothing, because=UnknownBecause.NOT_SCANNED if feed.complete else UnknownBecause.PARTIAL_FEED)


LOOKED = frozenset({DepartmentAnswer.NO_RECORD, DepartmentAnswer.NO_ANSWER})
"""What a scan says where it looked, and linked no record."""

SAID = frozenset({DepartmentAnswer.VALUE, DepartmentAnswer.NO_RECORD, DepartmentAnswer.NO_ANSWER})
"""What a department can say itself."""


def check_said(answer: DepartmentAnswer, words: str | None) -> None:
    """Raises NotDone for what no department says, and for a record of which nothing is told."""
    if answer not in SAID:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "answer"),
            "部门只能答复：有记录、无记录、无法答复。",
            "A department answers VALUE, NO_RECORD or NO_ANSWER.",
        )
    if answer is DepartmentAnswer.VALUE and words is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input", "note"),
            "有记录的，请写明记录内容。",
            "Say what the record tells.",
        )
