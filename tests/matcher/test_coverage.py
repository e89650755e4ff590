"""F-8: value, no record, no answer, not asked and not authorised are five different things."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from matcher import coverage
from matcher.coverage import Asked
from matcher.frames import FLOODED
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import read_all
from tests.matcher.sources.test_batches import send

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


@pytest.mark.parametrize("name", ["vehicles", "车管所", " 机动车登记 ", "Vehicle register"])
def test_an_answer_list_may_call_the_source_as_people_do(name: str) -> None:
    told = answers(("NO_RECORD", CUT)).with_columns(source=pl.lit(name))
    (row,) = coverage.cover(PEOPLE, {"vehicles": None}, links(), told, flooded()).to_dicts()
    assert row["state"] == "NO_RECORD"


FULL, PARTIAL, CHANGES = ("1", "FULL"), ("2", "PARTIAL"), ("3", "CHANGES")


@pytest.mark.parametrize(
    ("batches", "silent", "no_record", "no_answer", "record"),
    [
        ([], "NOT_ASKED", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([FULL], "NO_RECORD", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([PARTIAL], "NO_ANSWER", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([CHANGES], "NO_ANSWER", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([PARTIAL, CHANGES], "NO_ANSWER", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([FULL, PARTIAL], "NO_RECORD", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([FULL, CHANGES], "NO_RECORD", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
        ([FULL, PARTIAL, CHANGES], "NO_RECORD", "NO_RECORD", "NO_ANSWER", "NO_ANSWER"),
    ],
)
def test_who_is_in_no_batch_is_silent_unless_all_was_sent_or_an_answer_came(
    tmp_path: Path, batches: list[tuple[str, str]], silent: str, no_record: str, no_answer: str, record: str
) -> None:
    for number, kind in batches:
        send(tmp_path, number, kind, CUT, "U,A1,张伟,豫E1" if kind == "CHANGES" else "A1,张伟,豫E1")
    feed = open_folder(tmp_path).feeds.get("vehicles")
    asked = Asked(feed.as_of, feed.complete, PEOPLE) if feed else None
    for said, state in ((None, silent), ("NO_RECORD", no_record), ("NO_ANSWER", no_answer), ("RECORD", record)):
        told = answers((said, CUT)) if said else None
        (row,) = coverage.cover(PEOPLE, {"vehicles": asked}, links(), told, flooded()).to_dicts()
        assert row["state"] == state, said


def test_a_later_answer_corrects_an_earlier_one_in_whatever_batch_it_comes(tmp_path: Path) -> None:
    header = "来源,人员编号,答复,答复日期"
    send(tmp_path, "1", "PARTIAL", CUT, "车管所,p,无记录,2024-12-02", source="answers", header=header)
    send(tmp_path, "2", "PARTIAL", CUT, "车管所,p,查询失败,2024-12-03", source="answers", header=header)
    send(tmp_path, "3", "PARTIAL", CUT, "车管所,p,无记录,2024-12-01", source="answers", header=header)
    told = read_all(open_folder(tmp_path).feeds["answers"]).frame
    (row,) = coverage.cover(PEOPLE, {"vehicles": None}, links(), told, flooded()).to_dicts()
    assert row["state"] == "NO_ANSWER"
