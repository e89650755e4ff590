"""When a scan that is asked for again and again is due: each day, week or month at an hour of China's time, or when a batch came."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain.days import CHINA
from api.domain.errors import NotDone, UserErrorCode

DAY = dt.timedelta(days=1)
LAST_DAY = 31
"""Of a shorter month its last day is meant."""

LATE = dt.timedelta(hours=1)
"""What is asked for so long after it was due was missed while nobody was there to ask for it."""


class ScanRhythm(StrEnum):
    """How often a scan is asked for."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    BATCH = "BATCH"


class ScheduleState(StrEnum):
    """Whether scans are asked for."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every day, a `weekday` from 1 (Monday) to 7, or a `day_of_month`, at an hour; or after each batch of one of the `sources`."""

    rhythm: ScanRhythm
    weekday: int | None = None
    day_of_month: int | None = None
    hour: int | None = None
    sources: tuple[str, ...] = ()

    def latest(self, now: dt.datetime) -> dt.datetime:
        """The last occasion that has come, of one that goes by the clock.

        >>> monthly = Rhythm(ScanRhythm.MONTHLY, day_of_month=31, hour=2)
        >>> monthly.latest(dt.datetime(2026, 3, 1, 12, tzinfo=CHINA)).isoformat()
        '2026-02-28T02:00:00+08:00'
        """
        day = now.astimezone(CHINA).date()
        while not self._is_on(day) or self._at(day) > now:
            day -= DAY
        return self._at(day)

    def next(self, now: dt.datetime) -> dt.datetime | None:
        """The first occasion that has not come yet; None where nobody can tell, since a batch comes when it comes.

        >>> Rhythm(ScanRhythm.WEEKLY, weekday=1, hour=2).next(dt.datetime(2026, 11, 30, 2, tzinfo=CHINA)).isoformat()
        '2026-12-07T02:00:00+08:00'
        """
        if self.rhythm is ScanRhythm.BATCH:
            return None
        day = now.astimezone(CHINA).date()
        while not self._is_on(day) or self._at(day) <= now:
            day += DAY
        return self._at(day)

    def missed(self, due: dt.datetime, latest: dt.datetime) -> int:
        """How many occasions there were from `due` on before the `latest`."""
        found, day = 0, due.astimezone(CHINA).date()
        while self._at(day) < latest:
            found += self._is_on(day)
            day += DAY
        return found

    def _is_on(self, day: dt.date) -> bool:
        if self.rhythm is ScanRhythm.DAILY:
            return True
        if self.rhythm is ScanRhythm.WEEKLY:
            return day.isoweekday() == self.weekday
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day == min(self.day_of_month or LAST_DAY, last)

    def _at(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(self.hour or 0), CHINA)


NAMED = {
    ScanRhythm.DAILY: {"hour"},
    ScanRhythm.WEEKLY: {"weekday", "hour"},
    ScanRhythm.MONTHLY: {"dayOfMonth", "hour"},
    ScanRhythm.BATCH: {"sources"},
}
"""What each rhythm is told by, and by nothing else."""


def rhythm(
    every: ScanRhythm, weekday: int | None, day_of_month: int | None, hour: int | None, sources: Sequence[str]
) -> Rhythm:
    """The rhythm of these. Raises NotDone for what is none."""
    given = {"weekday": weekday, "dayOfMonth": day_of_month, "hour": hour, "sources": tuple(sources) or None}
    for name, value in given.items():
        if (value is not None) != (name in NAMED[every]):
            fits = " + ".join(each for each in given if each in NAMED[every])
            raise _wrong(
                name,
                f"{every} 周期填写且仅填写：{fits}。",
                f"A rhythm is told by what belongs to it, and nothing else: {every} by {fits}.",
            )
    for name, value, first, last in (
        ("weekday", weekday, 1, 7),
        ("dayOfMonth", day_of_month, 1, LAST_DAY),
        ("hour", hour, 0, 23),
    ):
        if value is not None and not first <= value <= last:
            raise _wrong(name, f"应在 {first} 至 {last} 之间。", f"It lies between {first} and {last}.")
    return Rhythm(every, weekday, day_of_month, hour, tuple(sorted(set(sources))))


def _wrong(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)
