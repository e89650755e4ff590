"""Values that agree or do not, codes in which slips are possible, and amounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matcher.persons import compared, level, prepared


@pytest.mark.parametrize(
    ("kind", "left", "right", "expected"),
    [
        ("phone", "13800138000", "+86 138-0013-8000", "equal"),
        ("phone", "13800138000", "13800138001", "different"),
        ("phone", "13800138000", "13800000000", "missing"),
        ("phone", "0372-1234568", "03721234568转801", "equal"),
        ("sex", "男", "MALE", "equal"),
        ("sex", "男", "女", "different"),
        ("sex", "男", "不详", "missing"),
        ("division", "410502", "410502001003", "equal"),
        ("division", "410502", "410503", "different"),
        ("division", "410502", "文峰区", "missing"),
        ("exact", "New  South Wales", "new south wales", "equal"),
        ("exact", "nsw", "vic", "different"),
        ("exact", "nsw", "--", "missing"),
        ("digits", "2913", "29-13", "equal"),
        ("digits", "2913", "2914", "one_off"),
        ("digits", "2913", "2931", "one_off"),
        ("digits", "2913", "213", "one_off"),
        ("digits", "2913", "2431", "two_off"),
        ("digits", "2913", "8467", "different"),
        ("digits", "2913", "", "missing"),
        ("amount", "100", "100.0", "equal"),
        ("amount", "100", "95", "close"),
        ("amount", "100", "94.9", "different"),
        ("amount", "-100", "100", "different"),
        ("amount", "0", "0", "equal"),
        ("amount", "0", "1", "different"),
        ("amount", "100", "x", "missing"),
    ],
)
def test_levels(kind: str, left: str, right: str, expected: str) -> None:
    assert level(kind, left, right) == expected
    assert level(kind, right, left) == expected


@pytest.mark.parametrize("kind", ["phone", "sex", "division", "exact", "digits", "amount"])
@given(
    st.lists(
        st.tuples(*[st.none() | st.text(alphabet="0123456789- .x男女", max_size=12)] * 2), min_size=1, max_size=12
    )
)
def test_neither_side_is_first(kind: str, pairs: list[tuple[str | None, str | None]]) -> None:
    left, right = (prepared(kind, side) for side in zip(*pairs, strict=True))
    assert compared(kind, left, right).tolist() == compared(kind, right, left).tolist()
