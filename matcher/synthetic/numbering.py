"""Numbers for a whole city, each once, in memory that does not grow with the city.

Within a division, birth year and sex, the k-th person gets the k-th slot of a fixed permutation of all pairs of day
and sequence. A slot holds two neighbouring sequences: the second is kept for a twin. When a division has no slot left
for a year, it goes on under a code of its own that was not in use before; with CAPACITY people of one division, year
and sex a city of about two hundred million fits.

Kept apart, so that they never meet a number issued here: sequences from RESERVED on, for namesakes; county codes
fifty higher and prefecture codes fifty higher, for numbers that people had before theirs was corrected (`earlier`).
Sequences 996 to 999 are never used: in fifteen digits they mean somebody born in the eighteen hundreds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.identity.numbers import CHECK_CHARACTERS, WEIGHTS, check_character
from matcher.synthetic.places import FIRST_ISSUED

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.uint8]

FIRST_YEAR, LAST_YEAR = 1925, 2024
DAYS = 365
SEQUENCES = 248
RESERVED = 4 * SEQUENCES + 1
SLOTS = DAYS * SEQUENCES
STRIDE = 48_271  # coprime to SLOTS = 2³ · 5 · 31 · 73
FURTHER = 3
CAPACITY = SLOTS * (1 + FURTHER)
"""People of one division, birth year and sex."""

_YEARS = LAST_YEAR - FIRST_YEAR + 1

_LATER = [f"41{prefecture:02d}{county}" for county in range(21, 30) for prefecture in range(1, 18) if prefecture != 5]
_ALL = [code for code, _ in FIRST_ISSUED] + _LATER[: FURTHER * len(FIRST_ISSUED)]
CODES = np.array([[ord(c) for c in code] for code in _ALL], dtype=np.uint8)
"""Division codes: as many as there are SHARES, then those that continue them, round by round."""
SHARES = np.array([share for _, share in FIRST_ISSUED])
SHARES = SHARES / SHARES.sum()


class Issuer:
    """Issues numbers; remembers how many each division, year and sex has had."""

    def __init__(self, seed: int) -> None:
        self._issued = np.zeros(len(SHARES) * _YEARS * 2, dtype=np.int64)
        self._shift = seed % SLOTS
        self._permits = 0

    def issue(
        self, place: Ints, year: Ints, male: npt.NDArray[np.bool_]
    ) -> tuple[Matrix, npt.NDArray[np.datetime64]]:
        """Numbers as a byte matrix of shape (n, 18) and the birth dates inside them.

        `place` indexes SHARES. Raises ValueError when a division, year and sex has no number left.
        """
        stratum = (place * _YEARS + (year - FIRST_YEAR)) * 2 + male
        order = np.argsort(stratum, kind="stable")
        ordered = stratum[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        running = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
        turn = np.empty_like(running)
        turn[order] = running + self._issued[ordered]
        np.add.at(self._issued, stratum, 1)
        if len(turn) and turn.max() >= CAPACITY:
            raise ValueError("the city is too large: a division has no citizen number left for some year of birth")
        slot = (turn * STRIDE + stratum * 7_919 + self._shift) % SLOTS
        day, pair = slot // SEQUENCES, slot % SEQUENCES
        born = np.datetime64("1970-01-01") + (
            (year - 1970).astype("timedelta64[Y]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
            + day
        ).astype("timedelta64[D]")
        code = place + turn // SLOTS * len(SHARES)
        return compose(code, born, pair * 4 + np.where(male, 1, 2)), born

    def permits(self, count: int) -> list[str]:
        """Numbers of people who have no citizen number, each once: see `_permit`."""
        first, self._permits = self._permits, self._permits + count
        return [_permit(serial) for serial in range(first, first + count)]


def _permit(serial: int) -> str:
    """Home-return permit, Taiwan permit, passport, or permanent residence of a foreigner, old card or new."""
    kind, turn = serial % 6, serial // 6
    body = f"{serial * 61_234_567 % 100_000_000:08d}"
    if kind < 3:
        return ("H", "M", "")[kind] + body
    if kind == 3:
        return "EG"[turn % 2] + body
    if kind == 4:
        return f"USA41{body}{turn % 100:02d}"
    born = f"{1950 + turn % 50}{1 + turn % 12:02d}{1 + turn % 28:02d}"
    first = f"9{11 + turn // 10_500 % 70}840{born}{body[-3:]}"
    return first + check_character(first)


def compose(place: Ints, born: npt.NDArray[np.datetime64], sequence: Ints) -> Matrix:
    """Numbers of these divisions, birth dates and sequences, check character included."""
    matrix = np.empty((len(place), 18), dtype=np.uint8)
    matrix[:, :6] = CODES[place]
    dates = born.astype("datetime64[D]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    for column, value in ((6, year // 1000), (7, year // 100), (8, year // 10), (9, year), (10, month // 10),
                          (11, month), (12, day // 10), (13, day), (14, sequence // 100), (15, sequence // 10),
                          (16, sequence)):  # fmt: skip
        matrix[:, column] = value % 10 + 48
    return checked(matrix)


def checked(matrix: Matrix) -> Matrix:
    """The matrix with the right check characters in its last column."""
    digits = matrix[:, :17].astype(np.int32) - 48
    matrix[:, 17] = CHECK_CHARACTERS[(digits @ WEIGHTS) % 11]
    return matrix


def twin(matrix: Matrix) -> Matrix:
    """The numbers of the twins of these people: the next sequence of the same sex."""
    sequence = (matrix[:, 14:17].astype(np.int64) - 48) @ np.array([100, 10, 1]) + 2
    second = matrix.copy()
    for column, value in ((14, sequence // 100), (15, sequence // 10), (16, sequence)):
        second[:, column] = value % 10 + 48
    return checked(second)


def earlier(matrix: Matrix, redated: npt.NDArray[np.bool_]) -> Matrix:
    """The valid numbers that these people had before theirs were corrected: another division; or another birth year too.

    Always the same for the same person, and nobody else's.
    """
    before = matrix.copy()
    before[redated, 2] = 48 + (before[redated, 2] - 48 + 5) % 10
    before[~redated, 4] = 48 + (before[~redated, 4] - 48 + 5) % 10
    year = (before[:, 6:10].astype(np.int64) - 48) @ np.array([1000, 100, 10, 1]) - redated
    for column, value in ((6, year // 1000), (7, year // 100), (8, year // 10), (9, year)):
        before[:, column] = value % 10 + 48
    return checked(before)
