"""A client's bucket of cost: never more than it holds, full again in time, and one client's is not another's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gate import bucket
from api.gate.bucket import Buckets, Emptied


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_is_emptied_and_refills() -> None:
    clock = Clock()
    buckets = Buckets(100, 10, clock)
    assert buckets.take("a", 80) == 20
    with pytest.raises(Emptied) as emptied:
        buckets.take("a", 60)
    assert emptied.value.seconds == 4
    clock.now += 4
    assert buckets.take("a", 60) == 0
    assert buckets.take("b", 100) == 0, "another client's bucket was full"
    clock.now += 1_000
    assert buckets.take("a", 1) == 99, "no bucket holds more than its capacity"


def test_what_was_not_used_is_given_back() -> None:
    buckets = Buckets(100, 10, Clock())
    buckets.take("a", 90)
    assert buckets.give_back("a", 85) == 95
    assert buckets.give_back("a", 85) == 100


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 150)), max_size=60))
def test_over_any_time_a_client_takes_no_more_than_the_bucket_and_what_flowed_in(
    acts: list[tuple[float, float]],
) -> None:
    clock = Clock()
    buckets = Buckets(100, 10, clock)
    taken, began = 0.0, clock.now
    for waited, cost in acts:
        clock.now += waited
        with suppress(Emptied):
            assert buckets.take("a", cost) >= 0
            taken += cost
        assert taken <= 100 + 10 * (clock.now - began) + 1e-6


@given(st.floats(1, 100), st.floats(1, 100))
def test_after_the_seconds_that_it_says_it_may_be_taken(first: float, second: float) -> None:
    clock = Clock()
    buckets = Buckets(100, 10, clock)
    buckets.take("a", first)
    try:
        buckets.take("a", second)
    except Emptied as emptied:
        clock.now += emptied.seconds
        buckets.take("a", second)


def test_the_least_used_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "MOST_CLIENTS", 10)
    buckets = Buckets(100, 10, Clock())
    for client in range(50):
        buckets.take(client, 100)
    assert len(buckets._levels) == 10
    with pytest.raises(Emptied):
        buckets.take(49, 1)
