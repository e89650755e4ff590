"""Working days in China: the State Council's holidays and made-up days, a file of the office's own before them.

Years that the library knows come from it (chinesecalendar). A file that JIEKUN_WORKDAYS_FILE names adds other years and
corrects single days, as TOML or as CSV:

    [2027]                                  # the notice of that year
    off = [2027-01-01, 2027-02-08]          day,kind
    working = [2027-02-06]                  2027-01-01,off

A year that stands in it is known. One that nobody knows counts Monday to Friday, and is warned of once.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chinese_calendar.constants import holidays, workdays

from api import settings

OFF, WORKING = "off", "working"
SATURDAY, WEEK, WORKING_WEEK = 5, 7, 5
ONE = dt.timedelta(days=1)
_log = logging.getLogger("jiekun.workdays")


class BadWorkdays(ValueError):
    """The file of working days cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: Monday to Friday, but for these exceptions; and of which years all exceptions are known."""

    exceptions: tuple[dt.date, ...]
    years: frozenset[int]

    def is_working(self, day: dt.date) -> bool:
        """Whether the day is worked."""
        place = bisect_left(self.exceptions, day)
        excepted = place < len(self.exceptions) and self.exceptions[place] == day
        return (day.weekday() < SATURDAY) != excepted

    def add(self, day: dt.date, working_days: int) -> dt.date:
        """The so-manieth working day after the day, which itself is not counted; of none, the day itself."""
        if working_days < 0:
            raise ValueError("working days are counted forwards")
        for _ in range(working_days):
            day += ONE
            while not self.is_working(day):
                day += ONE
        return day

    def between(self, first: dt.date, last: dt.date) -> int:
        """How many working days come after the first day, up to the last, which is counted."""
        if last < first:
            return -self.between(last, first)
        excepted = self.exceptions[bisect_right(self.exceptions, first) : bisect_right(self.exceptions, last)]
        added = sum(1 if day.weekday() >= SATURDAY else -1 for day in excepted)
        return _weekdays_until(last) - _weekdays_until(first) + added

    def knows(self, first: dt.date, last: dt.date) -> bool:
        """Whether the holidays of all these years are known."""
        return self.years.issuperset(range(first.year, last.year + 1))


def read(file: Path | None) -> Calendar:
    """The library's calendar with the days of a file before it. Raises BadWorkdays."""
    told = dict.fromkeys(holidays, OFF) | dict.fromkeys(workdays, WORKING)
    years = {day.year for day in holidays}
    if file is not None:
        own = _own(file)
        told |= own
        years |= {day.year for day in own}
    exceptions = (day for day, kind in told.items() if (day.weekday() < SATURDAY) == (kind == OFF))
    return Calendar(tuple(sorted(exceptions)), frozenset(years))


@cache
def current() -> Calendar:
    """The calendar of this installation. Raises BadWorkdays."""
    return read(settings.workdays_file())


def is_working(day: dt.date) -> bool:
    """Whether the day is worked."""
    _warn(day, day)
    return current().is_working(day)


def add(day: dt.date, working_days: int) -> dt.date:
    """The so-manieth working day after the day, which itself is not counted."""
    found = current().add(day, working_days)
    _warn(day, found)
    return found


def between(first: dt.date, last: dt.date) -> int:
    """How many working days come after the first day, up to the last, which is counted; less than none backwards."""
    _warn(min(first, last), max(first, last))
    return current().between(first, last)


def are_known(first: dt.date, last: dt.date) -> bool:
    """Whether the holidays of all these years are known, so that a count of their working days is sure."""
    return current().knows(first, last)


def _warn(first: dt.date, last: dt.date) -> None:
    for year in range(first.year, last.year + 1):
        if year not in current().years:
            _warn_of(year)


@cache
def _warn_of(year: int) -> None:
    _log.warning(
        "the holidays of %d are not known: Monday to Friday are counted; name them in JIEKUN_WORKDAYS_FILE", year
    )


def _weekdays_until(day: dt.date) -> int:
    """Mondays to Fridays since the first day of the calendar, a Monday, up to this one."""
    weeks, rest = divmod(day.toordinal(), WEEK)
    return weeks * WORKING_WEEK + min(rest, WORKING_WEEK)


def _own(file: Path) -> dict[dt.date, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = _of_toml(tomllib.loads(text)) if file.suffix == ".toml" else _of_csv(text)
        return _each_once(rows)
    except (OSError, ValueError) as fault:
        raise BadWorkdays(f"{file}: {fault}") from fault


def _of_toml(content: Mapping[str, Any]) -> Iterator[tuple[dt.date, str]]:
    for year, lists in content.items():
        for kind, listed in lists.items():
            for day in listed:
                if kind not in (OFF, WORKING) or type(day) is not dt.date or str(day.year) != year:
                    raise ValueError(f"[{year}] {kind}: {day} is no day of that year that is off or working")
                yield day, kind


def _of_csv(text: str) -> Iterator[tuple[dt.date, str]]:
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        kind = row.get("kind")
        if kind not in (OFF, WORKING):
            raise ValueError(f"line {line}: the column kind says off or working")
        yield dt.date.fromisoformat(row.get("day") or ""), kind


def _each_once(rows: Iterable[tuple[dt.date, str]]) -> dict[dt.date, str]:
    found: dict[dt.date, str] = {}
    for day, kind in rows:
        if found.setdefault(day, kind) != kind:
            raise ValueError(f"{day} is both off and working")
    if not found:
        raise ValueError("no day stands in it")
    return found
