"""Strings seen as bytes: what is read from a view is what stands in the string, however the column came about."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import views
from matcher.views import Views

texts = st.lists(st.none() | st.text(max_size=30) | st.text(alphabet="王欧阳ab0\0 ", max_size=40), max_size=30)


def strings(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def columns(values: list[str | None]) -> list[pl.Series]:
    """One column made in several ways: at once, cut out of another, gathered, and from pieces."""
    beside = strings(["left out, and long enough for a buffer"])
    half = len(values) // 2
    return [
        strings(values),
        pl.concat([beside, strings(values), beside]).slice(1, len(values)),
        strings(values).reverse().gather(list(range(len(values)))[::-1]) if values else strings([]),
        pl.concat([strings(values[:half]), strings(values[half:])], rechunk=False),
    ]


@given(texts)
def test_lengths_and_ends_are_the_strings_own(values: list[str | None]) -> None:
    written = [None if value is None else value.encode() for value in values]
    for column in columns(values):
        cells = Views.of(column)
        assert len(cells) == len(values)
        for place, value in enumerate(written):
            if value is None:
                continue  # what lies under a null is nobody's business
            assert cells.length[place] == len(value)
            assert int(cells.first_four[place]).to_bytes(4, "little") == value[:4].ljust(4, b"\0")
            if len(value) <= views.INLINE:
                twelve = int(cells.first_eight[place]).to_bytes(8, "little") + int(cells.last_four[place]).to_bytes(
                    4, "little"
                )
                assert twelve == value.ljust(12, b"\0")
        present = cells.present if cells.present is not None else np.ones(len(values), bool)
        assert present.tolist() == [value is not None for value in values]


@given(texts, st.sampled_from(["\ufffd", "E+", "王", "ab", "\0"]), st.integers(0, 2))
def test_what_a_column_holds_is_never_missed(values: list[str | None], needle: str, pivot: int) -> None:
    sought = needle.encode()
    for column in columns(values):
        if any(value is not None and needle in value for value in values):
            assert Views.of(column).may_hold(sought, pivot % len(sought))


@given(texts)
def test_a_blank_in_a_long_cell_is_never_missed(values: list[str | None]) -> None:
    long = [value for value in values if value is not None and len(value.encode()) > views.INLINE]
    for column in columns(values):
        if any(character.isspace() for value in long for character in value):
            assert not Views.of(column).long_ones_are_plain(also=b"")


@given(st.integers(0, 40), st.integers(1, 9), st.integers(0, 1))
def test_what_lies_across_two_scans_is_found(before: int, at_once: int, pivot: int) -> None:
    column = strings(["-" * before + "E+" + "-" * (50 - before)])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(views, "SCANNED_AT_ONCE", at_once)
        assert Views.of(column).may_hold(b"E+", pivot)


@given(st.lists(st.text(alphabet="0123456789X路", min_size=13, max_size=20), max_size=20))
def test_a_matrix_has_the_first_bytes_of_long_strings(values: list[str]) -> None:
    for column in columns(list(values)):
        cells = Views.of(column)
        matrix = cells.matrix(np.arange(len(values)), 13)
        assert [bytes(row) for row in matrix] == [value.encode()[:13] for value in values]


def test_many_runs_are_read_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    written = [f"a long string, number {number}" for number in range(40)]
    apart = [strings([text]) for text in written]
    cells = Views.of(pl.concat(apart, rechunk=True))
    monkeypatch.setattr(views, "MOST_RUNS", 3)
    assert [bytes(row).decode() for row in cells.matrix(np.arange(40), 22)] == [text[:22] for text in written]


@pytest.mark.parametrize("rows", [0, 1, views.IN_CACHE, views.IN_CACHE + 1, 5 * views.IN_CACHE - 1])
def test_parts_are_all_rows_once(rows: int) -> None:
    assert [row for part in views.parts(rows) for row in range(part.start, part.stop)] == list(range(rows))
