"""Ways out of hardship: what is proposed, what a test of incomes says, and how a household is watched afterwards.

A test says what is due and what is missing; it moves nobody. An officer proposes with a statement, and another decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from api.domain import casework
from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import ON_PROPOSAL, Closing
from api.domain.incomes import IncomeSource, Month
from api.domain.lifecycle import Action

MOST_STATEMENT = 4_000


class ExitVerdict(StrEnum):
    """What a test of incomes says; an exit is still a person's decision."""

    EXIT_DUE = "EXIT_DUE"
    NOT_ABOVE = "NOT_ABOVE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class LineStanding(StrEnum):
    """How a month's income a head stands to that month's own line."""

    ABOVE = "ABOVE"
    NOT_ABOVE = "NOT_ABOVE"
    UNCLEAR = "UNCLEAR"


class MonthGap(StrEnum):
    """What a month lacks to be clear."""

    INCOME = "INCOME"
    YEAR_ONLY = "YEAR_ONLY"
    LINE = "LINE"
    NOBODY = "NOBODY"


class ExitTestKind(StrEnum):
    """What a household's months are tested for."""

    GRADUATION = "GRADUATION"
    RELIEF = "RELIEF"


class ExitAction(StrEnum):
    """What may be proposed for a file that is open."""

    GRADUATE = "GRADUATE"
    RELIEVE = "RELIEVE"
    DEREGISTER = "DEREGISTER"

    @property
    def action(self) -> Action:
        """The move that it proposes."""
        return Action(self.value)


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class WatchOutcome(StrEnum):
    """How a household that left hardship is found when it is looked after."""

    FINE = "FINE"
    AT_RISK = "AT_RISK"
    BACK_IN_HARDSHIP = "BACK_IN_HARDSHIP"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a month lacks: of whom, and from which source, where it is an income."""

    gap: MonthGap
    month: dt.date
    member: int | None = None
    source: IncomeSource | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """Months in a row, each against its own line, and what they come to."""

    __test__ = False  # no test case, whatever its name begins with

    verdict: ExitVerdict
    months: tuple[Month, ...]
    standings: tuple[LineStanding, ...]

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What the months lack that are not clear; nothing where the verdict stands without it."""
        unclear = (
            month
            for month, standing in zip(self.months, self.standings, strict=True)
            if standing is LineStanding.UNCLEAR
        )
        return tuple(each for month in unclear for each in _lacks(month))


def _lacks(month: Month) -> Iterator[Missing]:
    if not month.members:
        yield Missing(MonthGap.NOBODY, month.month)
    if month.line is None:
        yield Missing(MonthGap.LINE, month.month)
    for member, source in month.silent:
        yield Missing(MonthGap.INCOME, month.month, member, source)
    for member in month.unsized:
        yield Missing(MonthGap.YEAR_ONLY, month.month, member)


def check_proposal(action: ExitAction, reason: Closing | None, statement: str) -> Closing | None:
    """The reason for which the file would be closed; None where it stays open. Raises NotDone unless it may be proposed so."""
    casework.words(statement, "statement", most=MOST_STATEMENT)
    if action is ExitAction.DEREGISTER:
        if reason not in ON_PROPOSAL:
            raise NotDone(
                UserErrorCode.REQUIRED,
                ("input", "reason"),
                "注销须写明原因：死亡、退休社会化管理、建档有误、迁出或自愿退出。",
                "A file is closed for a reason: DECEASED, RETIRED_SOCIALISED, ERROR, MOVED or WITHDRAWN.",
            )
        return reason
    own = Closing.GRADUATED if action is ExitAction.GRADUATE else None
    if reason not in (None, own):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "reason"),
            "此原因只用于注销。",
            "This reason is for closing a file otherwise.",
        )
    return own


def told(kind: ExitTestKind, test: Test, members: Mapping[int, int]) -> dict[str, Any]:
    """A test as it is kept and shown: codes, months, fen and keys of members; `members` by person."""
    return {
        "test": kind.value,
        "verdict": test.verdict.value,
        "months": [
            {
                "month": month.month.isoformat(),
                "members": len(month.members),
                "low": month.head.low,
                "high": month.head.high,
                "line": month.line,
                "known": month.known,
                "standing": standing.value,
            }
            for month, standing in zip(test.months, test.standings, strict=True)
        ],
        "missing": [
            {
                "gap": each.gap.value,
                "month": each.month.isoformat(),
                "member": None if each.member is None else members[each.member],
                "source": each.source and each.source.value,
            }
            for each in test.missing
        ],
    }
