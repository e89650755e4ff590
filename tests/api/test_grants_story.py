"""A household in deep hardship is helped: asked first, proposed, decided, refused where it conflicts, and seen as any other aid."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import insert, update

from api.database import transaction
from api.domain.clocks import months_after
from api.models import Enrolment, File
from tests.api.conftest import Service
from tests.api.leaving import TODAY, Leaving, done, on_file

MONTH = TODAY.replace(day=1)
_keys = itertools.count(1)
FOUND = "kind effect programmeCode months personIds agency verified words correction { programmeCode months amount { amount } }"
CHECK = (
    f"query ($request: GrantRequestInput!) {{ checkGrant(request: $request) {{ grantable findings {{ {FOUND} }} }} }}"
)
GRANT = "grant { id state version firstMonth lastMonth amount { amount } outcome { decidedBy { login } reason } }"
ERRORS = f"userErrors {{ code message path ... on AidConflictError {{ findings {{ {FOUND} }} }} }}"
PROPOSE = f"mutation ($input: ProposeGrantInput!) {{ proposeGrant(input: $input) {{ {GRANT} {ERRORS} }} }}"
DECIDE = f"mutation ($input: DecideGrantInput!) {{ decideGrant(input: $input) {{ {GRANT} {ERRORS} auditId }} }}"
WITHDRAW = f"mutation ($input: WithdrawGrantInput!) {{ withdrawGrant(input: $input) {{ {GRANT} {ERRORS} }} }}"
TIMELINE = """query ($id: ID!) { household(id: $id) {
  grants { state reason programme { code agency periodicity basis } person { id } bill { reference covered { amount } }
           household { reference } }
  enrolments { sourceRecord startMonth endMonth amount { amount } programme { code } } } }"""
MATRIX = """query { programmes { code agency measures periodicity funds basis verified conditions { kind textZh verified }
  dibao: compatibility(with: "DIBAO") { relation yields verified basis } } serviceList { code measure agency programmeCodes } }"""


def said(count: int) -> str:
    return f"{months_after(MONTH, count):%Y-%m}"


async def act(service: Service, query: str, by: str, **given: Any) -> Any:
    given = {"idempotencyKey": f"granting-{next(_keys):06}", **given}
    (answer,) = (await service.data(query, {"input": given}, by=by)).values()
    return answer


def living(home: Leaving, **given: Any) -> dict[str, Any]:
    request = {"programmeCode": "LIVING_SUBSIDY", "period": "MONTH", "amount": "500.00", "lastMonth": said(5)}
    return {"householdId": home.id, "firstMonth": said(0), **request, **given}


async def test_a_household_is_helped_and_not_helped_twice(service: Service) -> None:
    home = await on_file(service)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).where(File.id == home.file_key).values(category="DEEP"))
        told = {
            "household_id": home.key,
            "member_id": home.people_keys[0],
            "agency": "某县人社局",
            "amount_fen": 90_000,
        }
        row = {"programme_code": "PUBLIC_WELFARE_POST", "start_month": months_after(MONTH, -3), "end_month": MONTH}
        await connection.execute(insert(Enrolment).values(**told, **row, source_record="R-1"))

    asked = (await service.data(CHECK, {"request": living(home)}, by="caseworker"))["checkGrant"]
    assert asked == {"grantable": True, "findings": []}, "nothing stands in the way"
    proposed = done(await act(service, PROPOSE, "caseworker", **living(home), reason="丧失劳动能力，无其他收入。"))[
        "grant"
    ]
    assert (proposed["state"], proposed["outcome"]) == ("PROPOSED", None)
    answer = {"grantId": proposed["id"], "expectedVersion": proposed["version"], "approve": True, "reason": "同意。"}
    alone = await act(service, DECIDE, "caseworker", **answer)
    assert alone["userErrors"][0]["code"] == "FORBIDDEN"
    granted = done(await act(service, DECIDE, "county-reviewer", **answer))["grant"]
    assert (granted["state"], granted["outcome"]["decidedBy"]["login"]) == ("GRANTED", "county-reviewer")

    twice = await act(service, PROPOSE, "caseworker", **living(home, firstMonth=said(3)), reason="再次申请。")
    (error,) = twice["userErrors"]
    (found,) = error["findings"]
    assert (error["code"], found["kind"], found["months"]) == (
        "AID_CONFLICT",
        "SAME_PROGRAMME",
        [said(3), said(4), said(5)],
    )
    assert sorted(found["personIds"]) == sorted(home.people)
    assert found["correction"]["amount"]["amount"] == "1500.00"

    benefit = living(home, programmeCode="UI_BENEFIT", personId=home.people[0], lastMonth=said(2))
    check = (await service.data(CHECK, {"request": benefit}, by="caseworker"))["checkGrant"]
    (conflict,) = [each for each in check["findings"] if each["effect"] == "REFUSES"]
    assert not check["grantable"]
    assert (conflict["agency"], conflict["months"]) == ("某县人社局", [said(0)])
    assert conflict["correction"] == {
        "programmeCode": "UI_BENEFIT", "months": [said(0)], "amount": {"amount": "500.00"},
    }  # fmt: skip
    (stated,) = [each for each in check["findings"] if each["kind"] == "CONDITION"]
    assert (stated["effect"], "registered" in stated["words"]) == ("INFORMS", True)
    later = done(
        await act(service, PROPOSE, "caseworker", **{**benefit, "firstMonth": said(1)}, reason="按更正后的月份。")
    )
    taken_back = {"grantId": later["grant"]["id"], "expectedVersion": 1}
    assert done(await act(service, WITHDRAW, "caseworker", **taken_back))["grant"]["state"] == "WITHDRAWN"

    bill = {
        "reference": "发票-778", "incurredOn": TODAY.isoformat(), "cost": "1000.00",
        "paid": [{"programmeCode": "BASIC_MEDICAL", "amount": "600.00"}],
    }  # fmt: skip
    sick = living(home, programmeCode="MEDICAL_AID", period="ONCE", lastMonth=said(0), amount="500.00", bill=bill)
    over = await act(service, PROPOSE, "caseworker", **sick, personId=home.people[1], reason="住院。")
    (found,) = over["userErrors"][0]["findings"]
    assert (found["kind"], found["correction"]["amount"]["amount"]) == ("OVER_COST", "100.00")
    sick["amount"] = "400.00"
    aid = done(await act(service, PROPOSE, "caseworker", **sick, personId=home.people[1], reason="住院。"))["grant"]
    done(await act(service, DECIDE, "county-reviewer", **{**answer, "grantId": aid["id"]}))

    seen = (await service.data(TIMELINE, {"id": home.id}, by="reviewer"))["household"]
    states = sorted((each["programme"]["code"], each["state"]) for each in seen["grants"])
    assert states == [("LIVING_SUBSIDY", "GRANTED"), ("MEDICAL_AID", "GRANTED"), ("UI_BENEFIT", "WITHDRAWN")]
    (paid,) = [each["bill"] for each in seen["grants"] if each["bill"]]
    assert (paid["reference"], paid["covered"]["amount"]) == ("发票-778", "1000.00")
    ours = [each for each in seen["enrolments"] if each["sourceRecord"].startswith("GRANT:")]
    assert {each["programme"]["code"] for each in ours} == {"LIVING_SUBSIDY", "MEDICAL_AID"}
    masked = (await service.data(TIMELINE, {"id": home.id}, by="auditor"))["household"]["grants"]
    assert {each["reason"] for each in masked} == {None}, "whoever audits sees no reason and no bill"
    assert {each["bill"] and each["bill"]["reference"] for each in masked} == {None}


async def test_whoever_is_elsewhere_neither_asks_nor_grants(service: Service) -> None:
    home = await on_file(service)
    assert (await service.data(CHECK, {"request": living(home)}, by="elsewhere"))["checkGrant"] is None
    refused = await act(service, PROPOSE, "elsewhere", **living(home), reason="x")
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"


async def test_the_catalogue_says_who_grants_what_and_how_it_stands_to_other_aid(service: Service) -> None:
    found = await service.data(MATRIX)
    programmes = {each["code"]: each for each in found["programmes"]}
    living_subsidy = programmes["LIVING_SUBSIDY"]
    assert (living_subsidy["agency"], living_subsidy["periodicity"]) == (
        ["TRADE_UNION_FEDERATION"],
        ["MONTH", "QUARTER"],
    )
    assert programmes["TEKUN"]["dibao"]["relation"] == "EXCLUSIVE"
    assert (programmes["TEKUN"]["dibao"]["yields"], programmes["TEKUN"]["dibao"]["verified"]) == ("DIBAO", False)
    assert programmes["TEMPORARY_AID"]["dibao"] | {"basis": ""} == {
        "relation": "COMPATIBLE", "yields": None, "verified": True, "basis": "",
    }  # fmt: skip
    assert all(each["basis"] and each["agency"] and each["measures"] for each in programmes.values())
    assert {each["measure"] for each in found["serviceList"]} == {
        "IDENTIFICATION", "SOCIAL_ASSISTANCE", "EMPLOYMENT", "SOCIAL_INSURANCE", "HEALTHCARE", "EDUCATION", "UNION_AID",
    }  # fmt: skip
    named = {code for each in found["serviceList"] for code in each["programmeCodes"]}
    assert named == set(programmes), "every programme stands on the service list"
