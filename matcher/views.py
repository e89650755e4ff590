"""String columns as bytes, without making a string: sixteen bytes a cell, as Arrow holds them.

A cell's view begins with its length (32 bits). Up to twelve bytes follow in the view itself, filled up with zeros; of longer
strings the first four, and where the whole lies. Source: the Arrow columnar format, variable-size binary view layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

INLINE = 12
"""As many bytes lie in the view itself."""

IN_CACHE = 16_384
SCANNED_AT_ONCE = 1 << 18
MOST_RUNS, COPIED = 1_000, 1 << 28

_LENGTH = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclass(frozen=True)
class Views:
    """The views of a string column: `words` of shape (n, 2), and the buffers that long strings lie in.

    Where a cell is null its view means nothing: see `present`.
    """

    words: Words
    buffers: tuple[Bytes, ...]
    present: Flags | None

    @classmethod
    def of(cls, values: pl.Series) -> Views:
        """The views of a column; nothing is copied but what lies in several pieces."""
        array = values.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
        _, view, *data = array.buffers()
        words = (
            np.frombuffer(view, dtype="<u8").reshape(-1, 2)[array.offset : array.offset + len(array)]
            if len(array)
            else np.zeros((0, 2), np.uint64)
        )
        buffers = tuple(np.frombuffer(part, dtype=np.uint8) if part else np.zeros(0, np.uint8) for part in data)
        return cls(words, buffers, values.is_not_null().to_numpy() if values.null_count() else None)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, rows: Places | slice) -> Views:
        return Views(self.words[rows], self.buffers, None if self.present is None else self.present[rows])

    @cached_property
    def long(self) -> Bytes:
        """All that the buffers hold, in one: to look through many small ones takes longer than to copy them."""
        return self.buffers[0] if len(self.buffers) == 1 else np.concatenate([np.zeros(0, np.uint8), *self.buffers])

    @cached_property
    def length(self) -> npt.NDArray[np.uint32]:
        """How many bytes each cell has."""
        return self.words[:, 0].astype(np.uint32)

    @cached_property
    def first_four(self) -> npt.NDArray[np.uint32]:
        """The first four bytes of each cell as a word, its first byte lowest."""
        return (self.words[:, 0] >> _HALF).astype(np.uint32)

    @cached_property
    def first_eight(self) -> Words:
        """The first eight bytes of each cell of at most twelve bytes."""
        return self.words[:, 0] >> _HALF | self.words[:, 1] << _HALF

    @cached_property
    def last_four(self) -> npt.NDArray[np.uint32]:
        """Bytes nine to twelve of each cell of at most twelve bytes."""
        return (self.words[:, 1] >> _HALF).astype(np.uint32)

    def runs(self, long: Places) -> Iterator[tuple[slice, Bytes, Places]]:
        """These cells, all longer than INLINE, in runs that lie in one buffer: which they are, the buffer, their places in it."""
        if not len(long):
            return
        where = self.words[:, 1][long]
        buffer, offset = (where & _LENGTH).astype(np.int64), (where >> _HALF).astype(np.int64)
        ends = np.append(np.flatnonzero(np.diff(buffer)) + 1, len(long))
        if len(ends) > MOST_RUNS and sum(map(len, self.buffers)) <= COPIED:
            starts = np.cumsum([0, *map(len, self.buffers)])
            yield slice(None), np.concatenate(self.buffers), offset + starts[buffer]
            return
        start = 0
        for end in ends.tolist():
            yield slice(start, end), self.buffers[buffer[start]], offset[start:end]
            start = end

    def matrix(self, long: Places, size: int) -> Bytes:
        """The first bytes of each of these cells as a matrix of shape (n, size), all longer than INLINE and at least so long."""
        found = np.zeros(len(long), dtype=f"V{size}")
        for run, data, offset in self.runs(long):
            found[run] = np.ndarray((len(data) - size + 1,), dtype=f"V{size}", buffer=data, strides=(1,))[offset]
        return found.view(np.uint8).reshape(-1, size)

    def may_hold(self, needle: bytes, pivot: int = 0) -> bool:
        """Whether some cell may contain these bytes; surely not where this says so. `pivot`: their rarest, by its place."""
        if _holds(self.long, needle, pivot):
            return True
        words = self.words
        if (
            len(self) and self.length.max() > INLINE
        ):  # what says where a long text lies may look like the bytes of one
            words = words[np.flatnonzero((self.length <= INLINE) & (self.length >= len(needle)))]
        return _holds(words.reshape(-1).view(np.uint8), needle, pivot)

    def long_ones_are_plain(self, also: bytes) -> bool:
        """Whether no cell of more than INLINE bytes holds a blank of any kind, nor the bytes of `also`; False may be wrong."""
        return not (_holds_blank(self.long) or (also and _holds(self.long, also, 0)))


def parts(rows: int) -> Iterator[slice]:
    """The rows in parts whose columns fit the processor's cache.

    Arithmetic of many steps on a part is several times as fast as on the whole, above all when the other cores work too.
    """
    return (slice(start, min(start + IN_CACHE, rows)) for start in range(0, rows, IN_CACHE))


def _holds_blank(data: Bytes) -> bool:
    """Whether there is a blank of ASCII, or a byte with which a blank beyond it begins (C2, E1 to E3)."""
    if not len(data) or (data.min() > ord(" ") and data.max() < 0x80):
        return False
    if data.min() <= ord(" "):
        return True
    some = (data[start : start + SCANNED_AT_ONCE] for start in range(0, len(data), SCANNED_AT_ONCE))
    return any(bool(((part - np.uint8(0xE1)) <= 2).any() or (part == 0xC2).any()) for part in some)


def _holds(data: Bytes, needle: bytes, pivot: int) -> bool:
    if needle[0] >= 0x80 and len(data) and data.max() < 0x80:
        return False
    room = len(data) - len(needle) + 1
    return any(
        _holds_from(data, needle, pivot, start, min(start + SCANNED_AT_ONCE, room))
        for start in range(0, room, SCANNED_AT_ONCE)
    )


def _holds_from(data: Bytes, needle: bytes, pivot: int, start: int, end: int) -> bool:
    """Whether the needle begins somewhere from `start` to before `end`."""
    found = data[start + pivot : end + pivot] == needle[pivot]
    if not found.any():
        return False
    at = np.flatnonzero(found) + start
    return bool(np.all([data[at + place] == byte for place, byte in enumerate(needle)], axis=0).any())
