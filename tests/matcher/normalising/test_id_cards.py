"""Numbers by column: packed without loss, and understood value by value as `identity.numbers` understands them."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import numbers
from matcher.identity.packing import PART, PERMIT, UPGRADED, VALID, ZEROS, unpack
from matcher.normalising import id_cards
from tests.matcher.persons import number, prepared, valid_numbers, written_numbers

EXAMPLE = "11010519491231002X"
BIRTH = dt.date(1949, 12, 31).toordinal()

any_numbers = st.lists(
    st.none() | written_numbers() | st.text(alphabet="0123456789Xx １２*'-EH.+", max_size=20), max_size=12
)


def text_of(packed: int) -> str:
    return bytes(unpack(np.array([packed], np.uint64))[0]).decode()


def facets(written: str | None) -> dict[str, object]:
    (row,) = id_cards.prepare("n", pl.Series([written], dtype=pl.String)).table.to_dicts()
    return row


@pytest.mark.parametrize(
    ("written", "text", "flags"),
    [
        (EXAMPLE, EXAMPLE, VALID),
        ("１１０１０５ 19491231002x", EXAMPLE, VALID),
        ("110105491231002", EXAMPLE, VALID | UPGRADED),
        ("110105194912310021", "110105194912310021", 0),
        (number("91115619900101001"), number("91115619900101001"), VALID),  # a foreign permanent resident
        (number("81000019900101001"), number("81000019900101001"), VALID),  # a resident from Hong Kong
    ],
)
def test_a_number_is_packed_with_its_marks(written: str, text: str, flags: int) -> None:
    row = facets(written)
    assert (text_of(int(str(row["n"]))), row["n.flags"], row["n.other"]) == (text, flags, None)


@pytest.mark.parametrize(
    ("written", "flags", "pattern", "head", "tail"),
    [
        ("4.10502E+17", PART, "410502************", False, False),
        ("410502********1234", PART, "410502********1234", False, True),
        ("410502195503033000", PART, "410502195503033***", True, False),  # a spreadsheet keeps fifteen digits
        ("41050219550303342", PART, "41050219550303342*", True, False),
        ("h1234567(8)", PERMIT, "H12345678", False, False),
        ("12345678", 0, None, False, False),  # digits that count up
        ("K12345677", PERMIT, "K12345677", False, False),
        ("不详", 0, None, False, False),
        ("", 0, None, False, False),
        (None, 0, None, False, False),
    ],
)
def test_what_is_left_of_a_number_is_a_pattern(
    written: str | None, flags: int, pattern: str | None, head: bool, tail: bool
) -> None:
    row = facets(written)
    assert (row["n.flags"], row["n.other"]) == (flags, pattern)
    assert (row["n.head"] != 0, row["n.tail"] != 0) == (head, tail)
    assert (row["n"] != 0) == (flags == PERMIT)
    assert (row["n.birth"], row["n.sex"]) == (0, 0)


def test_a_number_that_holds_tells_birth_and_sex_and_a_broken_one_nothing() -> None:
    assert (facets(EXAMPLE)["n.birth"], facets(EXAMPLE)["n.sex"]) == (BIRTH, 2)
    assert facets(number("11010519491231001"))["n.sex"] == 1
    broken = facets("110105194912310021")
    assert (broken["n.birth"], broken["n.sex"]) == (0, 0)


def test_a_head_or_tail_is_shared_by_a_number_and_what_is_left_of_it() -> None:
    whole, spoilt = facets(number("41050219550303342")), facets("410502195503033000")
    assert whole["n.head"] == spoilt["n.head"] != 0
    masked = facets("410502********" + number("41050219550303342")[14:])
    assert whole["n.tail"] == masked["n.tail"] != 0


def test_a_permit_is_never_taken_for_a_number() -> None:
    row = facets("H12345678")
    assert int(str(row["n"])) >> 63 == 1
    assert int(str(facets(EXAMPLE)["n"])) >> 63 == 0


@given(any_numbers)
def test_columns_agree_with_the_scalar(written: list[str | None]) -> None:
    table = id_cards.prepare("n", pl.Series(written, dtype=pl.String)).table
    for value, row in zip(written, table.to_dicts(), strict=True):
        reading = numbers.understand(value) if value is not None else None
        kind = reading.kind if reading else None
        valid = kind == "citizen" and reading is not None and _holds(reading.text)
        assert bool(row["n.flags"] & PART) == (kind == "part")
        assert bool(row["n.flags"] & PERMIT) == (kind == "permit")
        assert bool(row["n.flags"] & UPGRADED) == (reading is not None and reading.upgraded)
        assert bool(row["n.flags"] & VALID) == valid
        assert bool(row["n.flags"] & ZEROS) == (valid and reading is not None and reading.text.endswith("000"))
        if reading is None or kind == "part":
            assert row["n"] == 0
        if reading is not None and kind == "citizen":
            assert text_of(row["n"]) == reading.text
            assert (row["n.head"] - 1, row["n.other"]) == (int(reading.text[:15]), None)
            born = numbers.birth_date(reading.text)
            assert row["n.birth"] == (born.toordinal() if valid and born else 0)
            told = valid and not reading.text.endswith("000")  # zeros that a spreadsheet may have made
            assert row["n.sex"] == (2 - int(reading.text[16]) % 2 if told else 0)
        elif reading is not None:
            assert row["n.other"] == reading.text


def _holds(text: str) -> bool:
    born = numbers.birth_date(text)
    return numbers.is_valid(text) and born is not None and born.year <= numbers.LATEST_BIRTH_YEAR


@given(any_numbers)
def test_a_column_is_read_as_its_values_are(written: list[str | None]) -> None:
    read = id_cards.read(pl.Series("n", written, dtype=pl.String))
    assert read.to_list() == [numbers.read(value) if value is not None else None for value in written]
    assert read.name == "n"


@given(valid_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_the_right_number_is_among_the_repairs_of_a_slip(sound: str, place: int, by: int) -> None:
    slipped = sound[:place] + str((int(sound[place]) + by) % 10) + sound[place + 1 :]
    if not re.fullmatch(numbers.REGULAR, slipped) or slipped.endswith("000"):
        return
    made = prepared("cn_number", [EXAMPLE, slipped])
    more = made.more["field"]
    assert set(more.rows.tolist()) == {1}  # a number that holds needs no repair
    repaired = {text_of(key) for key in more.keys.tolist()}
    assert sound in repaired
    assert all(numbers.is_valid(text) for text in repaired)


def test_no_numbers_are_prepared_to_none() -> None:
    made = id_cards.prepare("n", pl.Series([], dtype=pl.String))
    assert len(made) == 0
    assert id_cards.prepare("n", pl.Series([None, None], dtype=pl.String)).table["n"].to_list() == [0, 0]


def test_zeros_that_a_spreadsheet_may_have_made_say_no_sex() -> None:
    for head in (f"4105021962030{day}1" for day in range(10, 99)):
        row = facets(f"{head[:15]}000")
        assert row["n.sex"] == 0
