"""A run of the tests that goes on past midnight in China tells the service the day on which it began."""

from __future__ import annotations

import datetime as dt

import pytest

from api.domain import days
from tests.api import clock


def at(hour: int, minute: int = 0, day: int = 27) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("began", "now", "told"),
    [
        (at(4), at(4, 30), at(4, 30)),
        (at(15, 50), at(15, 59), at(15, 59)),
        (at(15, 50), at(16, 5), at(16) - dt.timedelta.resolution),
        (at(15, 50), at(16, day=29), at(16) - dt.timedelta.resolution),
        (at(23, 50), at(0, 10, day=28), at(0, 10, day=28)),
    ],
    ids=["by-day", "before-midnight", "past-it", "days-past-it", "midnight-elsewhere"],
)
def test_the_clock_stays_on_the_day_on_which_the_tests_began(
    began: dt.datetime, now: dt.datetime, told: dt.datetime
) -> None:
    assert clock.this_moment(lambda: now, began) == told
    assert days.today(told) == days.today(began)
