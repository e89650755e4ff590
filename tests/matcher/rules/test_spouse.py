"""H01: a spouse left out of the household."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.identity import numbers
from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]


def number(seventeen: str) -> str:
    return seventeen + numbers.check_character(seventeen)


ZHANG, LI = number("41050219700101001"), number("41050219720505002")
FIFTEEN = "410502720505002"
HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "张伟", "id_number": ZHANG}
WIFE = {
    "person_id": "P2", "household_id": "H1", "relation": "SPOUSE", "name": "李娜", "id_number": LI,
    "birth_date": "1972-05-05",
}  # fmt: skip
WEDDING = {
    "person_id": "P1", "party": "A", "event": "MARRIED", "event_date": "1995-10-01", "certificate_no": "J1995-1",
    "a_name": "张伟", "a_id_number": ZHANG, "b_name": "李娜", "b_id_number": LI, "b_birth_date": "1972-05-05",
}  # fmt: skip
DIVORCE = {**WEDDING, "event": "DIVORCED", "event_date": "2020-01-01", "certificate_no": "L2020-1"}


@pytest.mark.parametrize(
    ("members", "events", "leads"),
    [
        pytest.param([HEAD], [WEDDING], 1, id="spouse missing"),
        pytest.param([{**HEAD, "declared_marital_status": "SINGLE"}], [WEDDING], 1, id="declared single"),
        pytest.param([{**HEAD, "declared_marital_status": "WIDOWED"}], [WEDDING], 0, id="declared widowed"),
        pytest.param([HEAD, WIFE], [WEDDING], 0, id="spouse there"),
        pytest.param([HEAD, {**WIFE, "id_number": FIFTEEN}], [WEDDING], 0, id="spouse under a fifteen-digit number"),
        pytest.param([HEAD, {**WIFE, "id_number": f" {LI.lower()}"}], [WEDDING], 0, id="number written otherwise"),
        pytest.param([HEAD, {**WIFE, "id_number": None}], [WEDDING], 0, id="spouse by name and birth date"),
        pytest.param(
            [HEAD, {**WIFE, "id_number": None, "birth_date": "1972-05-15"}], [WEDDING], 0, id="a slip in the birth date"
        ),
        pytest.param(
            [{**HEAD, "id_number": None}, {**WIFE, "name": "王芳", "id_number": None}],
            [{**WEDDING, "b_id_number": None, "b_name": None, "b_birth_date": None}], 1, id="nulls are nobody",
        ),
        pytest.param(
            [HEAD, {**WIFE, "relation": "OTHER", "id_number": None, "birth_date": "1999-05-05"}], [WEDDING], 1,
            id="a namesake born otherwise",
        ),
        pytest.param(
            [HEAD, {**WIFE, "id_number": number("41050219720606004"), "birth_date": "1972-06-06"}], [WEDDING], 1,
            id="a namesake with her own number",
        ),
        pytest.param(
            [HEAD, {**WIFE, "id_number": number("41050219720505106")}], [WEDDING], 0, id="her number was corrected"
        ),
        pytest.param([HEAD, {**WIFE, "name": "李□", "id_number": None}], [WEDDING], 0, id="her name with a box"),
        pytest.param(
            [HEAD, {**WIFE, "id_number": "41052319720505002X", "birth_date": "1971-05-05"}], [WEDDING], 0, id="slips in two places"
        ),
        pytest.param(
            [HEAD, {**WIFE, "name": "王芳", "id_number": number("41050219800606004"), "birth_date": "1980-06-06"}], [WEDDING], 1,
            id="another woman is listed as spouse",
        ),
        pytest.param(
            [HEAD, {**WIFE, "name": "王芳", "id_number": None, "birth_date": None}], [WEDDING], 1, id="another name and nothing else"
        ),
        pytest.param(
            [HEAD, {**WIFE, "name": "王芳", "id_number": None, "birth_date": "1972-05-05"}], [WEDDING], 0, id="born on one day"
        ),
        pytest.param([HEAD, {**WIFE, "valid_to": "2023-06-01"}], [WEDDING], 0, id="spouse left the household"),
        pytest.param([{**HEAD, "valid_to": "2023-06-01"}], [WEDDING], 0, id="the married member left"),
        pytest.param([HEAD], [WEDDING, DIVORCE], 0, id="divorced since"),
        pytest.param([HEAD], [WEDDING, {**DIVORCE, "event_date": "1995-10-01"}], 0, id="divorced the same day"),
        pytest.param([HEAD], [WEDDING, {**DIVORCE, "event_date": "2025-02-01"}], 1, id="divorced after the scan"),
        pytest.param([HEAD], [{**WEDDING, "event_date": "2025-02-01"}], 0, id="married after the scan"),
        pytest.param([HEAD], [WEDDING, DIVORCE, {**WEDDING, "event_date": "2021-05-01"}], 1, id="married again"),
        pytest.param([HEAD], [DIVORCE], 0, id="only a divorce"),
    ],
)  # fmt: skip
def test_cases(
    scene: Scene, run: Run, members: list[dict[str, Any]], events: list[dict[str, Any]], leads: int
) -> None:
    found = run("H01", scene([HOME], members, marriage=events))
    assert [(lead["severity"], lead["person_ids"]) for lead in found] == [("MEDIUM", ["P1"])] * leads
    for lead in found:
        assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, 0)


def test_a_couple_in_two_households_is_one_lead(scene: Scene, run: Run) -> None:
    apart = [HEAD, {**WIFE, "household_id": "H2"}]
    events = [
        {**WEDDING, "record_id": "M1"},
        {**WEDDING, "record_id": "M1", "person_id": "P2", "party": "B"},
    ]
    found = run("H01", scene([HOME, {**HOME, "household_id": "H2"}], apart, marriage=events))
    assert [lead["household_id"] for lead in found] == ["H1"]
    assert "李娜" not in found[0]["explanation_zh"]
    assert LI not in found[0]["explanation_zh"]


def test_both_parties_in_the_household_are_no_lead_from_either_side(scene: Scene, run: Run) -> None:
    events = [{**WEDDING, "record_id": "M1"}, {**WEDDING, "record_id": "M1", "person_id": "P2", "party": "B"}]
    assert run("H01", scene([HOME], [HEAD, WIFE], marriage=events)) == []
