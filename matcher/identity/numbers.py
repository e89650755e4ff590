"""Citizen numbers (GB 11643-1999): understood as written, checked, upgraded and repaired, a column at a time.

Eighteen characters: six of division (GB/T 2260, at first registration), eight of birth date, three of sequence (odd
for men) and one check character by ISO 7064 MOD 11-2. A fifteen-digit number (GB 11643-1989) lacks the century and
the check character. The check detects every single wrong character and every swap of unequal neighbours, so a slip
of the pen can only stand in a number whose check fails; its repairs are few and can be listed.

What a spreadsheet, a mask or a narrow column left of a number is a pattern: eighteen characters, UNKNOWN for each
that was lost. It can contradict a number, and agree with one; it can never be one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from operator import mul
from typing import Literal

import numpy as np
import numpy.typing as npt

from matcher.identity import fillers

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
CHECK_CHARACTERS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_WEIGHTS, _CHECK_TEXT = WEIGHTS.tolist(), "10X98765432"
_REMAINDER = np.zeros(256, dtype=np.int16)
_REMAINDER[CHECK_CHARACTERS] = np.arange(11)
_INVERSE_WEIGHTS = np.array([pow(int(weight), -1, 11) for weight in WEIGHTS], dtype=np.int16)

EARLIEST_BIRTH_YEAR = 1850
LATEST_BIRTH_YEAR = 2099
UNKNOWN = "*"
"""Stands in a pattern for one character of a number that was lost."""

REGULAR = r"^[1-9][0-9]{16}[0-9X]$"
TWIN_REACH = 4
"""Sequences are given out in order of registration: those of twins lie this near, two steps for each sex."""

DIVISION_DIGITS = 6
SPREADSHEET_DIGITS = 15
LEAST_KNOWN = 4

_MASKS = "＊*＃#•·・‧●○◦□■◻▢＿_？?…"
_FOLDED = (
    str.maketrans("０１２３４５６７８９．＋ＥｅＸｘХхⅩⅹ×✕－—–‐‑‒―−﹣", "0123456789.+EeXXXXXXXX---------")
    | dict.fromkeys(map(ord, _MASKS), UNKNOWN)
    | dict.fromkeys(map(ord, " \t\r\n\u3000\u00a0\u200b\u200e\u200f\ufeff'`’‘\"＇“”"), None)
)
_BRACKETS = dict.fromkeys(map(ord, "()（）[]【】〔〕"), None)
_SEPARATORS = _BRACKETS | {ord("-"): None}
FOLDING = {chr(point): chr(point).translate(_FOLDED) for point in _FOLDED}
"""What `understand` folds first, character by character; then come upper case, TRAILING_ZERO and SEPARATING."""

SEPARATING = {chr(point): chr(point).translate(_SEPARATORS) for point in _SEPARATORS}
TRAILING_ZERO = r"\.0+$"

_TRAILING_ZERO = re.compile(TRAILING_ZERO)
_FULL = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")
_SCIENTIFIC = re.compile(r"([1-9])(?:\.([0-9]+))?E\+?(1[47])")
_PERMIT = re.compile(r"(?=.{7,12}$)[A-Z]{1,3}[0-9]{5,11}|[A-Z]{1,2}[0-9]{6}A|[A-Z]{3}[0-9]{12}")
_ONE_DIGIT = re.compile(r"[A-Z]+([0-9])\1*")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_RUNS = re.compile(r"-{2,}|\.{2,}|X{2,}")
_MASKED = re.compile(r"[0-9*]{6,}[0-9*X]")
_ONE_RUN = re.compile(r"([0-9]*)\*{2,}([0-9]{0,4}|[0-9]{0,3}X)")
_DAYS = ("19991231", "19991130", "19991028", "19991001", "20001231")
_PHONE_HEAD = re.compile(r"1[3-9]")

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def check_character(first_seventeen: str) -> str:
    """The eighteenth character of a number. Source: GB 11643-1999, ISO 7064 MOD 11-2.

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(map(mul, map(int, first_seventeen), _WEIGHTS))
    return _CHECK_TEXT[total % 11]


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
    number row[i]; all candidates pass the check and hold a plausible birth date. About sixteen a number.
    """
    digits = matrix[:, :17].astype(np.int16) - 48
    # how far the weighted sum is from what the check character stands for: a change of digit p moves it by weight p
    lacking = (_REMAINDER[matrix[:, 17]] - digits @ WEIGHTS.astype(np.int16)) % 11
    rows: list[npt.NDArray[np.int64]] = []
    found: list[Bytes] = []

    def keep(origin: npt.NDArray[np.int64], place: int, characters: Bytes, beside: Bytes | None = None) -> None:
        candidates = matrix[origin]
        candidates[:, place] = characters
        if beside is not None:
            candidates[:, place + 1] = beside
        good = plausible_dates(candidates)
        rows.append(origin[good])
        found.append(candidates[good])

    substitutes = (digits + lacking[:, None] * _INVERSE_WEIGHTS) % 11
    for place in range(17):
        origin = np.flatnonzero((substitutes[:, place] <= 9) & (lacking != 0))
        keep(origin, place, (substitutes[origin, place] + 48).astype(np.uint8))
    every = np.arange(len(matrix))
    right = CHECK_CHARACTERS[(_REMAINDER[matrix[:, 17]] - lacking) % 11]
    keep(every, 17, right)
    for place in range(16):
        moved = (int(WEIGHTS[place]) - int(WEIGHTS[place + 1])) * (digits[:, place + 1] - digits[:, place])
        origin = np.flatnonzero((moved % 11 == lacking) & (lacking != 0))
        keep(origin, place, matrix[origin, place + 1], matrix[origin, place])
    swappable = np.flatnonzero((matrix[:, 17] != ord("X")) & (matrix[:, 16] != matrix[:, 17]))
    swapped = matrix[swappable]
    swapped[:, [16, 17]] = swapped[:, [17, 16]]
    origin = swappable[checks(swapped)]
    keep(origin, 16, matrix[origin, 17], matrix[origin, 16])
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
    return np.asarray(
        real_month & (day >= 1) & (day <= longest) & (year >= EARLIEST_BIRTH_YEAR) & (year <= LATEST_BIRTH_YEAR)
    )


def same_but_sequence(a: Bytes, b: Bytes) -> Flags:
    """For two matrices of shape (n, 18): where area and birth date agree and the sequences lie 1 to 4 apart.

    Two numbers issued to twins look like this, and so do one number and a slip in its sequence.
    """
    near = np.abs(_sequence(a) - _sequence(b))
    return np.asarray((a[:, :14] == b[:, :14]).all(axis=1) & (near >= 1) & (near <= TWIN_REACH))


def agree(a: Bytes, b: Bytes) -> Flags:
    """For two matrices of shape (n, 18), numbers or patterns: where they agree wherever both are known."""
    return np.asarray(((a == b) | (a == ord(UNKNOWN)) | (b == ord(UNKNOWN))).all(axis=1))


def compatible(pattern: str, number: str) -> bool:
    """Whether a pattern and a number (or another pattern) agree wherever both are known.

    >>> compatible("410502********1234", "410502197001011234"), compatible("410502********1234", "410502197001011235")
    (True, False)
    """
    return len(pattern) == len(number) and all(
        a in (b, UNKNOWN) or b == UNKNOWN for a, b in zip(pattern, number, strict=True)
    )


def known(pattern: str) -> int:
    """How many characters of a pattern are known."""
    return len(pattern) - pattern.count(UNKNOWN)


def _sequence(matrix: Bytes) -> npt.NDArray[np.int32]:
    digits = matrix[:, 14:17].astype(np.int32) - 48
    return digits[:, 0] * 100 + digits[:, 1] * 10 + digits[:, 2]


def understand(written: str) -> Reading | None:
    """What a written number stands for, or None where it says nothing of one person.

    Widths, blanks, quotes, dashes between digits and a spreadsheet's trailing `.0` are folded, x is upper case.
    Eighteen characters are a number whether or not the check holds: one slip is worth comparing. Numbers of foreign
    permanent residents (first digit 9) and residents from Hong Kong, Macau and Taiwan (81, 82, 83) are numbers too.
    Fifteen digits are upgraded where their date exists. Scientific notation, masks, a lost end and the `000` of a
    spreadsheet that keeps fifteen digits leave a pattern. Letters and digits, and eight digits, are a permit. Fillers
    (one digit repeated, digits that count up or down) are nothing.

    >>> understand("１１０１０５ 19491231002x")
    Reading(kind='citizen', text='11010519491231002X', upgraded=False)
    >>> understand("4.10502E+17").text, understand("410502****1234").text, understand("h1234567(8)").text
    ('410502************', '410502********1234', 'H12345678')
    """
    text = _TRAILING_ZERO.sub("", written.translate(_FOLDED).upper())
    plain = text.translate(_SEPARATORS)
    if _is_filler(plain):
        return None
    if _FULL.fullmatch(plain):
        return _from_digits(plain)
    if scientific := _SCIENTIFIC.fullmatch(text):
        return _from_mantissa(scientific[1] + (scientific[2] or ""), int(scientific[3]))
    if _PERMIT.fullmatch(plain):
        return None if _ONE_DIGIT.fullmatch(plain) else Reading("permit", plain, False)
    if _EIGHT_DIGITS.fullmatch(text):
        return None if _is_day(text) else Reading("permit", text, False)
    pattern = _from_masked(text)
    if pattern is None or known(pattern) < LEAST_KNOWN or len(set(pattern) - {UNKNOWN}) == 1:
        return None
    return Reading("part", pattern, False)


def read(written: str) -> str | None:
    """The eighteen characters a written number stands for, or None where it is none or only a part of one.

    >>> read("１１０１０５ 19491231002x")
    '11010519491231002X'
    """
    reading = understand(written)
    return reading.text if reading is not None and reading.kind == "citizen" else None


def was_fifteen(written: str) -> bool:
    """Whether a written number has fifteen digits."""
    reading = understand(written)
    if reading is not None:
        return reading.upgraded
    return len(_TRAILING_ZERO.sub("", written.translate(_FOLDED)).translate(_SEPARATORS)) == 15


def _from_digits(plain: str) -> Reading | None:
    """Fifteen or eighteen characters: a number, or what a spreadsheet left of one."""
    if len(plain) == 15:
        number = upgrade(plain)
        return Reading("citizen", number, True) if birth_date(number) else None
    if plain.endswith("000") and plain[17] != check_character(plain[:17]):
        return Reading("part", plain[:SPREADSHEET_DIGITS] + UNKNOWN * 3, False)
    return Reading("citizen", plain, False)


def _from_mantissa(digits: str, exponent: int) -> Reading | None:
    """Scientific notation. Doubles are exact to fifteen digits; what is written beyond them is not the number's."""
    if len(digits) == exponent + 1 and exponent in (14, 17):
        return _from_digits(digits)
    if exponent != 17 or len(digits) < DIVISION_DIGITS:
        return None
    return Reading("part", digits[:SPREADSHEET_DIGITS].ljust(18, UNKNOWN), False)


def _from_masked(text: str) -> str | None:
    """The pattern of a masked or cut number; None where it is none or could be two."""
    marked = _RUNS.sub(lambda run: UNKNOWN * len(run[0]), text.translate(_BRACKETS)).replace("-", "")
    # One X at the end is a check character; any other stands for a digit.
    marked = marked[:-1].replace("X", UNKNOWN) + marked[-1:]
    parts = _MASKED.fullmatch(marked)
    if parts is None:
        return None
    if len(marked) == 18 and UNKNOWN in marked:
        return marked
    if UNKNOWN not in marked:
        return marked.ljust(18, UNKNOWN) if len(marked) in (14, 16, 17) and _is_day(marked[6:14]) else None
    ends = _ONE_RUN.fullmatch(marked)
    if ends is None or ends[1].startswith("0"):
        return None
    head, tail = ends[1], ends[2]
    if len(marked) == 15:
        return None if tail else _fifteen_head(head)
    shown = len(head) + len(tail)
    like_phone = len(marked) == 11 and _PHONE_HEAD.match(head) is not None
    if len(head) < 3 or not DIVISION_DIGITS <= shown < 18 or like_phone or not _may_lead(head):
        return None
    return head + UNKNOWN * (18 - shown) + tail


def _fifteen_head(head: str) -> str | None:
    """The pattern of fifteen characters masked from `head` on, where it is the same or impossible in one of the forms."""
    upgraded = head[:DIVISION_DIGITS] + "19" + head[DIVISION_DIGITS:]
    if len(head) <= DIVISION_DIGITS:
        return head.ljust(18, UNKNOWN)
    possible = [form for form in (head, upgraded) if _may_lead(form)]
    return possible[0].ljust(18, UNKNOWN) if len(possible) == 1 else None


def _may_lead(head: str) -> bool:
    """Whether a number can begin so: its birth date exists as far as it is said."""
    born = head[DIVISION_DIGITS:14]
    return any(_is_day(born + rest[len(born) :]) for rest in _DAYS)


def _is_day(eight: str) -> bool:
    """Whether eight digits are a day on which a living person may have been born."""
    return EARLIEST_BIRTH_YEAR <= int(eight[:4]) <= LATEST_BIRTH_YEAR and birth_date("000000" + eight) is not None


def _is_filler(plain: str) -> bool:
    """One digit repeated, or digits that count up or down; no number can begin with fifteen of these."""
    digits = plain[:SPREADSHEET_DIGITS]
    return len(digits) >= 7 and digits.isascii() and digits.isdigit() and fillers.stands_or_counts(digits)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a written number stands for.

    `text` holds eighteen characters for a citizen's number, eighteen with UNKNOWN for each lost one for a part of a
    number, and upper-case letters and digits alone for a permit or passport. `upgraded`: it had fifteen digits.
    """

    kind: Literal["citizen", "part", "permit"]
    text: str
    upgraded: bool
