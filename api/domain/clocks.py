"""How long each stage of a household's life may take: which clock runs, when it is wound, what it is counted in.

How many days or months that are is a parameter with its legal basis (matcher/policies/register.toml), and never stands here.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain.lifecycle import Action
from api.domain.stages import ACTIVE, Stage

MONTHS_A_YEAR = 12


class Clock(StrEnum):
    """What has to be done with a file by its day."""

    ACCEPTANCE = "ACCEPTANCE"
    REVIEW = "REVIEW"
    RECORDING = "RECORDING"
    REVERIFICATION = "REVERIFICATION"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a clock runs: the sum of these parameters, in working days or else in months."""

    clock: Clock
    working_days: tuple[str, ...] = ()
    months: tuple[str, ...] = ()


_REVERIFICATION = Limit(Clock.REVERIFICATION, months=("reverification.months",))
LIMITS: Mapping[Stage, Limit] = {
    Stage.APPLIED: Limit(Clock.ACCEPTANCE, ("application.working_days",)),
    Stage.UNDER_REVIEW: Limit(Clock.REVIEW, ("review.working_days",)),
    Stage.PUBLIC_NOTICE: Limit(Clock.RECORDING, ("notice.working_days", "record.working_days")),
    Stage.RECORDED: _REVERIFICATION,
    Stage.RELIEVED: _REVERIFICATION,
}
"""By stage its limit; a file that is closed has none."""


def winds(before: Stage | None, action: Action, after: Stage) -> bool:
    """Whether a move begins the next stage's time anew: what is recorded, relieved or falls back between the two is
    re-verified when it was due, whatever is reported in between."""
    return action is Action.REVERIFY or not (before in ACTIVE and after in ACTIVE)


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last of a month that has no such day.

    >>> months_after(dt.date(2024, 11, 30), 3)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
