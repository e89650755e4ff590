"""What is in an agenda pack: figures alone, of one division, period and day, and a digest of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from api.domain.equity import EquityReport
from api.domain.figures import Beside, Figure
from api.domain.indicators import Indicator
from api.domain.progress import Outcomes
from api.domain.responsibilities import MEASURES, MeasureRole
from api.domain.scorecards import Holder, Period, Requested, Scorecard, Tasks, UnitScore


@dataclass(frozen=True, slots=True)
class Frozen:
    """The snapshot that indicators are reckoned from, and the id by which it is asked for again."""

    id: str
    kind: str
    division_code: str
    since: dt.date
    as_of: dt.date
    digest: str


@dataclass(frozen=True, slots=True)
class OfGroup:
    """What an indicator comes to in a county, with the returns and exclusions of that county beside it."""

    code: str
    figure: Figure
    beside: Beside


@dataclass(frozen=True, slots=True)
class Reckoned:
    """One version of an indicator, for all files of the division and for each county."""

    indicator: Indicator
    whole: Figure
    groups: tuple[OfGroup, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a snapshot comes to: how many files, and of all of them how many came back and were closed otherwise."""

    frozen: Frozen
    files: int
    beside: Beside
    reckoned: tuple[Reckoned, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, and what became by the pack's day of the files that were frozen for it, of those of the division."""

    kind: str
    percent: int
    due_on: dt.date
    document_no: str
    division_code: str
    baseline: dt.date
    outcomes: Outcomes
    relieved_before: int
    reached: bool


@dataclass(frozen=True, slots=True)
class FundsOfSource:
    """Funds of one source together, in fen."""

    source: str
    allocated_fen: int
    available_fen: int
    committed_fen: int
    paid_fen: int


@dataclass(frozen=True)
class Pack:
    """All figures of a pack."""

    division_code: str
    period: Period
    goals: tuple[Goal, ...]
    progress: Progress | None
    scorecards: tuple[Scorecard, ...]
    funds: tuple[FundsOfSource, ...]
    equity: EquityReport

    @cached_property
    def digest(self) -> str:
        """The same for the same figures: SHA-256 of all of them, written in one way."""
        told = asdict(self)
        if self.progress is not None:
            del told["progress"]["frozen"]["id"]  # it changes with the keys; the snapshot's own digest does not
        written = json.dumps(told, sort_keys=True, ensure_ascii=False, default=_plain, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit once, with the measures that it leads and those for which it is responsible beside, by their numbers."""

    score: UnitScore
    leads: tuple[int, ...]
    beside: tuple[int, ...]

    def title(self, source: str | None) -> tuple[str, str]:
        """What one of its kinds of data is called in Chinese and in English; nothing for none."""
        return next(
            ((each.title_zh, each.title_en) for each in self.score.delivered if each.source == source), ("", "")
        )


def units(pack: Pack) -> list[Unit]:
    """Every unit once, in the order in which the policy names them first; its figures are the same in all its measures."""
    first: dict[tuple[MeasureRole, str], UnitScore] = {}
    parts: dict[tuple[MeasureRole, str], tuple[list[int], list[int]]] = {}
    for number, card in enumerate(pack.scorecards, start=1):
        for score in card.units:
            key = score.role, score.holder.code if score.holder else ""
            first.setdefault(key, score)
            parts.setdefault(key, ([], []))[0 if score.leads_it else 1].append(number)
    return [Unit(score, tuple(parts[key][0]), tuple(parts[key][1])) for key, score in first.items()]


def tasks(of: Sequence[Unit]) -> tuple[Tasks, ...]:
    """The division's tasks, which are the same in all units that are told of them."""
    return next((each.score.tasks for each in of if each.score.tasks is not None), ())


def requests(of: Sequence[Unit]) -> list[tuple[Holder, tuple[Requested, ...]]]:
    """Each office of which something was asked once, whatever roles it holds, with all kinds of data together, then each."""
    found: dict[str, tuple[Holder, tuple[Requested, ...]]] = {}
    for each in of:
        if each.score.holder is not None and each.score.requested:
            found.setdefault(each.score.holder.code, (each.score.holder, each.score.requested))
    return list(found.values())


def measures() -> Mapping[int, str]:
    """The policy's measures by their numbers."""
    return {number: measure.value for number, measure in enumerate(MEASURES, start=1)}


def _plain(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
