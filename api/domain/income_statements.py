"""What an officer writes down of a person's incomes, source by source: checked, and spread over the months it tells of.

A statement of several months says the same amount of each of them: nothing is ever divided, and a figure for a year stays
one (F-7).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.incomes import IncomeKind, IncomeSource, SourceAnswer

MOST_MONTHS, MOST_STATEMENTS, MOST_EVIDENCE = 36, 60, 200
GREATEST_FEN = 10**12


@dataclass(frozen=True, slots=True)
class Statement:
    """The same of each of these sources and of each month from the first to the last, or of a whole year."""

    sources: tuple[IncomeSource, ...]
    answer: SourceAnswer
    first: dt.date | None = None
    last: dt.date | None = None
    year: int | None = None
    kind: IncomeKind | None = None
    programme: str | None = None
    fen: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what one source told of one kind of income in one month or year."""

    source: IncomeSource
    answer: SourceAnswer
    month: dt.date | None
    year: int | None
    kind: IncomeKind | None
    programme: str | None
    fen: int | None

    @property
    def place(self) -> tuple[IncomeSource, dt.date | None, int | None]:
        """What is replaced as a whole: a source's word on a month, or on a year."""
        return self.source, self.month, self.year


def entries(statements: Sequence[Statement], programmes: Collection[str], today: dt.date) -> list[Entry]:
    """The rows that the statements come to. Raises NotDone, naming the statement that cannot be taken."""
    if not 0 < len(statements) <= MOST_STATEMENTS:
        raise _refused("", f"请填写 1 至 {MOST_STATEMENTS} 项陈述。", f"Give 1 to {MOST_STATEMENTS} statements.")
    found: list[Entry] = []
    for place, each in enumerate(statements):
        _check(str(place), each, programmes, today)
        months: list[dt.date | None] = [None] if each.first is None else [*_months(each)]
        found += [
            Entry(source, each.answer, month, each.year, each.kind, each.programme, each.fen)
            for source in dict.fromkeys(each.sources)
            for month in months
        ]
    _agree(found)
    return found


def _check(place: str, given: Statement, programmes: Collection[str], today: dt.date) -> None:
    if not given.sources:
        raise _refused(place, "请注明来源。", "Name the sources.")
    if (given.first is None) == (given.year is None) or (given.first is None) != (given.last is None):
        raise _refused(place, "请填写起止月份，或年度，二者取一。", "Give a first and a last month, or a year.")
    if given.first is not None and given.last is not None:
        length = _length(given.first, given.last)
        if not 0 < length <= MOST_MONTHS or given.last > today.replace(day=1):
            raise _refused(
                place,
                f"月份须先后有序、不超过 {MOST_MONTHS} 个月，且不晚于本月。",
                f"Months go from the first to the last, {MOST_MONTHS} at most, and not beyond this one.",
            )
    if given.year is not None and not 1990 <= given.year <= today.year:
        raise _refused(place, "年度有误。", "This is no year.")
    if (given.answer is SourceAnswer.VALUE) != (given.fen is not None and given.kind is not None):
        raise _refused(
            place,
            "有金额的须写明收入种类和金额；无记录、未答复、未查询的不得填金额。",
            "A VALUE has a kind and an amount; of what was not told there is neither.",
        )
    if given.year is not None and given.answer not in (SourceAnswer.VALUE, SourceAnswer.NOT_ASKED):
        raise _refused(
            place,
            "年度只用于金额，或以“未查询”撤回该年度数。",
            "A year is for an amount, or for NOT_ASKED, which takes such a figure back.",
        )
    if given.fen is not None and not 0 <= given.fen <= GREATEST_FEN:
        raise _refused(place, "金额有误。", "This amount cannot be.")
    if (given.kind is IncomeKind.AID) != (given.programme is not None) or (
        given.programme is not None and given.programme not in programmes
    ):
        raise _refused(
            place, "救助收入须写明救助项目，其他收入不写。", "Aid names its programme, and nothing else does."
        )


def _agree(found: Sequence[Entry]) -> None:
    """A source says one kind of thing of a month: amounts, or that there is none, or nothing."""
    said: dict[tuple[IncomeSource, dt.date | None, int | None], set[SourceAnswer]] = {}
    for each in found:
        said.setdefault(each.place, set()).add(each.answer)
    if any(len(answers) > 1 for answers in said.values()):
        raise _refused(
            "",
            "同一来源同一月份不能既有金额又无记录或未答复。",
            "A source does not tell an amount of a month and also that there is none, or nothing.",
        )


def _months(given: Statement) -> Sequence[dt.date]:
    assert given.first is not None
    assert given.last is not None
    return [months_after(given.first, count) for count in range(_length(given.first, given.last))]


def _length(first: dt.date, last: dt.date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _refused(place: str, zh: str, en: str) -> NotDone:
    path = ("input", "statements", place) if place else ("input", "statements")
    return NotDone(UserErrorCode.INVALID, path, zh, en)
