"""C02 and C06: programmes that exclude one another, and aid in two counties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2022-03-01", "file_opened_on": "2022-04-01", "division_code": "410502"}
MEMBERS = [{"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H1"}]


def aid(programme: str, start: str, end: str | None, **other: Any) -> dict[str, Any]:
    return {
        "person_id": "P1", "programme": programme, "start_month": start, "end_month": end, "amount_yuan": 100,
        "division_code": "410502", **other,
    }  # fmt: skip


UI, POST = aid("UI_BENEFIT", "2024-01", "2024-06"), aid("PUBLIC_WELFARE_POST", "2024-04", None)
DIBAO, TEKUN = aid("DIBAO", "2023-01", None), aid("TEKUN", "2024-10", None)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([UI, POST], ("MEDIUM", 300, "2024-04-01", "2024-06-01"), id="verified"),
        pytest.param([DIBAO, TEKUN], ("INFO", 300, "2024-10-01", "2024-12-01"), id="assumed"),
        pytest.param([UI, {**POST, "start_month": "2024-06"}], None, id="the switch month"),
        pytest.param([UI, {**POST, "start_month": "2024-07"}], None, id="one after the other"),
        pytest.param([UI, {**POST, "person_id": "P2"}], None, id="different members"),
        pytest.param([DIBAO, aid("MEDICAL_AID", "2023-01", None)], None, id="compatible"),
        pytest.param(
            [aid("STATE_STUDENT_AID", "2024-01", "2024-05"), aid("GOLDEN_AUTUMN", "2024-01", "2024-05")], None,
            id="exclusive elsewhere only",
        ),
        pytest.param([UI, {**POST, "start_month": None}], None, id="no month known"),
        pytest.param([DIBAO, {**TEKUN, "division_code": "410581"}], None, id="two counties are C06's"),
        pytest.param([POST, UI, {**UI, "amount_yuan": -100}], None, id="reversed"),
        pytest.param([DIBAO, {**TEKUN, "division_code": None}], ("INFO", 300, "2024-10-01", "2024-12-01"), id="perhaps one county"),
        pytest.param([UI, {**POST, "start_month": "2025-01"}], None, id="after the scan"),
        pytest.param(
            [aid("UI_BENEFIT", f"2024-0{m}", f"2024-0{m}") for m in (1, 2, 3)] + [{**POST, "start_month": "2024-02"}],
            ("MEDIUM", 200, "2024-02-01", "2024-03-01"), id="a row a month",
        ),
        pytest.param([{**UI, "amount_yuan": None}, POST], ("MEDIUM", 0, "2024-04-01", "2024-06-01"), id="no amount"),
    ],
)  # fmt: skip
def test_exclusive_programmes(
    scene: Scene, run: Run, records: list[dict[str, Any]], expected: tuple[Any, ...] | None
) -> None:
    leads = run("C02", scene([HOME], MEMBERS, aid=records))
    seen = [
        (lead["severity"], lead["amount_high_yuan"], str(lead["period_start"]), str(lead["period_end"]))
        for lead in leads
    ]
    assert seen == ([expected] if expected else [])


def test_two_programmes_of_student_aid_are_rule_c04s(scene: Scene, run: Run) -> None:
    there = [
        aid("STATE_STUDENT_AID", "2024-01", "2024-05", division_code="429006"),
        aid("GOLDEN_AUTUMN", "2024-01", "2024-05", division_code="429006"),
    ]
    assert run("C02", scene([{**HOME, "division_code": "429006"}], MEMBERS, aid=there)) == []


def test_a_folders_policy_promotes_a_cell(scene: Scene, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[relation]]\nassessed = "DIBAO"\nheld = "TEKUN"\nrelation = "EXCLUSIVE"\nyields = "DIBAO"\ndivision = "41"\nvalid_from = 2021-04-26\n'
        'basis = "民发〔2021〕43号"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    (lead,) = run("C02", scene([HOME], MEMBERS, aid=[DIBAO, TEKUN], own_policy=path))
    assert lead["severity"] == "MEDIUM"
    assert "民发〔2021〕43号" in lead["explanation_zh"]


THERE = aid("DIBAO", "2024-09", None, division_code="410581")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([DIBAO, THERE], ("HIGH", 400, "2024-09-01", "2024-12-01"), id="two counties"),
        pytest.param([DIBAO, {**THERE, "programme": "TEKUN"}], ("HIGH", 400, "2024-09-01", "2024-12-01"), id="tekun"),
        pytest.param([DIBAO, {**THERE, "start_month": "2024-12"}], None, id="the month of moving"),
        pytest.param([{**DIBAO, "end_month": "2024-08"}, THERE], None, id="moved"),
        pytest.param([DIBAO, {**THERE, "division_code": "410502"}], None, id="one county"),
        pytest.param([DIBAO, {**THERE, "division_code": "410502001"}], None, id="one county, a town's code"),
        pytest.param([DIBAO, {**THERE, "division_code": None}], None, id="a county not stated"),
        pytest.param([{**DIBAO, "division_code": None}, {**THERE, "division_code": None}], None, id="none stated"),
        pytest.param([DIBAO, {**THERE, "programme": "MEDICAL_AID"}], None, id="another programme"),
        pytest.param([DIBAO, {**THERE, "person_id": "P2"}], None, id="different members"),
    ],
)  # fmt: skip
def test_two_counties(
    scene: Scene, run: Run, records: list[dict[str, Any]], expected: tuple[Any, ...] | None
) -> None:
    leads = run("C06", scene([HOME], MEMBERS, aid=records))
    seen = [
        (lead["severity"], lead["amount_high_yuan"], str(lead["period_start"]), str(lead["period_end"]))
        for lead in leads
    ]
    assert seen == ([expected] if expected else [])
    for lead in leads:
        assert "410502" in lead["explanation_zh"]
        assert "410581" in lead["explanation_en"]


def test_one_human_in_two_households_draws_in_two_counties_once(scene: Scene, run: Run) -> None:
    members = [{"person_id": "P1", "household_id": "H1"}, {"person_id": "P9", "household_id": "H2"}]
    homes = [HOME, {**HOME, "household_id": "H2"}]
    both = [
        {**row, "record_id": record, "person_id": person}
        for record, row in (("R1", DIBAO), ("R2", THERE))
        for person in ("P1", "P9")
    ]
    for records in (both, [both[0], both[3]]):
        leads = run("C06", scene(homes, members, same_person=[("P1", "P9")], aid=records))
        assert [lead["amount_high_yuan"] for lead in leads] == [400]


def test_one_human_in_two_households_holds_two_programmes_once(scene: Scene, run: Run) -> None:
    members = [{"person_id": "P1", "household_id": "H1"}, {"person_id": "P9", "household_id": "H2"}]
    both = [
        {**row, "record_id": record, "person_id": who}
        for record, row in (("R1", UI), ("R2", POST))
        for who in ("P1", "P9")
    ]
    for records in (both, [both[0], both[3]]):
        facts = scene([HOME, {**HOME, "household_id": "H2"}], members, same_person=[("P1", "P9")], aid=records)
        assert [lead["amount_high_yuan"] for lead in run("C02", facts)] == [300]


@pytest.mark.parametrize(
    ("rule", "records", "yuan"), [("C06", [DIBAO, THERE, THERE], 400), ("C02", [UI, UI, POST], 300)]
)
def test_a_payment_told_of_twice_was_paid_once(
    scene: Scene, run: Run, rule: str, records: list[dict[str, Any]], yuan: int
) -> None:
    assert [lead["amount_high_yuan"] for lead in run(rule, scene([HOME], MEMBERS, aid=records))] == [yuan]
