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

    def last_byte(self, before: int = 0) -> Bytes:
        """The last byte of each cell, or the one so many places `before` it, at most two; 0 where there is none."""
        flat = np.ascontiguousarray(self.words).reshape(-1).view(np.uint8)
        # the text begins behind the four bytes of the length, of which the last is 0: that is read where there is none
        place = np.clip(self.length.astype(np.int64) - before, 0, INLINE)
        place += np.arange(3, 16 * len(self) + 3, 16)
        found = flat[place]
        long = np.flatnonzero(self.length > INLINE)
        for run, data, offset in self.runs(long):
            found[long[run]] = data[offset + (self.length[long[run]].astype(np.int64) - before - 1)]
        return found

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
        if any(_holds(data, needle, pivot) for data in self.buffers):
            return True
        if not _holds(self.words.reshape(-1).view(np.uint8), needle, pivot):
            return False
        inline = np.flatnonzero(self.length <= INLINE)  # elsewhere the bytes of a place may look like those of a text
        return _holds(self.words[inline].reshape(-1).view(np.uint8), needle, pivot)


def parts(rows: int) -> Iterator[slice]:
    """The rows in parts whose columns fit the processor's cache.

    Arithmetic of many steps on a part is several times as fast as on the whole, above all when the other cores work too.
    """
    return (slice(start, min(start + IN_CACHE, rows)) for start in range(0, rows, IN_CACHE))


def _holds(data: Bytes, needle: bytes, pivot: int) -> bool:
    room = len(data) - len(needle) + 1
    if room <= 0:
        return False
    found = data[pivot : pivot + room] == needle[pivot]
    if not found.any():
        return False
    at = np.flatnonzero(found)
    return bool(np.all([data[at + place] == byte for place, byte in enumerate(needle)], axis=0).any())
