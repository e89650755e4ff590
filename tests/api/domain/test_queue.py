"""What a lead counts for, whose turn it is, and how many are opened (F-21)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import queue

GRADES = ["G1", "G2", "G3", "G4", "G5"]
fen = st.integers(0, 10**9)


@given(less=fen, more=fen, grade=st.sampled_from([*GRADES, None]))
def test_more_at_stake_never_counts_for_less(less: int, more: int, grade: str | None) -> None:
    low, high = sorted((less, more))
    assert queue.worth(low, grade, 1) <= queue.worth(high, grade, 1)


@given(fen)
def test_surer_never_counts_for_less(stake: int) -> None:
    found = [queue.worth(stake, grade, 1) for grade in [None, *GRADES]]
    assert found == sorted(found, reverse=True)


def test_f8_an_unknown_amount_is_not_nothing() -> None:
    assert queue.worth(None, "G1", 300_000) == queue.worth(300_000, "G1", 1) > queue.worth(0, "G1", 300_000)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_f21_of_the_first_leads_neither_kind_waits_behind_the_other(entitled: int, others: int, opened: int) -> None:
    waiting = [(queue.place(number, entitlement=True), "U") for number in range(1, entitled + 1)]
    waiting += [(queue.place(number, entitlement=False), "other") for number in range(1, others + 1)]
    first = [kind for _, kind in sorted(waiting)[:opened]]
    share = min(entitled, others, opened // 2)
    assert first.count("U") >= min(entitled, share)
    assert first.count("other") >= min(others, share)
    assert len({place for place, _ in waiting}) == len(waiting), "no two stand in one place"


@pytest.mark.parametrize(
    ("reviewers", "a_week", "taken", "left"), [(1, 40, 0, 40), (3, 40, 100, 20), (1, 40, 40, 0), (1, 40, 99, 0), (0, 40, 0, 0)]
)  # fmt: skip
def test_f21_no_more_is_opened_than_reviewers_have_room_for(
    reviewers: int, a_week: int, taken: int, left: int
) -> None:
    assert queue.room(reviewers, a_week, taken) == left
