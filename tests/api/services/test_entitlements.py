"""Aid that may be due and is not received: what is told of it, the task it becomes, and the referral that is sent for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.entitlements import school_year
from api.domain.review import Outcome
from api.domain.stages import Stage
from api.models import (
    AuditEvent,
    Cause,
    CauseEvent,
    Enrolment,
    File,
    Finding,
    FindingPerson,
    Household,
    Human,
    Member,
    Organisation,
    Referral,
    RoleAssignment,
    RuleShadow,
    Scan,
    Task,
)
from api.services import entitlement_tasks, organisations, rule_quality
from api.services.organisations import Described
from tests.api import county
from tests.api.conftest import Service
from tests.api.services import test_rule_quality
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, errors
from tests.api.services.reviewed import viewer

MONTH = TODAY.replace(day=1)
ELIGIBLE = """query ($id: ID!, $answers: [Likelihood!]) { eligibleFor(householdId: $id, answers: $answers) {
  programmeCode answer standing person { id } conditions { kind sign answer } hinders { kind effect programmeCode agency } } }"""
TASKS = """query ($filter: TaskFilter) { tasks(filter: $filter) { nodes { id state version dueOn person { id }
  details { name value } entitlement { programme instead rule findingId referralId because }
  prefilledReferral { roles organisation { code } programme person { id } noteZh noteEn dueOn } } } }"""


async def home(service: Service, category: str | None = "RELATIVE", **told: Any) -> OnFile:
    """A household that is on file with this category, of a couple who said nothing of their work."""
    async with transaction(service.engine) as connection:
        life = await county.taken_over(connection, told.pop("stage", Stage.RECORDED), NOW, **told)
        await connection.execute(update(File).where(File.id == life.file_id).values(category=category))
    return OnFile(
        service,
        life.household_id,
        life.file_id,
        service.vault.ids("Household", [life.household_id])[0],
        "",
        life.people,
    )


async def added(house: OnFile, **told: Any) -> int:
    """One more person of the household; their key as a member."""
    async with transaction(house.service.engine) as connection:
        human = await connection.scalar(insert(Human).values(created_at=NOW).returning(Human.id))
        row = {"household_id": house.key, "person_id": human, "relation": "CHILD", "overlapping": False}
        row |= {"reference": f"CHILD-{house.key}-{human}", **told}
        key = await connection.scalar(insert(Member).values(**row).returning(Member.id))
    assert key is not None
    return int(key)


async def says(house: OnFile, member: int, word: str | None) -> None:
    async with transaction(house.service.engine) as connection:
        await connection.execute(update(Member).where(Member.id == member).values(declared_employment=word))


async def caused(house: OnFile, cause: str) -> None:
    async with transaction(house.service.engine) as connection:
        of = {"household_id": house.key, "file_id": house.file}
        row = {"cause": cause, "place": 0, "main": True, "since": TODAY, "version": 1}
        key = await connection.scalar(insert(Cause).values(**of, **row).returning(Cause.id))
        event: dict[str, Any] = {
            "cause_id": key,
            "change": "ADDED",
            "main": True,
            "effective_on": TODAY,
            "evidence": [],
        }
        await connection.execute(insert(CauseEvent).values(**event, happened_at=NOW))


async def receives(
    house: OnFile,
    programme: str,
    first: dt.date | None = MONTH,
    last: dt.date | None = None,
    member: int | None = None,
) -> None:
    async with transaction(house.service.engine) as connection:
        row = {"household_id": house.key, "member_id": member, "programme_code": programme, "agency": "某局"}
        record = f"{programme}-{first}-{member}"
        await connection.execute(
            insert(Enrolment).values(**row, start_month=first, end_month=last, source_record=record)
        )


async def raised(house: OnFile, rule: str, *people: int, reference: str = "") -> int:
    """A finding of this rule that the latest scan raised; its key."""
    async with transaction(house.service.engine) as connection:
        scan = await connection.scalar(
            select(Scan.id).where(Scan.status == "SUCCEEDED").order_by(Scan.as_of.desc(), Scan.id.desc()).limit(1)
        )
        row = {
            "reference": reference or f"{rule}-{house.key}-{people}", "evidence_hash": "e", "rule_id": rule, "rule_version": "1",
            "household_id": house.key, "severity": "LOW", "severity_rank": 1, "state": "OPEN", "evidence": [], "exceptions": [],
            "explanation_zh": "。", "explanation_en": ".", "first_scan_id": scan, "last_scan_id": scan, "raised_on": TODAY,
            "version": 1,
        }  # fmt: skip
        key = await connection.scalar(insert(Finding).values(**row).returning(Finding.id))
        assert key is not None
        for member in people:
            await connection.execute(insert(FindingPerson).values(finding_id=key, member_id=member))
    return int(key)


async def office(service: Service, code: str, role: str, division: str) -> None:
    """An office of this code that holds the role there."""
    async with transaction(service.engine) as connection:
        described = Described(f"{code}局", code, OrganisationKind.DEPARTMENT, division)
        await organisations.save(connection, OPERATOR, described, NOW, code=code)
        key = await connection.scalar(select(Organisation.id).where(Organisation.code == code))
        held = {"role": role, "division_code": division, "valid_from": dt.date(2020, 1, 1)}
        await connection.execute(
            insert(RoleAssignment).values(organisation_id=key, version=1, created_at=NOW, **held)
        )


async def eligible(house: OnFile, *answers: str, by: str = "caseworker") -> list[dict[str, Any]]:
    told = {"id": house.id, "answers": [*answers] or None}
    found: list[dict[str, Any]] = (await house.service.data(ELIGIBLE, told, by=by))["eligibleFor"]
    return found


async def told_of(house: OnFile, programme: str, member: int | None = None) -> dict[str, Any]:
    person = None if member is None else house.public("Person", member)
    (one,) = (
        each
        for each in await eligible(house)
        if each["programmeCode"] == programme and (each["person"] and each["person"]["id"]) == person
    )
    return one


async def looked(house: OnFile, now: dt.datetime = NOW) -> list[dict[str, Any]]:
    """The household's tasks on aid that may be due, once the worker has looked at it."""
    async with transaction(house.service.engine) as connection:
        await entitlement_tasks.look_at(connection, [house.key], now)
    filter = {"kinds": ["ENTITLEMENT"], "householdIds": [house.id]}
    nodes: list[dict[str, Any]] = (await house.service.data(TASKS, {"filter": filter}, by="caseworker"))["tasks"][
        "nodes"
    ]
    return nodes


def short(tasks: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    """Each by its state, programme, and why it ended by itself."""
    return [(each["state"], each["entitlement"]["programme"], each["entitlement"]["because"]) for each in tasks]


@pytest.mark.parametrize(
    ("category", "answer"), [("DEEP", "LIKELY"), ("RELATIVE", "UNLIKELY"), (None, "CANNOT_TELL")]
)
async def test_what_the_file_says_of_its_category_answers_a_condition_and_what_it_does_not_say_leaves_it_open(
    service: Service, category: str | None, answer: str
) -> None:
    house = await home(service, category)
    told = await told_of(house, "LIVING_SUBSIDY")
    assert (told["answer"], told["standing"]) == (answer, "NONE_KNOWN")
    assert told["conditions"] == [{"kind": "CATEGORY", "sign": None, "answer": answer}]


async def test_a_cause_answers_a_condition_and_a_file_that_names_none_leaves_it_open(service: Service) -> None:
    house = await home(service)
    assert (await told_of(house, "DISASTER_RELIEF"))["answer"] == "CANNOT_TELL", "no cause is written down"
    await caused(house, "SCHOOLING")
    assert (await told_of(house, "DISASTER_RELIEF"))["answer"] == "UNLIKELY"
    flooded = await home(service)
    await caused(flooded, "NATURAL_DISASTER")
    assert (await told_of(flooded, "DISASTER_RELIEF"))["answer"] == "LIKELY"
    assert (await told_of(flooded, "TEMPORARY_AID"))["answer"] == "CANNOT_TELL", (
        "a cause is named when it is asked for"
    )


WORDS = [
    ("在校学生", None, "LIKELY", "UNLIKELY"),
    ("失业人员", None, "UNLIKELY", "LIKELY"),
    ("退休", None, "UNLIKELY", "UNLIKELY"),
    ("灵活就业", None, "CANNOT_TELL", "CANNOT_TELL"),
    (None, 10, "LIKELY", "UNLIKELY"),
    (None, 17, "CANNOT_TELL", "CANNOT_TELL"),
    (None, 3, "CANNOT_TELL", "CANNOT_TELL"),
    (None, None, "CANNOT_TELL", "CANNOT_TELL"),
]


@pytest.mark.parametrize(("word", "years", "schooling", "work"), WORDS)
async def test_what_somebody_declared_or_a_childs_age_speaks_for_what_an_officer_states_in_the_end(
    service: Service, word: str | None, years: int | None, schooling: str, work: str
) -> None:
    house = await home(service)
    born = None if years is None else TODAY.replace(year=TODAY.year - years, day=1)
    child = await added(house, declared_employment=word, birth_date=born)
    assert (await told_of(house, "EDUCATION_AID", child))["answer"] == schooling
    assert (await told_of(house, "EMPLOYMENT_AID", child))["answer"] == work


async def test_a_programme_that_names_no_condition_leaves_everything_open_and_employers_are_no_household(
    service: Service,
) -> None:
    house = await home(service, "DEEP")
    lines = await eligible(house)
    assert {each["answer"] for each in lines if not each["conditions"]} == {"CANNOT_TELL"}
    assert "PLACEMENT_SUBSIDY" not in {each["programmeCode"] for each in lines}
    assert [each["programmeCode"] for each in await eligible(house, "LIKELY")] == ["LIVING_SUBSIDY"]
    assert (await service.data(ELIGIBLE, {"id": house.id}, by="elsewhere"))["eligibleFor"] == []


async def test_what_is_on_record_is_told_beside_the_answer_and_what_would_hinder_it(service: Service) -> None:
    house = await home(service, "DEEP")
    await receives(house, "LIVING_SUBSIDY")
    assert (await told_of(house, "LIVING_SUBSIDY"))["standing"] == "RECEIVED"
    other = await home(service, "DEEP")
    await receives(other, "LIVING_SUBSIDY", None)
    assert (await told_of(other, "LIVING_SUBSIDY"))["standing"] == "UNKNOWN", "nobody knows for which months"
    ended = await home(service, "DEEP")
    await receives(ended, "LIVING_SUBSIDY", dt.date(2024, 1, 1), dt.date(2024, 6, 1))
    assert (await told_of(ended, "LIVING_SUBSIDY"))["standing"] == "NONE_KNOWN", "it ended long ago"
    await receives(ended, "TEKUN", member=ended.people[0])
    hinders = (await told_of(ended, "LIVING_SUBSIDY"))["hinders"]
    assert [(each["kind"], each["programmeCode"]) for each in hinders] == [("EXCLUSIVE", "TEKUN")]
    await receives(ended, "LIVING_SUBSIDY", None)
    assert (await told_of(ended, "LIVING_SUBSIDY"))["standing"] == "UNKNOWN", (
        "what ended long ago says nothing of the rest"
    )


async def test_what_is_likely_and_not_received_is_one_task_however_often_it_is_looked_at(service: Service) -> None:
    house = await home(service, "DEEP")
    (task,) = await looked(house)
    assert short([task]) == [("OPEN", "LIVING_SUBSIDY", None)]
    assert dt.date.fromisoformat(task["dueOn"]) > TODAY
    assert await looked(house, NOW + 3 * DAY) == [task], (
        "the same occasion is not opened twice, nor does its day move"
    )
    await receives(house, "LIVING_SUBSIDY")
    assert short(await looked(house)) == [("CANCELLED", "LIVING_SUBSIDY", "RECEIVED")]
    assert len(await looked(house)) == 1


async def test_what_a_person_cancelled_stays_so_for_that_year_and_is_asked_again_in_the_next(
    service: Service,
) -> None:
    house = await home(service, "DEEP")
    (task,) = await looked(house)
    told = {"taskId": task["id"], "expectedVersion": task["version"], "reason": "本人表示不申请。"}
    assert errors(await house.act("cancelTask", "task { state }", **told)) == []
    assert short(await looked(house, NOW + DAY)) == [("CANCELLED", "LIVING_SUBSIDY", None)]
    states = [each["state"] for each in await looked(house, NOW + 366 * DAY)]
    assert sorted(states) == ["CANCELLED", "OPEN"]


async def test_households_whose_file_is_closed_are_asked_about_nothing_and_what_was_open_ends(
    service: Service,
) -> None:
    closed = await home(service, "DEEP", stage=Stage.DEREGISTERED)
    assert await looked(closed) == []
    house = await home(service, "DEEP")
    await looked(house)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).where(File.id == house.file).values(category="RELATIVE"))
    assert short(await looked(house)) == [("CANCELLED", "LIVING_SUBSIDY", "NOT_LIKELY")]


async def test_the_programmes_of_a_school_year_are_one_occasion_and_any_of_them_is_enough(service: Service) -> None:
    house = await home(service)
    child = await added(house, declared_employment="学生")
    (task,) = await looked(house)
    assert task["person"]["id"] == house.public("Person", child)
    assert task["entitlement"]["programme"] == "EDUCATION_AID"
    assert set(task["entitlement"]["instead"]) == {"STATE_STUDENT_AID", "GOLDEN_AUTUMN", "AUTUMN_SCHOOL"}
    begun = school_year(TODAY, 8)
    await receives(house, "GOLDEN_AUTUMN", begun, begun, member=house.people[0])
    assert short(await looked(house)) == [("CANCELLED", "EDUCATION_AID", "RECEIVED")], "it is in the parent's name"
    two = await home(service)
    first = await added(two, declared_employment="学生")
    second = await added(two, declared_employment="学生", reference=f"SECOND-{two.key}")
    await receives(two, "GOLDEN_AUTUMN", begun, begun, member=first)
    (left,) = await looked(two)
    assert left["person"]["id"] == two.public("Person", second), "what another child has helps the other nothing"


FINDINGS = {
    "U01": "DIBAO",
    "U02": None,
    "U03": "WORK_INJURY_BENEFIT",
    "U05": "MEDICAL_AID",
    "U06": "UI_BENEFIT",
    "U07": None,
}


@pytest.mark.parametrize("rule", FINDINGS)
async def test_a_finding_on_unmet_entitlement_is_a_task_until_it_is_closed(service: Service, rule: str) -> None:
    house = await home(service)
    finding = await raised(house, rule, house.people[0])
    (task,) = await looked(house)
    assert task["entitlement"]["programme"] == FINDINGS[rule]
    assert (task["entitlement"]["rule"], task["entitlement"]["findingId"]) == (rule, house.public("Finding", finding))
    review = {"findingId": house.public("Finding", finding), "expectedVersion": 1, "note": "已核实。"}
    done = await house.act(
        "reviewFinding", "finding { state }", by="reviewer", **review, outcome="ENTITLEMENT_CONFIRMED"
    )
    assert errors(done) == []
    assert [each["state"] for each in await looked(house)] == ["OPEN"], (
        "what a reviewer confirmed is still to be done"
    )
    review |= {"expectedVersion": 2, "outcome": "NO_ISSUE"}
    assert errors(await house.act("reviewFinding", "finding { state }", by="reviewer", **review)) == []
    assert short(await looked(house)) == [("CANCELLED", FINDINGS[rule], "LEAD_WITHDRAWN")]


async def test_a_finding_that_a_scan_withdrew_asks_for_nothing_any_more(service: Service) -> None:
    house = await home(service)
    finding = await raised(house, "U01", *house.people)
    (task,) = await looked(house)
    assert (task["state"], task["person"]) == ("OPEN", None), "dibao is the household's"
    async with transaction(service.engine) as connection:
        row = update(Finding).where(Finding.id == finding)
        withdrawn = {"withdrawn_because": "RECORD_GONE", "withdrawn_scan_id": Finding.last_scan_id, "withdrawals": 1}
        when = {"withdrawn_at": service.now(), "withdrawn_from": "OPEN"}
        await connection.execute(row.values(state="WITHDRAWN", **when, **withdrawn))
    assert short(await looked(house)) == [("CANCELLED", "DIBAO", "LEAD_WITHDRAWN")]


async def test_f18_a_rule_that_is_set_aside_asks_for_nothing_and_asks_again_when_it_is_back(service: Service) -> None:
    house = await home(service)
    await raised(house, "U01", *house.people)
    (task,) = await looked(house)
    taken = {"taskId": task["id"], "expectedVersion": 1}
    assert errors(await house.act("takeTask", "task { state }", by="caseworker", **taken)) == []
    await test_rule_quality.concluded(service, "U01", {Outcome.NO_ISSUE: 40})
    await test_rule_quality.look(service)
    assert await waits(house)
    assert short(await looked(house)) == [("CANCELLED", "DIBAO", "RULE_SET_ASIDE")]
    first = await viewer(service, "auditor")
    for number, who in enumerate((first, replace(first, user_id=first.user_id + 1)), 1):
        async with transaction(service.engine) as connection:
            shadow = await connection.scalar(select(RuleShadow.id))
            told = (shadow, number, "规则已修订。", service.now())
            await rule_quality.approve(connection, service.vault, who, *told)
    assert await waits(house)
    (again,) = await looked(house)
    assert again["id"] == task["id"]
    assert short([again]) == [("OPEN", "DIBAO", None)]
    async with transaction(service.engine) as connection:
        whose = select(Task.assigned_to).where(Task.household_id == house.key, Task.kind == "ENTITLEMENT")
        assert await connection.scalar(whose) is not None, "it is with whom it was"


async def waits(house: OnFile) -> bool:
    """Whether the next round looks at the household, whatever day it is; from now on one did."""
    async with transaction(house.service.engine) as connection:
        of = Household.id == house.key
        found = await connection.scalar(select(Household.entitlements_on).where(of))
        await connection.execute(update(Household).where(of).values(entitlements_on=TODAY))
    return found is None


async def test_a_finding_about_somebody_who_left_asks_for_nothing_for_those_who_stayed(service: Service) -> None:
    house = await home(service)
    member = await added(house)
    await raised(house, "U06", member)
    assert short(await looked(house)) == [("OPEN", "UI_BENEFIT", None)]
    async with transaction(service.engine) as connection:
        await connection.execute(update(Member).where(Member.id == member).values(left_on=TODAY))
    assert short(await looked(house)) == [("CANCELLED", "UI_BENEFIT", "MEMBER_LEFT")]


async def test_aid_of_which_nobody_knows_the_months_ends_no_task(service: Service) -> None:
    house = await home(service, "DEEP")
    await looked(house)
    await receives(house, "LIVING_SUBSIDY", None)
    assert short(await looked(house)) == [("OPEN", "LIVING_SUBSIDY", None)]
    other = await home(service, "DEEP")
    await receives(other, "LIVING_SUBSIDY", None)
    assert await looked(other) == [], "nor does it open one"


async def test_what_a_brother_has_of_whom_nobody_said_whether_he_is_at_school_is_not_the_students(
    service: Service,
) -> None:
    house = await home(service)
    student = await added(house, declared_employment="学生")
    brother = await added(house, birth_date=TODAY.replace(year=TODAY.year - 17, day=1))
    begun = school_year(TODAY, 8)
    await receives(house, "GOLDEN_AUTUMN", begun, begun, member=brother)
    (task,) = await looked(house)
    assert (task["state"], task["person"]["id"]) == ("OPEN", house.public("Person", student))


async def test_whoever_waited_longest_is_looked_at_first(service: Service) -> None:
    house = await home(service, "DEEP")
    async with transaction(service.engine) as connection:
        await connection.execute(update(Household).values(entitlements_on=TODAY - DAY))
        theirs = update(Household).where(Household.id == house.key)
        await connection.execute(theirs.values(entitlements_on=TODAY - 2 * DAY))
        waiting = await connection.scalars(entitlement_tasks._WAITING.limit(1), {"day": TODAY})
        assert [*waiting] == [house.key], (
            "one more of a day that has not rounds enough for all is not left out for good"
        )


async def test_the_chore_looks_at_each_household_once_a_day_and_again_after_a_scan(service: Service) -> None:
    house = await home(service, "DEEP")
    async with transaction(service.engine) as connection:
        while await entitlement_tasks.remind(connection, service.vault, NOW):
            pass
        asked = select(Task.state).where(Task.household_id == house.key, Task.kind == "ENTITLEMENT")
        assert [*await connection.scalars(asked)] == ["OPEN"]
        await connection.execute(update(File).where(File.id == house.file).values(category="RELATIVE"))
        assert await entitlement_tasks.remind(connection, service.vault, NOW) == 0, "it was looked at today"
        await entitlement_tasks.look_again(connection, "410502")
        await entitlement_tasks.remind(connection, service.vault, NOW)
        assert [*await connection.scalars(asked)] == ["CANCELLED"]


async def test_the_referral_is_filled_in_by_the_nearest_office_that_holds_the_role_and_sent_in_one_step(
    service: Service,
) -> None:
    house = await home(service)
    await raised(house, "U01", *house.people)
    (task,) = await looked(house)
    assert task["prefilledReferral"]["organisation"] is None, "nobody is on record for the role"
    told = {"taskId": task["id"], "expectedVersion": task["version"]}
    assert errors(await house.act("referForTask", "referral { id }", **told)) == [
        ("REQUIRED", ["input", "organisation"])
    ]
    await office(service, "city-civil", "CIVIL_AFFAIRS", "410500")
    await office(service, "county-civil", "CIVIL_AFFAIRS", "410502")
    (task,) = await looked(house)
    suggested = task["prefilledReferral"]
    assert suggested["roles"] == ["CIVIL_AFFAIRS"]
    assert (suggested["organisation"]["code"], suggested["programme"]) == ("county-civil", "DIBAO")
    assert "LIFE-" in suggested["noteZh"]
    assert "U01" in suggested["noteEn"]
    fields = "referral { id state programme note dueOn organisation { code } }"
    sent = await house.act("referForTask", fields, **told)
    assert errors(sent) == []
    referral = sent["referral"]
    assert (referral["organisation"]["code"], referral["programme"]) == ("county-civil", "DIBAO")
    assert (referral["note"], referral["dueOn"]) == (suggested["noteZh"], suggested["dueOn"])
    (task,) = await looked(house)
    assert (task["state"], task["entitlement"]["referralId"]) == ("DONE", referral["id"])
    assert task["prefilledReferral"] is None
    async with transaction(service.engine) as connection:
        acts = await connection.scalars(select(AuditEvent.action).order_by(AuditEvent.id.desc()).limit(2))
        assert set(acts) == {"referral.made", "task.done"}


async def test_the_officer_changes_what_is_sent_and_a_refusal_opens_nothing_again(service: Service) -> None:
    house = await home(service)
    await office(service, "county-labour", "HUMAN_RESOURCES", "410502")
    await raised(house, "U06", house.people[0])
    (task,) = await looked(house)
    told = {"taskId": task["id"], "expectedVersion": task["version"], "organisation": "police"}
    changes = {"note": "请先联系本人。", "dueOn": str(TODAY + 5 * DAY)}
    sent = await house.act(
        "referForTask", "referral { id note organisation { code } version person { id } }", **told, **changes
    )
    referral = sent["referral"]
    assert (referral["note"], referral["organisation"]["code"]) == ("请先联系本人。", "police")
    assert referral["person"]["id"] == house.public("Person", house.people[0])
    assert (await told_of(house, "UI_BENEFIT", house.people[0]))["standing"] == "UNDER_WAY"
    again = await house.act("referForTask", "referral { id }", **told)
    assert errors(again) == [("CONFLICT", ["input", "expectedVersion"])]
    answer = {"referralId": referral["id"], "expectedVersion": 1, "outcome": "NOT_ENTITLED", "note": "缴费不足一年。"}
    assert errors(await house.act("answerReferral", "referral { state }", by="department", **answer)) == []
    assert (await told_of(house, "UI_BENEFIT", house.people[0]))["standing"] == "DECLINED"
    assert [each["state"] for each in await looked(house)] == ["DONE"]


async def test_a_task_that_leads_to_no_other_office_suggests_no_referral(service: Service) -> None:
    house = await home(service)
    await raised(house, "U07")
    (task,) = await looked(house)
    assert task["prefilledReferral"] is None
    told = {"taskId": task["id"], "expectedVersion": task["version"], "organisation": "police"}
    assert errors(await house.act("referForTask", "referral { id }", **told)) == [("INVALID", ["input", "taskId"])]
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(Referral.id).where(Referral.household_id == house.key)) is None


async def test_f29_who_pays_a_protected_person_elsewhere_is_told_to_nobody_who_is_not_cleared(
    service: Service,
) -> None:
    house, shelter = await home(service, "DEEP"), await home(service)
    async with transaction(service.engine) as connection:
        human = await connection.scalar(select(Member.person_id).where(Member.id == house.people[0]))
        there = {"household_id": shelter.key, "person_id": human, "relation": "OTHER", "overlapping": True}
        await connection.execute(insert(Member).values(**there, reference=f"ALSO-{house.key}"))
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))
        member = await connection.scalar(select(Member.id).where(Member.reference == f"ALSO-{house.key}"))
    assert member is not None
    await receives(shelter, "TEKUN", member=member)
    (hinders,) = (await told_of(house, "LIVING_SUBSIDY"))["hinders"]
    assert (hinders["programmeCode"], hinders["agency"]) == ("TEKUN", None)
