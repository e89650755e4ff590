"""The daily work on a household: kinds of tasks, causes, visits, measures and referrals, and what each may say.

A task is told by codes and ids alone; whatever people write about somebody is sealed where it is kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from api.domain.errors import NotDone, UserErrorCode

MOST_CHARACTERS = 2_000
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_MANY_DIGITS = re.compile(r"\d{6}")
_GREATEST_KEY = 10**10
"""A key of ours is less; telephone and citizen numbers are more."""


class TaskKind(StrEnum):
    """What somebody has to do, each for one household."""

    REVERIFY_DUE = "REVERIFY_DUE"
    REVIEW_DUE = "REVIEW_DUE"
    RECORD_DUE = "RECORD_DUE"
    OBJECTION_DUE = "OBJECTION_DUE"
    TRANSFER_DUE = "TRANSFER_DUE"
    WATCH_DUE = "WATCH_DUE"
    VISIT_DUE = "VISIT_DUE"
    CHANGE_REPORTED = "CHANGE_REPORTED"
    REGISTER_DIFFERS = "REGISTER_DIFFERS"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    OFFICER_MISSING = "OFFICER_MISSING"
    REFERRAL = "REFERRAL"
    PAYMENT_CHECK = "PAYMENT_CHECK"
    PAYMENT_RETURNED = "PAYMENT_RETURNED"
    ENTITLEMENT = "ENTITLEMENT"
    VERIFICATION = "VERIFICATION"
    INQUIRY_DUE = "INQUIRY_DUE"


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "OPEN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class HardshipCause(StrEnum):
    """Why a household is in hardship: the ten of the national form (domain.md B1)."""

    NO_LABOUR_ABILITY = "NO_LABOUR_ABILITY"
    NOT_EMPLOYED = "NOT_EMPLOYED"
    LAID_OFF = "LAID_OFF"
    UNINSURED = "UNINSURED"
    INSURANCE_LACKING = "INSURANCE_LACKING"
    SEVERE_ILLNESS = "SEVERE_ILLNESS"
    NATURAL_DISASTER = "NATURAL_DISASTER"
    ACCIDENT = "ACCIDENT"
    SCHOOLING = "SCHOOLING"
    OTHER = "OTHER"


class CauseChange(StrEnum):
    """What became of a cause."""

    ADDED = "ADDED"
    MAIN_CHANGED = "MAIN_CHANGED"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"


class VisitKind(StrEnum):
    """What a home visit is for."""

    BASELINE_SURVEY = "BASELINE_SURVEY"
    ROUTINE = "ROUTINE"
    CONDOLENCE = "CONDOLENCE"
    VERIFICATION = "VERIFICATION"


class Answer(StrEnum):
    """What a visit found out about a question; unknown is neither yes nor no."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class MeasureState(StrEnum):
    """How far a planned measure is."""

    PLANNED = "PLANNED"
    UNDER_WAY = "UNDER_WAY"
    DONE = "DONE"
    DROPPED = "DROPPED"


class ReferralState(StrEnum):
    """Where a referral stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    CLOSED = "CLOSED"


class ReferralOutcome(StrEnum):
    """What became of a household that was referred."""

    PROVIDED = "PROVIDED"
    NOT_ENTITLED = "NOT_ENTITLED"
    DECLINED = "DECLINED"
    NOT_REACHED = "NOT_REACHED"


MOST_CAUSES = 4
"""How many causes a file has at a time that are not resolved: the main one, and three more."""


def place(taken: Collection[int], field: str) -> int:
    """The first place that no other cause has. Raises NotDone where all four are taken.

    >>> place([], "cause"), place([0, 2], "cause")
    (0, 1)
    """
    free = set(range(MOST_CAUSES)).difference(taken)
    if not free:
        raise NotDone(
            UserErrorCode.INVALID,
            path(field),
            "致困原因最多一个主要、三个次要。",
            "A file has one main cause and up to three more.",
        )
    return min(free)


def codes(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The same, if it holds codes, days and keys only. Raises ValueError: words and long numbers may be somebody's.

    >>> codes({"source": "tax", "member": 17, "month": "2026-05"})
    {'source': 'tax', 'member': 17, 'month': '2026-05'}
    """
    for name, value in detail.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            if not (_CODE.fullmatch(name) and _is_code(each)):
                raise ValueError(f"{name if _CODE.fullmatch(name) else 'a name'} is no code, day or key")
    return {name: list(value) if isinstance(value, tuple) else value for name, value in detail.items()}


def _is_code(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_DAY.fullmatch(value) or (_CODE.fullmatch(value) and not _MANY_DIGITS.search(value)))
    if isinstance(value, int):
        return 0 <= value < _GREATEST_KEY
    return value is None


def path(field: str) -> tuple[str, ...]:
    """The field of an input that is meant, outermost first.

    >>> path("visit.met")
    ('input', 'visit', 'met')
    """
    return ("input", *field.split("."))


def words(text: str | None, field: str, *, required: bool = True, most: int = MOST_CHARACTERS) -> str | None:
    """What somebody wrote, without blanks around it; None for nothing. Raises NotDone."""
    written = (text or "").strip()
    if required and not written:
        raise NotDone(UserErrorCode.REQUIRED, path(field), "请填写此项。", "Fill this in.")
    if len(written) > most:
        raise NotDone(
            UserErrorCode.INVALID,
            path(field),
            f"不得超过 {most} 字。",
            f"It may have {most} characters.",
        )
    return written or None


def past(day: dt.date, today: dt.date, field: str) -> dt.date:
    """The same, if it is no day to come. Raises NotDone."""
    if day > today:
        raise NotDone(UserErrorCode.INVALID, path(field), "日期不能晚于今天。", "The day is no later than today.")
    return day
