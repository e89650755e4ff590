"""Yuan and fen, there and back without a loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import money


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_fen_come_back(amount: int) -> None:
    shown = money.yuan(amount)
    assert money.fen(shown) == amount
    assert shown.as_tuple().exponent == -2


def test_unknown_stays_unknown() -> None:
    assert money.fen(None) is None


def test_parts_of_a_fen_are_refused() -> None:
    with pytest.raises(ValueError, match="two decimals"):
        money.fen(Decimal("0.001"))
