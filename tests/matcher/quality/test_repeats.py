"""Repeats: exact while there is room, a fair estimate beyond, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.quality.repeats import Repeats


def fed(keys: list[int], sizes: list[int], most: int = 1 << 24) -> Repeats:
    repeats, start = Repeats(most), 0
    every = np.array(keys, dtype=np.uint64)
    for size in [*sizes, len(keys)]:
        part = every[start : start + size]
        rows = np.arange(start + 1, start + 1 + len(part), dtype=np.uint32)
        repeats.add("a.csv", part, rows)
        start += len(part)
    return repeats


def test_every_row_after_the_first_of_its_key_counts() -> None:
    count, places = fed([7, 8, 7, 9, 7, 8], []).extra()
    assert count == 3
    assert places == [("a.csv", 3, 3), ("a.csv", 6, 2)]


def test_nothing_repeats_where_nothing_is() -> None:
    assert fed([], []).extra() == (0, [])
    assert fed([1, 2, 3], []).extra() == (0, [])


@given(
    st.lists(st.integers(0, 40), max_size=80),
    st.lists(st.integers(1, 20), max_size=8),
    st.sampled_from([4, 16, 1 << 24]),
)
def test_pieces_make_no_difference(keys: list[int], sizes: list[int], most: int) -> None:
    whole, pieces = fed(keys, [], most), fed(keys, sizes, most)
    assert whole.extra() == pieces.extra()
    assert whole.halvings == pieces.halvings


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_beyond_the_room_the_count_is_estimated(share: float) -> None:
    rng = np.random.default_rng(4)
    fresh = rng.integers(0, 1 << 63, 40_000, dtype=np.uint64)
    again = fresh[: int(share * len(fresh))]
    repeats = Repeats(5_000)
    repeats.add("a.csv", np.concatenate([fresh, again]), np.arange(len(fresh) + len(again), dtype=np.uint32))
    assert not repeats.exact
    assert repeats.extra()[0] == pytest.approx(len(again), rel=0.1)
