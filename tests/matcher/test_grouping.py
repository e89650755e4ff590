"""Groups and pairings: chains stop where two rows cannot be one, and everybody has one partner at most."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from matcher import grouping


def never(one: grouping.Ids, two: grouping.Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(len(one), dtype=bool)


def test_a_chain_is_one_group_named_by_its_first_row() -> None:
    left, right = np.array([3, 1]), np.array([1, 2])
    assert grouping.groups(5, left, right, np.array([9.0, 8.0]), never).tolist() == [0, 1, 1, 1, 4]


def test_a_chain_of_good_links_does_not_make_one_person_of_two() -> None:
    """1–2 and 2–3 are linked, and 1 and 3 have numbers of their own: the weaker link gives way."""

    def twins(one: grouping.Ids, two: grouping.Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.asarray((np.minimum(one, two) == 1) & (np.maximum(one, two) == 3))

    found = grouping.groups(4, np.array([1, 2]), np.array([2, 3]), np.array([5.0, 9.0]), twins)
    assert found.tolist() == [0, 1, 2, 2]


PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"), st.integers(0, 9)), max_size=12)


@given(PAIRS)
def test_one_to_one_is_a_pairing_that_nothing_surer_could_join(rows: list[tuple[str, str, int]]) -> None:
    pairs = pl.DataFrame(rows, schema={"l": pl.String, "r": pl.String, "weight_bits": pl.Int64}, orient="row")
    kept = grouping.one_to_one(pairs, "l", "r")
    assert kept.get_column("l").is_unique().all()
    assert kept.get_column("r").is_unique().all()
    taken = {left: bits for left, _, bits in kept.rows()}, {right: bits for _, right, bits in kept.rows()}
    for left, right, bits in rows:
        assert max(taken[0].get(left, -1), taken[1].get(right, -1)) >= bits


@given(PAIRS)
def test_best_match_keeps_the_surest_pair_of_every_right_row(rows: list[tuple[str, str, int]]) -> None:
    pairs = pl.DataFrame(rows, schema={"l": pl.String, "r": pl.String, "weight_bits": pl.Int64}, orient="row")
    kept = {right: bits for _, right, bits in grouping.best_match(pairs, "l", "r").rows()}
    assert kept == {right: max(bits for _, r, bits in rows if r == right) for _, right, _ in rows}
