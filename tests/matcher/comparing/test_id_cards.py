"""Two numbers as two offices wrote them: which level, and that no order and no look-alike changes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.comparing.id_cards import COMPARISON
from tests.matcher.persons import compared, level, number, prepared, valid_numbers, written_numbers

WANG = number("41050219550303342")
TWIN = number("41050219550303344")
FAR = number("41050219550303352")
OLD = "11010519491231002X"
ZEROS = next(
    one for sequence in range(999) for area in ("410502", "410503") if (one := number(f"{area}19550303{sequence:02d}0")).endswith("000")
)  # fmt: skip
"""A number that truly ends as spreadsheets leave the others."""


def wide(text: str) -> str:
    return text.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)} | {ord("X"): "Ｘ"})


def slip(text: str, place: int, by: int = 1) -> str:
    return text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]


def swap(text: str, place: int) -> str:
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


CASES: list[tuple[str | None, str | None, str]] = [
    # the same, written well or otherwise
    (WANG, WANG, "equal"),
    (OLD, OLD.lower(), "equal"),
    (OLD, wide(OLD), "equal"),
    (OLD, f" {OLD[:6]} {OLD[6:14]} {OLD[14:]}", "equal"),
    (OLD, f"'{OLD}", "equal"),
    (OLD, "110105491231002", "equal_15_18"),
    ("110105491231002", "110105491231002", "equal"),
    (number("81000019900101001"), number("81000019900101001"), "equal"),  # a resident from Hong Kong
    (number("91115619900101001"), number("91115619900101001"), "equal"),  # a permanent resident
    ("H12345678", "h1234567(8)", "equal_permit"),
    ("H12345678", "H12345679", "different"),
    ("H12345678", WANG, "different"),
    ("H12345678", "410502********" + WANG[14:], "different"),
    (slip(WANG, 9), slip(WANG, 9), "equal_unchecked"),
    # a slip of the pen in a number whose check fails
    (WANG, slip(WANG, 6), "repaired"),
    (WANG, slip(WANG, 0), "repaired"),
    (WANG, slip(WANG, 16), "repaired"),
    (WANG, WANG[:17] + ("1" if WANG[17] != "1" else "2"), "repaired"),
    (WANG, swap(WANG, 12), "repaired"),
    (WANG, swap(WANG, 16), "repaired"),
    (WANG, slip(slip(WANG, 6), 15), "different"),  # two slips
    (WANG, WANG[:9] + WANG[13] + WANG[10:13] + WANG[9] + WANG[14:], "different"),  # not neighbours
    (slip(WANG, 6), slip(WANG, 15), "different"),  # neither holds
    # masked, cut, or through a spreadsheet
    (WANG, WANG[:6] + "*" * 8 + WANG[14:], "compatible"),
    (WANG, WANG[:6] + "****" + WANG[14:], "compatible"),
    (WANG, WANG[:14] + "****", "compatible"),
    (WANG, WANG[:15] + "000", "compatible"),
    (WANG, "4.10502E+17", "compatible"),
    (WANG, "4.1050219550303E+17", "compatible"),
    (WANG, WANG[:17], "compatible"),
    (WANG, WANG[:14], "compatible"),
    (OLD, "4101021949********", "different"),
    (WANG, WANG[:6] + "*" * 8 + TWIN[14:], "different"),
    (WANG, OLD[:15] + "000", "different"),
    (WANG[:14] + "****", WANG[:15] + "000", "compatible"),  # two parts
    (slip(WANG, 6), slip(WANG, 6)[:14] + "****", "compatible"),
    (ZEROS, ZEROS, "equal"),
    (ZEROS, number(ZEROS[:15] + "13"), "compatible"),  # may be what a spreadsheet left of the other
    # another person
    (WANG, TWIN, "neighbour"),
    (WANG, number("41050219550303338"), "neighbour"),
    (WANG, FAR, "conflict"),
    (WANG, number("41050319550303342"), "conflict"),
    (WANG, OLD, "conflict"),
    (OLD, number(slip(OLD, 3)[:17]), "conflict"),  # a slip that a form made good: it may be somebody's
    (WANG, "110105194912310021", "different"),
    # nothing
    (WANG, None, "missing"),
    (WANG, "", "missing"),
    (WANG, "不详", "missing"),
    (WANG, "111111111111111111", "missing"),
    (None, None, "missing"),
]


@pytest.mark.parametrize(("left", "right", "expected"), CASES)
def test_levels(left: str | None, right: str | None, expected: str) -> None:
    assert level("cn_number", left, right) == expected
    assert level("cn_number", right, left) == expected


@given(st.lists(st.tuples(written_numbers(), written_numbers()), min_size=1, max_size=10))
def test_neither_side_is_first(pairs: list[tuple[str, str]]) -> None:
    left, right = (prepared("cn_number", list(side)) for side in zip(*pairs, strict=True))
    assert compared("cn_number", left, right).tolist() == compared("cn_number", right, left).tolist()


@given(valid_numbers(), st.integers(0, 16), st.integers(1, 9))
def test_every_slip_is_repaired_and_no_valid_number_is(sound: str, place: int, by: int) -> None:
    slipped = slip(sound, place, by)
    found = level("cn_number", sound, slipped)
    if slipped.startswith("0"):
        assert found in ("missing", "repaired")
    elif slipped.endswith("000"):
        assert found in ("compatible", "different")
    else:
        assert found == "repaired"
    remade = number(slipped[:17])
    assert level("cn_number", sound, remade) not in ("equal", "repaired")


def test_the_table_of_cases_holds_every_level() -> None:
    assert {expected for *_, expected in CASES} == set(COMPARISON.names) - {"not_needed"}
