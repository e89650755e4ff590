"""Working days as the State Council's notices have them, an office's own file before them, and years that nobody knows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import workdays
from api.workdays import BadWorkdays, Calendar

D = dt.date
KNOWN = workdays.read(None)
UNKNOWN_YEAR = max(KNOWN.years) + 3


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What is read once and warned of once is so for each test anew."""
    workdays.current.cache_clear()
    workdays._warn_of.cache_clear()
    yield
    workdays.current.cache_clear()
    workdays._warn_of.cache_clear()


@pytest.mark.parametrize(
    ("day", "working", "why"),
    [
        (D(2024, 2, 9), True, "New Year's Eve of 2024 was no holiday"),
        (D(2024, 2, 12), False, "the Monday after it was"),
        (D(2024, 2, 4), True, "a Sunday worked for it"),
        (D(2024, 2, 18), True, "and the Sunday after"),
        (D(2024, 10, 1), False, "the national day"),
        (D(2024, 10, 12), True, "a Saturday worked for it"),
        (D(2024, 10, 13), False, "an ordinary Sunday"),
        (D(2024, 10, 14), True, "an ordinary Monday"),
    ],
)
def test_holidays_are_free_and_made_up_days_are_worked(day: dt.date, working: bool, why: str) -> None:
    assert workdays.is_working(day) is working, why


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (D(2024, 10, 14), 5, D(2024, 10, 21)),
        (D(2024, 9, 30), 1, D(2024, 10, 8)),
        (D(2024, 9, 30), 5, D(2024, 10, 12)),
        (D(2024, 2, 9), 1, D(2024, 2, 18)),
        (D(2024, 2, 17), 0, D(2024, 2, 17)),
    ],
)
def test_a_time_limit_runs_over_holidays(day: dt.date, count: int, found: dt.date) -> None:
    assert workdays.add(day, count) == found
    assert workdays.between(day, found) == count


def test_a_limit_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        workdays.add(D(2024, 1, 1), -1)
    assert workdays.between(D(2024, 10, 12), D(2024, 9, 30)) == -5


days = st.dates(D(2000, 1, 1), D(2035, 12, 31))
exceptions = st.sets(days, max_size=40)


@given(days, st.integers(0, 60), exceptions)
def test_adding_and_counting_agree_whatever_the_exceptions(day: dt.date, count: int, excepted: set[dt.date]) -> None:
    calendar = Calendar(tuple(sorted(excepted)), frozenset())
    end = calendar.add(day, count)
    assert calendar.between(day, end) == count
    assert count == 0 or calendar.is_working(end)
    one_by_one = sum(calendar.is_working(D.fromordinal(n)) for n in range(day.toordinal() + 1, end.toordinal() + 1))
    assert one_by_one == count


@given(days, days, days, exceptions)
def test_what_is_counted_adds_up(first: dt.date, middle: dt.date, last: dt.date, excepted: set[dt.date]) -> None:
    calendar = Calendar(tuple(sorted(excepted)), frozenset())
    assert calendar.between(first, middle) + calendar.between(middle, last) == calendar.between(first, last)


def test_a_year_that_nobody_knows_counts_monday_to_friday_and_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    monday = D(UNKNOWN_YEAR, 1, 1)
    monday += dt.timedelta(days=-monday.weekday() % 7)
    with caplog.at_level(logging.WARNING, "jiekun.workdays"):
        for _ in range(3):
            assert workdays.add(monday, 5) == monday + dt.timedelta(days=7)
            assert workdays.between(monday, monday + dt.timedelta(days=7)) == 5
    assert [record.getMessage() for record in caplog.records] == [
        f"the holidays of {UNKNOWN_YEAR} are not known: Monday to Friday are counted; name them in JIEKUN_WORKDAYS_FILE"
    ]
    assert not workdays.are_known(D(2024, 1, 1), monday)
    assert workdays.are_known(D(2024, 1, 1), D(2024, 12, 31))


TOML = f"[{UNKNOWN_YEAR}]\noff = [{UNKNOWN_YEAR}-03-05]\nworking = [{UNKNOWN_YEAR}-03-03]\n"
CSV = f"day,kind\n{UNKNOWN_YEAR}-03-05,off\n{UNKNOWN_YEAR}-03-03,working\n"


@pytest.mark.parametrize(("name", "text"), [("days.toml", TOML), ("days.csv", CSV), ("days.csv", "\ufeff" + CSV)])
def test_a_file_of_the_offices_own_makes_a_year_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("JIEKUN_WORKDAYS_FILE", str(tmp_path / name))
    assert workdays.is_working(D(UNKNOWN_YEAR, 3, 3))
    assert not workdays.is_working(D(UNKNOWN_YEAR, 3, 5))
    assert workdays.are_known(D(UNKNOWN_YEAR, 1, 1), D(UNKNOWN_YEAR, 12, 31))


def test_the_file_stands_before_the_library(tmp_path: Path) -> None:
    file = tmp_path / "days.toml"
    file.write_text("[2024]\noff = [2024-10-14]\nworking = [2024-10-01]\n", encoding="utf-8")
    own = workdays.read(file)
    changed = {day for day in _year(2024) if own.is_working(day) != KNOWN.is_working(day)}
    assert changed == {D(2024, 10, 1), D(2024, 10, 14)}


def _year(year: int) -> list[dt.date]:
    first = D(year, 1, 1)
    return [first + dt.timedelta(days=n) for n in range(366)]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("days.toml", "[2027]\nfree = [2027-01-01]", "off or working"),
        ("days.toml", "[2027]\noff = [2026-01-01]", "no day of that year"),
        ("days.toml", "[2027]\noff = [2027-01-01T00:00:00]", "no day of that year"),
        ("days.toml", "[2027]\noff = [2027-01-01]\nworking = [2027-01-01]", "both"),
        ("days.toml", "", "no day stands in it"),
        ("days.toml", "[2027", "days.toml"),
        ("days.csv", "day,kind\n2027-02-30,off\n", "days.csv"),
        ("days.csv", "day,kind\n2027-02-03,maybe\n", "line 2"),
        ("days.csv", "date,what\n2027-02-03,off\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadWorkdays, match=told):
        workdays.read(tmp_path / name)


def test_a_file_that_is_not_there_is_no_calendar(tmp_path: Path) -> None:
    with pytest.raises(BadWorkdays):
        workdays.read(tmp_path / "days.toml")
