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

LOOKED_THROUGH, AT_ONCE = 30, 500_000
"""Up to this size all pairs of a group are looked at together, and so many pairs at once."""


def groups(count: int, left: Ids, right: Ids, weight: npt.NDArray[np.float64], forbidden: Forbidden) -> Ids:
    """For each of `count` rows the smallest row of its group.

    Linked rows are merged from the strongest link down, unless two rows of the merged group are forbidden to be one: a
    chain of good links must not make one person of two. Whatever hangs together without any such pair is one group.
    """
    first = _connected(count, left, right)
    apart = _clashing(first, forbidden)[first]
    first[apart] = np.flatnonzero(apart)
    links = np.flatnonzero(apart[left])
    _merge(first, left[links], right[links], weight[links], forbidden)
    return first


def _connected(count: int, left: Ids, right: Ids) -> Ids:
    """For each row the smallest row that it hangs together with."""
    first = np.arange(count)
    while True:
        least = np.minimum(first[left], first[right])
        lower = first.copy()
        for rows in (left, right, first[left], first[right]):
            np.minimum.at(lower, rows, least)
        lower = lower[lower]
        if (lower == first).all():
            return first
        first = lower


def _clashing(first: Ids, forbidden: Forbidden) -> Flags:
    """By its smallest row whether a group holds a forbidden pair, or is too large to be looked through.

    Groups of two are links, and no link is forbidden.
    """
    order = np.argsort(first, kind="stable")
    starts = np.flatnonzero(np.diff(first[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    clashing = np.zeros(len(first), dtype=bool)
    clashing[first[order[starts[sizes > LOOKED_THROUGH]]]] = True
    for size in range(3, LOOKED_THROUGH + 1):
        groups_of_size = starts[sizes == size]
        members = order[groups_of_size[:, None] + np.arange(size)]
        one, two = np.triu_indices(size, 1)
        for some in range(0, len(members), AT_ONCE // len(one)):
            rows = members[some : some + AT_ONCE // len(one)]
            bad = forbidden(rows[:, one].ravel(), rows[:, two].ravel()).reshape(len(rows), -1).any(axis=1)
            clashing[rows[bad, 0]] = True
    return clashing


def _merge(first: Ids, left: Ids, right: Ids, weight: npt.NDArray[np.float64], forbidden: Forbidden) -> None:
    """Merges the groups in `first` link by link."""
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
