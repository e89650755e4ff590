"""Likeness a column at a time, for the few pairs that equality does not settle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from matcher.identity import contacts, names, numbers

ADDRESS_CLOSE = 85.0
"""Share of an address, in percent, that must be found in the other for the two to be close."""


def one_slip(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    """Where two numbers of eighteen characters differ by one character or by two neighbours swapped."""
    if left.is_empty():
        return np.zeros(0, dtype=bool)
    a, b = numbers.as_bytes(left.to_list()), numbers.as_bytes(right.to_list())
    differs = a != b
    count = differs.sum(axis=1)
    swapped = np.zeros(len(a), dtype=bool)
    two = np.flatnonzero(count == 2)
    first = differs[two].argmax(axis=1)
    adjacent = differs[two, np.minimum(first + 1, 17)]
    crossed = (a[two, first] == b[two, np.minimum(first + 1, 17)]) & (
        a[two, np.minimum(first + 1, 17)] == b[two, first]
    )
    swapped[two] = adjacent & crossed
    return np.asarray((count == 1) | swapped)


def wildcard_agrees(left: str, right: str) -> bool:
    """The names agree wherever neither holds a character that some system could not write."""
    unwritten = names.WILDCARD in left or names.WILDCARD in right
    return (
        unwritten
        and len(left) == len(right)
        and all(a == b or names.WILDCARD in (a, b) for a, b in zip(left, right, strict=True))
    )


def shape_agrees(left: str, right: str) -> bool:
    """The names agree when look-alike characters are taken for one another."""
    return names.shape(left) == names.shape(right)


def one_character_off(left: str, right: str) -> bool:
    """One character more, less, other or swapped, in names of at least three characters."""
    return min(len(left), len(right)) >= 2 and max(len(left), len(right)) >= 3 and OSA.distance(left, right) == 1


def truncated(left: str, right: str) -> bool:
    """A long name was cut: the shorter, of at least four characters, begins the longer."""
    short, long = sorted((left, right), key=len)
    return len(short) >= 4 and len(long) > len(short) and long.startswith(short)


def addresses_close(left: pl.Series, right: pl.Series) -> npt.NDArray[np.bool_]:
    """Where one folded address is (nearly) found in the other."""
    scores = process.cpdist(
        left.to_list(), right.to_list(), scorer=fuzz.partial_ratio, score_cutoff=ADDRESS_CLOSE, dtype=np.float32
    )
    return np.asarray(scores >= ADDRESS_CLOSE)


def fold_addresses(written: pl.Series) -> pl.Series:
    """Each address as `identity.contacts.address` folds it."""
    distinct = written.unique().drop_nulls()
    folded = pl.Series([contacts.address(value) for value in distinct.to_list()], dtype=pl.String)
    return written.replace_strict(distinct, folded, default=None, return_dtype=pl.String)
