"""U04: a child at school without student aid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.identity import numbers
from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "birth_date": "1975-01-01"}
CHILD = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2010-06-01"}
TERM = {
    "person_id": "P2",
    "school": "市一中",
    "term_start": "2024-09-01",
    "term_end": "2025-01-20",
    "status": "ENROLLED",
}
GRANT = {"person_id": "P2", "programme": "STATE_STUDENT_AID", "start_month": "2024-10", "end_month": "2024-10"}


@pytest.mark.parametrize(
    ("home", "child", "term", "aid", "expected"),
    [
        pytest.param({}, {}, {}, [], "LOW", id="no aid"),
        pytest.param({}, {}, {}, [GRANT], None, id="aid in the child's name"),
        pytest.param({}, {}, {}, [{**GRANT, "person_id": "P1"}], None, id="aid in a parent's name"),
        pytest.param({}, {}, {}, [{**GRANT, "programme": "GOLDEN_AUTUMN"}], None, id="the union's aid"),
        pytest.param({}, {}, {}, [{**GRANT, "programme": "DIBAO"}], "LOW", id="only dibao"),
        pytest.param(
            {},
            {},
            {},
            [{**GRANT, "start_month": "2024-08", "end_month": "2024-08"}],
            None,
            id="granted in August for the year",
        ),
        pytest.param(
            {},
            {},
            {},
            [{**GRANT, "start_month": "2024-07", "end_month": "2024-07"}],
            "LOW",
            id="aid of last year's end",
        ),
        pytest.param(
            {}, {}, {}, [{**GRANT, "start_month": "2024-03", "end_month": "2024-03"}], "LOW", id="aid of last year"
        ),
        pytest.param(
            {}, {}, {}, [{**GRANT, "start_month": "2024-03", "end_month": None}], None, id="aid that still runs"
        ),
        pytest.param({}, {}, {"status": "GRADUATED"}, [], None, id="graduated"),
        pytest.param({}, {}, {"status": None}, [], "LOW", id="status not stated"),
        pytest.param({}, {}, {"term_end": "2024-11-30"}, [], None, id="term over"),
        pytest.param({}, {}, {"term_end": None}, [], "LOW", id="term open"),
        pytest.param({}, {}, {"term_start": "2025-02-20"}, [], None, id="term to come"),
        pytest.param({}, {"birth_date": "1995-01-01"}, {}, [], None, id="grown up"),
        pytest.param({"file_closed_on": "2024-10-01"}, {}, {}, [], None, id="file closed"),
        pytest.param({"file_opened_on": None}, {}, {}, [], "LOW", id="an open application"),
        pytest.param({"file_opened_on": None, "applied_on": None}, {}, {}, [], "LOW", id="no date of a file"),
    ],
)
def test_cases(
    scene: Scene, run: Run, home: dict[str, Any], child: dict[str, Any], term: dict[str, Any],
    aid: list[dict[str, Any]], expected: str | None,
) -> None:  # fmt: skip
    facts = scene(
        [{**HOME, **home}], [HEAD, {**CHILD, **child}], complete=["aid"], school=[{**TERM, **term}], aid=aid
    )
    leads = run("U04", facts)
    assert [(lead["severity"], lead["person_ids"]) for lead in leads] == ([(expected, ["P2"])] if expected else [])
    for lead in leads:
        assert lead["amount_high_yuan"] == 0


def test_silence_is_no_proof_of_no_aid(scene: Scene, run: Run) -> None:
    (lead,) = run("U04", scene([HOME], [HEAD, CHILD], school=[TERM], aid=[]))
    assert lead["severity"] == "INFO"
    assert {"name": "aid_elsewhere", "result": "UNKNOWN"} in lead["exceptions"]
    assert run("U04", scene([HOME], [HEAD, CHILD], school=[TERM])) == []


def test_one_lead_a_school_year(scene: Scene, run: Run) -> None:
    facts = scene([HOME], [HEAD, CHILD], school=[TERM, {**TERM, "school": "市二中"}], aid=[])
    assert len(run("U04", facts)) == 1


def test_a_parent_who_may_not_be_looked_up_may_have_the_aid(scene: Scene, run: Run) -> None:
    silent = [{"person_id": "P1", "source": "aid", "state": "NOT_AUTHORISED"}]
    facts = scene([HOME], [HEAD, CHILD], complete=["aid"], coverage=silent, school=[TERM], aid=[])
    assert [lead["severity"] for lead in run("U04", facts)] == ["INFO"]


def test_the_age_may_stand_in_the_number(scene: Scene, run: Run) -> None:
    seventeen = "41050219900606002"
    grown = {**CHILD, "birth_date": None, "id_number": seventeen + numbers.check_character(seventeen)}
    assert run("U04", scene([HOME], [HEAD, grown], school=[TERM], aid=[])) == []
