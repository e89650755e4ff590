"""Days as integers: the calendar's own, and 0 for days that do not exist."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import days

likely = st.tuples(st.integers(1890, 2030), st.integers(0, 13), st.integers(0, 32))
any_date = st.tuples(st.integers(-1, 10_001), st.integers(-1, 14), st.integers(-1, 40))


def ordinal(year: int, month: int, day: int) -> int:
    try:
        return dt.date(year, month, day).toordinal()
    except ValueError:
        return 0


@given(st.lists(likely | any_date, min_size=1, max_size=40))
def test_a_date_is_its_ordinal_and_no_date_is_none(written: list[tuple[int, int, int]]) -> None:
    columns = (np.array(column) for column in zip(*written, strict=True))
    assert days.of(*columns).tolist() == [ordinal(*date) for date in written]


def test_every_day_of_four_centuries() -> None:
    first, last = dt.date(1800, 1, 1), dt.date(2200, 12, 31)
    every = [first + dt.timedelta(days=count) for count in range((last - first).days + 1)]
    parts = [np.array([getattr(day, part) for day in every]) for part in ("year", "month", "day")]
    counted = days.of(*parts)
    assert counted.tolist() == [day.toordinal() for day in every]
    assert all((one == other).all() for one, other in zip(days.parts(counted), parts, strict=True))


@given(st.lists(st.integers(0, 30_000_000) | st.integers(18_991_200, 20_300_399), min_size=1))
def test_eight_digits_are_a_day_where_the_calendar_has_it(written: list[int]) -> None:
    expected = [ordinal(date // 10_000, date // 100 % 100, date % 100) for date in written]
    within = [day if 1800 <= date // 10_000 <= 2199 else 0 for day, date in zip(expected, written, strict=True)]
    assert days.of_digits(np.array(written)).tolist() == within


def test_every_day_of_four_centuries_in_eight_digits() -> None:
    first, last = dt.date(1800, 1, 1), dt.date(2199, 12, 31)
    every = [first + dt.timedelta(days=count) for count in range((last - first).days + 1)]
    written = np.array([day.year * 10_000 + day.month * 100 + day.day for day in every])
    assert days.of_digits(written).tolist() == [day.toordinal() for day in every]


@given(st.lists(st.dates(), min_size=1))
def test_the_parts_of_a_day_are_its_date(written: list[dt.date]) -> None:
    year, month, day = days.parts(np.array([date.toordinal() for date in written], np.int32))
    assert list(zip(year.tolist(), month.tolist(), day.tolist(), strict=True)) == [
        (date.year, date.month, date.day) for date in written
    ]


def test_the_epoch_is_the_one_of_arrow() -> None:
    assert dt.date(1970, 1, 1).toordinal() == days.EPOCH
