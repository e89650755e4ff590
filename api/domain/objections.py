"""Objections: by whom and on which grounds one may be raised, at any stage, and how a person may answer it (F-32).

It is for the authority to prove what it rests on. So nothing here asks anybody to disprove anything: an objection that
is not answered in time is told to the level above, and stays open until a person has answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from api.domain import casework
from api.domain.errors import NotDone, UserErrorCode

MOST_CHARACTERS, MOST_NAME = 4_000, 64


class Objector(StrEnum):
    """Who objects."""

    HOUSEHOLD = "HOUSEHOLD"
    PUBLIC = "PUBLIC"
    ORGANISATION = "ORGANISATION"
    ANONYMOUS = "ANONYMOUS"


class Ground(StrEnum):
    """What an objection rests on."""

    CIRCUMSTANCES = "CIRCUMSTANCES"
    INCOME_OR_PROPERTY = "INCOME_OR_PROPERTY"
    MEMBERS = "MEMBERS"
    AIDED_ELSEWHERE = "AIDED_ELSEWHERE"
    NOT_ME = "NOT_ME"
    NO_LONGER_OWNED = "NO_LONGER_OWNED"
    NOTICE_WRONG = "NOTICE_WRONG"
    PRIVACY = "PRIVACY"
    PROCEDURE = "PROCEDURE"
    DECISION = "DECISION"
    OTHER = "OTHER"


class ObjectionState(StrEnum):
    """Whether a person has answered."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"


class ObjectionOutcome(StrEnum):
    """What became of an objection."""

    UPHELD = "UPHELD"
    PARTLY = "PARTLY"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


PROVED = frozenset({ObjectionOutcome.UPHELD, ObjectionOutcome.PARTLY})
"""Outcomes after which a household on notice is reviewed again before it is recorded."""


def check(
    objector: Objector,
    name: str | None,
    contact: str | None,
    grounds: Sequence[Ground],
    received_on: dt.date,
    today: dt.date,
) -> None:
    """Raises NotDone where an objection cannot be taken down as it is told; its words are checked by `words`."""
    if objector is Objector.ANONYMOUS and (name or contact):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "objector"),
            "匿名异议不登记姓名和联系方式。",
            "Of somebody who objects without a name neither name nor contact is kept.",
        )
    for text, field in ((name, "objectorName"), (contact, "objectorContact")):
        casework.words(text, field, required=False, most=MOST_NAME)
    if not grounds:
        raise NotDone(UserErrorCode.REQUIRED, ("input", "grounds"), "请选择异议理由。", "Say on which grounds.")
    casework.past(received_on, today, "receivedOn")


def words(text: str, field: str) -> str | None:
    """What was said, without blanks around it. Raises NotDone."""
    return casework.words(text, field, most=MOST_CHARACTERS)


def level_above(code: str) -> str:
    """The city of a county, the province of a city, and so on up to the country.

    >>> level_above("410502"), level_above("410500"), level_above("410000")
    ('410500', '410000', '000000')
    """
    stem = code.rstrip("0") if code.endswith("00") else code
    length = len(stem) + len(stem) % 2
    return code[: max(length - 2, 0)].ljust(6, "0")
