"""Citizen numbers: the standard's example, the algebra of its check, and how damaged numbers are read."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import numbers

STANDARD_EXAMPLE = "11010519491231002X"


@st.composite
def valid_numbers(draw: st.DrawFn) -> str:
    """A number that a citizen could bear."""
    area = draw(st.sampled_from(["410502", "410504", "410521", "110105", "810000"]))
    born = draw(st.dates(dt.date(1900, 1, 1), dt.date(2024, 12, 31)))
    sequence = draw(st.integers(1, 999))
    seventeen = f"{area}{born:%Y%m%d}{sequence:03d}"
    return seventeen + numbers.check_character(seventeen)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        (STANDARD_EXAMPLE, True),
        ("110105194912310021", False),
        ("11010519490231002X", False),  # 31 February
        ("110105491231002", False),
        ("", False),
        ("1101051949123100２X", False),
    ],
)
def test_validity(number: str, valid: bool) -> None:
    assert numbers.is_valid(number) is valid


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (STANDARD_EXAMPLE, STANDARD_EXAMPLE),
        ("11010519491231002x", STANDARD_EXAMPLE),
        ("１１０１０５１９４９１２３１００２Ｘ", STANDARD_EXAMPLE),
        (" 110105 19491231 002X ", STANDARD_EXAMPLE),
        ("'11010519491231002X", STANDARD_EXAMPLE),
        ("110105491231002", STANDARD_EXAMPLE),  # fifteen digits
        ("110105194912310021", "110105194912310021"),  # the check fails; still worth comparing
        ("110105491331002", None),  # no such month
        ("111111111111111111", None),  # a filler
        ("4.10502E+17", None),
        ("410502197001011000", None),  # a spreadsheet kept fifteen digits
        ("4105**********1234", None),
        ("H12345678", None),
        ("无", None),
    ],
)
def test_reading(written: str, number: str | None) -> None:
    assert numbers.read(written) == number


@pytest.mark.parametrize(
    ("written", "kind", "text"),
    [
        (STANDARD_EXAMPLE, "citizen", STANDARD_EXAMPLE),
        ("'11010519491231002Х", "citizen", STANDARD_EXAMPLE),  # a Cyrillic Х
        ("11010519491231002×", "citizen", STANDARD_EXAMPLE),
        ("110105-19491231-002X", "citizen", STANDARD_EXAMPLE),
        ("410502197001011234.0", "citizen", "410502197001011234"),
        ("110105491231002", "citizen", STANDARD_EXAMPLE),
        ("110105491231002.00", "citizen", STANDARD_EXAMPLE),
        ("930156198011027826", "citizen", "930156198011027826"),  # a foreign permanent resident
        ("810000199408230021", "citizen", "810000199408230021"),
        ("830000199201300022", "citizen", "830000199201300022"),
        # what a spreadsheet leaves
        ("410502197001011000", "part", "410502197001011***"),
        ("4.10502E+17", "part", "410502************"),
        ("４．１０５０２Ｅ＋１７", "part", "410502************"),
        ("4.10502197001011E+17", "part", "410502197001011***"),
        ("4.1050219700101e17", "part", "41050219700101****"),
        ("4.1050219700101124E+17", "part", "410502197001011***"),  # a double holds no more than fifteen
        ("1.10105491231002E+14", "citizen", STANDARD_EXAMPLE),
        # masks
        ("410502********1234", "part", "410502********1234"),
        ("410502＊＊＊＊＊＊＊＊１２３４", "part", "410502********1234"),
        ("4105021970****1234", "part", "4105021970****1234"),
        ("410502197001******", "part", "410502197001******"),
        ("410502xxxxxxxx123x", "part", "410502********123X"),
        ("41050219700101XXXX", "part", "41050219700101****"),
        ("41050219700101****", "part", "41050219700101****"),
        ("410502××××××××1234", "part", "410502********1234"),
        ("410502········1234", "part", "410502********1234"),
        ("410502--------1234", "part", "410502********1234"),
        ("410502________1234", "part", "410502********1234"),
        ("410502□□□□□□□□1234", "part", "410502********1234"),
        ("410502••••1234", "part", "410502********1234"),
        ("410502****123X", "part", "410502********123X"),
        ("4105**********1234", "part", "4105**********1234"),
        ("410***********1234", "part", "410***********1234"),
        ("410502###1234", "part", "410502********1234"),
        ("4105021970**12", "part", "4105021970******12"),
        ("410502*********", "part", "410502************"),  # fifteen long: the same in both forms
        ("410502700101***", "part", "41050219700101****"),  # fifteen long: no such day in the other form
        # the end is lost
        ("41050219700101", "part", "41050219700101****"),
        ("4105021970010112", "part", "4105021970010112**"),
        ("41050219700101123", "part", "41050219700101123*"),
        # permits and passports
        ("H12345678", "permit", "H12345678"),
        ("h 1234 5678", "permit", "H12345678"),
        ("M0123456701", "permit", "M0123456701"),
        ("E12345678", "permit", "E12345678"),
        ("EA1234567", "permit", "EA1234567"),
        ("A123456(7)", "permit", "A1234567"),
        ("A123456(A)", "permit", "A123456A"),
        ("02345671", "permit", "02345671"),
        ("CHN110065121801", "permit", "CHN110065121801"),
    ],
)
def test_understanding(written: str, kind: str, text: str) -> None:
    reading = numbers.understand(written)
    assert reading is not None
    assert (reading.kind, reading.text) == (kind, text)
    assert reading.upgraded == numbers.was_fifteen(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "无",
        "不详",
        "-",
        "*",
        "000000000000000000",
        "111111111111111",  # 11 November 1911, and a filler
        "99999999",
        "123456789012345678",
        "987654321098765432",
        "12345678",
        "H00000000",
        "110105491331002",  # no such month
        "1.1010549123100E+14",  # fifteen digits, one lost
        "4.1E+17",
        "4.10502E+16",
        "****************34",
        "******************",
        "410502*****1234",  # fifteen long: could be either form
        "410502190101***",  # fifteen long: 1901 or 1919
        "138****8000",  # a phone
        "41050219701301",  # cut, and no such month
        "6222021234567890",  # a bank card
        "1380013800012345",
        "19800101",  # a day
        "2345-6781",
        "410502****197001011234",
        "²²²²²²²²²²²²²²²²²²",
        "4105021970010112345",
    ],
)
def test_what_says_nothing_of_one_person(written: str) -> None:
    assert numbers.understand(written) is None


@given(st.text(max_size=20))
def test_any_text_can_be_understood(written: str) -> None:
    reading = numbers.understand(written)
    if reading is not None and reading.kind != "permit":
        assert len(reading.text) == 18
        assert numbers.as_bytes([reading.text]).shape == (1, 18)


@given(st.text(alphabet="0123456789Xx*＊-.E+HA() ", min_size=7, max_size=19))
def test_what_was_understood_is_understood_again(written: str) -> None:
    reading = numbers.understand(written)
    if reading is not None:
        again = numbers.understand(reading.text)
        assert again is not None
        assert again.text == reading.text


@given(valid_numbers(), st.sets(st.integers(0, 17), min_size=1, max_size=12))
def test_a_number_agrees_with_every_part_of_itself(number: str, hidden: set[int]) -> None:
    pattern = "".join(numbers.UNKNOWN if place in hidden else character for place, character in enumerate(number))
    reading = numbers.understand(pattern)
    assert reading is not None
    assert reading.text == pattern
    assert numbers.compatible(pattern, number)
    assert numbers.compatible(number, pattern)
    assert numbers.known(pattern) == 18 - len(hidden)


@given(valid_numbers(), st.integers(14, 17).filter(lambda kept: kept != 15))
def test_a_cut_number_still_agrees(number: str, kept: int) -> None:
    reading = numbers.understand(number[:kept])
    assert reading is not None
    assert reading.kind == "part"
    assert numbers.compatible(reading.text, number)
    assert numbers.known(reading.text) == kept


@given(valid_numbers(), valid_numbers())
def test_the_column_agreement_is_the_scalar_one(left: str, right: str) -> None:
    pattern = left[:6] + numbers.UNKNOWN * 8 + left[14:]
    a, b = numbers.as_bytes([pattern, left]), numbers.as_bytes([right, right])
    assert numbers.agree(a, b).tolist() == [numbers.compatible(pattern, right), left == right]


@pytest.mark.parametrize(
    ("left", "right", "twins"),
    [
        ("410502199001012111", "410502199001012138", True),
        ("410502199001012111", "41050219900101215X", True),
        ("410502199001012111", "410502199001012162", False),  # five apart
        ("410502199001012111", "41050219900101211X", False),  # the same sequence
        ("410502199001012111", "410502199001022138", False),  # another day
        ("410502199001010991", "410502199001011003", True),  # across a hundred
    ],
)
def test_the_twin_zone(left: str, right: str, twins: bool) -> None:
    a, b = numbers.as_bytes([left]), numbers.as_bytes([right])
    assert numbers.same_but_sequence(a, b).tolist() == [twins]
    assert numbers.same_but_sequence(b, a).tolist() == [twins]


def test_centenarians_upgrade_to_their_own_century() -> None:
    assert numbers.upgrade("110105201231997")[6:10] == "1820"


@given(valid_numbers())
def test_the_column_check_agrees_with_the_scalar(number: str) -> None:
    matrix = numbers.as_bytes([number])
    assert bool(numbers.checks(matrix)[0]) is numbers.is_valid(number)
    assert bool(numbers.plausible_dates(matrix)[0]) is (numbers.birth_date(number) is not None)


@given(valid_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_every_wrong_digit_fails_the_check_and_is_repaired(number: str, place: int, shift: int) -> None:
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not numbers.checks(numbers.as_bytes([wrong]))[0]
    assert number in _repairs(wrong)


@given(valid_numbers(), st.integers(0, 15))
def test_every_swap_of_unlike_neighbours_fails_the_check_and_is_repaired(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        assert not numbers.checks(numbers.as_bytes([swapped]))[0]
        assert number in _repairs(swapped)


@given(valid_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_repairs_are_few_valid_and_one_slip_away(number: str, place: int, shift: int) -> None:
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    repairs = _repairs(wrong)
    assert 0 < len(repairs) <= 40
    assert all(numbers.is_valid(repair) for repair in repairs)
    assert all(sum(a != b for a, b in zip(repair, wrong, strict=True)) <= 2 for repair in repairs)


def test_repairs_keep_track_of_their_origin() -> None:
    rows, found = numbers.repairs(numbers.as_bytes(["110105194912310021", "41050219800101101X"]))
    assert set(rows.tolist()) <= {0, 1}
    assert found.shape == (len(rows), 18)
    assert found.dtype == np.uint8


def _repairs(wrong: str) -> list[str]:
    _, found = numbers.repairs(numbers.as_bytes([wrong]))
    return [bytes(row).decode("ascii") for row in found]
