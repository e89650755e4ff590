"""Blocks: a lookup finds exactly the pairs that share a key, dense or further, and nobody who may not be found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.blocking import Block, BlockKeys, Lookup, keys
from matcher.plan import PERSONS
from matcher.prepared import More
from tests.matcher.persons import number, table

small_keys = st.lists(st.integers(0, 4), min_size=1, max_size=8)


def held(dense: list[int], more: list[tuple[int, int]]) -> BlockKeys:
    rows = np.array([row % len(dense) for row, _ in more], dtype=np.uint32)
    return BlockKeys(
        np.array(dense, dtype=np.uint64), More(rows, np.array([key for _, key in more], dtype=np.uint64))
    )


def carried(table: BlockKeys) -> set[tuple[int, int]]:
    dense = {(row, key) for row, key in enumerate(table.dense.tolist()) if key}
    return dense | set(zip(table.more.rows.tolist(), table.more.keys.tolist(), strict=True))


@given(small_keys, small_keys, *[st.lists(st.tuples(st.integers(0, 7), st.integers(1, 4)), max_size=4)] * 2)
def test_hits_expanded_are_the_join_of_the_keys(
    left: list[int], right: list[int], more_left: list[tuple[int, int]], more_right: list[tuple[int, int]]
) -> None:
    one, other = held(left, more_left), held(right, more_right)
    lookup = Lookup.of(one)
    applicants, records = lookup.expand(*lookup.hits(other))
    expected = {(a, b) for a, key in carried(one) for b, same in carried(other) if key == same}
    assert set(zip(applicants.tolist(), records.tolist(), strict=True)) == expected


def test_who_may_not_be_found_has_no_key() -> None:
    lookup = Lookup.of(held([7, 7, 9], []), np.array([True, False, False]))
    applicants, records = lookup.expand(*lookup.hits(held([7, 9], [])))
    assert list(zip(applicants.tolist(), records.tolist(), strict=True)) == [(0, 0)]


def test_former_names_second_readings_and_repairs_are_further_keys() -> None:
    sound = number("41050219550303342")
    people = PERSONS.prepare(
        table(
            {"name": "曾丽", "former_name": "王丽", "id_number": sound},
            {"name": "王丽", "id_number": sound[:7] + str((int(sound[7]) + 1) % 10) + sound[8:]},
        )
    )
    by_sound = keys(people, Block(("name.sound",)))
    assert by_sound.dense[1] in by_sound.more.keys[by_sound.more.rows == 0]
    assert (by_sound.more.rows == 0).sum() >= 2
    by_number = keys(people, Block(("number",)))
    assert by_number.dense[0] in by_number.more.keys[by_number.more.rows == 1]
