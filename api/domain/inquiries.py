"""What is asked about a lead, and of whom; and a record that is said to be wrong, which its department looks at (F-33).

Whoever is told of a record may say what is wrong with it; it is for the department to show that it is right. Until it
has, and as long as it has not, nothing adverse is concluded on that evidence.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from api.domain import casework
from api.domain.errors import NotDone, UserErrorCode


class InquiryKind(StrEnum):
    """What is asked for: facts, or whether a record is right."""

    FACTS = "FACTS"
    REPAIR = "REPAIR"


class Asked(StrEnum):
    """Of whom something is asked."""

    HOUSEHOLD = "HOUSEHOLD"
    DEPARTMENT = "DEPARTMENT"
    COLLEAGUE = "COLLEAGUE"


class RepairReason(StrEnum):
    """Why a record is said to be wrong: F-33, and what the rules themselves except most often (rules.md H04, H05, P11)."""

    NOT_ME = "NOT_ME"
    SOLD = "SOLD"
    INHERITED = "INHERITED"
    STOLEN_IDENTITY = "STOLEN_IDENTITY"
    SCRAPPED = "SCRAPPED"
    COUNTED_TWICE = "COUNTED_TWICE"
    ENDED_BEFORE = "ENDED_BEFORE"


class InquiryState(StrEnum):
    """Whether there is an answer."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"


class RepairOutcome(StrEnum):
    """What a department found of its record."""

    CORRECTED = "CORRECTED"
    STANDS = "STANDS"
    IN_DISPUTE = "IN_DISPUTE"


def check_due(due_on: dt.date, today: dt.date) -> None:
    """Raises NotDone where the day to answer by is over."""
    if due_on < today:
        raise NotDone(
            UserErrorCode.INVALID, casework.path("dueOn"), "答复期限不能早于今天。", "The day to answer by is over."
        )


def check_answer(kind: InquiryKind, state: InquiryState, before: str | None, outcome: RepairOutcome | None) -> None:
    """Raises NotDone where an inquiry cannot be answered so, or not any more; one in dispute is answered again."""
    if state is InquiryState.ANSWERED and before != RepairOutcome.IN_DISPUTE:
        raise NotDone(
            UserErrorCode.INVALID, casework.path("inquiryId"), "该询问已答复。", "It has been answered already."
        )
    if (kind is InquiryKind.REPAIR) != (outcome is not None):
        raise NotDone(
            UserErrorCode.REQUIRED if outcome is None else UserErrorCode.INVALID,
            casework.path("outcome"),
            "记录有误的报告须答复核实结果，其他询问没有此项。",
            "Of a record that is said to be wrong the answer has an outcome; of other questions it has none.",
        )
