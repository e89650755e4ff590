"""Which pairs are worth comparing: those that agree on a block, a few facets taken together.

A block is written as facets joined by `&`, a plan as a list of blocks. What is not known never joins. Keys are 64-bit
hashes of our own (hashing): two unlike values with one key merely propose a pair that the comparison then refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from matcher import hashing
from matcher.hashing import Keys
from matcher.prepared import More, Prepared, Rows
from matcher.views import parts

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Facets that a pair must share.

    An applicant to whom a block proposes more than `cap` records is flooded: pairs that no other block proposes are
    left out and reported, since agreement on such a key says too little.
    """

    facets: tuple[str, ...]
    cap: int = 1_000

    @property
    def name(self) -> str:
        """How the block is called in links.parquet."""
        return "&".join(self.facets)


@dataclass(frozen=True)
class BlockKeys:
    """The keys of a table under one block: one a row (0: none), and further ones of some rows."""

    dense: Keys
    more: More


def keys(people: Prepared, block: Block) -> BlockKeys:
    """Every row's keys under the block."""
    columns = [people.integers(facet).astype(np.uint64, copy=False) for facet in block.facets]
    rows, found = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint64)]
    for place, facet in enumerate(block.facets):
        extra = people.more.get(facet)
        if extra is not None:
            combined = hashing.combine(
                [extra.keys if other == place else column[extra.rows] for other, column in enumerate(columns)]
            )
            rows.append(extra.rows[combined != 0])
            found.append(combined[combined != 0])
    return BlockKeys(hashing.combine(columns), More(np.concatenate(rows), np.concatenate(found)))


@dataclass(frozen=True)
class Lookup:
    """The small side's keys under one block: slot s holds the rows `rows[starts[s]:starts[s + 1]]` that share `held[s]`.

    `held` is sorted.
    """

    held: Keys
    starts: Counts
    rows: Rows

    @classmethod
    def of(cls, held: BlockKeys, allowed: npt.NDArray[np.bool_] | None = None) -> Lookup:
        """The lookup of a table's keys; `allowed` leaves out the rows that may not be found."""
        dense_rows = np.flatnonzero(held.dense).astype(np.uint32)
        every = np.concatenate([held.dense[dense_rows], held.more.keys])
        rows = np.concatenate([dense_rows, held.more.rows])
        if allowed is not None:
            every, rows = every[allowed[rows]], rows[allowed[rows]]
        order = np.lexsort((rows, every))
        every, rows = every[order], rows[order]
        first = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]])) if len(every) else np.zeros(0, int)
        return cls(every[first], np.append(first, len(every)).astype(np.int64), rows)

    def hits(self, other: BlockKeys) -> tuple[Rows, Rows]:
        """The rows of another table whose keys are in this lookup, and the slot of each; a row may hit several slots."""
        rows, slots = self._find(other.dense)
        more, more_slots = self._find(other.more.keys)
        return np.concatenate([rows, other.more.rows[more]]), np.concatenate([slots, more_slots])

    def _find(self, keys: Keys) -> tuple[Rows, Rows]:
        """Where keys stand that are held, and the slot of each.

        Most keys are not: a table of flags by their first bits, small enough for the cache, turns nearly all of them away.
        """
        flags, first, shift = self._by_first_bits
        places = [
            np.flatnonzero(flags[(keys[part] >> shift).astype(np.intp)]) + part.start for part in parts(len(keys))
        ]
        rows = np.concatenate([np.zeros(0, np.intp), *places])
        keys = keys[rows]
        slots = first[(keys >> shift).astype(np.intp)].astype(np.int64)
        behind = np.flatnonzero(self.held[slots] < keys)
        while len(behind):  # a few steps: four places of the table are one key's
            slots[behind] += 1
            behind = behind[slots[behind] < len(self.held)]
            behind = behind[self.held[slots[behind]] < keys[behind]]
        slots = np.minimum(slots, len(self.held) - 1)
        found = self.held[slots] == keys
        return rows[found].astype(np.uint32), slots[found].astype(np.uint32)

    @cached_property
    def _by_first_bits(self) -> tuple[npt.NDArray[np.bool_], Rows, np.uint64]:
        """By the first bits of a key: whether one that is held begins so, and the first such; and how far a key is shifted."""
        bits = min(max(16, (4 * len(self.held)).bit_length()), 24)
        shift = np.uint64(64 - bits)
        begins = (self.held >> shift).astype(np.intp)
        flags, first = np.zeros(1 << bits, dtype=bool), np.zeros(1 << bits, dtype=np.uint32)
        flags[begins] = True
        first[begins[::-1]] = np.arange(len(begins), dtype=np.uint32)[::-1]
        return flags, first, shift

    def without(self, hot: Rows) -> Lookup:
        """The lookup in which these rows cannot be found; its slots stay where they are."""
        if not len(hot):
            return self
        kept = ~np.isin(self.rows, hot)
        before = np.concatenate([[0], np.cumsum(kept)])
        return replace(self, starts=before[self.starts], rows=self.rows[kept])

    def expand(self, records: Rows, slots: Rows) -> tuple[Rows, Rows]:
        """Every pair of a row behind a slot and the record that hit it: applicants and records."""
        sizes = self.starts[slots.astype(np.int64) + 1] - self.starts[slots]
        at = np.repeat(self.starts[slots] - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
        return self.rows[at], np.repeat(records, sizes)
