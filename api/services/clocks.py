"""By which day a file's present stage should be done: the clock that a move winds, as the parameters of that day and division say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api import workdays
from api.domain import clocks
from api.domain.clocks import LIMITS, Clock
from api.domain.lifecycle import Action
from api.domain.stages import ACTIVE, Stage
from api.matching import policy


@dataclass(frozen=True, slots=True)
class Term:
    """How long a stage may take: so many months, or working days, and on which basis."""

    clock: Clock
    length: int
    in_months: bool
    basis: str


def columns(
    before: Stage | None, action: Action, after: Stage, division_code: str, day: dt.date
) -> dict[str, dt.date | None]:
    """What a move on that day sets on the file: nothing, where the clock that runs goes on."""
    return at(after, division_code, day) if clocks.winds(before, action, after) else {}


def at(stage: Stage, division_code: str, day: dt.date) -> dict[str, dt.date | None]:
    """The same for a file that comes to a stage on that day, wherever it was before."""
    due = due_on(stage, division_code, day)
    return {"due_on": due, "next_review_on": due if stage in ACTIVE else None}


def due_on(stage: Stage, division_code: str, day: dt.date) -> dt.date | None:
    """By when what has come to a stage on that day should be done with it; None where nothing is to be done."""
    limit = LIMITS.get(stage)
    if limit is None:
        return None
    if limit.months:
        return clocks.months_after(day, length(limit.months, division_code, day))
    return workdays.add(day, length(limit.working_days, division_code, day))


def length(parameters: tuple[str, ...], division_code: str | None, day: dt.date) -> int:
    """The sum of parameters, in their own unit."""
    return sum(policy.whole(key, day, division_code) for key in parameters)


def term(stage: Stage, division_code: str | None, day: dt.date) -> Term | None:
    """How long a stage may take there on that day; None where nothing is to be done."""
    limit = LIMITS.get(stage)
    if limit is None:
        return None
    keys = limit.months or limit.working_days
    basis = "；".join(policy.in_force().entry(key, day, division_code).basis for key in keys)
    return Term(limit.clock, length(keys, division_code, day), bool(limit.months), basis)
