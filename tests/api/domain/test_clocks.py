"""Months from a day on, also where a month has no such day."""

from __future__ import annotations

import datetime as dt

import pytest

from api.domain.clocks import months_after


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-11-27", 3, "2027-02-27"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-01-31", -2, "2025-11-30"),
    ],
)
def test_so_many_months_after_a_day(day: str, months: int, then: str) -> None:
    assert months_after(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(then)
