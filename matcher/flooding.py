"""What each block proposed to each applicant, and whom it flooded: agreement on a key that so many share says too little.

What only a flooding block proposed is left out and reported, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from matcher.frames import FLOODED, PROPOSED
from matcher.plan import Plan


class Tally:
    """How many records each block has proposed to each applicant over all chunks so far."""

    def __init__(self, plan: Plan, proposed: Iterable[pl.DataFrame] = ()) -> None:
        self._caps = np.array([block.cap for block in plan.blocks], dtype=np.uint64)[:, None]
        self._records = np.zeros((len(plan.blocks), 0), dtype=np.uint64)
        for some in proposed:
            self.add(some)

    def add(self, proposed: pl.DataFrame) -> None:
        """Counts what a chunk's blocks proposed (frames.PROPOSED)."""
        if proposed.is_empty():
            return
        applicant, block = (proposed.get_column(name).to_numpy().astype(np.intp) for name in ("applicant", "block"))
        blocks, width = self._records.shape
        width = max(width, int(applicant.max()) + 1)
        more = np.bincount(
            block * width + applicant, weights=proposed.get_column("records").to_numpy(), minlength=blocks * width
        )
        grown = np.pad(self._records, ((0, 0), (0, width - self._records.shape[1])))
        self._records = grown + more.reshape(blocks, width).astype(np.uint64)

    def proposed(self) -> pl.DataFrame:
        """All of it as frames.PROPOSED, a row an applicant and block."""
        return self._where(self._records > 0)

    def flooded(self) -> pl.DataFrame:
        """The applicants to whom a block proposed more records than its cap, as frames.PROPOSED, sorted."""
        return self._where(self._records > self._caps)

    def candidates(self) -> int:
        """How many pairs the blocks proposed without flooding, a pair once for each of its blocks and keys."""
        return int(self._records[self._records <= self._caps].sum())

    def _where(self, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> pl.DataFrame:
        applicant, block = np.nonzero(chosen.T)
        return pl.DataFrame(
            {"applicant": applicant, "block": block, "records": self._records[block, applicant]}, schema=PROPOSED
        )


def unflooded(pairs: pl.DataFrame, flooded: pl.DataFrame) -> pl.DataFrame:
    """The pairs (with `applicant` and `blocks` as bits) without those that only a flooding block proposed."""
    if flooded.is_empty():
        return pairs
    masks = flooded.group_by("applicant").agg(
        flood=pl.lit(2, pl.UInt32).pow(pl.col("block").cast(pl.UInt32)).sum().cast(pl.UInt32)
    )
    return (
        pairs.join(masks, on="applicant", how="left", maintain_order="left")
        .with_columns(blocks=pl.col("blocks") & ~pl.col("flood").fill_null(0))
        .filter(pl.col("blocks") != 0)
        .drop("flood")
    )


def name_flooded(flooded: pl.DataFrame, ids: pl.Series, source: str, plan: Plan) -> pl.DataFrame:
    """The flooded applicants of a source by name (frames.FLOODED)."""
    return flooded.select(
        person_id=ids.gather(flooded.get_column("applicant")),
        source=pl.lit(source),
        block=pl.col("block").replace_strict(
            dict(enumerate(block.name for block in plan.blocks)), return_dtype=pl.String
        ),
        records="records",
    ).cast(FLOODED)
