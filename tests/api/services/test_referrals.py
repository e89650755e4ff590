"""Referrals: sent with a day to answer by, answered by whom they were sent to, who is shown them and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain.accounts import OPERATOR, OrganisationKind
from api.models import Referral, Task
from api.services import organisations
from api.services.organisations import Described
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, errors, on_file

FIELDS = """id state outcome note answer dueOn overdue version programme organisation { code }
  referredBy { login } answeredBy { login } household { reference } person { id }"""
SENT = "query ($filter: ReferralFilter) { referrals(filter: $filter) { totalCount nodes { " + FIELDS + " } } }"


async def refer(house: OnFile, by: str = "caseworker", **changes: Any) -> Any:
    told: dict[str, Any] = {"householdId": house.id, "organisation": "police", "note": "王小明，请协助补办身份证。"}
    told |= {"dueOn": str(TODAY + 10 * DAY), **changes}
    return await house.act("refer", f"referral {{ {FIELDS} }}", by=by, **told)


async def answer(house: OnFile, referral: dict[str, Any], by: str = "department", **told: Any) -> Any:
    given = {"referralId": referral["id"], "expectedVersion": referral["version"], **told}
    return await house.act("answerReferral", f"referral {{ {FIELDS} }}", by=by, **given)


async def listed(service: Service, by: str, **filter: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await service.data(SENT, {"filter": filter}, by=by))["referrals"]["nodes"]
    return nodes


async def task_states(service: Service) -> list[str]:
    async with transaction(service.engine) as connection:
        found = select(Task.state).where(Task.kind == "REFERRAL").order_by(Task.id)
        return list((await connection.execute(found)).scalars())


async def test_a_referral_is_sent_taken_up_and_closed_and_its_task_with_it(service: Service) -> None:
    house = await on_file(service)
    person = house.public("Person", house.people[0])
    sent = (await refer(house, personId=person, programme="TEMPORARY_AID"))["referral"]
    assert (sent["state"], sent["organisation"], sent["programme"]) == ("OPEN", {"code": "police"}, "TEMPORARY_AID")
    assert (sent["person"], sent["household"]) == ({"id": person}, {"reference": house.reference})
    assert await task_states(service) == ["OPEN"]
    taken = (await answer(house, sent))["referral"]
    assert (taken["state"], taken["version"], taken["answeredBy"]) == ("ACCEPTED", 2, {"login": "department"})
    assert errors(await answer(house, taken)) == [("INVALID", ["input", "referralId"])], "it is taken up already"
    assert errors(await answer(house, taken, outcome="PROVIDED")) == [("REQUIRED", ["input", "note"])]
    closed = (await answer(house, taken, outcome="PROVIDED", note="已补办。"))["referral"]
    assert (closed["state"], closed["outcome"], closed["answer"]) == ("CLOSED", "PROVIDED", "已补办。")
    assert await task_states(service) == ["DONE"]
    assert errors(await answer(house, closed, outcome="DECLINED", note="x")) == [("INVALID", ["input", "referralId"])]
    (shown,) = (await house.read(f"referrals {{ {FIELDS} }}"))["referrals"]
    assert shown == closed | {"household": {"reference": house.reference}, "person": {"id": person}}
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(Referral.note, Referral.answer))).one()
    assert not any("王小明".encode() in bytes(each) for each in kept)


async def test_the_organisation_sees_what_it_was_sent_and_no_case(service: Service) -> None:
    house, other = await on_file(service), await on_file(service, 1)
    mine = (await refer(house))["referral"]
    schools = Described("教育局", "Schools", OrganisationKind.DEPARTMENT, "410500")
    async with transaction(service.engine) as connection:
        await organisations.save(connection, OPERATOR, schools, NOW, code="school")
    theirs = (await refer(other, organisation="school"))["referral"]
    (shown,) = await listed(service, "department")
    assert shown["id"] == mine["id"]
    assert shown["note"] == "王小明，请协助补办身份证。", "it was written for them"
    assert (shown["household"], shown["person"]) == (None, None)
    asked = [await listed(service, "department", householdIds=[each.id]) for each in (house, other)]
    assert asked == [[], []], "it is told of no household, not even by asking"
    assert {each["id"] for each in await listed(service, "caseworker")} == {mine["id"], theirs["id"]}
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for public, found in ((mine["id"], {"id": mine["id"]}), (theirs["id"], None)):
        assert (await service.data(query, {"id": public}, by="department"))["node"] == found
    for by, code in (("department", "FORBIDDEN"), ("reviewer", "FORBIDDEN"), ("auditor", "FORBIDDEN")):
        assert errors(await answer(other, theirs, by=by, outcome="DECLINED", note="x"))[0][0] == code
    assert errors(await answer(house, mine, by="elsewhere"))[0][0] == "NOT_FOUND"
    assert [each["note"] for each in await listed(service, "auditor")] == [None, None]
    assert await listed(service, "elsewhere") == []


async def test_lists_are_cut_by_state_day_organisation_and_programme(service: Service) -> None:
    house = await on_file(service)
    first = (await refer(house, dueOn=str(TODAY)))["referral"]
    second = (await refer(house, programme="DIBAO"))["referral"]
    await answer(house, first)
    async with transaction(service.engine) as connection:
        late = update(Referral).where(Referral.programme_code == "DIBAO").values(due_on=TODAY - DAY)
        await connection.execute(late)

    async def ids(**filter: Any) -> list[str]:
        return [each["id"] for each in await listed(service, "caseworker", **filter)]

    assert await ids() == [second["id"], first["id"]], "the latest first"
    assert await ids(states=["ACCEPTED"]) == [first["id"]]
    assert await ids(programmes=["DIBAO"]) == [second["id"]]
    assert await ids(overdue=True) == [second["id"]]
    assert await ids(due={"from": str(TODAY)}) == [first["id"]]
    assert await ids(organisations=["police"], householdIds=[house.id]) == [second["id"], first["id"]]
    assert await ids(organisations=["school"]) == []
    assert await ids(received=True) == [], "nothing was sent to the caseworker's own"
    assert len(await listed(service, "department", received=True)) == 2


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"organisation": "nobody"}, "NOT_FOUND", "organisation"),
        ({"programme": "NO_SUCH"}, "NOT_FOUND", "programme"),
        ({"dueOn": str(TODAY - DAY)}, "INVALID", "dueOn"),
        ({"note": " "}, "REQUIRED", "note"),
        ({"personId": "0" * 32}, "NOT_FOUND", "personId"),
        ({"householdId": "0" * 32}, "NOT_FOUND", "householdId"),
    ],
)
async def test_what_cannot_be_sent_is_not(service: Service, changes: dict[str, Any], code: str, field: str) -> None:
    house = await on_file(service)
    assert errors(await refer(house, **changes)) == [(code, ["input", field])]
    assert await listed(service, "caseworker") == []
    assert await task_states(service) == []


async def test_nobody_of_another_household_is_sent(service: Service) -> None:
    house, other = await on_file(service), await on_file(service, 1)
    stranger = other.public("Person", other.people[0])
    assert errors(await refer(house, personId=stranger)) == [("NOT_FOUND", ["input", "personId"])]
