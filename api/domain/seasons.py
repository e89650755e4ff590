"""The four-season brands (春送岗位、夏送清凉、秋季助学、冬送温暖): in which months each is on, by its entry of the catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from api.domain.clocks import months_after


def window(months: Sequence[int], on: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last month of the season that is on, or else of the next one.

    >>> window([12, 1, 2], dt.date(2026, 1, 5))
    (datetime.date(2025, 12, 1), datetime.date(2026, 2, 1))
    >>> window([12, 1, 2], dt.date(2026, 3, 5))
    (datetime.date(2026, 12, 1), datetime.date(2027, 2, 1))
    """
    month = on.replace(day=1)
    begins = (dt.date(on.year + years, months[0], 1) for years in (-1, 0, 1))
    spans = ((first, months_after(first, len(months) - 1)) for first in begins)
    return next((first, last) for first, last in spans if last >= month)
