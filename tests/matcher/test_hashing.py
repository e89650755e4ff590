"""Hashes that lie on disk: a string has one, whatever column holds it, and only nothing has 0."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import hashing

texts = st.lists(st.none() | st.text(max_size=30) | st.text(alphabet="王欧阳ab0\0", max_size=40), max_size=30)


def strings(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("王秀英", 16007037455567797196),
        ("twelve bytes", 11682390449802160164),
        ("文峰区人民大道12号3号楼2单元501室", 4626115370232265649),
    ],
)
def test_the_hash_of_a_string_never_changes(value: str, key: int) -> None:
    """Indexes and models on disk hold these: another value here breaks them all."""
    assert hashing.text(strings([value])).tolist() == [key]


def test_a_mixed_integer_never_changes() -> None:
    assert hashing.mix(np.array([0, 1, 2**63], np.uint64)).tolist() == [0, 6238072747940578789, 2720858781877447050]


@given(texts, st.integers(0, 5), st.integers(0, 5), st.randoms())
def test_a_string_has_one_hash_whatever_column_holds_it(
    values: list[str | None], before: int, after: int, random: object
) -> None:
    plain = hashing.text(strings(values))
    every = np.arange(len(values))
    padded = strings(["left out, and long enough for a buffer"] * before + values + [None] * after)
    assert (hashing.text(padded.slice(before, len(values))) == plain).all()
    assert (hashing.text(padded.gather(every + before)) == plain).all()
    assert (hashing.text(strings(values).reverse()) == plain[::-1]).all()
    half = len(values) // 2
    apart = pl.concat([strings(values[:half]), strings(values[half:])], rechunk=False)
    assert (hashing.text(apart) == plain).all()
    assert [int(hashing.text(strings([value]))[0]) for value in values] == plain.tolist()
    assert (
        hashing.text(padded.filter(padded.is_not_null())) == hashing.text(padded)[padded.is_not_null().to_numpy()]
    ).all()


@given(texts)
def test_unlike_strings_have_unlike_hashes_and_nothing_has_none(values: list[str | None]) -> None:
    keys = hashing.text(strings(values)).tolist()
    assert [key == 0 for key in keys] == [not value for value in values]
    assert len({key for key in keys if key}) == len({value for value in values if value})


@pytest.mark.parametrize("length", range(1, 40))
def test_every_byte_counts(length: int) -> None:
    written = ["a" * length, *("a" * place + "b" + "a" * (length - place - 1) for place in range(length))]
    written += ["a" * (length - 1) + "\0", "a" * (length + 1)]
    assert len(set(hashing.text(strings(list(written))).tolist())) == len(written)


def test_no_strings_have_no_hashes() -> None:
    assert hashing.text(strings([])).tolist() == []
    assert hashing.text(strings([None, None])).tolist() == [0, 0]


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50))
def test_mixing_keeps_integers_apart_and_keeps_zero(values: set[int]) -> None:
    mixed = hashing.mix(np.array(sorted(values), np.uint64))
    assert len(set(mixed.tolist())) == len(values)
    assert [value == 0 for value in sorted(values)] == (mixed == 0).tolist()


keys = st.integers(0, 3) | st.integers(0, 2**64 - 1)


@given(st.lists(st.tuples(keys, keys, keys), min_size=1, max_size=20))
def test_a_combined_key_is_nothing_where_a_part_is_and_minds_the_order(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column, np.uint64) for column in zip(*rows, strict=True)]
    combined = hashing.combine(columns)
    assert (combined == 0).tolist() == [0 in row for row in rows]
    assert len(set(combined[combined != 0].tolist())) == len({row for row in rows if 0 not in row})
    turned = hashing.combine(columns[::-1])
    assert [a == b for a, b, row in zip(combined, turned, rows, strict=True) if 0 not in row] == [
        row == row[::-1] for row in rows if 0 not in row
    ]
    assert columns[0].tolist() == [row[0] for row in rows]  # the parts are left as they were


@given(st.lists(keys, min_size=1))
def test_one_column_alone_is_a_key_too(values: list[int]) -> None:
    combined = hashing.combine([np.array(values, np.uint64)])
    assert [value == 0 for value in values] == (combined == 0).tolist()
