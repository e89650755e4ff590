"""Our own 64-bit hashes of columns: the same in every version, so that they may lie on disk; 0 stands for nothing.

polars' hash differs between its releases and can only be used within one process. Two unlike values share one of ours
with a chance of 2^-64; where equality decides, the values themselves are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.views import INLINE, Places, Views

Keys = npt.NDArray[np.uint64]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def mix(values: Keys) -> Keys:
    """Spreads integers over 64 bits; a bijection that keeps 0. Source: the finaliser of splitmix64 (Steele et al., 2014)."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    return mixed


def combine(columns: list[Keys]) -> Keys:
    """One key of several columns, order kept in mind; 0 where any of them is 0."""
    if len(columns) == 1:
        return mix(columns[0])
    combined = mix(columns[0])
    whole = columns[0] != 0
    for column in columns[1:]:
        combined = mix(combined * _SPREAD + column)
        whole &= column != 0
    combined[combined == 0] = 1
    combined[~whole] = 0
    return combined


def text(values: pl.Series) -> Keys:
    """The hash of each string; 0 where it is null or empty."""
    if values.is_empty():
        return np.zeros(0, dtype=np.uint64)
    cells = Views.of(values)
    low, high = cells.words[:, 0], cells.words[:, 1]
    length = low & np.uint64(0xFFFFFFFF)
    keys = mix(low * _SPREAD ^ high)
    long = np.flatnonzero(length > INLINE)
    if len(long):
        keys[long] = _long(length[long], cells, long)
    keys[keys == 0] = 1
    keys[length == 0] = 0
    if cells.present is not None:
        keys[~cells.present] = 0
    return keys


def _long(length: Keys, cells: Views, long: Places) -> Keys:
    """The hash of strings that do not fit their view: eight bytes after the other, those behind the end as zeros."""
    keys = mix(length * _SPREAD)
    for run, data, offset in cells.runs(long):
        # eight zero bytes behind the last string, so that its last word can be read like any other
        words = np.ndarray((len(data) + 1,), dtype="<u8", buffer=np.append(data, np.zeros(8, np.uint8)), strides=(1,))
        remaining, some = length[run].astype(np.int64), keys[run]
        rows = np.arange(len(some))
        while len(rows):
            word, left = words[offset[rows]], remaining[rows]
            kept = _ALL >> (np.uint64(8) * (8 - np.minimum(left, 8)).astype(np.uint64))
            some[rows] = mix(some[rows] * _SPREAD ^ (word & kept))
            offset[rows] += 8
            remaining[rows] -= 8
            rows = rows[left > 8]
        keys[run] = some
    return keys
