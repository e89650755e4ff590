"""P01: aid paid after death."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2022-03-01", "file_opened_on": "2022-04-01", "division_code": "410502"}
DEAD = {"person_id": "P1", "household_id": "H1", "relation": "PARENT"}
LIVING = {"person_id": "P2", "household_id": "H1", "relation": "HEAD"}
DEATH = {"person_id": "P1", "death_date": "2024-05-20", "register": "POLICE"}
TEKUN = {"person_id": "P1", "programme": "TEKUN", "start_month": "2023-01", "amount_yuan": 600}
DIBAO = {"person_id": "P2", "programme": "DIBAO", "start_month": "2023-01", "amount_yuan": 800}


@pytest.mark.parametrize(
    ("deaths", "aid", "expected"),
    [
        pytest.param([DEATH], [TEKUN], ("HIGH", 7 * 600, "2024-06-01", "2024-12-01"), id="paid on without end"),
        pytest.param([DEATH], [{**TEKUN, "end_month": "2024-08"}], ("HIGH", 1800, "2024-06-01", "2024-08-01"), id="until"),
        pytest.param([DEATH], [{**TEKUN, "end_month": "2024-05"}], None, id="up to the month of death"),
        pytest.param(
            [DEATH], [{**TEKUN, "start_month": "2024-02", "end_month": "2024-04"}], None, id="arrears for earlier months"
        ),
        pytest.param([DEATH], [{**TEKUN, "amount_yuan": None}], ("HIGH", 0, "2024-06-01", "2024-12-01"), id="no amount"),
        pytest.param([{**DEATH, "death_date": "2025-01-05"}], [TEKUN], None, id="died after the scan"),
        pytest.param([{**DEATH, "death_date": "2024-12-05"}], [TEKUN], None, id="died in the scan's month"),
        pytest.param([{**DEATH, "grade": "G4"}], [TEKUN], None, id="a slip in the number"),
        pytest.param([{**DEATH, "grade": "G5"}], [TEKUN], None, id="no number"),
        pytest.param([{**DEATH, "grade": "G2"}], [TEKUN], ("HIGH", 4200, "2024-06-01", "2024-12-01"), id="variant name"),
        pytest.param(
            [DEATH, {**DEATH, "death_date": "2024-06-01", "register": "CREMATION"}],
            [{**TEKUN, "start_month": "2024-07"}], ("HIGH", 3600, "2024-07-01", "2024-12-01"), id="registers days apart",
        ),
        pytest.param(
            [DEATH, {**DEATH, "death_date": "2021-06-01", "register": "CREMATION"}],
            [{**TEKUN, "start_month": "2024-07"}], ("LOW", 3600, "2024-07-01", "2024-12-01"), id="registers disagree",
        ),
        pytest.param([DEATH], [{**TEKUN, "person_id": "P2"}], None, id="another person's aid"),
    ],
)  # fmt: skip
def test_aid_of_the_person(
    scene: Scene, run: Run, deaths: list[dict[str, Any]], aid: list[dict[str, Any]], expected: tuple[Any, ...] | None
) -> None:
    leads = run("P01", scene([HOME], [DEAD, LIVING], deaths=deaths, aid=aid))
    seen = [
        (lead["severity"], lead["amount_high_yuan"], str(lead["period_start"]), str(lead["period_end"]))
        for lead in leads
    ]
    assert seen == ([expected] if expected else [])
    assert all(lead["person_ids"] == ["P1"] for lead in leads)


@pytest.mark.parametrize(
    ("dead", "others", "death", "expected"),
    [
        pytest.param({}, [LIVING], {}, ("MEDIUM", 7 * 800 // 2), id="the dead one's share of two"),
        pytest.param({}, [LIVING, {**LIVING, "person_id": "P3"}], {}, ("MEDIUM", Decimal("1866.66")), id="a third"),
        pytest.param({"valid_to": "2024-06-10"}, [LIVING], {}, None, id="taken off in time"),
        pytest.param(
            {"valid_to": "2024-09-20"}, [LIVING], {}, ("MEDIUM", 4 * 800 // 2), id="taken off late: June to September"
        ),
        pytest.param(
            {"valid_to": "2024-10-01"}, [LIVING], {}, ("MEDIUM", 4 * 800 // 2), id="not a member from October on"
        ),
        pytest.param({}, [LIVING], {"death_date": "2024-11-20"}, None, id="still time to take off"),
    ],
)
def test_aid_of_the_household(
    scene: Scene,
    run: Run,
    dead: dict[str, Any],
    others: list[dict[str, Any]],
    death: dict[str, Any],
    expected: tuple[str, Decimal] | None,
) -> None:
    leads = run("P01", scene([HOME], [{**DEAD, **dead}, *others], deaths=[{**DEATH, **death}], aid=[DIBAO]))
    assert [lead["severity"] for lead in leads] == ([expected[0]] if expected else [])
    if expected:
        assert abs(leads[0]["amount_high_yuan"] - expected[1]) <= Decimal("0.01")


def test_aid_that_began_after_the_dead_were_taken_off_is_no_lead(scene: Scene, run: Run) -> None:
    dead = {**DEAD, "valid_to": "2024-09-20"}
    assert run("P01", scene([HOME], [dead, LIVING], deaths=[DEATH], aid=[{**DIBAO, "start_month": "2024-10"}])) == []


def test_the_only_member_was_not_entitled_any_more(scene: Scene, run: Run) -> None:
    (lead,) = run("P01", scene([HOME], [DEAD], deaths=[DEATH], aid=[{**DIBAO, "person_id": "P1"}]))
    assert (lead["severity"], lead["amount_high_yuan"]) == ("HIGH", 5600)


def test_one_lead_a_programme(scene: Scene, run: Run) -> None:
    aid = [TEKUN, {**TEKUN, "start_month": "2024-07", "end_month": "2024-07"}, {**TEKUN, "programme": "MEDICAL_AID"}]
    leads = run("P01", scene([HOME], [DEAD, LIVING], deaths=[DEATH], aid=aid))
    assert len({lead["finding_id"] for lead in leads}) == len(leads) == 2


def test_a_funeral_item_is_lawful(scene: Scene, run: Run) -> None:
    item = {**TEKUN, "start_month": "2024-06", "end_month": "2024-06", "cause": "丧葬补助"}
    assert run("P01", scene([HOME], [DEAD, LIVING], deaths=[DEATH], aid=[item])) == []


@pytest.mark.parametrize("asked", [{"deaths": [DEATH]}, {"aid": [TEKUN]}, {}])
def test_silent_where_a_source_was_not_asked(scene: Scene, run: Run, asked: dict[str, Any]) -> None:
    assert run("P01", scene([HOME], [DEAD, LIVING], **asked)) == []
