"""What feeds, scans and lists tell of somebody together: a table of cases, and that silence never becomes a record of none."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.verifications import Covered, FeedInUse, Listed, known

TODAY = dt.date(2026, 5, 4)
LIMIT = 30


def ago(days: int | None) -> dt.date | None:
    return None if days is None else TODAY - dt.timedelta(days=days)


def feed(age: int | None, complete: bool = True) -> FeedInUse:
    return FeedInUse(ago(age), complete)


def scan(state: str, age: int | None = 3, complete: bool = True, resembles: bool = False) -> Covered:
    return Covered(state, ago(age), complete, resembles)


def listed(answer: str, age: int = 2) -> Listed:
    return Listed(answer, TODAY - dt.timedelta(days=age))


CASES = {
    "no feed": (None, None, None, ("NOT_ASKED", None, "NO_FEED")),
    "no feed any more, whatever a scan said of it": (None, scan("NO_RECORD"), None, ("NOT_ASKED", None, "NO_FEED")),
    "a record": (feed(3), scan("VALUE"), None, ("VALUE", "FEED", None)),
    "a record, however old": (feed(300), scan("VALUE", 300), None, ("VALUE", "FEED", None)),
    "none in a whole, fresh extract": (feed(3), scan("NO_RECORD"), None, ("NO_RECORD", "FEED", None)),
    "none on the last fresh day": (feed(30), scan("NO_RECORD", 30), None, ("NO_RECORD", "FEED", None)),
    "none in a stale one": (feed(31), scan("NO_RECORD", 31), None, ("NO_ANSWER", None, "STALE_FEED")),
    "none on a day that nobody told": (feed(None), scan("NO_RECORD", None), None, ("NO_ANSWER", None, "STALE_FEED")),
    "none long ago, and the new one not looked at": (feed(1), scan("NO_RECORD", 99), None, ("NO_ANSWER", None, "NOT_SCANNED")),
    "a part": (feed(3, False), scan("NO_ANSWER", 3, False), None, ("NO_ANSWER", None, "PARTIAL_FEED")),
    "a part, and somebody like them in it": (feed(3, False), scan("NO_ANSWER", 3, False, True), None, ("NO_ANSWER", None, "IN_DOUBT")),
    "somebody like them": (feed(3), scan("NO_ANSWER", resembles=True), None, ("NO_ANSWER", None, "IN_DOUBT")),
    "not looked at": (feed(3), None, None, ("NO_ANSWER", None, "NOT_SCANNED")),
    "not allowed to be looked at then": (feed(3), scan("NOT_AUTHORISED"), None, ("NO_ANSWER", None, "NOT_SCANNED")),
    "a list says that there is none": (feed(3, False), scan("NO_ANSWER", 3, False), listed("NO_RECORD"), ("NO_RECORD", "LIST", None)),
    "a list alone": (None, None, listed("NO_RECORD"), ("NO_RECORD", "LIST", None)),
    "a list says that there is one": (None, None, listed("RECORD"), ("VALUE", "LIST", None)),
    "a list cannot say": (feed(3), scan("NO_RECORD"), listed("NO_ANSWER"), ("NO_ANSWER", None, "IN_DOUBT")),
    "a list that is stale": (None, None, listed("NO_RECORD", 31), ("NOT_ASKED", None, "NO_FEED")),
    "a stale list that a scan repeats": (feed(3, complete=False), scan("NO_RECORD", complete=False), listed("NO_RECORD", 31), ("NO_ANSWER", None, "PARTIAL_FEED")),
    "a record beside a list that knows of none": (feed(3), scan("VALUE"), listed("NO_RECORD"), ("VALUE", "FEED", None)),
}  # fmt: skip


@pytest.mark.parametrize(("feed_in_use", "covered", "said", "told"), CASES.values(), ids=CASES.keys())
def test_what_is_known_and_why_not_f_8(
    feed_in_use: FeedInUse | None,
    covered: Covered | None,
    said: Listed | None,
    told: tuple[str, str | None, str | None],
) -> None:
    found = known(feed_in_use, covered, said, LIMIT, TODAY)
    assert (found.answer, found.origin, found.because) == told
    assert (found.as_of is not None) == (found.origin is not None)


ages = st.none() | st.integers(0, 60)
feeds = st.none() | st.builds(feed, ages, st.booleans())
states = st.sampled_from(["VALUE", "NO_RECORD", "NO_ANSWER", "NOT_ASKED", "NOT_AUTHORISED"])
scans = st.none() | st.builds(scan, states, ages, st.booleans(), st.booleans())
lists = st.none() | st.builds(listed, st.sampled_from(["RECORD", "NO_RECORD", "NO_ANSWER"]), st.integers(0, 60))


@given(feeds, scans, lists)
def test_there_is_none_only_by_a_fresh_word_of_a_source_f_8(
    feed_in_use: FeedInUse | None, covered: Covered | None, said: Listed | None
) -> None:
    found = known(feed_in_use, covered, said, LIMIT, TODAY)
    if found.answer == "NO_RECORD":
        assert found.as_of is not None
        assert (TODAY - found.as_of).days <= LIMIT
        assert (said is not None and said.answer == "NO_RECORD") or (
            covered is not None and covered.state == "NO_RECORD" and covered.complete
        )
    assert (found.origin is None) == (found.because is not None)


@given(feeds, scans, lists)
def test_without_a_source_less_is_known_never_more_f_8(
    feed_in_use: FeedInUse | None, covered: Covered | None, said: Listed | None
) -> None:
    assert known(None, covered, None, LIMIT, TODAY).origin is None
    if known(feed_in_use, covered, said, LIMIT, TODAY).origin is None:
        assert known(feed_in_use, None, said, LIMIT, TODAY).origin is None
        assert known(None, covered, said, LIMIT, TODAY).origin is None
