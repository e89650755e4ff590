"""Citizen numbers for a whole city, each once, in memory that does not grow with the city.

Within a division, birth year and sex, the k-th person gets the k-th slot of a fixed permutation of all pairs of day
and sequence. A slot holds two neighbouring sequences: the second is kept for a twin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.identity.numbers import CHECK_CHARACTERS, WEIGHTS
from matcher.synthetic.places import FIRST_ISSUED

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.uint8]

FIRST_YEAR, LAST_YEAR = 1925, 2024
DAYS = 365
SEQUENCES = 249
SLOTS = DAYS * SEQUENCES
STRIDE = 48_271  # coprime to SLOTS = 3 · 5 · 73 · 83
_YEARS = LAST_YEAR - FIRST_YEAR + 1

CODES = np.array([[ord(c) for c in code] for code, _ in FIRST_ISSUED], dtype=np.uint8)
SHARES = np.array([share for _, share in FIRST_ISSUED])
SHARES = SHARES / SHARES.sum()


class Issuer:
    """Issues numbers; remembers how many each division, year and sex has had."""

    def __init__(self, seed: int) -> None:
        self._issued = np.zeros(len(CODES) * _YEARS * 2, dtype=np.int64)
        self._shift = seed % SLOTS

    def issue(
        self, place: Ints, year: Ints, male: npt.NDArray[np.bool_]
    ) -> tuple[Matrix, npt.NDArray[np.datetime64]]:
        """Numbers as a byte matrix of shape (n, 18) and the birth dates inside them.

        `place` indexes CODES. Raises ValueError when a division, year and sex has no number left.
        """
        stratum = (place * _YEARS + (year - FIRST_YEAR)) * 2 + male
        order = np.argsort(stratum, kind="stable")
        ordered = stratum[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        running = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
        turn = np.empty_like(running)
        turn[order] = running + self._issued[ordered]
        np.add.at(self._issued, stratum, 1)
        if len(turn) and turn.max() >= SLOTS:
            raise ValueError("the city is too large: a division has no citizen number left for some year of birth")
        slot = (turn * STRIDE + stratum * 7_919 + self._shift) % SLOTS
        day, pair = slot // SEQUENCES, slot % SEQUENCES
        born = np.datetime64("1970-01-01") + (
            (year - 1970).astype("timedelta64[Y]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
            + day
        ).astype("timedelta64[D]")
        return compose(place, born, pair * 4 + np.where(male, 1, 2)), born


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
