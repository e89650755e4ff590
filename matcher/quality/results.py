"""What a check says of a batch: its state, its figures, in both languages, and a few places to look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from matcher.quality import wording
from matcher.quality.answers import Answered
from matcher.quality.history import Figures
from matcher.quality.parameters import is_assumed, threshold
from matcher.quality.places import FEW, Example
from matcher.quality.wording import Pair, per_cent
from matcher.sources.contract import Contract

OK, ALARM, NOT_ASSESSED = "OK", "ALARM", "NOT_ASSESSED"
State = Literal["OK", "ALARM", "NOT_ASSESSED"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: a batch, the first places of what was noticed in it, and what came before, oldest first."""

    contract: Contract
    batch: Figures
    examples: Mapping[str, Sequence[Example]]
    earlier: Sequence[Figures]
    today: dt.date
    answered: Answered | None = None
    answers_due: dt.date | None = None

    @property
    def last(self) -> Figures | None:
        """The batch before."""
        return self.earlier[-1] if self.earlier else None

    def places(self, *beginnings: str) -> tuple[Example, ...]:
        """The first places of what bears these names, in turn one of each kind."""
        kinds = [self.examples[kind] for kind in sorted(self.examples) if kind.startswith(beginnings)]
        turns = [kind[turn] for turn in range(FEW) for kind in kinds if turn < len(kind)]
        return tuple(turns[:FEW])


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: its figure, what is usual, where the alarm begins (a share, days, a count or a day).

    `assumed`: the threshold rests on no source. `noticed` is a sentence, `details` more of them; `why` a check could
    not be made.
    """

    check: str
    state: State
    noticed: Pair
    figure: float | None = None
    baseline: float | None = None
    threshold: float | None = None
    assumed: bool = False
    details: tuple[Pair, ...] = ()
    examples: tuple[Example, ...] = ()
    why: str | None = None


def line_of(check: str, usual: float | None, count: int, parameter: str = "share") -> float:
    """Where the alarm of a share begins: at the threshold, or nearer where earlier batches were better; and above what
    chance makes of so many cells."""
    share = threshold(check, parameter)
    if usual is not None:
        share = min(share, max(usual * threshold(check, "rise"), threshold(check, "floor")))
    return share + 3 * sqrt(share * (1 - share) / max(count, 1))


def judged(
    check: str,
    figure: float,
    baseline: float | None,
    line: float,
    alarm: bool,
    parameter: str = "",
    details: tuple[Pair, ...] = (),
    examples: tuple[Example, ...] = (),
    *,
    count: bool = False,
) -> Result:
    noticed = wording.said(
        check,
        "noticed" if alarm else "fine",
        figure=f"{figure:,.0f}" if count else per_cent(figure),
        baseline="" if baseline is None else per_cent(baseline),
        threshold=per_cent(line),
    )
    state = state_of(ALARM if alarm else OK)
    return Result(check, state, noticed, figure, baseline, line, is_assumed(check, parameter), details, examples)


def not_assessed(check: str, reason: str, threshold: float | None = None) -> Result:
    return Result(check, "NOT_ASSESSED", wording.why(reason), threshold=threshold, why=reason)


def state_of(word: str) -> State:
    return "ALARM" if word == ALARM else "OK"
