"""u: of pairs that are two people, how many show each level.

From pairs drawn at random and, for equality, from the values' own counts (Fellegi and Sunter 1969); of numbers and names
from how they are made, as the shipped model has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.comparing.levels import Comparison
from matcher.prepared import Field, Prepared
from matcher.scoring.model import Model

STRUCTURAL: Mapping[str, str] = {"cn_number": "number", "cn_name": "name"}
"""Kinds whose u follows from how numbers and names are made, and is taken from the shipped model."""

SMALLEST = 1e-7

Table = npt.NDArray[np.float64]


def u_of(
    field: Field, comparison: Comparison, seen: npt.NDArray[np.int64], collision: float, shipped: Model
) -> Table:
    """u by code, smoothed; of equality from the values' own counts where that is what the first level means."""
    u = np.zeros(len(comparison.names))
    graded = slice(1, comparison.worst + 1)
    known = max(int(seen[graded].sum()), 1)
    # a level never seen among so many random pairs is rarer than one in them; better levels are rarer than worse
    u[graded] = (seen[graded] + 0.5) / (known + 0.5 * comparison.worst)
    if field.kind in STRUCTURAL:
        weights = shipped.weights[STRUCTURAL[field.kind]]
        u[graded] = [weights[level].u for level in comparison.names[1:-1]]
    elif field.kind not in ("cn_address", "amount"):
        u[1] = max(collision, SMALLEST)
        for code in range(2, comparison.worst):
            if seen[code] == 0:
                u[code] = max(SMALLEST, min(u[code], 4 * u[code - 1]))
        u[graded] /= u[graded].sum()
    return np.maximum(u, 1e-12)


def collision_of(left: Prepared, right: Prepared, facet: str) -> float:
    """The chance that two people who say something say the same.

    Across the tables it counts their true pairs too, which weigh much in small tables; inside a table it does not, or
    only its duplicates. So the smallest of the three is nearest.
    """
    counts = []
    for people in (left, right):
        values = people.table.get_column(facet).filter(people.table.get_column(facet) != 0)
        counts.append(values.value_counts(name="count").select(value=facet, count=pl.col("count").cast(pl.Float64)))
    totals = [float(some.get_column("count").sum() or 0.0) for some in counts]
    both = counts[0].join(counts[1], on="value", suffix="_right")
    across = float((both.get_column("count") * both.get_column("count_right")).sum() or 0.0)
    chances = [across / max(totals[0] * totals[1], 1.0)]
    for some, total in zip(counts, totals, strict=True):
        if total > 1:
            column = some.get_column("count")
            chances.append(float((column * (column - 1)).sum() or 0.0) / (total * (total - 1)))
    # a value that never met its like in so many pairs is not impossible
    return max(min(chances), 0.5 / max(totals[0] * totals[1], 1.0))
