"""Dates by column: days as integers, and what was written kept where it may be a slip."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.normalising import dates

DAY = dt.date(1955, 3, 7)


def row(written: object, form: str | None = None, dtype: pl.DataType | None = None) -> dict[str, object]:
    (found,) = dates.prepare("d", pl.Series([written], dtype=dtype), form).table.to_dicts()
    return found


@pytest.mark.parametrize(
    "written", ["19550307", "1955-03-07", "1955/3/7", "1955.03.07", "1955年3月7日", " 1955-03-07 ", 19550307, DAY]
)
def test_a_date_is_read_however_written(written: object) -> None:
    assert (row(written)["d"], row(written)["d.year"]) == (DAY.toordinal(), 1955)


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [
        ("07/03/1955", "%d/%m/%Y", DAY.toordinal()),
        ("1955-03-07", "%d/%m/%Y", 0),
        ("03-07-1955", "%m-%d-%Y", DAY.toordinal()),
    ],
)
def test_a_plan_may_say_the_form(written: str, form: str, day: int) -> None:
    assert row(written, form)["d"] == day


@pytest.mark.parametrize(
    ("written", "text"),
    [("1955-02-30", "19550230"), ("19551307", "19551307"), ("不详", None), ("", None), ("0000-00-00", "00000000")],
)
def test_a_day_that_does_not_exist_is_none_but_its_digits_are_kept(written: str, text: str | None) -> None:
    assert row(written) == {"d": 0, "d.year": 0, "d.text": text}


def test_a_column_of_dates_needs_no_text() -> None:
    assert row(DAY)["d.text"] is None
    assert row(None, dtype=pl.Date()) == {"d": 0, "d.year": 0, "d.text": None}
    assert row(None, dtype=pl.String()) == {"d": 0, "d.year": 0, "d.text": None}


def test_a_moment_is_its_day() -> None:
    assert row(dt.datetime(1955, 3, 7, 23, 59))["d"] == DAY.toordinal()  # noqa: DTZ001 polars' are without a zone


@given(st.lists(st.none() | st.dates(), min_size=1))
def test_dates_written_and_given_are_the_same_days(given_dates: list[dt.date | None]) -> None:
    column = pl.Series(given_dates, dtype=pl.Date)
    written = pl.Series([None if day is None else day.isoformat() for day in given_dates], dtype=pl.String)
    expected = [0 if day is None else day.toordinal() for day in given_dates]
    assert dates.prepare("d", column).table.get_column("d").to_list() == expected
    assert dates.prepare("d", written).table.get_column("d").to_list() == expected


@given(st.lists(st.none() | st.text(alphabet="0123456789-/.年月日 ", max_size=12), max_size=12))
def test_whatever_is_written_is_a_day_of_the_calendar_or_none(written: list[str | None]) -> None:
    table = dates.prepare("d", pl.Series(written, dtype=pl.String)).table
    for day, year in table.select("d", "d.year").iter_rows():
        assert 0 <= day <= dt.date.max.toordinal()
        assert year == (dt.date.fromordinal(day).year if day else 0)
