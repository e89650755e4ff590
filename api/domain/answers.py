"""What a department says of somebody in a list of answers, without sending the record itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode

MOST_PUSHED = 500
"""So many answers go with one call; longer lists are a file."""


class ListedAnswer(StrEnum):
    """Whether the department has a record of the person, has none, or cannot say."""

    RECORD = "RECORD"
    NO_RECORD = "NO_RECORD"
    NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said of the person of this reference, on which day."""

    reference: str
    answer: ListedAnswer
    answered_on: dt.date


def listed(given: Sequence[Answered], today: dt.date) -> Sequence[Answered]:
    """The same. Raises NotDone where nobody is spoken of, too many are, one twice, or of a day to come."""
    if not 0 < len(given) <= MOST_PUSHED:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "answers"),
            f"一次报送 1 至 {MOST_PUSHED} 条答复，更多的请以文件报送。",
            f"From 1 to {MOST_PUSHED} answers go with one call: send more as a file.",
        )
    seen = set[str]()
    for place, each in enumerate(given):
        if each.answered_on > today:
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", "answers", str(place), "answeredOn"),
                "答复日期不能晚于今天。",
                "Nothing can have been answered on a day to come.",
            )
        if each.reference in seen:
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", "answers", str(place), "personReference"),
                "同一人在一次报送中只能出现一次。",
                "Somebody stands in a list once.",
            )
        seen.add(each.reference)
    return given
