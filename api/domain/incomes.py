"""A person's income of a month, as sources told it, and a household's income a head: intervals that know what is missing.

Every needed source has to speak of every member and month. One that did not leaves the month open above, whatever the
others said: so leaving out a source never makes anything surer (F-8). A figure for a year is never divided (F-7): it only
opens the months of its year.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain.clocks import months_after


class IncomeSource(StrEnum):
    """Who told of an income: the household itself, or one of the departments that keep it on record."""

    DECLARED = "DECLARED"
    TAX = "TAX"
    SOCIAL_INSURANCE = "SOCIAL_INSURANCE"
    UNEMPLOYMENT_BENEFIT = "UNEMPLOYMENT_BENEFIT"
    AID = "AID"


class IncomeKind(StrEnum):
    """What an income is paid for."""

    WAGE = "WAGE"
    BUSINESS = "BUSINESS"
    PROPERTY = "PROPERTY"
    TRANSFER = "TRANSFER"
    PENSION = "PENSION"
    AID = "AID"


class SourceAnswer(StrEnum):
    """What a source said: an amount, that there is nothing, or nothing at all (F-8)."""

    VALUE = "VALUE"
    NO_RECORD = "NO_RECORD"
    NO_ANSWER = "NO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


SPOKEN = frozenset({SourceAnswer.VALUE, SourceAnswer.NO_RECORD})


@dataclass(frozen=True, slots=True)
class Told:
    """What one source told of one member (None: of the household), of a `month` by its first day or of a `year`, in fen.

    Aid names its `programme`. `paid` is aid that our own register of payments tells of: an amount, and no word on the rest.
    """

    member: int | None
    source: IncomeSource
    answer: SourceAnswer
    month: dt.date | None = None
    year: int | None = None
    kind: IncomeKind | None = None
    programme: str | None = None
    fen: int | None = None
    paid: bool = False

    def opens(self, month: dt.date) -> bool:
        """Whether it is a figure of the month's year, of which nobody knows the month's part."""
        return self.year == month.year and self.answer is SourceAnswer.VALUE


@dataclass(frozen=True, slots=True)
class Interval:
    """From at least `low` to at most `high` fen; `high` is None where it is open above."""

    low: int
    high: int | None

    def holds(self, other: Interval) -> bool:
        """Whether it is as wide as the other, or wider."""
        return self.low <= other.low and (self.high is None or (other.high is not None and other.high <= self.high))


@dataclass(frozen=True, slots=True)
class Presence:
    """A member, from a day to before another, None being open; `since` is the birth where that is later."""

    member: int
    since: dt.date | None = None
    until: dt.date | None = None

    def in_month(self, month: dt.date) -> bool:
        """Whether the member belonged to the household on some day of the month."""
        return (self.since is None or self.since < months_after(month, 1)) and (
            self.until is None or self.until > month
        )


@dataclass(frozen=True, slots=True)
class Month:
    """A household's income a head in one month, beside that month's own line; `line` is None where none is in force."""

    month: dt.date
    members: tuple[int, ...]
    total: Interval
    head: Interval
    line: int | None
    silent: tuple[tuple[int, IncomeSource], ...]
    """Members and the needed sources that did not speak of them."""
    unsized: tuple[int, ...]
    """Members of whom some source told a figure for the whole year."""
    steps: tuple[Told, ...]

    @property
    def known(self) -> bool:
        """Whether every needed source spoke of every member, and every amount is one of a month."""
        return bool(self.members) and not self.silent and not self.unsized


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a month is reckoned: its line and what going to work costs, in fen, and which programmes of aid are income.

    What a household gets as one (`joint`) is one payment, under whichever member it is written.
    """

    line: Callable[[dt.date], int | None]
    counted: Collection[str] = ()
    joint: Collection[str] = ()
    cost: Callable[[dt.date], int] = lambda month: 0


def months(
    asked: Iterable[dt.date], present: Sequence[Presence], told: Collection[Told], terms: Terms
) -> list[Month]:
    """Income a head of a household in these months, from what was told of its members."""
    return [_month(month, present, told, terms) for month in asked]


def _month(month: dt.date, present: Sequence[Presence], told: Iterable[Told], terms: Terms) -> Month:
    here = tuple(sorted({each.member for each in present if each.in_month(month)}))
    theirs = {None, *here}
    steps = tuple(each for each in told if each.member in theirs and (each.month == month or each.opens(month)))
    silent = tuple(
        (member, source) for member in here for source in IncomeSource if not _spoke(steps, member, source)
    )
    unsized = tuple(member for member in here if any(each.member == member and each.opens(month) for each in steps))
    received = _received(steps, terms, month)
    heads = max(len(here), 1)
    low, high = received.low, None if not here or silent or unsized else received.high
    head = Interval(low // heads, None if high is None else -(-high // heads))
    return Month(month, here, Interval(low, high), head, terms.line(month), silent, unsized, steps)


def _spoke(told: Iterable[Told], member: int, source: IncomeSource) -> bool:
    """Whether a source said an amount of the month, or that there is none; and nothing that takes it back."""
    answers = {
        each.answer
        for each in told
        if each.member == member and each.source is source and each.month is not None and not each.paid
    }
    return bool(answers) and answers <= SPOKEN


def _received(told: Iterable[Told], terms: Terms, month: dt.date) -> Interval:
    """What the household received in a month as far as it was told.

    Two departments that tell of one kind may tell of one payment or of two: at least the greater, at most both. What the
    household declared is what they tell of; aid of one programme is one payment, whoever tells of it.
    """
    sums: dict[tuple[int | None, IncomeKind, str | None], dict[tuple[IncomeSource, bool], int]]
    sums = defaultdict(lambda: defaultdict(int))
    for each in told:
        if each.kind is None or each.fen is None or each.month is None:
            continue
        if each.kind is not IncomeKind.AID or each.programme in terms.counted:
            whose = None if each.programme in terms.joint else each.member
            sums[whose, each.kind, each.programme][each.source, each.paid] += each.fen
    low = high = 0
    for (_, kind, _), by_source in sums.items():
        most = max(by_source.values())
        departments = sum(fen for (source, _), fen in by_source.items() if source is not IncomeSource.DECLARED)
        off = terms.cost(month) if kind is IncomeKind.WAGE else 0
        low += max(most - off, 0)
        high += max((most if kind is IncomeKind.AID else max(most, departments)) - off, 0)
    return Interval(low, high)
