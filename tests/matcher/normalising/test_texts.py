"""Texts, codes, sexes, divisions, addresses and amounts by column."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import hashing
from matcher.normalising import texts

ALL_FACETS = frozenset({"soundex", "initial", "first3"})


def strings(*values: str | None) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  O'Connor, María ", "o connor maria"),
        ("Ｗang  Fang", "wang fang"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("under_scored", "under scored"),
        ("王 芳", "王 芳"),
        ("--", None),
        ("", None),
    ],
)
def test_a_text_is_folded(written: str, folded: str | None) -> None:
    assert texts.fold(written) == folded


@given(st.text())
def test_folding_again_changes_nothing(written: str) -> None:
    folded = texts.fold(written)
    assert folded is None or texts.fold(folded) == folded


@pytest.mark.parametrize(
    ("word", "code"),
    [
        # the examples of the US National Archives and of Knuth
        ("washington", "w252"), ("lee", "l000"), ("gutierrez", "g362"), ("pfister", "p236"), ("jackson", "j250"),
        ("tymczak", "t522"), ("vandeusen", "v532"), ("ashcraft", "a261"), ("robert", "r163"), ("rupert", "r163"),
        ("euler", "e460"), ("gauss", "g200"), ("hilbert", "h416"), ("knuth", "k530"), ("lloyd", "l300"),
    ],
)  # fmt: skip
def test_soundex(word: str, code: str) -> None:
    assert texts.soundex(word) == code


@given(st.lists(st.none() | st.text(max_size=12), max_size=12))
def test_columns_of_texts_agree_with_the_scalar(written: list[str | None]) -> None:
    table = texts.prepare("t", strings(*written), ALL_FACETS).table
    folded = [texts.fold(one) if one is not None else None for one in written]
    assert table.get_column("t.text").to_list() == folded
    for facet, value in (
        ("t", folded),
        ("t.soundex", [one and texts.soundex(one.split(" ")[0]) for one in folded]),
        ("t.initial", [one and one[:1] for one in folded]),
        ("t.first3", [one and one[:3] for one in folded]),
    ):
        assert table.get_column(facet).to_list() == hashing.text(strings(*value)).tolist()


def test_only_the_facets_asked_for_are_made() -> None:
    assert texts.prepare("t", strings("a")).table.columns == ["t", "t.text"]
    assert texts.prepare("t", strings("a"), frozenset({"initial"})).table.columns == ["t", "t.text", "t.initial"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("MALE", 1), ("FEMALE", 2), ("男", 1), ("女", 2), ("女性", 2), (" f ", 2), ("m", 1), ("1", 1), ("2", 2),
        ("9", 0), ("未知", 0), ("", 0), (None, 0),
    ],
)  # fmt: skip
def test_sexes(written: str | None, code: int) -> None:
    assert texts.sexes("s", strings(written)).table.get_column("s").to_list() == [code]
    assert texts.sexes("s", strings("MALE", written, "FEMALE")).table.get_column("s").to_list() == [1, code, 2]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("410502", 410502),
        ("410502001003", 410502),
        (" 410502", 410502),
        ("4105", 0),
        ("文峰区", 0),
        (None, 0),
        ("", 0),
    ],
)
def test_divisions(written: str | None, code: int) -> None:
    assert texts.divisions("d", strings(written)).table.get_column("d").to_list() == [code]


@pytest.mark.parametrize(
    ("written", "kept"), [("2913-AB", "2913AB"), ("29 13ab", "2913AB"), ("-", None), ("", None), (None, None)]
)
def test_codes_of_digits(written: str | None, kept: str | None) -> None:
    table = texts.digits("c", strings(written)).table
    assert table.get_column("c.text").to_list() == [kept]
    assert (table.get_column("c").item() == 0) == (kept is None)


def test_addresses_are_only_read_when_needed() -> None:
    table = texts.addresses("a", strings("人民大道12号", "", None)).table
    assert table.get_column("a").to_list() == [1, 0, 0]
    assert table.get_column("a.text").to_list() == ["人民大道12号", "", None]


def test_amounts_that_are_equal_have_one_key_however_written() -> None:
    table = texts.numbers("n", strings("12", "12.0", "1.2e1", "x", None)).table
    one, other, third, *none = table.get_column("n").to_list()
    assert one == other == third != 0
    assert none == [0, 0]
    assert [math.isnan(value) for value in table.get_column("n.value").to_list()] == [False, False, False, True, True]
