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
        ("4105**********1234", None),
        ("H12345678", None),
        ("无", None),
    ],
)
def test_reading(written: str, number: str | None) -> None:
    assert numbers.read(written) == number


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
