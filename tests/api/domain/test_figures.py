"""Figures of the same groups that stand beside each other give nothing away that one of them withholds."""

from __future__ import annotations

import datetime as dt
import statistics
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from api.domain import figures, progress, suppression
from api.domain.figures import Size

PARTS = st.one_of(st.integers(0, 12), st.integers(0, 60))
CITIES = st.dictionaries(st.sampled_from("abcdef"), st.tuples(PARTS, PARTS, PARTS, PARTS, PARTS), min_size=1)
"""By county, files that are out, came back, came back and are out again, came back and were closed otherwise, and the rest."""


def sizes(city: dict[str, tuple[int, int, int, int, int]]) -> dict[str, Size]:
    return {
        code: Size(
            sum(each), each[0] + each[2], each[1] + each[2] + each[3], each[3], each[0] + each[1] + each[2] + each[3]
        )
        for code, each in city.items()
    }


def test_f_22_who_came_back_is_not_told_by_what_it_is_a_share_of() -> None:
    """40 are out and 3 came back: a share of 43 beside 40 would tell."""
    told = figures.shares({"a": (3, 43), "b": (20, 60), "c": (30, 90)})
    assert told.groups["a"] == told.groups["b"] == figures.WITHHELD
    assert told.groups["c"].denominator == 90


def test_f_22_what_one_table_tells_another_does_not_withhold() -> None:
    """By one table b is withheld beside a, by the other c is: together they gave a away."""
    of = {
        "a": Size(100, 77, 3, 0, 80),
        "b": Size(100, 48, 12, 0, 60),
        "c": Size(100, 3, 15, 0, 18),
        "d": Size(200, 50, 40, 0, 90),
    }
    whole, told = figures.beside(of)
    returned = [code for code, each in told.items() if each.returned is None]
    assert returned == ["a", "b", "c"], "fifteen of eighteen: three are out still"
    shares = figures.shares({code: (each.returned, each.left) for code, each in of.items()}, returned)
    assert [code for code, each in shares.groups.items() if each.withheld] == returned
    assert whole.returned == 70


@given(CITIES)
def test_f_22_who_returned_is_withheld_beside_wherever_its_share_is(
    city: dict[str, tuple[int, int, int, int, int]],
) -> None:
    of = sizes(city)
    _, told = figures.beside(of)
    hidden = [code for code, each in told.items() if each.returned is None]
    shares = figures.shares({code: (each.returned, each.left) for code, each in of.items()}, hidden).groups
    out = [code for code, each in told.items() if each.excluded is None]
    excluded = figures.shares({code: (each.excluded, each.files) for code, each in of.items()}, out).groups
    for code, each in told.items():
        assert shares[code].withheld == (each.returned is None)
        assert excluded[code].withheld == (each.excluded is None)
        assert shares[code].denominator is None or not shares[code].withheld
        for few in (of[code].returned, of[code].left - of[code].returned, of[code].files - of[code].returned):
            assert not suppression.small(few) or each.returned is None


def test_f_22_where_few_are_left_in_hardship_who_was_closed_otherwise_is_not_told_beside_who_is_out() -> None:
    of = {"a": Size(40, 20, 0, 15, 20), "b": Size(90, 30, 0, 20, 30), "c": Size(200, 60, 0, 30, 60)}
    _, told = figures.beside(of)
    assert [told[code].excluded for code in of] == [None, None, 30]
    months = {dt.date(2024, 4, 1): (40, 20, 20, 0, 15), dt.date(2024, 7, 1): (90, 30, 30, 0, 20)}
    assert [(each.exited, each.excluded) for each in progress.by_quarter(months, [])] == [(20, None), (30, None)]


def test_f_22_how_many_a_median_is_of_does_not_tell_how_few_were_left_out() -> None:
    days = {"a": {5: 12}, "b": {5: 20}, "c": {5: 30}}
    told = figures.medians(days, {"a": 15, "b": 40, "c": 60})
    assert [code for code, each in told.groups.items() if each.withheld] == ["a", "b"]
    assert figures.medians(days, {"a": 12, "b": 40, "c": 60}).groups["a"].denominator == 12
    april, july = dt.date(2024, 4, 1), dt.date(2024, 7, 1)
    months = {april: (15, 12, 0, 0, 0), july: (60, 30, 0, 0, 0)}
    aided = {april: {5: 12}, july: {5: 30}}
    first, _ = progress.by_quarter(months, [{}, aided, {}])
    assert (first.files, first.aided, first.days[1]) == (15, None, figures.WITHHELD)


@given(st.lists(st.integers(0, 400)))
def test_the_median_of_counts_is_the_median_of_the_numbers(numbers: list[int]) -> None:
    counts = {number: numbers.count(number) for number in numbers}
    found = figures.median(counts)
    assert found == (Decimal(str(statistics.median(numbers))) if numbers else None)
