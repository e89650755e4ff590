"""Two texts in Latin letters, names above all: equal, alike by Jaro–Winkler in steps, an initial, or different."""

from __future__ import annotations

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from matcher.comparing.levels import OPEN, Comparison, Glance, Level, first_of
from matcher.prepared import Codes, Side

LEVELS = (
    Level("equal", "the same words, marks and accents aside", agrees=True),
    Level("very_close", "Jaro–Winkler 0.92 or more: a slip", agrees=True),
    Level("close", "Jaro–Winkler 0.85 or more", agrees=True),
    Level("initial", "one side has only the initial, and it agrees"),
    Level("alike", "Jaro–Winkler 0.7 or more"),
    Level("different", "other words"),
)
EQUAL, VERY_CLOSE, CLOSE, INITIAL, ALIKE, DIFFERENT = range(1, len(LEVELS) + 1)
STEPS = ((0.92, VERY_CLOSE), (0.85, CLOSE), (0.7, ALIKE))


def quick(left: Side, right: Side, field: str) -> Glance:
    """Equal or missing; likeness stays open."""
    a, b = left.integers(field), right.integers(field)
    codes = first_of(len(a), ((a == 0) | (b == 0), 0), (a == b, EQUAL), otherwise=OPEN)
    return Glance(codes, np.where(codes == OPEN, VERY_CLOSE, codes).astype(np.uint8))


def settle(left: Side, right: Side, field: str) -> Codes:
    """The steps of Jaro–Winkler likeness."""
    one, two = (side.texts(f"{field}.text") for side in (left, right))
    likeness = process.cpdist(
        one.to_list(), two.to_list(), scorer=JaroWinkler.similarity, score_cutoff=STEPS[-1][0], dtype=np.float32
    )
    lengths = (one.str.len_chars().to_numpy(), two.str.len_chars().to_numpy())
    begins = (one.str.slice(0, 1) == two.str.slice(0, 1)).to_numpy()
    initial = begins & ((lengths[0] == 1) ^ (lengths[1] == 1))
    very_close, close, alike = ((likeness >= step, code) for step, code in STEPS)
    return first_of(len(one), very_close, close, (initial, INITIAL), alike, otherwise=DIFFERENT)


COMPARISON = Comparison(LEVELS, quick, settle)
