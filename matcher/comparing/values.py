"""Two values that agree or do not: sexes, codes, phones; and codes of digits in which a slip is possible; and amounts."""

from __future__ import annotations

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from matcher.comparing.levels import OPEN, Comparison, Glance, Level, first_of, settled
from matcher.prepared import Codes, Side

LEVELS = (Level("equal", "the same", agrees=True), Level("different", "not the same"))
DIGIT_LEVELS = (
    Level("equal", "the same", agrees=True),
    Level("one_off", "one character more, less, other, or two neighbours swapped"),
    Level("two_off", "two such slips"),
    Level("different", "not the same"),
)
AMOUNT_LEVELS = (
    Level("equal", "the same amount", agrees=True),
    Level("close", "less than five in a hundred apart"),
    Level("different", "further apart"),
)
CLOSE = 0.05


def quick(left: Side, right: Side, field: str) -> Glance:
    """Equal, different, or missing."""
    a, b = left.integers(field), right.integers(field)
    return settled(first_of(len(a), ((a == 0) | (b == 0), 0), (a == b, 1), otherwise=2))


def quick_digits(left: Side, right: Side, field: str) -> Glance:
    """Equal or missing; slips stay open."""
    a, b = left.integers(field), right.integers(field)
    codes = first_of(len(a), ((a == 0) | (b == 0), 0), (a == b, 1), otherwise=OPEN)
    return Glance(codes, np.where(codes == OPEN, 2, codes).astype(np.uint8))


def settle_digits(left: Side, right: Side, field: str) -> Codes:
    """How many slips lie between them, by optimal string alignment."""
    slips = process.cpdist(
        left.texts(f"{field}.text").to_list(),
        right.texts(f"{field}.text").to_list(),
        scorer=OSA.distance,
        score_cutoff=2,
        dtype=np.uint8,
    )
    return np.where(slips <= 2, slips + 1, 4).astype(np.uint8)


def quick_amounts(left: Side, right: Side, field: str) -> Glance:
    """Every level, by the difference's share of the larger amount."""
    a, b = left.integers(f"{field}.value"), right.integers(f"{field}.value")
    larger = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.finfo(np.float64).tiny)
    close = np.abs(a - b) <= CLOSE * larger
    return settled(first_of(len(a), (np.isnan(a) | np.isnan(b), 0), (a == b, 1), (close, 2), otherwise=3))


COMPARISON = Comparison(LEVELS, quick)
DIGITS = Comparison(DIGIT_LEVELS, quick_digits, settle_digits)
AMOUNTS = Comparison(AMOUNT_LEVELS, quick_amounts)
