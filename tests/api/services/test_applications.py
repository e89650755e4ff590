"""Applications: a new household in one input, one that applies again, reviews that lead on, back and out, each once."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from sqlalchemy import func, select

from api import workdays
from api.database import transaction
from api.domain import days
from api.domain.attachments import AttachmentKind
from api.models import AuditEvent, Decision, File, FilePerson, Household
from tests.api.conftest import Service
from tests.api.filled import fill_in
from tests.api.numbers import numbered
from tests.api.papers import consent, paper, user_of

_keys = itertools.count(1)
HOME = """household { id version stage reference actions division { code } phone declaredVehicles targetGroup
  members { id name relation idNumber declaredMonthlyIncome { amount } form { field value } } form { field value }
  file { number stage appliedOn openedOn closing tier category deadline { clock dueOn overdue calendarKnown } subject { name } }
  files { closing }
  history { number fromStage action toStage adverse by reason documentNo } } userErrors { code message path } auditId"""
TITLES = {
    "submitApplication": "SubmitApplicationInput",
    "reviewApplication": "ReviewApplicationInput",
    "withdrawApplication": "WithdrawApplicationInput",
}


async def send(service: Service, mutation: str, by: str = "caseworker", **given: Any) -> Any:
    given = {"idempotencyKey": f"application-{next(_keys):05}", **given}
    query = f"mutation ($input: {TITLES[mutation]}!) {{ {mutation}(input: $input) {{ {HOME} }} }}"
    return (await service.data(query, {"input": given}, by=by))[mutation]


def person(name: str, place: int, **more: Any) -> dict[str, Any]:
    relation = "HEAD" if place == 0 else "SPOUSE"
    return {
        "person": {
            "name": name,
            "relation": relation,
            "idNumber": numbered("410502", "19800101", 901 + place),
            **more,
        }
    }


def family(**changes: Any) -> dict[str, Any]:
    worker = person("赵大山", 0, monthlyIncome="1200.00") | {"form": [{"field": "HEALTH", "value": "健康"}]}
    return {
        "divisionCode": "410502",
        "targetGroup": "BELOW_LINE",
        "residence": "URBAN",
        "phone": "13900001111",
        "people": [worker, person("钱小河", 1)],
        "form": [{"field": "HOUSING", "value": "租赁"}],
        "declared": [{"vehicles": 0}],
    } | changes


async def test_a_household_applies_with_its_people_its_form_and_what_it_declares(service: Service) -> None:
    answer = await send(service, "submitApplication", **family())
    assert answer["userErrors"] == []
    home, today = answer["household"], days.today(service.now())
    assert (home["stage"], home["division"], home["declaredVehicles"]) == ("APPLIED", {"code": "410502"}, 0)
    assert [each["name"] for each in home["members"]] == ["赵大山", "钱小河"]
    assert home["members"][0]["declaredMonthlyIncome"] == {"amount": "1200.00"}
    assert home["members"][1]["declaredMonthlyIncome"] is None, "what nobody declared is unknown"
    assert {"field": "HOUSING", "value": "RENTED"} in home["form"]
    file = home["file"]
    assert (file["number"], file["appliedOn"], file["subject"]) == (
        home["reference"],
        today.isoformat(),
        {"name": "赵大山"},
    )
    assert file["deadline"]["clock"] == "ACCEPTANCE"
    assert file["deadline"]["dueOn"] == workdays.add(today, 5).isoformat()
    (move,) = home["history"]
    assert (move["number"], move["fromStage"], move["action"], move["by"]) == (1, None, "APPLY", "Caseworker")
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1))).one()
        assert "赵" not in str(row.detail)
        counted = select(FilePerson.id).join(File, File.id == FilePerson.file_id)
        assert len((await connection.execute(counted.where(File.number == file["number"]))).all()) == 2


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"people": []}, "INVALID", ["input", "people"]),
        ({"people": [person("甲一", 0), person("乙二", 0)]}, "INVALID", ["input", "people"]),
        ({"divisionCode": None}, "INVALID", ["input", "divisionCode"]),
        ({"divisionCode": "110101"}, "FORBIDDEN", ["input", "divisionCode"]),
        ({"organisationCode": "nobody"}, "NOT_FOUND", ["input", "organisationCode"]),
        ({"phone": "1" * 501}, "INVALID", ["input", "phone"]),
        ({"people": [person("甲一", 0, idNumber="410502198001010000")]}, "INVALID", None),
        ({"form": [{"field": "NOTHING", "value": "x"}]}, "INVALID", None),
        ({"declared": [{"vehicles": -1}]}, "INVALID", None),
    ],
)
async def test_an_application_that_cannot_be_is_refused_whole(
    service: Service, changes: dict[str, Any], code: str, path: list[str] | None
) -> None:
    async with transaction(service.engine) as connection:
        before = len((await connection.execute(select(Household.id))).all())
    answer = await send(service, "submitApplication", **family(**changes))
    (error,) = answer["userErrors"]
    assert error["code"] == code
    assert path is None or error["path"] == path
    assert "赵大山" not in error["message"]
    async with transaction(service.engine) as connection:
        assert len((await connection.execute(select(Household.id))).all()) == before


async def test_nobody_applies_in_two_households(service: Service) -> None:
    first = await send(service, "submitApplication", **family())
    assert first["userErrors"] == []
    (error,) = (await send(service, "submitApplication", **family()))["userErrors"]
    assert error["code"] == "INVALID"
    assert first["household"]["reference"] not in error["message"], "whose it is, is not told"


async def complete(service: Service, home: dict[str, Any]) -> None:
    """All papers are there."""
    async with transaction(service.engine) as connection:
        vault, now = service.vault, dt.datetime.now(dt.UTC)
        key, clerk = vault.key("Household", home["id"]), await user_of(connection, "caseworker")
        await fill_in(connection, vault, key)
        found = await connection.scalar(select(func.max(File.id)).where(File.household_id == key))
        await paper(connection, vault, key, clerk, now, AttachmentKind.APPLICATION_FORM, file=found)
        signed = await paper(connection, vault, key, clerk, now, AttachmentKind.AUTHORISATION, file=found)
        for member in home["members"]:
            await consent(connection, vault.key("Person", member["id"]), signed, clerk, now)


async def test_a_review_leads_on_where_the_papers_are_there_and_back_where_they_are_not(service: Service) -> None:
    home = (await send(service, "submitApplication", **family()))["household"]
    step = {"householdId": home["id"]}
    lacking = await send(service, "reviewApplication", **step, expectedVersion=1, outcome="ACCEPT")
    assert lacking["userErrors"][0]["code"] == "REQUIRED"
    await complete(service, home)
    wrong = await send(
        service, "reviewApplication", **step, expectedVersion=1, outcome="ACCEPT", category="DIBAO_MARGIN"
    )
    assert wrong["userErrors"][0]["path"] == ["input", "category"], "the method in force knows no such category"
    proposed = {"tier": "COUNTY", "category": "RELATIVE"}
    taken = await send(service, "reviewApplication", **step, expectedVersion=1, outcome="ACCEPT", **proposed)
    assert taken["userErrors"] == []
    file = taken["household"]["file"]
    assert (file["stage"], file["tier"], file["category"]) == ("UNDER_REVIEW", "COUNTY", "RELATIVE")
    assert file["deadline"]["clock"] == "REVIEW"
    silent = await send(service, "reviewApplication", **step, expectedVersion=2, outcome="RETURN", reason=" ")
    assert silent["userErrors"][0]["path"] == ["input", "reason"]
    back = await send(service, "reviewApplication", **step, expectedVersion=2, outcome="RETURN", reason="缺少合同。")
    assert (back["household"]["stage"], back["household"]["file"]["deadline"]["clock"]) == ("APPLIED", "ACCEPTANCE")
    moves = [(each["number"], each["action"], each["reason"]) for each in back["household"]["history"]]
    assert moves == [(1, "APPLY", None), (2, "ACCEPT", None), (3, "RETURN", "缺少合同。")]


async def test_f_02_a_refusal_is_a_persons_decision_and_the_household_may_apply_again(service: Service) -> None:
    home = (await send(service, "submitApplication", **family()))["household"]
    await complete(service, home)
    step = {"householdId": home["id"]}
    await send(service, "reviewApplication", **step, expectedVersion=1, outcome="ACCEPT")
    refusal = {**step, "expectedVersion": 2, "outcome": "REFUSE", "reason": "不符合条件。"}
    (error,) = (await send(service, "reviewApplication", **refusal))["userErrors"]
    assert error["code"] == "FORBIDDEN", "a caseworker does not decide"
    refused = await send(service, "reviewApplication", by="reviewer", **refusal)
    told = refused["household"]
    assert (told["stage"], told["file"], told["files"]) == ("REFUSED", None, [{"closing": "REFUSED"}])
    assert told["history"][-1]["adverse"]
    async with transaction(service.engine) as connection:
        decision = (await connection.execute(select(Decision.kind, Decision.user_kind))).one()
        assert tuple(decision) == ("REFUSE", "PERSON")
    (error,) = (await send(service, "submitApplication", householdId=home["id"]))["userErrors"]
    assert error["path"] == ["input", "expectedVersion"]
    again = await send(service, "submitApplication", householdId=home["id"], expectedVersion=3, phone="13900002222")
    assert again["userErrors"] == []
    told = again["household"]
    assert (told["stage"], told["phone"], told["file"]["number"]) == (
        "APPLIED",
        "13900002222",
        f"{home['reference']}/2",
    )
    assert told["file"]["subject"] == {"name": "赵大山"}
    assert told["targetGroup"] == "BELOW_LINE", "what is not told stays"


async def test_an_application_is_withdrawn_and_nobody_is_counted_in_it_then(service: Service) -> None:
    home = (await send(service, "submitApplication", **family()))["household"]
    step = {"householdId": home["id"], "expectedVersion": 1, "reason": "找到工作。"}
    for by, code in (("auditor", "FORBIDDEN"), ("elsewhere", "NOT_FOUND")):
        (error,) = (await send(service, "withdrawApplication", by=by, **step))["userErrors"]
        assert error["code"] == code
    gone = await send(service, "withdrawApplication", **step)
    assert (gone["household"]["stage"], gone["household"]["files"]) == ("WITHDRAWN", [{"closing": "WITHDRAWN"}])
    other = await send(service, "submitApplication", **family())
    assert other["userErrors"][0]["code"] == "INVALID", "they still live in the household that they live in"


async def test_a_reason_is_for_those_who_see_identities(service: Service) -> None:
    home = (await send(service, "submitApplication", **family()))["household"]
    step = {"householdId": home["id"], "expectedVersion": 1, "reason": "赵大山找到工作。"}
    await send(service, "withdrawApplication", **step)
    query = "query ($id: ID!) { fileHistory(householdId: $id) { action reason } }"
    for by, reason in (("caseworker", "赵大山找到工作。"), ("auditor", None)):
        found = (await service.data(query, {"id": home["id"]}, by=by))["fileHistory"]
        assert found == [{"action": "APPLY", "reason": None}, {"action": "WITHDRAW", "reason": reason}]
