"""What a weight is really worth, learnt from pairs whose truth is known: Platt's slope and intercept, on weight bits.

Fields are not quite independent: a household shares telephone, road and surname, and a weight that adds them up is surer
than it should be. Platt scaling stretches it: of weight w the log-odds in bits are slope·w + intercept, fitted by
logistic regression with smoothed targets, so that no weight is ever certain (Platt 1999; Newton's steps after Lin, Lin
and Weng 2007). A slope above 0 never changes the order of weights.

Labels have errors of one kind: a person who bears two numbers, both of which hold, looks like two people however much
else agrees. A plain regression would take this for doubt about the surest weights. So a share of those that are one
person is taken to be labelled as two, and fitted beside slope and intercept by expectation maximisation (Dempster,
Laird and Rubin 1977).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.prepared import Flags
from matcher.scoring.frequency import Bits
from matcher.scoring.model import Reliability
from matcher.scoring.reliability import calibration

FEWEST = 50
"""Pairs of either kind without which nothing is fitted."""

SLOPES = (0.5, 2.0)
"""Between what a slope is kept. One half is right where every field says everything twice. Below that it is not fields
that repeat one another: labels show two people who agree on all that is compared, which no slope can tell apart, and
which would flatten the line without end."""

INTERCEPTS = (-10.0, 10.0)
MOST_MISLABELLED = 0.05
GRAIN = 16
"""Weights are counted by the sixteenth of a bit."""

ROUNDS, STEPS, CLOSE_ENOUGH = 100, 50, 1e-6
LN2 = math.log(2.0)

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """log-odds in bits = slope · weight + intercept; `mislabelled`: the share of one person's pairs labelled as two."""

    slope: float = 1.0
    intercept: float = 0.0
    mislabelled: float = 0.0

    def probability(self, bits: Bits) -> Bits:
        """The probability that pairs of these weights are one person."""
        return _logistic(LN2 * (self.slope * bits + self.intercept))


def calibrate(bits: Bits, same: Flags, held_out: Flags) -> tuple[Stretch, Reliability] | None:
    """The stretch that makes weights honest, and how far probabilities were off before and after.

    `bits`, `same` and `held_out` are of equal length, a pair each. What is held out measures, the rest is fitted: no
    pair does both. None where either part has fewer than FEWEST pairs of one kind.
    """
    for part in (held_out, ~held_out):
        if min(int((part & same).sum()), int((part & ~same).sum())) < FEWEST:
            return None
    fitted = stretch(bits[~held_out], same[~held_out])
    before, after = (
        calibration(pl.DataFrame({"probability": one.probability(bits[held_out]), "same": same[held_out]})).error
        for one in (Stretch(), fitted)
    )
    assert before is not None  # there are pairs
    assert after is not None
    return fitted, Reliability(len(bits), round(before, 6), round(after, 6), fitted.mislabelled)


def stretch(bits: Bits, same: Flags) -> Stretch:
    """Slope, intercept and share of wrong labels that make these labels likeliest, kept within their limits.

    Nothing depends on the order of the pairs.
    """
    places = np.round(bits * GRAIN).astype(np.int64)
    lowest = int(places.min())
    positive, negative = (
        np.bincount(places[kind] - lowest, minlength=int(places.max()) - lowest + 1).astype(np.float64)
        for kind in (same, ~same)
    )
    there = (positive + negative) > 0
    weights = (np.flatnonzero(there) + lowest) / GRAIN
    positive, negative = positive[there], negative[there]
    found, wrong = (1.0, 0.0), 0.5 * float(negative.sum() / (positive.sum() + negative.sum()))
    for _ in range(ROUNDS):
        probability = _logistic(LN2 * (found[0] * weights + found[1]))
        hidden = negative * wrong * probability / np.maximum(wrong * probability + 1.0 - probability, 1e-300)
        updated = _platt(weights, positive + hidden, negative - hidden, found)
        share = float(min(hidden.sum() / (positive.sum() + hidden.sum()), MOST_MISLABELLED))
        moved = max(abs(updated[0] - found[0]), abs(updated[1] - found[1]), abs(share - wrong))
        found, wrong = updated, share
        if moved < CLOSE_ENOUGH:
            break
    return Stretch(round(found[0], 6), round(found[1], 6), round(wrong, 6))


def _platt(weights: Table, positive: Table, negative: Table, start: tuple[float, float]) -> tuple[float, float]:
    """Slope and intercept by Newton's steps, halved while they do not help; a slope beyond its limits stops there."""
    yes = (positive.sum() + 1.0) / (positive.sum() + 2.0)
    no = 1.0 / (negative.sum() + 2.0)
    counts, hoped = positive + negative, positive * yes + negative * no
    found = _newton(weights, counts, hoped, start)
    slope = min(max(found[0], SLOPES[0]), SLOPES[1])
    if slope != found[0]:
        found = _newton(weights, counts, hoped, (slope, found[1]), fixed=True)
    return slope, min(max(found[1], INTERCEPTS[0]), INTERCEPTS[1])


def _newton(
    weights: Table, counts: Table, hoped: Table, start: tuple[float, float], *, fixed: bool = False
) -> tuple[float, float]:
    """The slope and intercept of the likeliest logistic curve; the intercept alone where the slope is `fixed`."""
    design = np.stack([LN2 * weights * (not fixed), np.full(len(weights), LN2)])
    given = LN2 * weights * start[0] if fixed else np.zeros(len(weights))
    at = np.array([0.0 if fixed else start[0], start[1]])

    def loss(point: Table) -> float:
        log_odds = given + point @ design
        return float((counts * np.logaddexp(0.0, log_odds) - hoped * log_odds).sum())

    here = loss(at)
    for _ in range(STEPS):
        probability = _logistic(given + at @ design)
        gradient = design @ (counts * probability - hoped)
        curvature = (design * (counts * probability * (1.0 - probability))) @ design.T + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-10 and loss(at - size * step) > here - 1e-4 * size * float(gradient @ step):
            size /= 2.0
        if size <= 1e-10:
            break
        at = at - size * step
        here = loss(at)
        if float(np.abs(size * step).max()) < CLOSE_ENOUGH:
            break
    return (start[0] if fixed else float(at[0])), float(at[1])


def _logistic(log_odds: Table) -> Table:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -500.0, 500.0))))
