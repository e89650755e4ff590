"""Rows and keys that stand in a batch more than once, found by 64-bit hashes in bounded memory.

Up to `most` hashes are kept; beyond that only those that a second hash chooses, half as many each time there is no room.
All copies of a value are chosen together, so that the share of repeats stays what it is. Which are chosen does not depend
on how the batch came in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from matcher.hashing import Keys, mix

MOST = 1 << 24
"""Exact up to sixteen million rows: 200 MB of hashes and row numbers."""

_SALT = np.uint64(0x9E3779B97F4A7C15)


class Repeats:
    """What has been seen of one kind of key."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._kept, self.halvings = most, 0, 0
        self._held: list[tuple[str, Keys, npt.NDArray[np.uint32]]] = []

    @property
    def exact(self) -> bool:
        """Whether every key was kept."""
        return self.halvings == 0

    def add(self, file: str, keys: Keys, rows: npt.NDArray[np.uint32]) -> None:
        """Notes the keys of some rows of a file."""
        chosen = self._chosen(keys)
        self._held.append((file, keys[chosen], rows[chosen]))
        self._kept += int(chosen.sum())
        while self._kept > self._most:
            self.halvings += 1
            for place, (name, held, numbers) in enumerate(self._held):
                still = self._chosen(held)
                self._held[place] = (name, held[still], numbers[still])
            self._kept = sum(len(held) for _, held, _ in self._held)

    def extra(self) -> tuple[int, list[tuple[str, int, int]]]:
        """How many rows bear a key that stands in an earlier row (estimated where not exact), and examples of them.

        An example is a file, the row that repeats and how many rows bear its key.
        """
        if not self._kept:
            return 0, []
        keys = np.sort(np.concatenate([held for _, held, _ in self._held]))
        again = keys[1:] == keys[:-1]
        count = int(np.count_nonzero(again))
        if not count:
            return 0, []
        return count << self.halvings, list(self._examples(keys, np.unique(keys[1:][again])))

    def _examples(self, keys: Keys, repeated: Keys) -> Iterator[tuple[str, int, int]]:
        """The second place of the keys that repeat first, in the order of the batch."""
        seen: set[int] = set()
        told: set[int] = set()
        for file, held, rows in self._held:
            for place in np.flatnonzero(np.isin(held, repeated)):
                key = int(held[place])
                if key in seen and key not in told:
                    told.add(key)
                    times = np.searchsorted(keys, held[place], "right") - np.searchsorted(keys, held[place])
                    yield file, int(rows[place]), int(times)
                    if len(told) == EXAMPLES:
                        return
                seen.add(key)

    def _chosen(self, keys: Keys) -> npt.NDArray[np.bool_]:
        mask = np.uint64((1 << self.halvings) - 1)
        return np.asarray(mix(keys ^ _SALT) & mask == 0)


EXAMPLES = 5
