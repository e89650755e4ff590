"""Which day it is where the households live: China keeps one time, eight hours ahead of UTC, all year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

CHINA = dt.timezone(dt.timedelta(hours=8))

Clock = Callable[[], dt.datetime]
"""What tells this moment; a test has its own, for whoever waits six months."""


def this_moment() -> dt.datetime:
    """This moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def today(now: dt.datetime) -> dt.date:
    """The day in China at a moment.

    >>> today(dt.datetime(2026, 11, 24, 16, 30, tzinfo=dt.UTC))
    datetime.date(2026, 11, 25)
    """
    return now.astimezone(CHINA).date()


def begins(day: dt.date) -> dt.datetime:
    """The moment at which a day begins in China.

    >>> begins(dt.date(2026, 11, 25)).astimezone(dt.UTC)
    datetime.datetime(2026, 11, 24, 16, 0, tzinfo=datetime.timezone.utc)
    """
    return dt.datetime.combine(day, dt.time(), CHINA)
