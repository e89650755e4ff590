"""What a probability is worth: precision and recall at every threshold, and how often a pair of each probability is true.

All of it is told over the pairs that were kept, at or above the review threshold: what lies below is in no table. A
reliable model is right about a pair of probability p in a share p of cases. Expected calibration error: the mean
distance between the two over ten bins, by count (Naeini et al. 2015). Brier score: the mean square of probability
minus truth (Brier 1950). Intervals are Wilson's, 95 % (Wilson 1927).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

Z95 = 1.959963984540054
BINS = 10
MOST_POINTS = 200
PRECISIONS = (0.99, 0.999)


def f1(precision: float | None, recall: float | None) -> float | None:
    """The harmonic mean of both; 0 where both are, None where one is unknown."""
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def wilson(found: int, total: int) -> tuple[float, float] | None:
    """Between what shares the true one lies, when `found` of `total` were seen: 95 %; None for none seen."""
    if not total:
        return None
    share, spread = found / total, Z95 * Z95 / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / total + spread / total / 4) / (1 + spread)
    # the ends are exact where all or none were found; rounding must not put them beyond the share itself
    return (0.0 if found == 0 else max(0.0, middle - half), 1.0 if found == total else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Point:
    """What it means to claim every pair from this weight on."""

    weight_bits: float
    probability: float
    claimed: int
    right: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Curve:
    """Points from the lowest threshold to the highest, thinned to MOST_POINTS; the figures are of all thresholds.

    `at_precision`: by precision asked for, the point of highest recall that reaches it; None where none does.
    """

    points: tuple[Point, ...]
    thresholds: int
    best: Point | None
    at_precision: dict[float, Point | None]


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs of a tenth of the scale; shares are None where there are none."""

    low: float
    high: float
    count: int
    right: int
    predicted: float | None

    @property
    def true(self) -> float | None:
        """The share that is one person."""
        return self.right / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what shares the true one lies (95 %)."""
        return wilson(self.right, self.count)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bins from 0 to 1, the expected calibration error and the Brier score; both None without pairs."""

    bins: tuple[Bin, ...]
    count: int
    error: float | None
    brier: float | None


def curve(pairs: pl.DataFrame, known: int) -> Curve:
    """The curve of pairs with probability, weight_bits and `same`, when `known` pairs are true.

    A threshold is a weight: the probability rises with it, and is rounded to 1 long before the weights stop telling
    pairs apart.
    """
    steps = (
        pairs.group_by("probability", "weight_bits")
        .agg(claimed=pl.len().cast(pl.Int64), right=pl.col("same").sum().cast(pl.Int64))
        .sort("probability", "weight_bits", descending=True)
        .with_columns(pl.col("claimed", "right").cum_sum())
        .with_columns(precision=pl.col("right") / pl.col("claimed"), recall=pl.col("right") / known)
        # the harmonic mean of precision and recall, whose denominators cancel
        .with_columns(f1=2 * pl.col("right") / (pl.col("claimed") + known))
        .reverse()
    )
    points = [Point(**row) for row in steps.select(list(Point.__slots__)).iter_rows(named=True)]
    best = max(points, key=lambda point: (point.f1, point.weight_bits), default=None)
    reached = {
        asked: max(
            (point for point in points if point.precision >= asked),
            key=lambda point: (point.recall, point.weight_bits),
            default=None,
        )
        for asked in PRECISIONS
    }
    return Curve(_thinned(points, [best, *reached.values()]), len(points), best, reached)


def _thinned(points: list[Point], kept: list[Point | None]) -> tuple[Point, ...]:
    """At most MOST_POINTS of them, evenly spread, the first, the last and those to be `kept` among them."""
    if len(points) <= MOST_POINTS:
        return tuple(points)
    room = MOST_POINTS - len(kept)
    spread = {round(place * (len(points) - 1) / (room - 1)) for place in range(room)}
    named = {id(point) for point in kept}
    return tuple(point for place, point in enumerate(points) if place in spread or id(point) in named)


def calibration(pairs: pl.DataFrame) -> Calibration:
    """How pairs with probability and `same` turned out, by tenths of the scale; 1 belongs to the last."""
    probability = pairs.get_column("probability").to_numpy()
    same = pairs.get_column("same").to_numpy().astype(np.float64)
    places = np.clip(np.floor(probability * BINS), 0, BINS - 1).astype(np.int64)
    counts = np.bincount(places, minlength=BINS)
    predicted = np.bincount(places, weights=probability, minlength=BINS)
    right = np.bincount(places, weights=same, minlength=BINS)
    bins = tuple(
        Bin(
            place / BINS,
            (place + 1) / BINS,
            int(counts[place]),
            int(right[place]),
            float(predicted[place] / counts[place]) if counts[place] else None,
        )
        for place in range(BINS)
    )
    if not len(pairs):
        return Calibration(bins, 0, None, None)
    return Calibration(
        bins,
        len(pairs),
        error=float(np.abs(predicted - right).sum() / len(pairs)),
        brier=float(np.mean((probability - same) ** 2)),
    )
