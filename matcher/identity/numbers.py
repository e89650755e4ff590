"""Citizen numbers (GB 11643-1999): reading, checking, upgrading and repairing them, a column at a time.

Eighteen characters: six of division (GB/T 2260, at first registration), eight of birth date, three of sequence (odd
for men) and one check character by ISO 7064 MOD 11-2. A fifteen-digit number (GB 11643-1989) lacks the century and
the check character. The check detects every single wrong character and every swap of unequal neighbours, so a slip
of the pen can only stand in a number whose check fails; its repairs are few and can be listed.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
CHECK_CHARACTERS = np.frombuffer(b"10X98765432", dtype=np.uint8)
EARLIEST_BIRTH_YEAR = 1850

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def check_character(first_seventeen: str) -> str:
    """The eighteenth character of a number. Source: GB 11643-1999, ISO 7064 MOD 11-2.

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(int(digit) * int(weight) for digit, weight in zip(first_seventeen, WEIGHTS, strict=True))
    return chr(CHECK_CHARACTERS[total % 11])


def is_valid(number: str) -> bool:
    """Whether the number has the form, the check character and a birth date that exists."""
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    return number[17] == check_character(number[:17]) and birth_date(number) is not None


def birth_date(number: str) -> dt.date | None:
    """The birth date inside an eighteen-character number, or None where no such day exists."""
    try:
        date = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return date if date.year >= EARLIEST_BIRTH_YEAR else None


def upgrade(fifteen: str) -> str:
    """The eighteen-character form of a fifteen-digit number: century inserted, check character appended.

    The sequences 996 to 999 were kept for people born in the eighteen hundreds.
    """
    century = "18" if fifteen[12:15] in {"996", "997", "998", "999"} else "19"
    first_seventeen = fifteen[:6] + century + fifteen[6:]
    return first_seventeen + check_character(first_seventeen)


def as_bytes(numbers: npt.NDArray[np.object_] | list[str]) -> Bytes:
    """Numbers of eighteen ASCII characters as a matrix of shape (n, 18)."""
    return np.frombuffer("".join(numbers).encode("ascii"), dtype=np.uint8).reshape(-1, 18)


def checks(matrix: Bytes) -> Flags:
    """For a matrix of shape (n, 18): where the check character is the right one."""
    digits = matrix[:, :17].astype(np.float32) - 48
    remainder = (digits @ WEIGHTS.astype(np.float32)).astype(np.int32) % 11
    return np.asarray(CHECK_CHARACTERS[remainder] == matrix[:, 17])


def repairs(matrix: Bytes) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Every number that one slip of the pen (a wrong character, two neighbours swapped) could have turned into these.

    Takes a matrix of shape (n, 18) of numbers whose check fails. Returns `(row, candidates)`: candidate i repairs
    number row[i]; all candidates pass the check and hold a plausible birth date. About twenty a number.
    """
    n = len(matrix)
    rows: list[npt.NDArray[np.int64]] = []
    found: list[Bytes] = []

    def keep(candidates: Bytes, origin: npt.NDArray[np.int64]) -> None:
        good = checks(candidates) & plausible_dates(candidates)
        rows.append(origin[good])
        found.append(candidates[good])

    every = np.arange(n, dtype=np.int64)
    for position in range(17):
        for digit in range(48, 58):
            differs = matrix[:, position] != digit
            changed = matrix[differs].copy()
            changed[:, position] = digit
            keep(changed, every[differs])
    digits = matrix[:, :17].astype(np.float32) - 48
    right = matrix.copy()
    right[:, 17] = CHECK_CHARACTERS[(digits @ WEIGHTS.astype(np.float32)).astype(np.int32) % 11]
    keep(right, every)
    for position in range(17):
        swappable = matrix[:, position] != matrix[:, position + 1]
        if position == 16:
            swappable &= matrix[:, 17] != ord("X")
        swapped = matrix[swappable].copy()
        swapped[:, [position, position + 1]] = swapped[:, [position + 1, position]]
        keep(swapped, every[swappable])
    return np.concatenate(rows), np.concatenate(found)


def plausible_dates(matrix: Bytes) -> Flags:
    """For a matrix of shape (n, 18): where characters 7 to 14 are a day that exists since 1850."""
    digits = matrix[:, 6:14].astype(np.int32) - 48
    year = digits[:, 0] * 1000 + digits[:, 1] * 100 + digits[:, 2] * 10 + digits[:, 3]
    month = digits[:, 4] * 10 + digits[:, 5]
    day = digits[:, 6] * 10 + digits[:, 7]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    real_month = (month >= 1) & (month <= 12)
    longest = lengths[np.where(real_month, month, 0)] + (leap & (month == 2))
    return np.asarray(real_month & (day >= 1) & (day <= longest) & (year >= EARLIEST_BIRTH_YEAR) & (year <= 2099))


REGULAR = r"^[1-9]\d{16}[\dX]$"
_FOLDED = str.maketrans("０１２３４５６７８９ＸｘxХх", "0123456789XXXXX", " \t\r\n\u3000\u00a0\u200b\ufeff-'`’‘\"＇")


def read(written: str) -> str | None:
    """The eighteen characters a written number stands for, or None where it is no citizen number.

    Widths and blanks are folded, x is upper case, fifteen digits are upgraded; a spreadsheet's trailing `.0` goes. The
    check need not hold: a number with one slip is still worth comparing. A number of one repeated digit is a filler.

    >>> read("１１０１０５ 19491231002x")
    '11010519491231002X'
    """
    text = written.translate(_FOLDED).removesuffix(".0")
    if len(text) == 15 and text.isascii() and text.isdigit():
        text = upgrade(text)
        return text if birth_date(text) else None
    if (
        len(text) != 18
        or not text.isascii()
        or not text[:17].isdigit()
        or not (text[17].isdigit() or text[17] == "X")
    ):
        return None
    return None if len(set(text[:17])) == 1 else text


def was_fifteen(written: str) -> bool:
    """Whether a written number has fifteen digits."""
    return len(written.translate(_FOLDED).removesuffix(".0")) == 15
