"""Two dates: the same day, nearly, or another; and what clerks typed where no day exists."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.comparing.dates import one_off
from tests.matcher.persons import compared, level, prepared


@pytest.mark.parametrize(
    ("left", "right", "date", "written"),
    [
        ("1955-03-07", "19550307", "equal", "equal"),
        ("1955-03-07", "1955-07-03", "near", "near"),  # exchanged
        ("1955-03-07", "1956-03-07", "near", "near"),
        ("1955-03-07", "1985-03-07", "near", "near"),
        ("1955-03-07", "2005-03-07", "different", "different"),  # a grandfather's birthday
        ("1959-03-07", "1961-03-07", "different", "different"),  # two digits of the year
        ("1955-03-07", "1955-03-17", "near", "near"),
        ("1955-03-07", "1955-04-07", "near", "near"),
        ("1955-03-07", "1956-07-03", "different", "different"),
        ("1955-03-07", "1962-08-21", "different", "different"),
        ("1955-03-07", "1956-03-08", "different", "different"),
        ("1955-02-30", "1955-02-20", "missing", "one_digit"),
        ("1955-02-30", "1955-02-30", "missing", "equal"),
        ("19551307", "19553107", "missing", "one_digit"),  # two neighbours
        ("1955-02-30", "1962-08-21", "missing", "different"),
        ("1955-03-07", None, "missing", "missing"),
        ("不详", "不详", "missing", "missing"),
    ],
)
def test_levels(left: str, right: str | None, date: str, written: str) -> None:
    for kind, expected in (("date", date), ("written_date", written)):
        assert level(kind, left, right) == expected
        assert level(kind, right, left) == expected


DAYS = st.dates(dt.date(1000, 1, 1))


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=20))
def test_neither_side_is_first_and_text_says_what_the_calendar_says(pairs: list[tuple[dt.date, dt.date]]) -> None:
    left, right = zip(*pairs, strict=True)
    sides = prepared("date", left), prepared("date", right)
    codes = compared("date", *sides).tolist()
    assert codes == compared("date", *sides[::-1]).tolist()
    assert [code == 1 for code in codes] == [a == b for a, b in pairs]
    one, other = (prepared("written_date", [f"{day:%Y%m%d}" for day in side]) for side in (left, right))
    assert [min(code, 3) for code in compared("written_date", one, other).tolist()] == codes


@pytest.mark.parametrize(
    ("left", "right", "off"),
    [
        ("123", "124", True),
        ("1234", "1324", True),
        ("1234", "1432", False),
        ("12", "123", False),
        ("12", "12", False),
    ],
)
def test_one_digit(left: str, right: str, off: bool) -> None:
    assert one_off(left, right) is off
