"""Latin texts by steps of likeness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matcher.persons import compared, level, prepared


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("O'Connor", "o connor", "equal"),
        ("María", "MARIA", "equal"),
        ("martha", "marhta", "very_close"),
        ("johnson", "jonson", "very_close"),
        ("dixon", "dickson", "alike"),
        ("j", "jane", "initial"),
        ("j", "rosemary", "different"),
        ("j", "k", "different"),
        ("michael", "michelle-ann", "close"),
        ("smith", "o brien", "different"),
        ("smith", None, "missing"),
        ("smith", "--", "missing"),
    ],
)
def test_levels(left: str, right: str | None, expected: str) -> None:
    assert level("text", left, right) == expected
    assert level("text", right, left) == expected


@given(st.lists(st.tuples(*[st.none() | st.text(alphabet="abcdeno ' -é", max_size=8)] * 2), min_size=1, max_size=12))
def test_neither_side_is_first(pairs: list[tuple[str | None, str | None]]) -> None:
    left, right = (prepared("text", side) for side in zip(*pairs, strict=True))
    assert compared("text", left, right).tolist() == compared("text", right, left).tolist()
