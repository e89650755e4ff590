"""Two citizen numbers: equal, written otherwise, spoilt by a slip, a mask or a spreadsheet, a twin's, or another person's."""

from __future__ import annotations

import numpy as np

from matcher.comparing.levels import OPEN, Comparison, Glance, Level, first_of
from matcher.identity import numbers
from matcher.identity.packing import CHECK_VALUES, HEAD, PART, PERMIT, TAIL, UPGRADED, VALID, ZEROS, unpack
from matcher.prepared import Codes, Flags, Side

TWIN_ZONE = 4
"""Sequences so near one another are given out on one day in one place: to twins above all."""

LEVELS = (
    Level("equal", "the same 18 characters, and the check holds", agrees=True),
    Level("equal_15_18", "a 15-digit number and its 18-digit form", agrees=True),
    Level("equal_permit", "the same permit or passport", agrees=True),
    Level("equal_unchecked", "the same 18 characters, though the check fails on both sides", agrees=True),
    Level("repaired", "one number fails its check; one slip of the pen turns it into the other", agrees=True),
    Level(
        "compatible",
        "masked or spoilt by a spreadsheet; the characters that are left agree",
        agrees=True,
        partly=True,
    ),
    Level("neighbour", "the same place and birth date with the next sequence: a twin's number"),
    Level("conflict", "both numbers hold and differ: two people, or one with two numbers"),
    Level("different", "the numbers differ, and at least one of them cannot be right"),
)
EQUAL, FIFTEEN, PERMITS, UNCHECKED, REPAIRED, COMPATIBLE, NEIGHBOUR, CONFLICT, DIFFERENT = range(1, len(LEVELS) + 1)


def quick(left: Side, right: Side, field: str) -> Glance:
    """Equality and prefixes by integer arithmetic; slips and patterns stay open."""
    a, b = left.integers(field), right.integers(field)
    marks, others = left.integers(f"{field}.flags"), right.integers(f"{field}.flags")
    either, both = marks | others, marks & others
    same = (a == b) & (a != 0)
    permit, part = either & PERMIT != 0, either & PART != 0
    known = ((a != 0) | (marks & PART != 0)) & ((b != 0) | (others & PART != 0))
    hold = (both & VALID != 0) & ~permit & ~part
    born_alike = hold & (a // TAIL == b // TAIL)
    spoilt = hold & (either & ZEROS != 0) & (a // HEAD == b // HEAD)
    apart = np.abs((a % TAIL // CHECK_VALUES).astype(np.int64) - (b % TAIL // CHECK_VALUES).astype(np.int64))
    one_holds = ((marks ^ others) & VALID != 0) & ~permit
    codes = first_of(
        len(a),
        (~known, 0),
        (same & (both & PERMIT != 0), PERMITS),
        (permit, DIFFERENT),
        (part, OPEN),
        (same & (either & UPGRADED != 0) & (both & UPGRADED == 0), FIFTEEN),
        (same & (both & VALID != 0), EQUAL),
        (same, UNCHECKED),
        (spoilt, COMPATIBLE),
        (born_alike & (apart <= TWIN_ZONE), NEIGHBOUR),
        (hold, CONFLICT),
        (one_holds, OPEN),
        otherwise=DIFFERENT,
    )
    return Glance(codes, np.where(codes == OPEN, np.where(part, COMPATIBLE, REPAIRED), codes).astype(np.uint8))


def settle(left: Side, right: Side, field: str) -> Codes:
    """Slips of the pen and patterns, character by character."""
    a, b = left.integers(field), right.integers(field)
    one, two = unpack(a), unpack(b)
    codes = np.where(_one_slip(one, two), REPAIRED, DIFFERENT).astype(np.uint8)
    part = np.flatnonzero((left.integers(f"{field}.flags") | right.integers(f"{field}.flags")) & PART)
    if len(part):
        patterns = [
            [
                pattern if pattern is not None else bytes(matrix[row]).decode("ascii")
                for row, pattern in zip(part, texts, strict=True)
            ]
            for texts, matrix in (
                (left.where(part).texts(f"{field}.other").to_list(), one),
                (right.where(part).texts(f"{field}.other").to_list(), two),
            )
        ]
        codes[part] = [COMPATIBLE if numbers.compatible(x, y) else DIFFERENT for x, y in zip(*patterns, strict=True)]
    return codes


def _one_slip(a: numbers.Bytes, b: numbers.Bytes) -> Flags:
    """Where two numbers of eighteen characters differ by one character or by two neighbours swapped."""
    differs = a != b
    count = differs.sum(axis=1)
    swapped = np.zeros(len(a), dtype=bool)
    two = np.flatnonzero(count == 2)
    first = differs[two].argmax(axis=1)
    second = np.minimum(first + 1, 17)
    swapped[two] = (a[two, first] == b[two, second]) & (a[two, second] == b[two, first]) & differs[two, second]
    return np.asarray((count == 1) | swapped)


COMPARISON = Comparison(LEVELS, quick, settle)
