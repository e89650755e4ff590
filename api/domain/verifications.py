"""Verification of a household's circumstances: what departments are asked about whom, what they said, and until when."""

from __future__ import annotations

from enum import StrEnum

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
    DEPARTMENT = "DEPARTMENT"


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
