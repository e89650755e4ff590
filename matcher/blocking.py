"""Which pairs are worth comparing: those that agree on a block, a few facets taken together.

A block is written as facets joined by `&`, a plan as a list of blocks. What is not known never joins. Keys are 64-bit
hashes of our own (hashing): two unlike values with one key merely propose a pair that the comparison then refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import hashing
from matcher.hashing import Keys
from matcher.prepared import More, Prepared, Rows

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
    """The small side's keys under one block: slot s holds the rows `rows[starts[s]:starts[s + 1]]` that share a key."""

    slots: pl.DataFrame  # key, slot
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
        slots = pl.DataFrame({"key": every[first], "slot": np.arange(len(first), dtype=np.uint32)})
        return cls(slots, np.append(first, len(every)).astype(np.int64), rows)

    def hits(self, held: BlockKeys) -> tuple[Rows, Rows]:
        """The rows of another table whose keys are in this lookup, and the slot of each; a row may hit several slots."""
        rows = [self._join(np.arange(len(held.dense), dtype=np.uint32), held.dense)]
        if len(held.more.keys):
            rows.append(self._join(held.more.rows, held.more.keys))
        return np.concatenate([part[0] for part in rows]), np.concatenate([part[1] for part in rows])

    def _join(self, rows: Rows, held: Keys) -> tuple[Rows, Rows]:
        found = pl.DataFrame({"key": held, "row": rows}).join(self.slots, on="key", how="inner")
        return found.get_column("row").to_numpy(), found.get_column("slot").to_numpy()

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
