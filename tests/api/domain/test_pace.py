"""How long a scan will still take is told where its pace or an earlier scan tells it, and nowhere else."""

from __future__ import annotations

import pytest

from api.domain.pace import Pace

BEFORE = {"match": 30.0, "link": 2.0, "rules": 3.0, "ingest": 4.0}
ROWS = {"aid": 100, "tax": 300}


def test_nothing_is_told_before_there_is_a_pace() -> None:
    pace = Pace(ROWS, BEFORE)
    assert pace.left("prepare", 0, None, 0.0) is None
    assert pace.left("wait", 0, None, 0.0) is None
    assert pace.left("match aid", 0, 50, 0.0) is None
    assert pace.left("match aid", 5, 50, 1.0) is None, "2.5 % of all rows"


def test_matching_is_told_by_all_rows_and_what_comes_after_by_the_last_scan() -> None:
    pace = Pace(ROWS, BEFORE)
    pace.left("match aid", 0, 50, 0.0)
    assert pace.left("match aid", 50, 50, 10.0) == 39, "a quarter in ten seconds, and nine for what comes after"
    assert pace.left("match tax", 150, 300, 25.0) == 24


def test_what_an_interrupted_scan_had_done_says_nothing_of_its_pace() -> None:
    pace = Pace({"tax": 100}, BEFORE)
    assert pace.left("match tax", 50, 100, 0.0) is None
    assert pace.left("match tax", 75, 100, 10.0) == 19, "a quarter of all in ten seconds"


def test_since_another_nobody_can_tell_how_much_is_matched_again() -> None:
    pace = Pace({}, BEFORE)
    pace.left("match aid", 0, 50, 0.0)
    assert pace.left("match aid", 50, 50, 10.0) is None
    pace.left("link", 0, 18, 11.0)
    assert pace.left("link", 9, 18, 12.0) == 8


@pytest.mark.parametrize(
    ("stage", "done", "left"), [("link", 9, 9), ("link", 18, 7), ("rules", 0, 5), ("ingest", 9, 2), ("ingest", 18, 2)]
)
def test_later_stages_are_told_by_what_they_took_last_time(stage: str, done: int, left: int) -> None:
    pace = Pace(ROWS, BEFORE)
    pace.left(stage, 0, 18, 100.0)
    assert pace.left(stage, done, 18, 102.0) == left


def test_what_takes_longer_than_last_time_is_no_longer_told_and_a_first_scan_tells_of_no_stage_that_nobody_has_seen() -> (
    None
):
    slow = Pace(ROWS, BEFORE)
    slow.left("ingest", 0, 10, 0.0)
    assert slow.left("ingest", 1, 10, 4.5) is None
    first = Pace(ROWS, {})
    first.left("match aid", 0, 50, 0.0)
    for stage in ("match aid", "link", "rules", "ingest"):
        assert first.left(stage, 50, 50, 10.0) is None
