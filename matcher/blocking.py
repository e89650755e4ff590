"""Which pairs are worth comparing: those that agree on a block, a few fields taken together.

A block is built from fields with `&`, a plan from blocks with `|`. Null never joins: a row without one of the fields
has no key. Keys are 64-bit hashes, used within one run only; two unlike values with one hash merely propose a pair
that the comparison then refuses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from matcher.identity import numbers

KEY = pl.Schema({"key": pl.UInt64, "row": pl.UInt32})
"""One row a key: which row of the table carries it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Fields of frames.PREPARED that a pair must share."""

    fields: tuple[str, ...]

    def __and__(self, other: Block) -> Block:
        return Block(self.fields + other.fields)

    def __or__(self, other: Block | Blocks) -> Blocks:
        return Blocks((self,)) | other

    @property
    def name(self) -> str:
        """How the block is called in links.parquet."""
        return "&".join(self.fields)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Alternatives: a pair is compared when any block proposes it."""

    alternatives: tuple[Block, ...]

    def __or__(self, other: Block | Blocks) -> Blocks:
        added = (other,) if isinstance(other, Block) else other.alternatives
        return Blocks(self.alternatives + added)


def on(field: str) -> Block:
    """The block of one field."""
    return Block((field,))


def keys(prepared: pl.DataFrame, block: Block) -> pl.DataFrame:
    """The keys of every row that has all the block's fields (KEY)."""
    combined = pl.col(block.fields[0]).hash(seed=0)
    for position, field in enumerate(block.fields[1:], start=1):
        combined = combined ^ pl.col(field).hash(seed=position)
    whole = pl.all_horizontal(pl.col(field).is_not_null() for field in block.fields)
    return (
        prepared.lazy()
        .select(key=combined, row=pl.int_range(pl.len(), dtype=pl.UInt32), whole=whole)
        .filter("whole")
        .select(KEY.names())
        .collect()
    )


def repaired_numbers(prepared: pl.DataFrame) -> pl.DataFrame:
    """For rows whose number fails its check: the key of each number that one slip of the pen may have spoilt (KEY).

    The check of GB 11643 catches every such slip, so no other row needs this.
    """
    broken = prepared.lazy().select("number", "number_valid").with_row_index("row").collect()
    broken = broken.filter(pl.col("number_valid").not_())
    if broken.is_empty():
        return KEY.to_frame()
    origin, candidates = numbers.repairs(numbers.as_bytes(broken.get_column("number").to_list()))
    repaired = pl.Series("number", candidates.view("S18").ravel().astype("U18"), dtype=pl.String)
    return pl.DataFrame(
        {
            "key": repaired.hash(seed=0),
            "row": broken.get_column("row").to_numpy()[origin].astype(np.uint32),
        },
        schema=KEY,
    )
