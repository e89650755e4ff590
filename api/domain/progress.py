"""How far a goal is: what became of the files that were frozen for it; and how new files fare, by the quarter of their opening.

Of few people neither tells (domain/suppression).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.domain import figures, suppression
from api.domain.figures import Figure
from api.domain.targets import ACHIEVED, FileOutcome, TargetKind

Counts = Mapping[FileOutcome, int]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of so many files; None is withheld."""

    files: int | None
    of: Mapping[FileOutcome, int | None]
    achieved: int | None
    share: Decimal | None
    withheld: bool = False


def reached(kind: TargetKind, percent: int, counts: Counts) -> bool:
    """Whether a goal is reached: so many of a hundred; of no file at all, none is.

    >>> reached(TargetKind.ABLE_GRADUATED, 50, {FileOutcome.GRADUATED: 1, FileOutcome.OPEN: 1})
    True
    """
    files = sum(counts.values())
    return files > 0 and 100 * _achieved(kind, counts) >= percent * files


def whole(kind: TargetKind, counts: Counts) -> Outcomes:
    """What became of all of them."""
    files, achieved = sum(counts.values()), _achieved(kind, counts)
    every = {outcome: counts.get(outcome, 0) for outcome in FileOutcome}
    return Outcomes(files, every, achieved, figures.part(achieved, files))


def by_group(kind: TargetKind, counts: Mapping[str, Counts]) -> dict[str, Outcomes]:
    """What became of those of each group."""
    rows = [[each.get(outcome, 0) for outcome in FileOutcome] for each in counts.values()]
    told, found = suppression.withheld(rows), dict[str, Outcomes]()
    for number, (code, each) in enumerate(counts.items()):
        shown = whole(kind, each)
        hidden = {outcome for place, outcome in enumerate(FileOutcome) if (number, place) in told.cells}
        unclear = number in told.totals or bool(hidden & ACHIEVED[kind])
        found[code] = Outcomes(
            None if number in told.totals else shown.files,
            {outcome: None if outcome in hidden else value for outcome, value in shown.of.items()},
            None if unclear else shown.achieved,
            None if unclear else shown.share,
            bool(hidden),
        )
    return found


@dataclass(frozen=True, slots=True)
class Cohort:
    """Files opened in one quarter: how many were aided, left hardship, came back, were closed otherwise; None is withheld.

    `days` are the medians of the three clocks: to the file, to aid, to relief or graduation.
    """

    begins: dt.date
    files: int | None
    aided: int | None
    exited: int | None
    returned: int | None
    excluded: int | None
    days: Sequence[Figure]


Months = Mapping[dt.date, tuple[int, int, int, int, int]]
"""By month how many files were opened, and of these aided, exited, returned, excluded."""

EXCLUDED = 4
"""At which place of these stands who was closed otherwise."""


def by_quarter(months: Months, clocks: Sequence[Mapping[dt.date, Mapping[int, int]]]) -> list[Cohort]:
    """Cohorts from months, the earliest first; of each clock how often each number of days occurred, by month."""
    quarters: dict[dt.date, list[int]] = {}
    for month, counts in months.items():
        known = quarters.setdefault(quarter(month), [0] * len(counts))
        quarters[quarter(month)] = [one + other for one, other in zip(known, counts, strict=True)]
    begins = sorted(quarters)
    sizes = suppression.along([quarters[each][0] for each in begins])
    shown = [
        suppression.withheld(
            [[quarters[each][place], quarters[each][0] - quarters[each][place]] for each in begins],
            [(number, 0) for number, each in enumerate(begins) if place == EXCLUDED and _few_remain(quarters[each])],
        )
        for place in range(1, 5)
    ]
    opened = {each.isoformat(): quarters[each][0] for each in begins}
    together = [figures.medians(_by_quarter(begins, clock), opened).groups for clock in clocks]
    found = []
    for number, each in enumerate(begins):
        files, *of_them = quarters[each]
        aided, exited, returned, excluded = (
            None if (number, 0) in told.cells or number in sizes else count
            for told, count in zip(shown, of_them, strict=True)
        )
        days = [of[each.isoformat()] for of in together]
        size = None if number in sizes else files
        found.append(Cohort(each, size, aided, exited, returned, excluded, days))
    return found


def quarter(day: dt.date) -> dt.date:
    """The first day of a day's quarter.

    >>> quarter(dt.date(2024, 6, 15))
    datetime.date(2024, 4, 1)
    """
    return dt.date(day.year, day.month - (day.month - 1) % 3, 1)


def _few_remain(of: Sequence[int]) -> bool:
    files, _, exited, _, excluded = of
    return figures.few_remain(files, exited, excluded)


def _by_quarter(begins: Sequence[dt.date], clock: Mapping[dt.date, Mapping[int, int]]) -> dict[str, Counter[int]]:
    found = {each.isoformat(): Counter[int]() for each in begins}
    for month, passed in clock.items():
        found[quarter(month).isoformat()].update(passed)
    return found


def _achieved(kind: TargetKind, counts: Counts) -> int:
    return sum(counts.get(outcome, 0) for outcome in ACHIEVED[kind])
