"""Platt's stretch: finds the slope that was put in, is not misled by wrong labels, and never changes an order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.prepared import Flags
from matcher.scoring.calibrating import FEWEST, INTERCEPTS, MOST_MISLABELLED, SLOPES, Stretch, calibrate, stretch
from matcher.scoring.frequency import Bits

PAIRS = 60_000


def drawn(log_odds: Bits, seed: int) -> Flags:
    """Labels of pairs whose log-odds, in bits, are these."""
    return np.random.default_rng(seed).random(len(log_odds)) < 1.0 / (1.0 + np.exp2(-log_odds))


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, -2.0), (0.8, 1.0), (1.4, 0.5)])
def test_the_slope_and_intercept_that_were_put_in_are_found(slope: float, intercept: float) -> None:
    weights = np.random.default_rng(1).normal(2.0, 6.0, PAIRS)
    found = stretch(weights, drawn(slope * weights + intercept, 2))
    assert found.slope == pytest.approx(slope, abs=0.04)
    assert found.intercept == pytest.approx(intercept, abs=0.15)
    assert found.mislabelled < 0.004


def test_fields_that_repeat_one_another_are_taken_back() -> None:
    """Six fields, every one of which another repeats: the sum of their bits is twice what it should be."""
    rng = np.random.default_rng(3)
    same = rng.random(PAIRS) < 0.3
    agree = rng.random((6, PAIRS)) < np.where(same, 0.8, 0.3)
    each = agree * np.log2(0.8 / 0.3) + ~agree * np.log2(0.2 / 0.7)
    bits = 2 * each.sum(axis=0) + np.log2(0.3 / 0.7)
    found = calibrate(bits, same, np.arange(PAIRS) % 2 == 0)
    assert found is not None
    fitted, reliability = found
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert reliability.error_before > 0.05
    assert reliability.error_after < 0.01
    assert reliability.pairs == PAIRS


def test_people_with_two_numbers_do_not_flatten_the_slope() -> None:
    weights = np.random.default_rng(4).normal(8.0, 8.0, PAIRS)
    same = drawn(weights, 5) & (np.random.default_rng(6).random(PAIRS) > 0.015)
    found = stretch(weights, same)
    assert found.slope == pytest.approx(1.0, abs=0.06)
    assert found.mislabelled == pytest.approx(0.015, abs=0.003)


def test_nothing_depends_on_the_order_of_the_pairs() -> None:
    weights = np.random.default_rng(7).normal(0.0, 5.0, 5_000)
    same, order = drawn(0.7 * weights, 8), np.random.default_rng(9).permutation(5_000)
    assert stretch(weights, same) == stretch(weights, same) == stretch(weights[order], same[order])


@pytest.mark.parametrize("few", ["one person", "two people"])
def test_too_few_labels_fit_nothing(few: str) -> None:
    same = np.arange(10_000) < FEWEST
    same = same if few == "one person" else ~same
    assert calibrate(np.linspace(-9.0, 9.0, 10_000), same, np.arange(10_000) % 2 == 0) is None


def test_no_pair_is_too_few() -> None:
    nothing = np.zeros(0, dtype=bool)
    assert calibrate(np.zeros(0), nothing, nothing) is None


def test_kinds_that_weights_separate_wholly_stay_within_the_limits() -> None:
    weights = np.linspace(-20.0, 20.0, 4_001)
    assert stretch(weights, weights > 0).slope <= SLOPES[1]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(-80, 80, allow_nan=False), st.booleans()), min_size=1, max_size=60),
    st.lists(st.floats(-80, 80, allow_nan=False), min_size=2, max_size=20),
)
def test_whatever_the_labels_the_order_of_weights_stays(pairs: list[tuple[float, bool]], others: list[float]) -> None:
    weights, same = (np.array(column) for column in zip(*pairs, strict=True))
    found = stretch(weights, same)
    assert SLOPES[0] <= found.slope <= SLOPES[1]
    assert INTERCEPTS[0] <= found.intercept <= INTERCEPTS[1]
    assert 0 <= found.mislabelled <= MOST_MISLABELLED
    assert (np.diff(found.probability(np.sort(np.array(others)))) >= 0).all()


def test_without_a_stretch_the_weight_is_the_log_odds() -> None:
    assert Stretch().probability(np.array([0.0, 1.0])) == pytest.approx([0.5, 2 / 3])
