"""Links to groups that are one entity, and pairs to a pairing in which everybody has one partner at most.

Both go through the pairs from the surest down, ties broken by the ids, so that the result depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.prepared import Flags

Ids = npt.NDArray[np.integer]
Forbidden = Callable[[Ids, Ids], Flags]
"""Whether two rows can never be one entity, pair by pair."""

LARGEST = 1_000
"""A group larger than this is no entity but a key that everything shares; it grows no further."""


def groups(count: int, left: Ids, right: Ids, weight: npt.NDArray[np.float64], forbidden: Forbidden) -> Ids:
    """For each of `count` rows the smallest row of its group.

    Linked rows are merged from the strongest link down, unless two rows of the merged group are forbidden to be one: a
    chain of good links must not make one person of two.
    """
    first = np.arange(count)
    members: dict[int, list[int]] = {}
    order = np.lexsort((right, left, -weight))
    for a, b in zip(left[order].tolist(), right[order].tolist(), strict=True):
        one, two = int(first[a]), int(first[b])
        if one == two:
            continue
        ours, theirs = members.get(one, [one]), members.get(two, [two])
        if len(ours) + len(theirs) > LARGEST:
            continue
        if len(ours) * len(theirs) > 1:
            cross = np.repeat(np.array(ours), len(theirs)), np.tile(np.array(theirs), len(ours))
            if forbidden(*cross).any():
                continue
        keep, drop = min(one, two), max(one, two)
        members[keep] = sorted(ours + theirs)
        members.pop(drop, None)
        first[members[keep]] = keep
    return first


def one_to_one(pairs: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    """The pairs of a pairing: each id of either side stands in one pair at most, the surest first."""
    ordered = pairs.sort(["weight_bits", left, right], descending=[True, False, False])
    seen_left: set[str] = set()
    seen_right: set[str] = set()
    kept = []
    for a, b in zip(ordered.get_column(left).to_list(), ordered.get_column(right).to_list(), strict=True):
        good = a not in seen_left and b not in seen_right
        kept.append(good)
        if good:
            seen_left.add(a)
            seen_right.add(b)
    return ordered.filter(pl.Series(kept, dtype=pl.Boolean)).sort(left, right)


def best_match(pairs: pl.DataFrame, left: str, right: str) -> pl.DataFrame:
    """Of each right id the surest pair alone; a left id may stand in many."""
    return (
        pairs.sort(["weight_bits", left, right], descending=[True, False, False])
        .unique(right, keep="first", maintain_order=True)
        .sort(left, right)
    )
