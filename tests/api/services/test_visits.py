"""Home visits are recorded as they were and corrected by another record; somebody keeps in touch with every household."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Insert, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.database import transaction
from api.domain.casework import TaskKind
from api.domain.errors import NotDone
from api.domain.lifecycle import Action, Guard
from api.matching import policy
from api.models import AuditEvent, ContactOfficer, File, HomeVisit, Human, Member, Task, table
from api.services import tasks
from api.services.guards import GUARDS
from api.services.guards.case import Case
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, errors, on_file
from tests.api.services.reviewed import viewer

FIELDS = """id kind visitedOn met findings incomeChanged causesGone toBeClosed corrected correctsId correction
  recordedBy { login } visitors { login } photos { id kind }"""
VISITS = f"visits {{ {FIELDS} }}"
OFFICERS = "contactOfficer { officer { login } since until } contactOfficers { officer { login } since until }"


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "VERIFICATION",
        "visitedOn": str(TODAY),
        "visitors": ["caseworker", "county-reviewer"],
        "met": "王小明本人",
        "findings": "住房简陋，与申报一致。",
        "incomeChanged": "NO",
        "causesGone": "NO",
        "toBeClosed": "UNKNOWN",
        **changes,
    }


async def record(house: OnFile, by: str = "caseworker", **changes: Any) -> Any:
    told: dict[str, Any] = {"householdId": house.id, "visit": visit(**changes)}
    return await house.act("recordHomeVisit", f"visit {{ {FIELDS} }}", by=by, **told)


async def correct(house: OnFile, visit_id: str, reason: str = "日期有误。", **changes: Any) -> Any:
    told: dict[str, Any] = {"visitId": visit_id, "visit": visit(**changes), "reason": reason}
    return await house.act("correctHomeVisit", f"visit {{ {FIELDS} }}", **told)


async def assign(house: OnFile, officer: str | None, since: dt.date | None = None, by: str = "caseworker") -> Any:
    told: dict[str, Any] = {"householdId": house.id, "officer": officer, "since": since and str(since)}
    return await house.act("assignContactOfficer", f"household {{ {OFFICERS} }}", by=by, **told)


async def once(service: Service, statement: Insert) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(statement)


async def protect(house: OnFile) -> None:
    async with transaction(house.service.engine) as connection:
        human = select(Member.person_id).where(Member.id == house.people[0]).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))


async def test_a_visit_tells_who_went_whom_they_met_and_what_they_found(service: Service) -> None:
    house = await on_file(service)
    photos = [await house.photo(), await house.photo()]
    found = (await record(house, photoIds=photos))["visit"]
    assert found | {"id": ""} == {
        "id": "",
        "kind": "VERIFICATION",
        "visitedOn": str(TODAY),
        "met": "王小明本人",
        "findings": "住房简陋，与申报一致。",
        "incomeChanged": "NO",
        "causesGone": "NO",
        "toBeClosed": "UNKNOWN",
        "corrected": False,
        "correctsId": None,
        "correction": None,
        "recordedBy": {"login": "caseworker"},
        "visitors": [{"login": "caseworker"}, {"login": "county-reviewer"}],
        "photos": [{"id": each, "kind": "VISIT_PHOTO"} for each in photos],
    }
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(HomeVisit.met, HomeVisit.findings))).one()
        told = (await connection.execute(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1))).one()
    assert not any("王小明".encode() in bytes(each) or "简陋".encode() in bytes(each) for each in row)
    assert (told.action, told.detail) == ("visit.recorded", {"household": house.key, "kind": "VERIFICATION"})


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"visitedOn": str(TODAY + DAY)}, "INVALID", "visitedOn"),
        ({"visitors": []}, "REQUIRED", "visitors"),
        ({"visitors": ["nobody"]}, "NOT_FOUND", "visitors"),
        ({"visitors": ["elsewhere"]}, "NOT_FOUND", "visitors"),
        ({"visitors": ["administrator"]}, "NOT_FOUND", "visitors"),
        ({"visitors": [f"caseworker-{number}" for number in range(11)]}, "INVALID", "visitors"),
        ({"findings": " "}, "REQUIRED", "findings"),
        ({"met": ""}, "REQUIRED", "met"),
        ({"findings": "长" * 2001}, "INVALID", "findings"),
        ({"photoIds": ["0" * 32]}, "NOT_FOUND", "photoIds"),
    ],
)
async def test_what_was_no_visit_is_not_recorded(service: Service, changes: Any, code: str, field: str) -> None:
    house = await on_file(service)
    assert errors(await record(house, **changes)) == [(code, ["input", "visit", field])]
    assert (await house.read(VISITS))["visits"] == []


async def test_a_photograph_is_the_households_and_was_taken_at_a_visit(service: Service) -> None:
    house, other = await on_file(service), await on_file(service, 1)
    for photo in (await other.photo(), await house.photo("EVIDENCE")):
        assert errors(await record(house, photoIds=[photo])) == [("NOT_FOUND", ["input", "visit", "photoIds"])]


async def test_a_record_is_corrected_by_another_and_stays(service: Service) -> None:
    house = await on_file(service)
    first = (await record(house))["visit"]
    second = (await correct(house, first["id"], visitedOn=str(TODAY - DAY), incomeChanged="YES"))["visit"]
    assert (second["correctsId"], second["correction"], second["incomeChanged"]) == (first["id"], "日期有误。", "YES")
    assert errors(await correct(house, first["id"])) == [("INVALID", ["input", "visitId"])], "the latest is corrected"
    assert errors(await correct(house, second["id"], reason=" ")) == [("REQUIRED", ["input", "reason"])]
    kept = (await house.read(VISITS))["visits"]
    assert [(each["id"], each["corrected"]) for each in kept] == [(first["id"], True), (second["id"], False)]
    assert kept[0] == first | {"corrected": True}, "what was recorded is what was recorded"
    columns = [each for each in table(HomeVisit).c if each.name != "id"]
    twice = select(*columns).where(HomeVisit.corrects_id.is_not(None))
    with pytest.raises(IntegrityError):
        await once(service, insert(HomeVisit).from_select([each.name for each in columns], twice))


async def test_the_latest_visits_come_first_as_many_as_are_asked_for_and_of_the_day(service: Service) -> None:
    house = await on_file(service)
    for ago in (3, 1, 2):
        await record(house, visitedOn=str(TODAY - ago * DAY))
    days_of = "visits(first: 2) { visitedOn }"
    assert [each["visitedOn"] for each in (await house.read(days_of))["visits"]] == [
        str(TODAY - DAY),
        str(TODAY - 2 * DAY),
    ]
    then = await house.read(days_of, as_of=TODAY - 3 * DAY)
    assert [each["visitedOn"] for each in then["visits"]] == [str(TODAY - 3 * DAY)]


async def test_a_visit_ends_the_task_that_asked_for_it(service: Service) -> None:
    house = await on_file(service)
    async with transaction(service.engine) as connection:
        await tasks.open_task(connection, TaskKind.VISIT_DUE, house.key, TODAY, NOW, reference="VISIT_DUE:1")
    await record(house)
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(Task.state).where(Task.reference == "VISIT_DUE:1")) == "DONE"


async def test_the_guard_asks_for_a_visit_since_the_application_that_is_not_too_old(service: Service) -> None:
    house, who = await on_file(service), await viewer(service)
    valid = policy.whole("visit.valid_days", TODAY, "410502")
    applied = TODAY - (valid + 50) * DAY

    async def refused() -> bool:
        case = Case(house.key, house.file, "410502", Action.PUBLISH, who, None)
        async with transaction(service.engine) as connection:
            await connection.execute(update(File).where(File.id == house.file).values(applied_on=applied))
            try:
                await GUARDS[Guard.VISITED](connection, case, NOW)
            except NotDone:
                return True
        return False

    assert await refused(), "nobody was there"
    await record(house, visitedOn=str(TODAY - (valid + 1) * DAY))
    assert await refused(), "that was too long ago"
    wrong = (await record(house, visitedOn=str(TODAY)))["visit"]
    assert not await refused()
    await correct(house, wrong["id"], visitedOn=str(TODAY - (valid + 2) * DAY))
    assert await refused(), "what was corrected counts no more"
    await record(house, visitedOn=str(TODAY - valid * DAY))
    assert not await refused()
    applied = TODAY - 5 * DAY
    assert await refused(), "that was before it applied"
    await record(house, visitedOn=str(applied))
    assert not await refused()


async def test_one_officer_at_a_time_keeps_in_touch_and_the_others_stay_known(service: Service) -> None:
    house = await on_file(service)
    assert (await house.read(OFFICERS))["contactOfficer"] is None
    await assign(house, "caseworker", TODAY - 100 * DAY)
    found = (await assign(house, "county-reviewer", TODAY - 10 * DAY))["household"]
    first, second = str(TODAY - 100 * DAY), str(TODAY - 10 * DAY)
    assert found["contactOfficer"] == {"officer": {"login": "county-reviewer"}, "since": second, "until": None}
    assert found["contactOfficers"] == [
        found["contactOfficer"],
        {"officer": {"login": "caseworker"}, "since": first, "until": second},
    ]
    for ago, login in ((101, None), (100, "caseworker"), (11, "caseworker"), (10, "county-reviewer")):
        then = (await house.read(OFFICERS, as_of=TODAY - ago * DAY))["contactOfficer"]
        assert (then and then["officer"]["login"]) == login
    assert errors(await assign(house, "county-reviewer")) == [("INVALID", ["input", "officer"])]
    assert errors(await assign(house, "caseworker", TODAY - 11 * DAY)) == [("INVALID", ["input", "since"])]
    assert errors(await assign(house, "caseworker", TODAY + DAY)) == [("INVALID", ["input", "since"])]
    assert errors(await assign(house, "elsewhere")) == [("NOT_FOUND", ["input", "officer"])]
    row = {"household_id": house.key, "user_id": 1, "since": TODAY, "assigned_by": 1, "assigned_at": NOW}
    with pytest.raises(IntegrityError):
        await once(service, insert(ContactOfficer).values(**row))


async def test_a_household_without_an_officer_is_found_and_a_task_asks_for_one(service: Service) -> None:
    house = await on_file(service)
    query = """query ($has: Boolean) { households(filter: {hasContactOfficer: $has}, first: 100) { totalCount nodes { id } } }"""

    async def found(has: bool) -> set[str]:
        page = (await service.data(query, {"has": has}, by="caseworker"))["households"]
        return {each["id"] for each in page["nodes"]}

    without = await found(False)
    assert house.id in without
    await assign(house, "caseworker")
    assert (await found(True), await found(False)) == ({house.id}, without - {house.id})
    assert (await assign(house, None))["household"]["contactOfficer"] is None
    async with transaction(service.engine) as connection:
        opened = select(Task.state, Task.due_on).where(Task.kind == TaskKind.OFFICER_MISSING)
        assert [tuple(each) for each in await connection.execute(opened)] == [("OPEN", TODAY)]
    await assign(house, "county-reviewer")
    async with transaction(service.engine) as connection:
        ended = select(func.count(Task.id)).where(Task.kind == TaskKind.OFFICER_MISSING, Task.state == "DONE")
        assert await connection.scalar(ended) == 1
    assert [each["officer"]["login"] for each in (await house.read(OFFICERS, by="auditor"))["contactOfficers"]] == [
        "county-reviewer",
        "caseworker",
    ], "auditors see who"


async def test_f_29_who_handles_a_protected_person_is_told_to_nobody_who_is_not_cleared(service: Service) -> None:
    house = await on_file(service)
    await assign(house, "county-reviewer")
    await record(house, photoIds=[await house.photo()])
    async with transaction(service.engine) as connection:
        key = await tasks.open_task(connection, TaskKind.VISIT_DUE, house.key, TODAY, NOW, reference="VISIT_DUE:p")
    task = house.public("Task", key)
    given = {"taskId": task, "expectedVersion": 1}
    await house.act("takeTask", "task { id }", by="county-reviewer", **given)
    shown = await house.read(f"{OFFICERS} {VISITS}", by="reviewer")
    assert shown["contactOfficer"]["officer"] == {"login": "county-reviewer"}
    await protect(house)
    for by in ("caseworker", "reviewer", "auditor"):
        hidden = await house.read(f"{OFFICERS} {VISITS}", by=by)
        assert (hidden["contactOfficer"], hidden["contactOfficers"]) == (None, [])
        (seen,) = hidden["visits"]
        assert [seen[each] for each in ("met", "findings", "recordedBy")] == [None, None, None]
        assert (seen["visitors"], seen["photos"]) == ([], [])
        assert seen["visitedOn"] == str(TODAY), "that somebody was there is no secret"
        tasks_of = (
            """query ($filter: TaskFilter) { tasks(filter: $filter) { totalCount nodes { assignee { login } } } }"""
        )
        one = {"householdIds": [house.id], "states": ["OPEN"]}
        for filter, count in (({}, 1), ({"assignees": ["county-reviewer"]}, 0), ({"unassigned": True}, 1)):
            page = (await service.data(tasks_of, {"filter": one | filter}, by=by))["tasks"]
            assert (page["totalCount"], [each["assignee"] for each in page["nodes"]]) == (count, [None] * count)
        has = """{ households(filter: {hasContactOfficer: true}) { totalCount } }"""
        assert (await service.data(has, by=by))["households"]["totalCount"] == 0
    own = {"filter": {"mine": True}}
    page = (await service.data(tasks_of, own, by="county-reviewer"))["tasks"]
    assert page["nodes"] == [{"assignee": {"login": "county-reviewer"}}], "what is one's own one knows"
