"""Our own 64-bit hashes of columns: the same in every version, so that they may lie on disk; 0 stands for nothing.

polars' hash differs between its releases and can only be used within one process. Two unlike values share one of ours
with a chance of 2^-64; where equality decides, the values themselves are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Keys = npt.NDArray[np.uint64]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_INLINE_BYTES = 12
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
    words, buffers = views(values)
    low, high = words[:, 0], words[:, 1]
    length = low & np.uint64(0xFFFFFFFF)
    keys = mix(low * _SPREAD ^ high)
    long = np.flatnonzero(length > _INLINE_BYTES)
    if len(long):
        keys[long] = _long(length[long], high[long], buffers)
    keys[keys == 0] = 1
    keys[length == 0] = 0
    if values.null_count():
        keys[values.is_null().to_numpy()] = 0
    return keys


def views(values: pl.Series) -> tuple[Keys, list[npt.NDArray[np.uint8]]]:
    """The sixteen-byte views of a string column, as two words a row, and the buffers that long strings lie in.

    A view begins with the length (32 bits); up to twelve bytes follow in the view itself, filled up with zeros.
    Source: the Arrow columnar format, variable-size binary view layout.
    """
    array = values.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    _, view, *data = array.buffers()
    words = np.frombuffer(view, dtype="<u8").reshape(-1, 2)[array.offset : array.offset + len(array)]
    return words, [np.frombuffer(part, dtype=np.uint8) if part else np.zeros(0, np.uint8) for part in data]


def _long(length: Keys, place: Keys, buffers: list[npt.NDArray[np.uint8]]) -> Keys:
    """The hash of strings that do not fit their view: eight bytes after the other."""
    starts = np.cumsum([0, *(len(part) for part in buffers)])
    # eight zero bytes behind the last string, so that its last word can be read like any other
    everything = np.concatenate([*buffers, np.zeros(8, np.uint8)])
    words = np.ndarray((len(everything) - 7,), dtype="<u8", buffer=everything, strides=(1,))
    at = (place >> np.uint64(32)).astype(np.int64) + starts[(place & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    keys = mix(length * _SPREAD)
    remaining, rows = length.astype(np.int64), np.arange(len(length))
    while len(rows):
        word = words[at[rows]]
        partial = remaining[rows] < 8
        word = np.where(
            partial, word & ~(_ALL << (np.uint64(8) * np.minimum(remaining[rows], 7).astype(np.uint64))), word
        )
        keys[rows] = mix(keys[rows] * _SPREAD ^ word)
        at[rows] += 8
        remaining[rows] -= 8
        rows = rows[remaining[rows] > 0]
    return keys
