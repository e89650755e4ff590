"""Whoever reads a table with cells withheld, and reckons with all its totals, does not find out what they are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import suppression
from api.domain.suppression import LEAST, along, withheld

CELLS = st.one_of(st.integers(0, 12), st.integers(0, 40))
LINES = st.lists(CELLS, min_size=1, max_size=5)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5)
)


def possible(values: Sequence[int], hidden: frozenset[int]) -> set[int]:
    """All that any of the hidden could be, for whoever knows the sum and that each of them is somebody's."""
    left, others = sum(values[place] for place in hidden), len(hidden) - 1
    return {value for value in range(1, left + 1) if (left - value >= others if others else value == left)}


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ([], []),
        ([0, 0], []),
        ([10, 10], []),
        ([9], [0]),
        ([40, 3, 25, 12], [1, 3]),
        ([40, 3, 8, 12], [1, 2]),
        ([40, 3, 2, 12], [1, 2, 3]),
        ([500, 1], [0, 1]),
        ([1, 1, 0], [0, 1, 2]),
        ([0, 0, 7], [0, 1, 2]),
    ],
)
def test_small_ones_and_what_they_need_beside_them_are_withheld(values: list[int], hidden: list[int]) -> None:
    assert sorted(along(values)) == hidden


@given(LINES)
def test_f_22_nobody_reckons_from_the_total_what_is_withheld(values: list[int]) -> None:
    hidden = along(values)
    assert {place for place, value in enumerate(values) if suppression.small(value)} <= hidden
    if 0 < len(hidden) < len(values):
        assert all(values[place] for place in hidden), "what is nobody's is told, as long as anything is"
        assert set(range(1, LEAST)) <= possible(values, hidden), "any number below ten is possible"


@given(TABLES)
def test_f_22_in_no_row_and_no_column_does_a_total_give_a_cell_away(rows: list[list[int]]) -> None:
    told = withheld(rows)
    lines = [([*row], {at for of, at in told.cells if of == number}) for number, row in enumerate(rows)]
    lines += [
        ([row[place] for row in rows], {of for of, at in told.cells if at == place}) for place in range(len(rows[0]))
    ]
    lines.append(([sum(row) for row in rows], set(told.totals)))
    for values, hidden in lines:
        assert {place for place, value in enumerate(values) if suppression.small(value)} <= hidden
        assert along(values, hidden) == hidden, "what is withheld suffices"
    for number in told.totals:
        assert {(number, place) for place in range(len(rows[number]))} <= told.cells


@given(TABLES)
def test_where_nothing_is_small_all_is_told(rows: list[list[int]]) -> None:
    large = [[value * LEAST for value in row] for row in rows]
    assert withheld(large) == suppression.Withheld(frozenset(), frozenset())
