"""Citizen numbers packed into integers: the first seventeen digits times eleven, plus the check character's value.

Equality, prefixes and suffixes of numbers are then integer arithmetic; nothing is lost, and 0 stands for no number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.hashing import Keys
from matcher.identity.numbers import CHECK_CHARACTERS, WEIGHTS, Bytes, Flags
from matcher.views import Places

Characters = npt.NDArray[np.uint8]

VALID, UPGRADED, ZEROS, PART, PERMIT = 1, 2, 4, 8, 16
"""What else is kept of a number, as bits: the check and the date hold · it was written with fifteen digits · it ends in
000, as spreadsheets leave numbers they spoilt · only a part is known · it is no citizen number but a permit or passport."""

CHECK_VALUES = np.uint64(11)
HEAD, TAIL = np.uint64(1_100), np.uint64(11_000)
"""A packed number divided by HEAD leaves its first fifteen characters, divided by TAIL its first fourteen; the remainder by
TAIL is its last four."""


_ONES, _TOP_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_ZEROS, _ABOVE_NINE = np.uint64(0x3030303030303030), np.uint64(0x4646464646464646)


@dataclass(frozen=True)
class Words:
    """Texts of eighteen bytes as words: characters 1 to 8, 9 to 16, and the last two. Eight are worked on at once."""

    first: Keys
    second: Keys
    seventeenth: Characters
    eighteenth: Characters

    @classmethod
    def of(cls, matrix: Bytes) -> Words:
        """The words of a byte matrix of shape (n, 18)."""
        whole, count = np.ascontiguousarray(matrix), len(matrix)
        if not count:
            return cls(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint8), np.zeros(0, np.uint8))
        first, second = (
            np.ndarray((count,), dtype="<u8", buffer=whole, offset=at, strides=(18,)).copy() for at in (0, 8)
        )
        return cls(first, second, whole[:, 16].copy(), whole[:, 17].copy())

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, chosen: Flags | Places | slice) -> Words:
        return Words(self.first[chosen], self.second[chosen], self.seventeenth[chosen], self.eighteenth[chosen])

    def then(self, others: Words) -> Words:
        """These and others behind them."""
        return Words(
            np.concatenate([self.first, others.first]),
            np.concatenate([self.second, others.second]),
            np.concatenate([self.seventeenth, others.seventeenth]),
            np.concatenate([self.eighteenth, others.eighteenth]),
        )

    def regular(self) -> Flags:
        """Where seventeen digits, not led by 0 nor all alike, stand before a digit or X."""
        last = self.eighteenth - np.uint8(48)
        leading = self.first & np.uint64(0xFF)
        return np.asarray(
            are_digits(self.first)
            & are_digits(self.second)
            & (self.seventeenth - np.uint8(48) <= 9)
            & ((last <= 9) | (self.eighteenth == ord("X")))
            & (leading != ord("0"))
            & ((self.first != leading * _ONES) | (self.second != self.first) | (self.seventeenth != leading))
        )

    def checks(self) -> Flags:
        """Where the check character is the right one, as `numbers.checks` finds it."""
        total = sum(
            _weighted(word - _ZEROS, WEIGHTS[at : at + 8]) for word, at in ((self.first, 0), (self.second, 8))
        )
        total = total + (self.seventeenth - np.uint8(48)).astype(np.uint64) * np.uint64(WEIGHTS[16])
        return np.asarray(CHECK_CHARACTERS[total % CHECK_VALUES] == self.eighteenth)

    def end_in_zeros(self) -> Flags:
        """Where the last three characters are 000."""
        return np.asarray(
            (self.second >> np.uint64(56) == ord("0"))
            & (self.seventeenth == ord("0"))
            & (self.eighteenth == ord("0"))
        )

    def packed(self) -> Keys:
        """The numbers packed; digits must stand where `regular` wants them."""
        seventeen = eight_digits(self.first) * np.uint64(100_000_000) + eight_digits(self.second)
        seventeen = seventeen * np.uint64(10) + (self.seventeenth - np.uint8(48))
        last = np.where(self.eighteenth == ord("X"), 10, self.eighteenth - np.uint8(48))
        return seventeen * CHECK_VALUES + last.astype(np.uint64)


def pack(matrix: Bytes) -> Keys:
    """Numbers as a byte matrix of shape (n, 18), packed."""
    return Words.of(matrix).packed()


def unpack(packed: Keys) -> Bytes:
    """Packed numbers as a byte matrix of shape (n, 18)."""
    matrix = np.empty((len(packed), 18), dtype=np.uint8)
    rest, check = packed // CHECK_VALUES, packed % CHECK_VALUES
    matrix[:, 17] = np.where(check == 10, ord("X"), check + np.uint64(48))
    for place in range(16, -1, -1):
        matrix[:, place] = rest % np.uint64(10) + np.uint64(48)
        rest = rest // np.uint64(10)
    return matrix


def _weighted(digits: Keys, weights: npt.NDArray[np.int32]) -> Keys:
    """Eight digits, one a byte, each times its weight, summed: even and odd places four at once in lanes of 16 bits."""
    total = np.zeros(len(digits), np.uint64)
    for parity in (0, 1):
        lanes = digits >> np.uint64(8 * parity) & np.uint64(0x00FF00FF00FF00FF)
        factor = sum(int(weight) << 16 * (3 - place) for place, weight in enumerate(weights[parity::2]))
        total += lanes * np.uint64(factor) >> np.uint64(48)
    return total


def are_digits(words: Keys) -> Flags:
    """Where all eight bytes of a word are ASCII digits."""
    return np.asarray(((words + _ABOVE_NINE) | (words - _ZEROS)) & _TOP_BITS == 0)


def eight_digits(words: Keys) -> Keys:
    """Eight ASCII digits in a little-endian word as an integer: pairs, fours, then all eight at once."""
    words = words - np.uint64(0x3030303030303030)
    words = (words * np.uint64(10) + (words >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    words = (words * np.uint64(100) + (words >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (words * np.uint64(10_000) + (words >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
