"""Numbers as integers: nothing lost, and the arithmetic finds what reading the characters finds."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import numbers
from matcher.identity.packing import HEAD, TAIL, Words, pack, unpack
from tests.matcher.persons import valid_numbers

eighteen = st.one_of(
    valid_numbers(),
    st.from_regex(numbers.REGULAR, fullmatch=True, alphabet=st.sampled_from("0123456789X")),
    st.builds(lambda digit, last: digit * 17 + last, st.sampled_from("0123456789"), st.sampled_from("0123456789X")),
    st.builds(lambda number, place, other: number[:place] + other + number[place + 1 :], valid_numbers(), st.integers(0, 17), st.characters(max_codepoint=127)),
    st.text(alphabet=st.characters(max_codepoint=127), min_size=18, max_size=18),
)  # fmt: skip
matrices = st.lists(eighteen, min_size=0, max_size=12)


def matrix(written: list[str]) -> numbers.Bytes:
    return numbers.as_bytes(written)


@given(matrices)
def test_a_number_is_regular_where_the_pattern_says_so_and_its_digits_differ(written: list[str]) -> None:
    assert Words.of(matrix(written)).regular().tolist() == [
        re.fullmatch(numbers.REGULAR, one) is not None and len(set(one[:17])) > 1 for one in written
    ]


def regular(written: list[str]) -> list[str]:
    return [one for one in written if re.fullmatch(numbers.REGULAR, one)]


@given(matrices)
def test_the_check_is_the_one_of_the_standard(written: list[str]) -> None:
    whole = matrix(regular(written))
    assert Words.of(whole).checks().tolist() == numbers.checks(whole).tolist()


@given(matrices)
def test_packing_loses_nothing(written: list[str]) -> None:
    whole = matrix(regular(written))
    packed = pack(whole)
    assert (unpack(packed) == whole).all()
    assert len(set(packed.tolist())) == len(set(regular(written)))
    assert (packed >> np.uint64(63) == 0).all()  # the highest bit is a permit's


@given(matrices)
def test_heads_and_tails_are_arithmetic(written: list[str]) -> None:
    kept = regular(written)
    packed = pack(matrix(kept))
    assert (packed // HEAD).tolist() == [int(one[:15]) for one in kept]
    assert (packed // TAIL).tolist() == [int(one[:14]) for one in kept]
    value = {one: int(one[14:17]) * 11 + (10 if one[17] == "X" else int(one[17])) for one in kept}
    assert (packed % TAIL).tolist() == [value[one] for one in kept]


@given(matrices)
def test_three_zeros_at_the_end_are_seen(written: list[str]) -> None:
    assert Words.of(matrix(written)).end_in_zeros().tolist() == [one.endswith("000") for one in written]


@given(matrices)
def test_words_can_be_chosen(written: list[str]) -> None:
    words = Words.of(matrix(written))
    chosen = words.regular()
    assert words[chosen].packed().tolist() == pack(matrix(written)[chosen]).tolist()
