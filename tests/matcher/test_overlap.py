"""Months and payments: what was paid inside an interval, never more than the streams say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import overlap
from matcher.overlap import Stream

AS_OF = dt.date(2024, 12, 31)
JANUARY = dt.date(2024, 1, 1)


def month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")


def row(start: str | None, end: str | None, amount: int | None = 100, **other: Any) -> dict[str, Any]:
    return {
        "record_id": "R1", "person_id": "P1", "programme": "DIBAO", "division_code": "410502",
        "start_month": start and month(start), "end_month": end and month(end),
        "amount_yuan": None if amount is None else Decimal(amount), **other,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-03", "2024-05", ("2024-03", "2024-05")),
        ("2024-03", None, ("2024-03", "2024-12")),  # open: up to the scan's month
        ("2024-03", "2025-06", ("2024-03", "2024-12")),  # never beyond it
        ("2024-03", "2024-03", ("2024-03", "2024-03")),  # once
        ("2025-01", None, None),  # not yet
        ("2024-05", "2024-03", None),  # ends before it begins
        (None, "2024-03", None),  # no first month: nothing is known to be paid
    ],
)
def test_a_stream_is_what_was_paid_up_to_the_scan(
    start: str | None, end: str | None, expected: tuple[str, str] | None
) -> None:
    stream = overlap.stream(row(start, end), AS_OF)
    assert (stream and (stream.first, stream.last)) == (expected and tuple(map(month, expected)))


@pytest.mark.parametrize(
    ("code", "county"), [("410502", "410502"), ("410502001", "410502"), ("4105", None), (None, None), ("", None)]
)
def test_a_county_is_six_digits_or_unknown(code: str | None, county: str | None) -> None:
    stream = overlap.stream(row("2024-01", "2024-02", division_code=code), AS_OF)
    assert stream is not None
    assert stream.division == county


@pytest.mark.parametrize(
    ("first", "last", "yuan"),
    [
        ("2024-01", None, 1200), ("2024-11", None, 200), ("2024-02", "2024-03", 200), ("2023-01", "2023-12", 0),
        ("2023-06", "2024-02", 200), ("2024-03", "2024-02", 0),
    ],
)  # fmt: skip
def test_payments_inside_an_interval(first: str, last: str | None, yuan: int) -> None:
    stream = overlap.stream(row("2024-01", None), AS_OF)
    assert stream is not None
    assert overlap.paid([stream], month(first), month(last) if last else None) == (Decimal(yuan), Decimal(yuan))


def test_an_unknown_amount_adds_nothing() -> None:
    known, unknown = overlap.stream(row("2024-01", None), AS_OF), overlap.stream(row("2024-01", None, None), AS_OF)
    assert known is not None
    assert unknown is not None
    assert overlap.paid([known, unknown], JANUARY) == overlap.paid([known], JANUARY)
    assert overlap.paid([known], JANUARY)[1] == 1200


months = st.integers(0, 60).map(lambda count: overlap.add_months(JANUARY, count))


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    first = draw(months)
    amount = draw(st.none() | st.integers(0, 5000).map(Decimal))
    return Stream(first, overlap.add_months(first, draw(st.integers(0, 24))), "DIBAO", "R", "P", None, amount)


@given(st.lists(streams(), max_size=6), months, months)
def test_never_above_all_that_was_paid_and_intervals_add_up(paid: list[Stream], start: dt.date, end: dt.date) -> None:
    whole = sum((s.amount or 0) * overlap.months_between(s.first, s.last) for s in paid)
    low, high = overlap.paid(paid, start, end)
    assert 0 <= low <= high <= whole
    if start <= end:
        later = overlap.add_months(end, 1)
        before = overlap.paid(paid, dt.date.min, overlap.add_months(start, -1))[0]
        assert before + low + overlap.paid(paid, later)[0] == whole


@given(streams(), streams())
def test_shared_months_are_paid_by_both_and_the_order_does_not_matter(left: Stream, right: Stream) -> None:
    both = overlap.shared(left, right)
    assert both == overlap.shared(right, left)
    common = {m for m in _each(left) if m in _each(right)}
    assert (set() if both is None else set(_span(*both))) == common


def _each(stream: Stream) -> set[dt.date]:
    return set(_span(stream.first, stream.last))


def _span(first: dt.date, last: dt.date) -> list[dt.date]:
    return [overlap.add_months(first, step) for step in range(overlap.months_between(first, last))]
