"""Q01 to Q10: each with what raises its alarm, what does not, and why it may not be made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest

from matcher.quality import checks, history, wording
from matcher.quality.answers import Answered
from matcher.quality.history import Figures
from matcher.quality.results import Result, Subject
from matcher.sources.contract import load

TODAY = dt.date(2025, 1, 20)
WELL: Mapping[str, int] = {
    "rows_in": 10_000, "accepted": 10_000, "filled.name": 10_000, "filled.address": 9_000, "filled.status": 10_000,
    "present.numbers": 10_000, "present.names": 10_000, "present.dates": 10_000, "present.birthdays": 10_000,
    "present.divisions": 10_000, "numbers.failed": 100, "names.unknown_mark": 10, "birthdays.first_of_january": 30,
}  # fmt: skip
HEADINGS = ("姓名", "身份证号")


def figures(more: Mapping[str, int] = {}, headings: tuple[str, ...] = HEADINGS, age: int = 20) -> Figures:
    as_of = TODAY - dt.timedelta(days=age)
    return Figures("vehicles", as_of, {"a.csv": "0" * 64}, {**WELL, **more}, headings)


def judged(
    check: Callable[[Subject], Result],
    batch: Figures,
    earlier: int = 3,
    answered: Answered | None = None,
    due: dt.date | None = None,
) -> Result:
    return check(Subject(load("vehicles"), batch, {}, [figures()] * earlier, TODAY, answered, due))


CASES: list[tuple[Callable[[Subject], Result], Figures, int, str]] = [
    (checks.q01_stale, figures(age=120), 0, "OK"),
    (checks.q01_stale, figures(age=121), 0, "ALARM"),
    (checks.q02_coverage, figures({"accepted": 8_000}), 1, "OK"),
    (checks.q02_coverage, figures({"accepted": 7_999, "filled.address": 7_199}), 1, "ALARM"),
    (checks.q02_coverage, figures({"filled.address": 7_300}), 1, "OK"),
    (checks.q02_coverage, figures({"filled.address": 7_100}), 1, "ALARM"),
    (checks.q02_coverage, figures({"accepted": 20_000}), 1, "ALARM"),  # twice the rows, half of each column
    (checks.q02_coverage, figures({"filled.address": 0}), 0, "NOT_ASSESSED"),
    (checks.q03_numbers, figures({"numbers.failed": 190}), 3, "OK"),
    (checks.q03_numbers, figures({"numbers.failed": 100, "numbers.partial": 150}), 3, "ALARM"),
    (checks.q03_numbers, figures({"numbers.failed": 500}), 0, "OK"),
    (checks.q03_numbers, figures({"numbers.failed": 700}), 0, "ALARM"),
    (checks.q03_numbers, figures({"present.numbers": 0}), 3, "NOT_ASSESSED"),
    (checks.q04_dates, figures({"dates.future": 5}), 0, "OK"),
    (checks.q04_dates, figures({"dates.unreadable": 200}), 0, "ALARM"),
    (checks.q04_dates, figures({"dates.ended_first": 60}), 3, "ALARM"),  # earlier batches had none
    (checks.q04_dates, figures({"dates.ended_first": 60}), 0, "OK"),
    (checks.q05_repeats, figures({"repeats.rows": 5}), 0, "OK"),
    (checks.q05_repeats, figures({"repeats.rows": 100}), 0, "ALARM"),
    (checks.q05_repeats, figures({"repeats.keys": 1}), 0, "ALARM"),
    (checks.q05_repeats, figures({"accepted": 0}), 0, "NOT_ASSESSED"),
    (checks.q06_drift, figures(), 1, "OK"),
    (checks.q06_drift, figures(headings=("姓名", "证件")), 1, "ALARM"),
    (checks.q06_drift, figures({"filled.address": 0}), 1, "ALARM"),
    (checks.q06_drift, figures({"reason.VALUE_NULLED:UNREADABLE_ENUM.status": 100}), 1, "OK"),
    (checks.q06_drift, figures({"reason.VALUE_NULLED:UNREADABLE_ENUM.status": 300}), 1, "ALARM"),
    (checks.q06_drift, figures({"reason.VALUE_NULLED:UNREADABLE_ENUM.status": 900}), 0, "ALARM"),
    (checks.q06_drift, figures(), 0, "NOT_ASSESSED"),
    (checks.q07_names, figures({"names.replaced": 10}), 3, "OK"),
    (checks.q07_names, figures({"names.replaced": 60}), 3, "ALARM"),
    (checks.q07_names, figures({"names.replaced": 60}), 0, "OK"),
    (checks.q07_names, figures({"names.misread": 400}), 0, "ALARM"),
    (checks.q07_names, figures({"present.names": 0}), 0, "NOT_ASSESSED"),
    (checks.q08_birthdays, figures({"birthdays.first_of_january": 60}), 3, "OK"),
    (checks.q08_birthdays, figures({"birthdays.first_of_january": 150}), 3, "ALARM"),
    (checks.q08_birthdays, figures({"birthdays.first_of_january": 500}), 0, "ALARM"),
    (checks.q08_birthdays, figures({"birthdays.epoch": 30}), 0, "ALARM"),
    (checks.q08_birthdays, figures({"present.birthdays": 0}), 0, "NOT_ASSESSED"),
    (checks.q09_divisions, figures({"divisions.in_number": 30}), 0, "OK"),
    (checks.q09_divisions, figures({"divisions.in_column": 300}), 0, "ALARM"),
    (checks.q09_divisions, figures({"divisions.in_number": 300}), 0, "ALARM"),
    (checks.q09_divisions, figures({"present.divisions": 0, "present.numbers": 0, "numbers.failed": 0}), 0, "NOT_ASSESSED"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "batch", "earlier", "state"), CASES)
def test_a_batch_is_judged(check: Callable[[Subject], Result], batch: Figures, earlier: int, state: str) -> None:
    result = judged(check, batch, earlier)
    assert result.state == state
    assert all(result.noticed)
    assert (result.why is not None) == (state == "NOT_ASSESSED")


@pytest.mark.parametrize(
    ("answered", "due", "state"),
    [
        (None, TODAY, "NOT_ASSESSED"),
        (Answered(10, 7, 1), None, "NOT_ASSESSED"),
        (Answered(10, 7, 1), TODAY, "OK"),  # the day itself is still in time
        (Answered(10, 7, 1), TODAY - dt.timedelta(days=1), "ALARM"),
        (Answered(10, 10, 0), TODAY - dt.timedelta(days=1), "OK"),
    ],
)
def test_answers_are_overdue_after_the_day(answered: Answered | None, due: dt.date | None, state: str) -> None:
    result = judged(checks.q10_answers, figures(), answered=answered, due=due)
    assert result.state == state
    assert result.figure == (None if answered is None else answered.open)


def test_a_batch_without_a_day_is_not_taken_for_fresh() -> None:
    undated = Figures("vehicles", None, {}, WELL, HEADINGS)
    assert judged(checks.q01_stale, undated).why == "no_as_of"


def test_the_baseline_is_the_median_and_no_single_bad_batch() -> None:
    earlier = [figures(), figures({"numbers.failed": 5_000}), figures()]
    subject = Subject(load("vehicles"), figures({"numbers.failed": 300}), {}, earlier, TODAY)
    result = checks.q03_numbers(subject)
    assert (result.baseline, result.state, result.assumed) == (0.01, "ALARM", False)
    assert checks.q03_numbers(Subject(load("vehicles"), figures(), {}, [], TODAY)).assumed


@pytest.mark.parametrize("check", checks.CHECKS)
def test_every_check_speaks_both_languages(check: str) -> None:
    filling = {"figure": "1", "baseline": "2", "threshold": "3"}
    for what in ("title", "noticed", "fine", "means", "do"):
        zh, en = wording.said(check, what, **filling)
        assert any("\u4e00" <= character <= "\u9fff" for character in zh)
        assert en.isascii() or "“" in en


def test_a_batch_is_not_its_own_past() -> None:
    first, second = figures(age=60), figures(age=30)
    assert history.earlier([first, second], second) == [first]
    assert history.earlier([first, second], first) == []
    assert history.earlier([first, second], figures()) == [first, second]
    assert len(history.earlier([figures(age=days) for days in range(40, 70)], figures())) == history.TRAILING
