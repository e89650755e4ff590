"""How departments write values: one table of cases a kind, and the promise that nothing unreadable becomes a number."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.sources import values


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-03-14", "2024-03-14"), ("20240314", "2024-03-14"), ("2024/3/14", "2024-03-14"), ("2024.3.14", "2024-03-14"),
        ("2024年3月14日", "2024-03-14"), ("２０２４－０３－１４", "2024-03-14"), ("2024-03-14 08:30:00", "2024-03-14"),
        ("2024-03-14T08:30:00Z", "2024-03-14"), ("45365", "2024-03-14"), ("45365.0", "2024-03-14"), ("'20240314", "2024-03-14"),
        ("2023-02-30", None), ("2024-13-01", None), ("202403", None), ("约三月", None), ("14.3.2024", None), ("1", None),
    ],
)  # fmt: skip
def test_dates(written: str, day: str | None) -> None:
    assert values.date(written) == day


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("2024-03", "2024-03-01"), ("202403", "2024-03-01"), ("2024/3", "2024-03-01"), ("2024年3月", "2024-03-01"),
        ("2024年03月", "2024-03-01"), ("2024-03-14", "2024-03-01"), ("20240314", "2024-03-01"),
        ("2024-13", None), ("2024", None), ("三月", None),
    ],
)  # fmt: skip
def test_months(written: str, month: str | None) -> None:
    assert values.month(written) == month


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("1234.5", "1234.50"), ("1,234.50", "1234.50"), ("１，２３４", "1234.00"), ("¥100", "100.00"), ("100元", "100.00"),
        ("1.2万元", "12000.00"), ("1.2万", "12000.00"), ("-300", "-300.00"), ("0", "0.00"), ("12.345", "12.34"), ("12.355", "12.36"),
        ("约一千", None), ("1e999", None), ("nan", None), ("一千", None), ("12,34元5", None),
    ],
)  # fmt: skip
def test_money(written: str, yuan: str | None) -> None:
    assert values.money(written) == yuan


@pytest.mark.parametrize(
    ("written", "number"),
    [("3", "3"), ("3.0", "3"), ("1,000", "1000"), ("2套", "2"), ("２", "2"), ("2.5", None), ("两", None), ("", None)],
)
def test_integers(written: str, number: str | None) -> None:
    assert values.integer(written) == number


@pytest.mark.parametrize(
    ("written", "number"), [("50%", "50"), ("1/4", "25.0"), ("89.5㎡", "89.5"), ("1/0", None), ("半", None)]
)
def test_decimals(written: str, number: str | None) -> None:
    assert values.decimal(written) == number


@pytest.mark.parametrize("read", [values.date, values.month, values.money, values.integer, values.decimal])
@given(
    st.text(
        alphabet=st.characters(exclude_characters="0０", exclude_categories=("Nd", "No", "Nl", "Cs")), max_size=12
    )
)
def test_what_holds_no_digit_is_never_a_value(read: Callable[[str], str | None], written: str) -> None:
    assert read(written) is None
