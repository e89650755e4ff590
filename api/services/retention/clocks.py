"""When the time of a class is over, by the parameter of its clock in a division."""

from __future__ import annotations

import datetime as dt

from api.domain import days
from api.domain.retention import CLOCKS, RetentionClass, before
from api.matching import policy


def last_day(day: dt.date, kept: RetentionClass, division: str | None = None) -> dt.date:
    """The last day on which something ended whose time is over on this day."""
    key = CLOCKS[kept]
    return before(day, policy.whole(key, day, division), key)


def moment(day: dt.date, kept: RetentionClass) -> dt.datetime:
    """The end of that last day, where the households live."""
    return days.begins(last_day(day, kept) + dt.timedelta(days=1))
