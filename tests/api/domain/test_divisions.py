"""Which divisions lie within which, and what they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import divisions

CODES = st.sampled_from(sorted(divisions.names()))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("410502", "安阳市文峰区"),
        ("410500", "安阳市"),
        ("410000", "河南省"),
        ("110101", "北京市东城区"),
        ("419001", "河南省济源市"),
        ("000000", "全国"),
        ("999999", "999999"),
    ],
)
def test_names(code: str, name: str) -> None:
    assert divisions.name(code) == name


@pytest.mark.parametrize(
    ("code", "other", "within"),
    [
        ("410500", "410502", True),
        ("410500", "410500", True),
        ("410502", "410500", False),
        ("410502", "410503", False),
        ("410000", "410502", True),
        ("000000", "410502", True),
        ("990000", "990101", True),
        ("410500", "410600", False),
    ],
)
def test_what_lies_within(code: str, other: str, within: bool) -> None:
    assert divisions.holds(code, other) is within


@given(CODES, CODES)
def test_of_two_divisions_one_holds_the_other_or_they_share_nothing(one: str, other: str) -> None:
    shared = {code for code in divisions.names() if divisions.holds(one, code) and divisions.holds(other, code)}
    assert not shared or divisions.holds(one, other) or divisions.holds(other, one)


@given(st.lists(CODES, min_size=1, max_size=6))
def test_the_division_above_all_holds_all(codes: list[str]) -> None:
    above = divisions.above_all(codes)
    assert all(divisions.holds(above, code) for code in codes)


def test_of_no_divisions_the_country_is_above() -> None:
    assert divisions.above_all([]) == divisions.COUNTRY


@pytest.mark.parametrize("text", ["", "41050", "4105021", "41050２", "abcdef", " 10502"])
def test_what_is_no_code(text: str) -> None:
    assert not divisions.is_code(text)
