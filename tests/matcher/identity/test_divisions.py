"""Division codes: those that live cards bear, those that never were, and that nothing is refused for them."""

from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import divisions


@pytest.mark.parametrize(
    ("code", "name"),
    [
        # on live cards in Anyang (identity.md §1.1), abolished ones among them
        ("410502", "文峰区"), ("410503", "北关区"), ("410504", "铁西区"), ("410505", "殷都区"), ("410506", "龙安区"),
        ("410511", "郊区"), ("410521", "林县"), ("410522", "安阳县"), ("410523", "汤阴县"), ("410524", "淇县"), ("410525", "浚县"),
        ("410526", "滑县"), ("410527", "内黄县"), ("410581", "林州市"),
        # above the county
        ("410000", "河南省"), ("410500", "安阳市"), ("110101", "东城区"), ("412722", "西华县"), ("132400", "保定地区"), ("110200", "县"),
        # permits for residents of Hong Kong, Macau, Taiwan
        ("810000", "香港特别行政区"), ("820000", "澳门特别行政区"), ("830000", "台湾省"),
        # after 2021, from the second source
        ("350404", "三元区"), ("450181", "横州市"), ("659012", "白杨市"),
    ],
)  # fmt: skip
def test_codes_that_were_given(code: str, name: str) -> None:
    assert divisions.known(code)
    assert divisions.name(code) == name


@pytest.mark.parametrize(
    "code",
    ["", "000000", "410571", "410599", "999999", "910156", "4105", "4105022", "41050a", "４１０５０２", " 410502", "810001"],
)  # fmt: skip
def test_codes_that_never_were(code: str) -> None:
    assert not divisions.known(code)
    assert divisions.name(code) is None


@given(
    st.lists(st.none() | st.from_regex(r"[1-8][0-9]{5}", fullmatch=True) | st.sampled_from(sorted(divisions.names())))
)
def test_a_column_says_the_same(codes: list[str | None]) -> None:
    found = divisions.known_column(pl.Series("prefix", codes, dtype=pl.String))
    assert found.to_list() == [None if code is None else divisions.known(code) for code in codes]
    assert found.name == "prefix"


def test_the_table_is_sorted_and_whole() -> None:
    codes = list(divisions.names())
    assert codes == sorted(codes)
    assert len(codes) > 7000
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert all(name and name == name.strip() for name in divisions.names().values())
    assert {code[:2] + "0000" for code in codes} <= set(codes)


def test_a_column_is_quick() -> None:
    codes = pl.Series(["410502", "410521", "999999", None] * 250_000)
    began = time.perf_counter()
    assert divisions.known_column(codes).sum() == 500_000
    assert time.perf_counter() - began < 2
