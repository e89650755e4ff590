"""Who read what, asked as auditors ask it: rows written with the answers, whoever they are about and whatever became of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from inspect import signature
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import func, select, text, update

from api.database import reading, transaction
from api.domain import told
from api.domain.bulk import AlarmKind, thresholds
from api.domain.reads import SILENT, TELLING
from api.loaders.reading import OF_HOUSEHOLDS
from api.models import Alarm, Human, Member, Read, User, table
from api.notary import Notary
from api.schema.root import schema
from api.schema.tree import _BRANCHES
from tests.api.conftest import Service

PAGE = """{ households(first: 20) { nodes { id reference members { id name idNumber } } } }"""
READS = """query ($filter: ReadFilter) { reads(filter: $filter, first: 100) { totalCount nodes {
  reader { login displayName organisationZh } role purpose fields { name labelZh labelEn } identity
  searches { by found } people households outcome codes number readAt division { code } } } }"""
ALARMS = """{ alarms { nodes { id kind reader { login } people threshold acknowledgedBy note } } }"""
ACKNOWLEDGE = """mutation ($input: AcknowledgeAlarmInput!) { acknowledgeAlarm(input: $input) {
  alarm { acknowledgedBy note } userErrors { code } } }"""


async def rows(service: Service) -> list[Any]:
    async with reading(service.engine) as connection:
        return list((await connection.execute(select(*table(Read).c).order_by(Read.id))).all())


async def sealed(service: Service) -> None:
    notary = Notary(service.engine)
    while await notary.step():
        pass


async def listed(service: Service, **filter: Any) -> list[dict[str, Any]]:
    await sealed(service)
    found: list[dict[str, Any]] = (await service.data(READS, {"filter": filter}, by="auditor"))["reads"]["nodes"]
    return found


@pytest.mark.parametrize(("by", "identity"), [("reviewer", "WHOLE"), ("auditor", "MASKED")])
async def test_a_page_is_one_row_that_tells_whom_it_showed_and_how(service: Service, by: str, identity: str) -> None:
    page = (await service.data(PAGE, by=by))["households"]["nodes"]
    (row,) = await rows(service)
    vault = service.vault
    assert row.households == sorted(vault.key("Household", each["id"]) for each in page)
    people = [vault.key("Person", person["id"]) for each in page for person in each["members"]]
    assert row.people == sorted(people)
    assert row.whole == (len(people) if identity == "WHOLE" else 0)
    assert row.fields == ["Household.members", "Household.reference", "Person.idNumber", "Person.name"]
    assert (row.identity, row.outcome, row.codes) == (identity, "ANSWERED", [])


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { login } programmes { code } }",
        "{ households(first: 3) { totalCount nodes { id } } }",
        "{ scans { nodes { id status } } }",
        "{ households(first: 0) { nodes { reference members { name } } } }",
        '{ household(id: "0") { reference } }',
        "{ nonsense }",
        "{ households(first: 1000) { nodes { reference } } }",
    ],
)
async def test_what_tells_nothing_of_anybody_is_no_row(service: Service, query: str) -> None:
    await service.ask(query)
    assert await rows(service) == []


async def test_a_search_by_identity_is_on_record_though_it_found_nobody_and_without_its_value(
    service: Service,
) -> None:
    query = "query ($f: HouseholdFilter) { households(filter: $f) { totalCount } }"
    await service.data(query, {"f": {"idNumber": "11010519491231002X", "name": "王小明"}})
    (row,) = await rows(service)
    assert row.searches == [{"by": ["idNumber", "name"], "found": 0}]
    assert (row.people, row.households, row.outcome) == ([], [], "ANSWERED")
    refused = await service.ask(query, {"f": {"phone": "13812345678"}}, by="auditor")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    row = (await rows(service))[-1]
    assert (row.outcome, row.codes, row.searches) == ("REFUSED", ["FORBIDDEN"], [])


async def test_a_refusal_outlives_the_mutation_that_was_rolled_back(service: Service) -> None:
    finding = (await service.data("{ findings(first: 1) { nodes { id version } } }"))["findings"]["nodes"][0]
    given = {"idempotencyKey": "refused-0001", "findingId": finding["id"], "expectedVersion": 1, "note": "x"}
    query = "mutation ($i: ReviewFindingInput!) { reviewFinding(input: $i) { userErrors { code } } }"
    before = len(await rows(service))
    answer = await service.data(query, {"i": {**given, "outcome": "NO_ISSUE"}}, by="caseworker")
    assert answer["reviewFinding"]["userErrors"] == [{"code": "FORBIDDEN"}]
    row = (await rows(service))[before]
    assert (row.outcome, row.codes, row.role) == ("REFUSED", ["FORBIDDEN"], "CASEWORKER")


async def test_the_purpose_is_the_roles_own_or_one_that_it_may_name(service: Service) -> None:
    async def asked(purpose: str | None) -> dict[str, Any]:
        headers: dict[bytes, bytes] = {b"Accept-Language": b"en"}
        headers[b"Authorization"] = f"Bearer {service.tokens['reviewer']}".encode()
        headers |= {b"Jiekun-Purpose": purpose.encode()} if purpose else {}
        answer = await service.client.post("/graphql", json={"query": PAGE}, headers=headers)
        content: dict[str, Any] = answer.json()
        return content

    assert (await asked(None))["data"]
    assert (await asked("objection"))["data"]
    refused = (await asked("AUDIT"))["errors"][0]
    assert refused["extensions"]["code"] == "BAD_PURPOSE"
    curious = (await asked("王小明的邻居"))["errors"][0]
    assert curious["message"] == refused["message"]
    assert [row.purpose for row in await rows(service)] == ["REVIEW", "OBJECTION", "REVIEW", "REVIEW"]
    assert [row.outcome for row in await rows(service)][2:] == ["REFUSED", "REFUSED"]


async def test_what_cannot_be_recorded_is_not_answered(service: Service) -> None:
    before = (await service.data("{ programmes { code } }"))["programmes"]
    async with transaction(service.engine) as connection:
        await connection.execute(text("ALTER TABLE reads RENAME TO elsewhere"))
    headers = {"Authorization": f"Bearer {service.tokens['reviewer']}"}
    answer = await service.client.post("/graphql", json={"query": PAGE}, headers=headers)
    assert answer.status_code == 503
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "NOT_RECORDED"
    assert not answer.json().get("data")
    assert (await service.data("{ programmes { code } }"))["programmes"] == before
    async with transaction(service.engine) as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO reads"))
    assert (await service.data(PAGE))["households"]["nodes"]


async def test_many_at_once_are_all_on_record(service: Service) -> None:
    await asyncio.gather(*(service.data(PAGE, by=by) for by in ["reviewer", "auditor", "caseworker"] * 8))
    assert len(await rows(service)) == 24
    await sealed(service)
    assert sorted(row.number for row in await rows(service)) == list(range(1, 25))


async def test_a_person_is_told_who_read_about_them_whoever_it_was(service: Service) -> None:
    household = (await service.data(PAGE, by="caseworker"))["households"]["nodes"][0]
    person = household["members"][0]
    await service.data("query ($id: ID!) { person(id: $id) { name birthDate } }", {"id": person["id"]})
    await service.data("{ households(first: 1, filter: {references: []}) { nodes { reference } } }")
    found = await listed(service, personId=person["id"])
    assert [each["reader"]["login"] for each in found] == ["reviewer", "caseworker"]
    assert found[0]["fields"] == [
        {"name": "Person.birthDate", "labelZh": "人员·出生日期", "labelEn": "Person: birth date"},
        {"name": "Person.name", "labelZh": "人员·姓名", "labelEn": "Person: name"},
    ]
    assert (found[0]["role"], found[0]["purpose"], found[0]["people"]) == ("REVIEWER", "REVIEW", 1)
    assert found[0]["division"]["code"] == "410500"
    assert [each["reader"]["login"] for each in await listed(service, householdId=household["id"])] == ["caseworker"]
    looked = await listed(service, personId=person["id"])
    assert (looked[0]["reader"]["login"], looked[0]["purpose"]) == ("auditor", "AUDIT"), "this list is read on record"
    assert "Read.reader" in {each["name"] for each in looked[0]["fields"]}
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    assert await listed(service, personId=person["id"], since=later.isoformat()) == []
    assert {each["reader"]["login"] for each in await listed(service, readers=["caseworker"])} == {"caseworker"}
    assert await listed(service, wholePeopleAtLeast=10_000) == []
    assert {each["purpose"] for each in await listed(service, purposes=["REVIEW"])} == {"REVIEW"}


async def test_a_list_is_about_one_person_or_household(service: Service) -> None:
    person = (await service.data(PAGE))["households"]["nodes"][0]["members"][0]["id"]
    for filter in (
        {"not": {"personId": person}},
        {"or": [{"personId": person}]},
        {"and": [{"personId": person}, {"personId": person}]},
    ):
        answer = await service.ask(READS, {"filter": filter}, by="auditor")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize("by", ["reviewer", "caseworker", "department", "administrator"])
async def test_only_auditors_see_who_read(service: Service, by: str) -> None:
    answer = await service.ask("{ reads { nodes { people } } alarms { nodes { people } } }", by=by)
    assert answer["data"] == {"reads": None, "alarms": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


async def test_readers_elsewhere_are_seen_only_where_they_read_about_somebody_here(service: Service) -> None:
    await service.data(PAGE)
    async with transaction(service.engine) as connection:
        await connection.execute(update(Read).values(division_code="110000"))
    person = (await service.data(PAGE, by="auditor"))["households"]["nodes"][0]["members"][0]["id"]
    assert {each["division"]["code"] for each in await listed(service)} == {"410500"}
    assert "110000" in {each["division"]["code"] for each in await listed(service, personId=person)}


async def test_bulk_reading_raises_one_alarm_that_somebody_else_looks_into(service: Service) -> None:
    few = thresholds({AlarmKind.PEOPLE_AN_HOUR: "1000 REVIEWER=30", AlarmKind.PEOPLE_A_DAY: "100000"})
    notary = Notary(service.engine, few)

    async def alarms() -> int:
        while await notary.step():
            pass
        async with reading(service.engine) as connection:
            return int((await connection.execute(select(func.count()).select_from(Alarm))).scalar_one())

    await sealed(service)
    for _ in range(30):
        await service.data("{ households(first: 5, orderBy: {field: REFERENCE}) { nodes { members { name } } } }")
    assert await alarms() == 0, "the same few people again and again are few people"
    await service.data("{ households(first: 60) { nodes { members { id relation } } } }")
    assert await alarms() == 0, "nobody's identity was shown"
    await service.data("{ households(first: 60) { nodes { members { name } } } }", by="auditor")
    assert await alarms() == 0, "masked"
    await service.data("{ households(first: 60) { nodes { members { name } } } }")
    assert await alarms() == 1
    await service.data("{ households(last: 60) { nodes { members { name } } } }")
    assert await alarms() == 1, "told once a window"
    (alarm,) = (await service.data(ALARMS, by="auditor"))["alarms"]["nodes"]
    assert (alarm["kind"], alarm["reader"]["login"], alarm["threshold"]) == ("PEOPLE_AN_HOUR", "reviewer", 30)
    assert 30 < alarm["people"] < 400
    assert "jiekun_alarms 1.0" in (await service.client.get("/metrics")).text

    given = {"alarmId": alarm["id"], "note": "年度复核，已与其科室核实。"}

    async def acknowledge(key: str, by: str = "auditor", **other: str) -> dict[str, Any]:
        made = {"idempotencyKey": key, **given, **other}
        done: dict[str, Any] = (await service.data(ACKNOWLEDGE, {"input": made}, by=by))["acknowledgeAlarm"]
        return done

    assert (await acknowledge("ack-00000", by="reviewer"))["userErrors"] == [{"code": "FORBIDDEN"}]
    assert (await acknowledge("ack-00001", note=" "))["userErrors"] == [{"code": "REQUIRED"}]
    assert (await acknowledge("ack-00002", alarmId="0"))["userErrors"] == [{"code": "NOT_FOUND"}]
    done = await acknowledge("ack-00003")
    assert done == {"alarm": {"acknowledgedBy": "Auditor", "note": given["note"]}, "userErrors": []}
    assert (await acknowledge("ack-00004"))["userErrors"] == [{"code": "CONFLICT"}]
    async with transaction(service.engine) as connection:
        await connection.execute(
            update(Alarm).values(
                user_id=select(text("id"))
                .select_from(text("users"))
                .where(text("login = 'auditor'"))
                .scalar_subquery(),
                acknowledged_at=None,
                acknowledged_by=None,
            )
        )
    assert (await acknowledge("ack-00005"))["userErrors"] == [{"code": "FORBIDDEN"}]


def test_whatever_leads_from_somebody_is_noted_or_is_about_nobody() -> None:
    led = set()
    for parent in _BRANCHES:
        if parent.__name__ in TELLING:
            kind = schema._schema.type_map[parent.__name__]
            assert isinstance(kind, GraphQLObjectType)
            led |= {get_named_type(kind.fields[field].type).name for field in _BRANCHES[parent]}
    assert led - TELLING == {"PaymentCycle", "Programme", "Scan"}
    of_households = {each.__name__ for each in _BRANCHES if "household_key" in signature(each).parameters}
    of_others = {"Authorisation", "Inquiry"}  # each is somebody's, or a lead's, whose household its row tells
    assert of_households | of_others == {*OF_HOUSEHOLDS, "Person"}, (
        "whose row it is, is told by its own key or its household's"
    )


def test_every_field_that_tells_something_has_a_name_for_people() -> None:
    for type_name in TELLING:
        kind = schema._schema.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        for field in kind.fields.keys() - SILENT:
            assert told.told(f"{type_name}.{field}")[0] != f"{type_name}.{field}", f"{type_name}.{field}"


@pytest.mark.parametrize("said", ["x", "-1", "5 CHIEF=3", "REVIEWER=", "3.5"])
def test_a_threshold_that_cannot_be_read_is_told(said: str) -> None:
    with pytest.raises(ValueError, match="PEOPLE_AN_HOUR"):
        thresholds({AlarmKind.PEOPLE_AN_HOUR: said})


ACCESS = """query ($id: ID!) { accessLog(personId: $id, first: 50) { totalCount nodes {
  reader { login } purpose identity fields { labelZh } people } } }"""


async def test_f_28_whoever_serves_a_person_can_show_who_looked_at_them(service: Service) -> None:
    """By the officers of the person's own division, whoever read; of somebody protected to the cleared alone (F-29)."""
    page = (await service.data(PAGE, by="reviewer"))["households"]["nodes"]
    household = next(each for each in page if each["members"])
    person = household["members"][0]["id"]
    await sealed(service)
    for by in ("caseworker", "auditor", "reviewer"):
        log = (await service.data(ACCESS, {"id": person}, by=by))["accessLog"]
        await sealed(service)
        assert log["nodes"][-1]["reader"]["login"] == "reviewer", "the first who looked"
        assert "人员·姓名" in [each["labelZh"] for each in log["nodes"][-1]["fields"]]
    logins = [each["reader"]["login"] for each in log["nodes"]]
    assert {"caseworker", "auditor"} <= {*logins}, "looking at the list is on record, too"
    assert (await service.data(ACCESS, {"id": person}, by="elsewhere"))["accessLog"]["totalCount"] == 0
    for by in ("department", "administrator"):
        refused = await service.ask(ACCESS, {"id": person}, by=by)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with transaction(service.engine) as connection:
        member = service.vault.key("Person", person)
        human = select(Member.person_id).where(Member.id == member).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=dt.date(2020, 1, 1)))
    hidden = (await service.data(ACCESS, {"id": person}, by="caseworker"))["accessLog"]
    assert hidden == {"totalCount": 0, "nodes": []}, "as of somebody at whom nobody looked"
    async with transaction(service.engine) as connection:
        clear = update(User).where(User.login == "county-reviewer").values(cleared=True, division_code="410500")
        await connection.execute(clear)  # who has not asked yet, and is not remembered as somebody else
    assert (await service.data(ACCESS, {"id": person}, by="county-reviewer"))["accessLog"]["totalCount"] > 3
