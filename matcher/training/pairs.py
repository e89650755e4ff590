"""The pairs to learn from: some drawn at random, and those that the blocks propose, counted by their patterns of levels.

Which pairs take part is decided by hashes, and patterns are counted in whole numbers, so that the same tables give the
same counts on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import hashing, kernel
from matcher.applicants import Applicants
from matcher.kernel import Batch
from matcher.prepared import Codes

RANDOM_PAIRS = 200_000
PAIRS = 1_500_000
"""How many proposed pairs are counted at most, about."""


@dataclass(frozen=True)
class Sample:
    """The rows that take part: the left side keyed, the right side as a batch, and what they are called."""

    left: Applicants
    right: Batch
    same_table: bool

    @property
    def pairs(self) -> float:
        """How many pairs chance has."""
        n, m = len(self.left), len(self.right.people)
        return n * (n - 1) / 2 if self.same_table else float(n * m)


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns of levels: `codes` of shape (patterns, fields), how many pairs show each, and the blocks' bits."""

    codes: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.uint32]


def by_chance(sample: Sample) -> list[npt.NDArray[np.int64]]:
    """Of each field how many random pairs show each code."""
    n, m = len(sample.left), len(sample.right.people)
    turn = np.arange(1, RANDOM_PAIRS + 1, dtype=np.uint64)
    left = (hashing.mix(turn) % np.uint64(n)).astype(np.uint32)
    right = (hashing.mix(turn + np.uint64(RANDOM_PAIRS)) % np.uint64(m)).astype(np.uint32)
    if sample.same_table:
        left, right = left[left != right], right[left != right]
    codes = kernel.compare(sample.left, sample.right.people, left, right)
    return [
        np.bincount(one, minlength=len(comparison.names))
        for one, comparison in zip(codes, sample.left.plan.comparisons, strict=True)
    ]


def proposed(sample: Sample) -> Patterns:
    """The patterns of the pairs that blocks propose; of very many a sample, chosen by hash."""
    pairs, blocks, _ = kernel.propose(sample.left, sample.right)
    if sample.same_table:
        once = (pairs >> np.uint64(32)) < (pairs & np.uint64(0xFFFFFFFF))
        pairs, blocks = pairs[once], blocks[once]
    scale = 1
    while len(pairs) > PAIRS * scale:
        scale *= 2
    if scale > 1:
        chosen = hashing.mix(pairs + np.uint64(1)) % np.uint64(scale) == 0
        pairs, blocks = pairs[chosen], blocks[chosen]
    found: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int64]]] = []
    for start in range(0, max(len(pairs), 1), kernel.PAIRS_AT_ONCE):
        some = pairs[start : start + kernel.PAIRS_AT_ONCE]
        codes = kernel.compare(
            sample.left, sample.right.people, (some >> np.uint64(32)).astype(np.uint32), some.astype(np.uint32)
        )
        found.append(_counted(codes, blocks[start : start + kernel.PAIRS_AT_ONCE]))
    codes_, blocks_, counts_ = (np.concatenate(part) for part in zip(*found, strict=True))
    return Patterns(codes_, counts_ * scale, blocks_)


def _counted(
    codes: list[Codes], blocks: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Each pattern of codes and blocks once, and how often it stands there."""
    frame = pl.DataFrame({f"f{place}": one for place, one in enumerate(codes)}).with_columns(blocks=pl.Series(blocks))
    grouped = frame.group_by(pl.all()).agg(count=pl.len()).sort(frame.columns)
    matrix = grouped.select(pl.exclude("blocks", "count")).to_numpy().astype(np.uint8)
    return matrix, grouped.get_column("blocks").to_numpy(), grouped.get_column("count").to_numpy().astype(np.int64)
