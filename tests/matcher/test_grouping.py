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


def one_by_one(count: int, links: list[tuple[int, int, float]], apart: set[frozenset[int]]) -> list[int]:
    """The definition: from the strongest link down, unless two rows of the merged group are forbidden to be one."""
    group = {row: {row} for row in range(count)}
    for a, b, _ in sorted(links, key=lambda link: (-link[2], link[0], link[1])):
        if not any(frozenset((x, y)) in apart for x in group[a] for y in group[b]):
            for row in (merged := group[a] | group[b]):
                group[row] = merged
    return [min(group[row]) for row in range(count)]


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 5)), max_size=16),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=4),
)
def test_looking_at_whole_groups_first_changes_nothing(
    found: list[tuple[int, int, int]], forbidden: list[tuple[int, int]]
) -> None:
    apart = {frozenset(pair) for pair in forbidden if pair[0] != pair[1]}
    links = [(a, b, float(w)) for a, b, w in found if a != b and frozenset((a, b)) not in apart]
    left, right = (np.array([link[place] for link in links], dtype=np.int64) for place in (0, 1))
    weight = np.array([link[2] for link in links], dtype=np.float64)

    def never_one(one: grouping.Ids, two: grouping.Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([frozenset(pair) in apart for pair in zip(one.tolist(), two.tolist(), strict=True)], bool)

    assert grouping.groups(12, left, right, weight, never_one).tolist() == one_by_one(12, links, apart)
