"""F-8: value, no record, no answer, not asked and not authorised are five different things."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from matcher import coverage
from matcher.coverage import Asked
from matcher.frames import FLOODED

CUT = dt.date(2024, 12, 1)
PEOPLE = pl.Series("person_id", ["p"])
NOBODY = pl.Series("person_id", [], dtype=pl.String)


def links(*decisions: str) -> pl.DataFrame:
    return pl.DataFrame(
        [("p", "vehicles", decision) for decision in decisions],
        schema={"person_id": pl.String, "source": pl.String, "decision": pl.String},
        orient="row",
    )


def flooded(*sources: str) -> pl.DataFrame:
    return pl.DataFrame([("p", source, "phone", 9) for source in sources], schema=FLOODED, orient="row")


def answers(*rows: tuple[str, dt.date | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [("vehicles", "p", answer, day) for answer, day in rows],
        schema={"source": pl.String, "person_id": pl.String, "answer": pl.String, "answered_on": pl.Date},
        orient="row",
    )


@pytest.mark.parametrize(
    ("asked", "found", "told", "state"),
    [
        (None, links(), None, "NOT_ASKED"),
        (Asked(CUT, True, NOBODY), links(), None, "NOT_AUTHORISED"),
        (Asked(CUT, True, PEOPLE), links(), None, "NO_RECORD"),
        (Asked(CUT, False, PEOPLE), links(), None, "NO_ANSWER"),
        (Asked(CUT, True, PEOPLE), links("LINK"), None, "VALUE"),
        (Asked(CUT, True, PEOPLE), links("REVIEW"), None, "NO_ANSWER"),  # somebody like them is there
        (Asked(CUT, True, PEOPLE), links("REVIEW", "LINK"), None, "VALUE"),
        (Asked(CUT, False, PEOPLE), links(), answers(("NO_RECORD", CUT)), "NO_RECORD"),
        (Asked(CUT, True, PEOPLE), links(), answers(("NO_ANSWER", CUT)), "NO_ANSWER"),
        (Asked(CUT, True, PEOPLE), links(), answers(("RECORD", CUT)), "NO_ANSWER"),  # said to be there, not found
        (None, links(), answers(("NO_RECORD", CUT)), "NO_RECORD"),  # an answer list without a feed
        (None, links(), answers(("NO_RECORD", CUT), ("NO_ANSWER", dt.date(2024, 12, 9))), "NO_ANSWER"),  # the later
        (None, links(), answers(("NO_RECORD", CUT), ("NO_ANSWER", CUT)), "NO_ANSWER"),  # the one that says less
        (None, links(), answers(("NO_ANSWER", None), ("NO_RECORD", CUT)), "NO_RECORD"),
    ],
)
def test_states(asked: Asked | None, found: pl.DataFrame, told: pl.DataFrame | None, state: str) -> None:
    (row,) = coverage.cover(PEOPLE, {"vehicles": asked}, found, told, flooded()).to_dicts()
    assert row["state"] == state
    assert row["as_of"] == (CUT if asked else None)


@pytest.mark.parametrize(
    ("asked", "found", "told", "sources", "state"),
    [
        (Asked(CUT, True, PEOPLE), links(), None, ["vehicles"], "NO_ANSWER"),  # not everything was compared
        (Asked(CUT, True, PEOPLE), links(), None, ["vehicles", "vehicles"], "NO_ANSWER"),  # by two blocks
        (Asked(CUT, True, PEOPLE), links(), None, ["finance"], "NO_RECORD"),  # flooded elsewhere
        (Asked(CUT, True, PEOPLE), links("LINK"), None, ["vehicles"], "VALUE"),
        (Asked(CUT, True, NOBODY), links(), None, ["vehicles"], "NOT_AUTHORISED"),
        (Asked(CUT, True, PEOPLE), links(), answers(("NO_RECORD", CUT)), ["vehicles"], "NO_RECORD"),  # it said so
    ],
)
def test_what_was_not_all_compared_is_no_silence(
    asked: Asked, found: pl.DataFrame, told: pl.DataFrame | None, sources: list[str], state: str
) -> None:
    (row,) = coverage.cover(PEOPLE, {"vehicles": asked}, found, told, flooded(*sources)).to_dicts()
    assert row["state"] == state


def test_there_is_one_state_for_every_person_and_source() -> None:
    people = pl.Series("person_id", ["a", "b", "c"])
    covered = coverage.cover(
        people, {"vehicles": None, "finance": Asked(None, True, people)}, links(), None, flooded()
    )
    assert len(covered) == 6
    assert covered.equals(covered.sort("person_id", "source"))
