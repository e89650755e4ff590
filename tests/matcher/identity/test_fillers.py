"""Fillers: every step is the same, and it is none, one up or one down."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import fillers

counting = st.builds(
    lambda first, step, size: "".join(str((first + step * place) % 10) for place in range(size)),
    st.integers(0, 9),
    st.integers(-1, 1),
    st.integers(2, 40),
)


@given(counting | st.text(alphabet="0123456789", min_size=2, max_size=40))
def test_digits_that_stand_or_count_have_one_step(digits: str) -> None:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    assert fillers.stands_or_counts(digits) == (len(steps) == 1 and steps <= {0, 1, 9})
