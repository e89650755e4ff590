"""Grants of aid: where one stands, how aid beside it is met, and what refuses, warns or only informs.

What a city has verified refuses; what is only assumed warns and never blocks. That a person is given one programme twice
in a month, and that a bill is paid above its cost, is refused wherever it is.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode

OF_FILE, OF_GRANT = "FILE", "GRANT:"
"""`source_record` of an enrolment that a household's own file names, and how that of a grant of ours begins: no register
touches such a one, nor is any record of a register called so."""


class GrantState(StrEnum):
    """Where a grant stands."""

    PROPOSED = "PROPOSED"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class GrantDecision(StrEnum):
    """What an officer decides of a grant that another proposed."""

    GRANT = "GRANT"
    REFUSE_GRANT = "REFUSE_GRANT"


class GrantPeriod(StrEnum):
    """For which period the amount of a grant is."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    ONCE = "ONCE"


class GrantEffect(StrEnum):
    """What a finding about a grant does."""

    REFUSES = "REFUSES"
    WARNS = "WARNS"
    INFORMS = "INFORMS"


class GrantFindingKind(StrEnum):
    """What is found when a grant is held against all other aid, and against what its programme asks for."""

    SAME_PROGRAMME = "SAME_PROGRAMME"
    EXCLUSIVE = "EXCLUSIVE"
    SAME_CAUSE = "SAME_CAUSE"
    TOO_OFTEN = "TOO_OFTEN"
    SAME_SCHOOL_YEAR = "SAME_SCHOOL_YEAR"
    ONCE_ONLY = "ONCE_ONLY"
    OVER_COST = "OVER_COST"
    STACKS = "STACKS"
    COUNTS_AS_INCOME = "COUNTS_AS_INCOME"
    FIRST_DECIDES = "FIRST_DECIDES"
    CONDITION = "CONDITION"
    NOT_YET_ANSWERED = "NOT_YET_ANSWERED"
    MONTHS_UNKNOWN = "MONTHS_UNKNOWN"


class AidRelation(StrEnum):
    """How a programme that is assessed stands to one that is held, as the matrix says."""

    EXCLUSIVE = "EXCLUSIVE"
    COUNTS_AS_INCOME = "COUNTS_AS_INCOME"
    NOT_INCOME = "NOT_INCOME"
    STACK = "STACK"
    ONCE = "ONCE"
    COMPATIBLE = "COMPATIBLE"
    FIRST_DECIDES = "FIRST_DECIDES"


class OnceFor(StrEnum):
    """What a programme that is given once is given once for."""

    MONTH = "MONTH"
    CAUSE = "CAUSE"
    SCHOOL_YEAR = "SCHOOL_YEAR"
    LIFE = "LIFE"


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill that is to be paid in part, by its reference: what it came to, and what it says that others paid of it."""

    reference: str
    incurred_on: dt.date
    cost_fen: int
    paid: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: for which household, under which programme, which months, how much a period, and for what."""

    household_id: int | None
    programme: str
    first: dt.date
    last: dt.date
    period: GrantPeriod
    amount_fen: int
    member_id: int | None = None
    cause_id: int | None = None
    bill: Bill | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """The least that would set a conflict right: the programme that ends for these months, or how much less is paid."""

    programme: str
    months: tuple[dt.date, ...]
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a grant, or that whoever decides should know.

    `people` are keys of humans where aid is compared, and of the household's memberships where it is told; `enrolments`
    of rows; `words` in Chinese and English where the kind alone does not say it.
    """

    kind: GrantFindingKind
    effect: GrantEffect
    programme: str
    months: tuple[dt.date, ...] = ()
    people: tuple[int, ...] = ()
    enrolments: tuple[int, ...] = ()
    agency: str | None = None
    basis: str | None = None
    verified: bool = False
    correction: Correction | None = None
    words: tuple[str, str] | None = None


class GrantHeld(NotDone):
    """A grant that is not made, since what was found refuses it; it tells each conflict and its least correction."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        programmes = [*dict.fromkeys(each.programme for each in findings)]
        super().__init__(
            UserErrorCode.AID_CONFLICT,
            ("input",),
            f"与现有救助冲突，不能给予：{'、'.join(programmes)}。详见 findings。",
            f"It conflicts with aid that is there and cannot be granted: {', '.join(programmes)}. See `findings`.",
        )


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same by what they do, what refuses first."""
    effects = list(GrantEffect)
    return tuple(sorted(findings, key=lambda each: effects.index(each.effect)))


def refusing(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that refuse."""
    return tuple(each for each in findings if each.effect is GrantEffect.REFUSES)


def checked_months(first: dt.date, last: dt.date, period: GrantPeriod, most: int) -> None:
    """Raises NotDone: months out of order or too many, a single sum for several, a quarter that is none.

    >>> checked_months(dt.date(2026, 4, 1), dt.date(2026, 9, 1), GrantPeriod.QUARTER, 12)
    """
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if first.day != 1 or last.day != 1 or not 1 <= count <= most:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "lastMonth"),
            f"末月不得早于首月，最多 {most} 个月。",
            f"The last month is not before the first, and they are {most} at most.",
        )
    if period is GrantPeriod.ONCE and count != 1:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "lastMonth"),
            "一次性发放的首月与末月相同。",
            "What is given once has one month.",
        )
    if period is GrantPeriod.QUARTER and (first.month % 3 != 1 or last.month % 3 != 0):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "firstMonth"),
            "按季发放的，首月为季初、末月为季末。",
            "What is given by quarter begins with a quarter's first month and ends with a quarter's last.",
        )


def checked_amount(fen: int) -> int:
    """The amount. Raises NotDone for none."""
    if fen <= 0:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "amount"), "金额须大于零。", "The amount is more than nothing."
        )
    return fen


def same_reference(one: str, other: str) -> bool:
    """Whether two people wrote the same reference of a bill, each in their way.

    >>> same_reference("a-1 ", "Ａ－１"), same_reference("A-1", "A-11")
    (True, False)
    """
    return _plain(one) == _plain(other)


def _plain(written: str) -> str:
    return "".join(unicodedata.normalize("NFKC", written).casefold().split())
