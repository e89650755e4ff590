"""Of which division and days something is counted: the parameters that such statements have in common."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Date, bindparam

from api.database import UtcDateTime
from api.domain import days, divisions
from api.domain.scorecards import Period

BEGINS, ENDS = (bindparam(name, type_=UtcDateTime()) for name in ("begins", "ends"))
"""The period's first moment, and the first one after it."""

FIRST, LAST = (bindparam(name, type_=Date()) for name in ("first_day", "last_day"))


def told(code: str, period: Period) -> dict[str, Any]:
    """The parameters' values, with those of `conditions.in_division`."""
    low, high = divisions.span(code)
    return {
        "division_from": low,
        "division_to": high,
        "first_day": period.first,
        "last_day": period.last,
        "begins": days.begins(period.first),
        "ends": days.begins(period.last + dt.timedelta(days=1)),
    }
