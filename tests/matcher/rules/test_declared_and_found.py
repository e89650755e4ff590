"""P11, H04, H05: what the registers hold beside what the household declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
COUPLE = [
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"},
]
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-05", "amount_yuan": 500}
CAR = {
    "person_id": "P1",
    "plate": "豫E12345",
    "vehicle_kind": "CAR",
    "registered_on": "2020-05-06",
    "status": "ACTIVE",
}
FLAT = {
    "person_id": "P1", "unit_no": "410502001001GB00001F00010001", "use": "HOME", "status": "CURRENT",
    "acquired_on": "2010-01-01",
}  # fmt: skip
SECOND = {**FLAT, "unit_no": "410502001001GB00001F00020002", "acquired_on": "2015-01-01"}
SHOP = {
    "person_id": "P1", "uscc": "91410500MA12345678", "role": "OWNER", "status": "LIVE", "established_on": "2018-01-01",
    "turnover_yuan": 90000, "employees": 2,
}  # fmt: skip

CARS = [
    # declared, records, basis and severity, or None for no lead
    ("undeclared", 0, [CAR], ("UNDECLARED", "MEDIUM")),
    ("declared, still a car", 1, [CAR], ("OVER_LIMIT", "MEDIUM")),
    ("never asked", None, [CAR], ("OVER_LIMIT", "MEDIUM")),
    ("one declared, two found", 1, [CAR, {**CAR, "plate": "豫E54321"}], ("UNDECLARED", "MEDIUM")),
    ("one car under two members", 1, [CAR, {**CAR, "person_id": "P2"}], ("OVER_LIMIT", "MEDIUM")),
    ("bought after the application", 0, [{**CAR, "registered_on": "2024-06-01"}], ("OVER_LIMIT", "MEDIUM")),
    ("bought after the scan", 0, [{**CAR, "registered_on": "2025-06-01"}], None),
    ("a motorcycle", 0, [{**CAR, "vehicle_kind": "MOTORCYCLE"}], None),
    ("a vehicle for the disabled", 0, [{**CAR, "vehicle_kind": "DISABILITY"}], None),
    ("older than ten years", 0, [{**CAR, "registered_on": "2013-05-06"}], None),
    ("worth little", 0, [{**CAR, "value_yuan": 8000}], None),
    ("worth more", 0, [{**CAR, "value_yuan": 80000}], ("UNDECLARED", "MEDIUM")),
    ("scrapped before", 0, [{**CAR, "status": "SCRAPPED", "ended_on": "2023-01-01"}], None),
    ("sold, the register lagging", 0, [{**CAR, "status": "TRANSFERRED", "ended_on": "2024-03-25"}], None),
    ("sold well after", 0, [{**CAR, "status": "TRANSFERRED", "ended_on": "2024-08-01"}], ("UNDECLARED", "MEDIUM")),
    ("declared and since sold", 1, [{**CAR, "status": "TRANSFERRED", "ended_on": "2024-08-01"}], None),
    ("stolen, without a day", 0, [{**CAR, "status": "STOLEN"}], None),
    ("of a kind not stated", 0, [{**CAR, "vehicle_kind": None}], ("UNDECLARED", "LOW")),
    ("of a status not stated", 0, [{**CAR, "status": None}], ("UNDECLARED", "MEDIUM")),
    ("two without a plate are two", 1, [{**CAR, "plate": None}] * 2, ("UNDECLARED", "MEDIUM")),
    ("a sure one and an unsure one", 0, [CAR, {**CAR, "plate": "豫E54321", "vehicle_kind": None}], ("UNDECLARED", "MEDIUM")),
    ("ten years old only since the application", 1, [{**CAR, "registered_on": "2014-06-01"}], None),
    ("a link that needs an identity check", 0, [{**CAR, "grade": "G5"}], ("UNDECLARED", "LOW")),
    ("a slip in the number", 0, [{**CAR, "grade": "G4"}], ("UNDECLARED", "MEDIUM")),
]  # fmt: skip

HOMES = [
    ("one home declared", 1, [FLAT], None),
    ("one home, nothing asked", None, [FLAT], None),
    ("one home undeclared breaks no limit", 0, [FLAT], ("UNDECLARED", "LOW")),
    ("two homes, one declared", 1, [FLAT, SECOND], ("UNDECLARED", "MEDIUM")),
    ("two homes declared", 2, [FLAT, SECOND], ("OVER_LIMIT", "MEDIUM")),
    ("a couple's home", 1, [{**FLAT, "share_percent": 50.0}, {**FLAT, "person_id": "P2", "share_percent": 50.0}], None),
    ("an inherited quarter", 1, [FLAT, {**SECOND, "share_percent": 25.0}], None),
    ("quarters of a couple make a half", 1,
     [FLAT, {**SECOND, "share_percent": 25.0}, {**SECOND, "person_id": "P2", "share_percent": 25.0}], ("UNDECLARED", "MEDIUM")),
    ("presale and registration of one unit", 1, [FLAT, {**FLAT, "status": "PRESALE", "certificate_no": "Y1"}], None),
    ("presale contract without a unit number, at the unit's door", 1,
     [{**FLAT, "property_address": "安阳市文峰区峨嵋大街88号5号楼2单元1101室"},
      {**FLAT, "unit_no": None, "certificate_no": "Y1", "status": "PRESALE", "property_address": "峨嵋大街８８号5栋2单元1101"}], None),
    ("presale contract without a unit number, next door", 1,
     [{**FLAT, "property_address": "安阳市文峰区峨嵋大街88号5号楼2单元1101室"},
      {**FLAT, "unit_no": None, "certificate_no": "Y1", "status": "PRESALE", "property_address": "文峰区峨嵋大街88号5栋2单元1102"}],
     ("UNDECLARED", "MEDIUM")),
    ("one without a unit number, both addresses ending with the building", 1,
     [{**FLAT, "property_address": "安阳市文峰区峨嵋大街88号5号楼"},
      {**FLAT, "unit_no": None, "certificate_no": "Y1", "property_address": "安阳市文峰区峨嵋大街88号5号楼"}], ("UNDECLARED", "MEDIUM")),
    ("presale halves are no whole", 1,
     [FLAT, {**SECOND, "share_percent": 25.0}, {**SECOND, "share_percent": 25.0, "status": "PRESALE"}], None),
    ("sold before", 1, [FLAT, {**SECOND, "status": "HISTORIC", "ended_on": "2023-05-01"}], None),
    ("sold, no day stated", 1, [FLAT, {**SECOND, "status": "HISTORIC"}], None),
    ("sold well after", 1, [FLAT, {**SECOND, "status": "HISTORIC", "ended_on": "2024-09-01"}], ("UNDECLARED", "MEDIUM")),
    ("a parking space", 1, [FLAT, {**SECOND, "use": "PARKING"}], None),
    ("a shop", 1, [FLAT, {**SECOND, "use": "SHOP"}], ("OVER_LIMIT", "MEDIUM")),
    ("an office and no home", 0, [{**FLAT, "use": "OFFICE"}], ("OVER_LIMIT", "MEDIUM")),
    ("a use not stated", 1, [FLAT, {**SECOND, "use": None}], ("UNDECLARED", "LOW")),
    ("bought after the scan", 1, [FLAT, {**SECOND, "acquired_on": "2025-01-02"}], None),
]  # fmt: skip

BUSINESSES = [
    ("undeclared", 0, [SHOP], ("UNDECLARED", "MEDIUM")),
    ("declared", 1, [SHOP], ("OVER_LIMIT", "MEDIUM")),
    ("never asked", None, [SHOP], ("OVER_LIMIT", "MEDIUM")),
    ("a couple in one company", 0, [SHOP, {**SHOP, "person_id": "P2", "role": "SHAREHOLDER"}], ("UNDECLARED", "MEDIUM")),
    ("turnover alone", 0, [{**SHOP, "employees": None}], ("UNDECLARED", "MEDIUM")),
    ("employees alone", 0, [{**SHOP, "turnover_yuan": None}], ("UNDECLARED", "MEDIUM")),
    ("dormant", 0, [{**SHOP, "turnover_yuan": 0, "employees": 0}], None),
    ("nothing known of its trade", 0, [{**SHOP, "turnover_yuan": None, "employees": None}], None),
    ("a supervisor", 0, [{**SHOP, "role": "SUPERVISOR"}], None),
    ("a cooperative's member", 0, [{**SHOP, "role": "COOP_MEMBER"}], None),
    ("a nominal share", 0, [{**SHOP, "role": "SHAREHOLDER", "share_percent": 3.0}], None),
    ("a real share", 0, [{**SHOP, "role": "SHAREHOLDER", "share_percent": 30.0}], ("UNDECLARED", "MEDIUM")),
    ("deregistered before", 0, [{**SHOP, "status": "DEREGISTERED", "ended_on": "2023-06-01"}], None),
    ("revoked, no day stated", 0, [{**SHOP, "status": "REVOKED"}], None),
    ("younger than six months", 0, [{**SHOP, "established_on": "2024-08-01"}], None),
    ("founded between application and scan", 0, [{**SHOP, "established_on": "2024-04-15"}], ("OVER_LIMIT", "MEDIUM")),
]  # fmt: skip

CASES = [
    pytest.param(rule, source, column, *case[1:], id=f"{rule} {case[0]}")
    for rule, source, column, cases in (
        ("H05", "vehicles", "declared_vehicles", CARS),
        ("H04", "real_estate", "declared_homes", HOMES),
        ("P11", "business", "declared_businesses", BUSINESSES),
    )
    for case in cases
]


@pytest.mark.parametrize(("rule", "source", "column", "declared", "records", "expected"), CASES)
def test_one_lead_or_none(
    scene: Scene, run: Run, rule: str, source: str, column: str, declared: int | None,
    records: list[dict[str, Any]], expected: tuple[str, str] | None,
) -> None:  # fmt: skip
    facts = scene([{**HOME, column: declared}], COUPLE, aid=[DIBAO], **{source: records})
    leads = run(rule, facts)
    assert [(lead["basis"], lead["severity"]) for lead in leads] == ([expected] if expected else [])
    for lead in leads:
        assert lead["household_id"] == "H1"
        assert 0 <= lead["amount_low_yuan"] <= lead["amount_high_yuan"] <= 8 * 500


@pytest.mark.parametrize("grant", ["STARTUP_GRANT", "STARTUP_LOAN"])
def test_a_licence_under_a_start_up_grant_or_loan_is_no_lead(scene: Scene, run: Run, grant: str) -> None:
    aid = {"person_id": "P1", "programme": grant, "start_month": "2018-02", "end_month": "2018-02"}
    facts = scene([{**HOME, "declared_businesses": 0}], COUPLE, business=[SHOP], aid=[aid])
    assert run("P11", facts) == []
    other = scene([{**HOME, "declared_businesses": 0}], COUPLE, business=[SHOP], aid=[{**aid, "person_id": "P2"}])
    assert len(run("P11", other)) == 1


def test_a_business_is_a_lead_of_its_own(scene: Scene, run: Run) -> None:
    facts = scene(
        [{**HOME, "declared_businesses": 0}], COUPLE, business=[SHOP, {**SHOP, "uscc": "91410500MA87654321"}], aid=[]
    )
    leads = run("P11", facts)
    assert len({lead["finding_id"] for lead in leads}) == len(leads) == 2


@pytest.mark.parametrize(
    ("rule", "source", "record"),
    [("H05", "vehicles", CAR), ("H04", "real_estate", SECOND), ("P11", "business", SHOP)],
)
def test_what_a_former_member_owns_does_not_count(
    scene: Scene, run: Run, rule: str, source: str, record: dict[str, Any]
) -> None:
    home = {**HOME, "declared_vehicles": 0, "declared_homes": 1, "declared_businesses": 0}
    left = {"person_id": "P2", "household_id": "H1", "valid_to": "2022-01-01"}
    records = [{**record, "person_id": "P2"}] + ([FLAT] if rule == "H04" else [])
    assert run(rule, scene([home], [COUPLE[0], left], aid=[], **{source: records})) == []


@pytest.mark.parametrize(
    ("closed", "bought", "expected"),
    [
        ("2024-11-01", "2020-05-06", ["UNDECLARED"]),  # concealed while on file
        ("2024-11-01", "2024-08-01", ["OVER_LIMIT"]),  # owned while on file
        ("2024-11-01", "2024-11-20", []),  # bought when it was no longer on file
    ],
)
def test_a_closed_file_is_judged_by_its_last_day(
    scene: Scene, run: Run, closed: str, bought: str, expected: list[str]
) -> None:
    home = {**HOME, "declared_vehicles": 0, "file_closed_on": closed}
    leads = run("H05", scene([home], COUPLE, vehicles=[{**CAR, "registered_on": bought}]))
    assert [lead["basis"] for lead in leads] == expected


def test_the_amount_is_what_was_paid_since_the_car_was_owned(scene: Scene, run: Run) -> None:
    facts = scene(
        [{**HOME, "declared_vehicles": None}], COUPLE, vehicles=[{**CAR, "registered_on": "2024-10-09"}], aid=[DIBAO]
    )
    (lead,) = run("H05", facts)
    assert lead["amount_high_yuan"] == 3 * 500
    assert "最低生活保障 3 个月 1500.00 元" in lead["explanation_zh"]
    assert "minimum living standard guarantee, 3 months, 1500.00 yuan" in lead["explanation_en"]
    unasked = scene([{**HOME, "declared_vehicles": 0}], COUPLE, vehicles=[CAR])
    assert run("H05", unasked)[0]["amount_high_yuan"] == 0


def test_an_earned_benefit_is_not_at_risk(scene: Scene, run: Run) -> None:
    earned = {**DIBAO, "programme": "UI_BENEFIT"}
    (lead,) = run("H05", scene([{**HOME, "declared_vehicles": 0}], COUPLE, vehicles=[CAR], aid=[DIBAO, earned]))
    assert lead["amount_high_yuan"] == 8 * 500
    assert "失业" not in lead["explanation_zh"]


def test_a_county_may_tolerate_a_car(scene: Scene, run: Run, tmp_path: Any) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[value]]\nkey = "vehicle.limit"\nvalue = 1\nunit = "vehicles"\nvalid_from = 2020-01-01\ndivision = "410502"\n'
        'basis = "区民政局通知"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    for declared, expected in ((1, []), (0, [("UNDECLARED", "LOW")])):
        facts = scene([{**HOME, "declared_vehicles": declared}], COUPLE, vehicles=[CAR], own_policy=path)
        assert [(lead["basis"], lead["severity"]) for lead in run("H05", facts)] == expected
