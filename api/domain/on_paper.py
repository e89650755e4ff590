"""What a department without an account answered on paper, which an officer writes down: the paper's number, and its day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api.domain import casework

MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class OnPaper:
    """A department's paper."""

    number: str
    on: dt.date


def checked(paper: OnPaper, today: dt.date) -> OnPaper:
    """The same, without blanks around its number. Raises NotDone for a paper without one, or of a day to come."""
    number = casework.words(paper.number, "onPaper.number", most=MOST_CHARACTERS) or ""
    return OnPaper(number, casework.past(paper.on, today, "onPaper.on"))
