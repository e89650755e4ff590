"""Two dates: the same day, month and day exchanged, one part other, or another day."""

from __future__ import annotations

import numpy as np

from matcher.comparing.levels import OPEN, Comparison, Glance, Level, first_of, settled
from matcher.identity import days
from matcher.prepared import Codes, Side

LEVELS = (
    Level("equal", "the same day", agrees=True),
    Level(
        "near",
        "the same year with month and day exchanged, or two of year, month and day agree, of the year the century and one digit more",
    ),
    Level("different", "another day"),
)
EQUAL, NEAR, DIFFERENT = 1, 2, 3

WRITTEN_LEVELS = (
    Level("equal", "the same day", agrees=True),
    Level(
        "near",
        "month and day exchanged, or two of year, month and day agree, of the year the century and one digit more",
    ),
    Level("one_digit", "as written, one digit other or two neighbours swapped"),
    Level("different", "another day"),
)


def quick(left: Side, right: Side, field: str) -> Glance:
    """Every level, by the calendar."""
    a, b = left.integers(field), right.integers(field)
    codes = first_of(len(a), ((a == 0) | (b == 0), 0), (a == b, EQUAL), otherwise=DIFFERENT)
    rest = np.flatnonzero(codes == DIFFERENT)
    codes[rest[_near(a[rest], b[rest])]] = NEAR
    return settled(codes)


def _near(a: days.Days, b: days.Days) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    (year, month, day), (other_year, other_month, other_day) = days.parts(a), days.parts(b)
    exchanged = (year == other_year) & (month == other_day) & (day == other_month)
    parts = (year == other_year).astype(np.int8) + (month == other_month) + (day == other_day)
    # a slip of the pen in the year, and not a grandfather's birthday
    one_digit = (year // 100 == other_year // 100) & (
        (year // 10 == other_year // 10) | (year % 10 == other_year % 10)
    )
    return np.asarray(exchanged | ((parts == 2) & one_digit))


def quick_written(left: Side, right: Side, field: str) -> Glance:
    """Dates that clerks typed: a day that does not exist is still compared digit by digit."""
    a, b = left.integers(field), right.integers(field)
    codes = first_of(len(a), ((a != 0) & (a == b), EQUAL), otherwise=OPEN)
    return Glance(
        codes, np.full(len(a), NEAR, dtype=np.uint8) if len(a) == 0 else np.where(codes == OPEN, EQUAL, codes)
    )


def settle_written(left: Side, right: Side, field: str) -> Codes:
    """Near, one digit off, or different; missing where either side wrote nothing."""
    a, b = left.integers(field), right.integers(field)
    codes = np.full(len(a), 4, dtype=np.uint8)
    one, two = (side.texts(f"{field}.text").fill_null("") for side in (left, right))
    blank = ((one == "") | (two == "")).to_numpy()
    codes[blank] = 0
    codes[(one == two).to_numpy() & ~blank] = EQUAL
    both = np.flatnonzero((a != 0) & (b != 0) & (codes == 4))
    codes[both[_near(a[both], b[both])]] = NEAR
    rest = np.flatnonzero(codes == 4)
    codes[rest] = [
        3 if one_off(x, y) else 4 for x, y in zip(one.gather(rest).to_list(), two.gather(rest).to_list(), strict=True)
    ]
    return codes


def one_off(left: str, right: str) -> bool:
    """Two texts of one length that differ in one place or by two neighbours swapped."""
    if len(left) != len(right):
        return False
    wrong = [place for place, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        first, second = wrong
        return left[first] == right[second] and left[second] == right[first]
    return len(wrong) == 1


COMPARISON = Comparison(LEVELS, quick)
WRITTEN = Comparison(WRITTEN_LEVELS, quick_written, settle_written)
