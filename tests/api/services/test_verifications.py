"""A household is verified: consent by person and source, departments asked and answering, late answers seen, rounds that follow."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from typing import Any

import polars as pl
import pytest
from sqlalchemy import delete, func, insert, select, update

from api.database import transaction
from api.domain.consent import NINE
from api.domain.errors import NotDone
from api.domain.lifecycle import Action, Guard
from api.matching.covered import limits
from api.models import (
    AuditEvent,
    Authorisation,
    EmergencyException,
    Feed,
    File,
    Finding,
    Household,
    Link,
    ListedAnswer,
    Member,
    Organisation,
    RuleShadow,
    Scan,
    Task,
    User,
    VerificationAnswer,
    VerificationRequest,
)
from api.services.guards import GUARDS
from api.services.guards.case import Case
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, TODAY, OnFile, errors, on_file
from tests.api.services.reviewed import Reviewed, under_review, viewer
from tests.api.services.test_objections import raised

ANSWER = """id source answer origin asOf ageDays unknownBecause feedAsOf paper organisation { code } subject note dueOn overdue answeredAt version
  person { id name }"""
REQUEST = (
    """id round previousId occasion state sources dueOn version conclusion closedBy { login }
  household { id } answers { """
    + ANSWER
    + """ }
  report { source oldest ageDays people value noRecord noAnswer notAsked notAuthorised overdue
    feedAsOf feedAgeDays stale partial notScanned inDoubt }"""
)
ASKED = (
    "query ($filter: VerificationAnswerFilter) { verificationAnswers(filter: $filter) { totalCount nodes { "
    + ANSWER
    + " } } }"
)
LISTED = "query ($filter: VerificationRequestFilter) { verificationRequests(filter: $filter) { totalCount nodes { id round } } }"
POLICE = "population"
"""What the police keep; whose feed is taken away, so that they are asked."""


async def consent(service: Service, house: OnFile, *people: int, source: str = "ALL", **changes: Any) -> None:
    """These members let themselves be looked up; whatever they signed before is gone."""
    async with transaction(service.engine) as connection:
        for member in people:
            await connection.execute(delete(Authorisation).where(Authorisation.member_id == member))
            given = {"source": source, "purpose": "ECONOMIC_CHECK", "valid_from": TODAY - 90 * DAY, "valid_to": None}
            await connection.execute(insert(Authorisation).values(member_id=member, version=1, **given | changes))
            await connection.execute(update(Member).where(Member.id == member).values(authorised_until=None))


async def adults(service: Service, house: OnFile, *, scanned: bool = False) -> None:
    """Everybody of the household is of age, and consented to everything; no officer stood in for that, nor found a scan anything."""
    async with transaction(service.engine) as connection:
        if not scanned:
            await connection.execute(delete(Link).where(Link.member_id.in_(house.people)))
            shutil.rmtree(service.data_dir / "scans")
        await connection.execute(
            update(Member).where(Member.household_id == house.key).values(birth_date=dt.date(1980, 1, 1))
        )
        await connection.execute(delete(EmergencyException).where(EmergencyException.household_id == house.key))
    await consent(service, house, *house.people)


async def without_feed(service: Service, source: str = POLICE) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(delete(Feed).where(Feed.department_code == source))
        await connection.execute(update(Organisation).where(Organisation.code == "police").values(sources=[source]))


async def ask(house: OnFile, by: str = "caseworker", **told: Any) -> Any:
    given = {"householdId": house.id, "occasion": "APPLICATION", "sources": [POLICE, "tax"], **told}
    return await house.act("requestVerification", f"request {{ {REQUEST} }}", by=by, **given)


async def answer(house: OnFile, question: dict[str, Any], by: str = "department", **told: Any) -> Any:
    given = {"answerId": question["id"], "expectedVersion": question["version"], "answer": "NO_RECORD", **told}
    return await house.act("answerVerification", f"answer {{ {ANSWER} }}", by=by, **given)


async def close(house: OnFile, request: dict[str, Any], **told: Any) -> Any:
    given = {"requestId": request["id"], "expectedVersion": request["version"], "conclusion": "核对完毕。", **told}
    return await house.act("closeVerification", f"request {{ {REQUEST} }}", **given)


async def tasks(service: Service, kind: str) -> list[tuple[str, int | None]]:
    async with transaction(service.engine) as connection:
        found = (
            select(Task.state, Task.member_id).where(Task.kind == kind, Task.detail.is_not(None)).order_by(Task.id)
        )
        rows = (await connection.execute(found.add_columns(Task.reference))).all()
    return [(row.state, row.member_id) for row in rows if row.reference.startswith("VERIFICATION:")]


async def test_departments_are_asked_answer_and_the_round_is_closed_in_words(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service)
    request = (await ask(house))["request"]
    assert (request["round"], request["state"], request["sources"]) == (1, "OPEN", [POLICE, "tax"])
    told = Counter(
        (each["source"], each["answer"], (each["organisation"] or {}).get("code")) for each in request["answers"]
    )
    number = len(request["answers"]) // 2
    assert told == {(POLICE, "NO_ANSWER", "police"): number, ("tax", "NO_ANSWER", None): number}
    assert await tasks(service, "VERIFICATION") == [("OPEN", None)]

    asked = (await service.data(ASKED, {"filter": {"waiting": True}}, by="department"))["verificationAnswers"][
        "nodes"
    ]
    assert {each["source"] for each in asked} == {POLICE}
    assert all(each["subject"] for each in asked), "by name and number it is told whom it is asked about"
    assert [each["person"] for each in asked] == [None] * number, "and no case"
    masked = (await service.data(ASKED, {"filter": {"waiting": True}}, by="auditor"))["verificationAnswers"]["nodes"]
    assert [each["subject"] for each in masked] == [None] * number

    first, *others = sorted(asked, key=lambda each: str(each["id"]))
    assert errors(await answer(house, first, answer="VALUE")) == [("REQUIRED", ["input", "note"])]
    assert errors(await answer(house, first, answer="NOT_AUTHORISED")) == [("INVALID", ["input", "answer"])]
    assert errors(await answer(house, first, by="caseworker"))[0][0] == "FORBIDDEN"
    said = (await answer(house, first, answer="VALUE", note="户籍在册", asOf=str(TODAY - 3 * DAY)))["answer"]
    assert (said["answer"], said["origin"], said["ageDays"], said["note"]) == ("VALUE", "DEPARTMENT", 3, "户籍在册")
    assert errors(await answer(house, first)) == [("CONFLICT", ["input", "expectedVersion"])]
    for each in others:
        await answer(house, each)
    assert await tasks(service, "VERIFICATION") == [("DONE", None)], "all have answered"

    closed = (await close(house, request))["request"]
    assert (closed["state"], closed["conclusion"], closed["closedBy"]) == (
        "CLOSED",
        "核对完毕。",
        {"login": "caseworker"},
    )
    lines = {line["source"]: line for line in closed["report"]}
    assert (lines[POLICE]["value"], lines[POLICE]["noRecord"], lines[POLICE]["ageDays"]) == (1, number - 1, 3)
    assert (lines["tax"]["noAnswer"], lines["tax"]["oldest"]) == (number, None), (
        "what is not known is told as not known"
    )
    assert errors(await close(house, closed)) == [("INVALID", ["input", "requestId"])]
    assert errors(await answer(house, said)) == [("INVALID", ["input", "answerId"])]
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(VerificationAnswer.note, VerificationAnswer.subject))).all()
    assert not any("户籍".encode() in bytes(each or b"") for row in kept for each in row)


COVERED = {"VALUE": ("VALUE", "FEED"), "NO_RECORD": ("NO_RECORD", "FEED")}
"""What a scan that could tell something says of a person, and how a round tells it."""


async def covered(service: Service, house: OnFile) -> dict[tuple[str, str], tuple[str, dt.date | None]]:
    """What the latest scan says of the household's people, by their id and the kind of data."""
    async with transaction(service.engine) as connection:
        rows = await connection.execute(select(Member.reference, Member.id).where(Member.id.in_(house.people)))
        names = {row.reference: house.public("Person", row.id) for row in rows}
        scan = await connection.scalar(select(func.max(Scan.id)))
    told = pl.read_parquet(service.data_dir / "scans" / str(scan) / "out" / "coverage.parquet")
    return {
        (names[person], source): (state, as_of)
        for person, source, state, as_of in told.iter_rows()
        if person in names
    }


async def rescanned(service: Service, by: str = "auditor") -> None:
    """Another scan of everybody has ended."""
    start = (
        "mutation ($key: String!) { startScan(input: {idempotencyKey: $key}) { scan { id } userErrors { message } } }"
    )
    assert (await service.data(start, {"key": "another-scan"}, by=by))["startScan"]["userErrors"] == []
    await service.work()


async def aged(service: Service, source: str | None, days: int | None) -> None:
    """The feed of this kind, or every feed, was cut so many days ago, or does not say when."""
    async with transaction(service.engine) as connection:
        cut = None if days is None else TODAY - days * DAY
        which = update(Feed) if source is None else update(Feed).where(Feed.department_code == source)
        await connection.execute(which.values(as_of=cut))


def by_person(request: Any, source: str) -> dict[str, Any]:
    return {each["person"]["id"]: each for each in request["answers"] if each["source"] == source}


async def test_feeds_answer_with_their_day_as_the_latest_scan_has_it_f_8(service: Service) -> None:
    house = await on_file(service)
    await consent(service, house, *house.people)
    await aged(service, None, 9)
    await rescanned(service)
    told, request = await covered(service, house), (await ask(house, sources=None))["request"]
    states = Counter(state for state, _ in told.values())
    assert {"VALUE", "NO_RECORD"} <= set(states)
    for each in request["answers"]:
        state, as_of = told.get((each["person"]["id"], each["source"]), ("NOT_ASKED", None))
        assert (each["answer"], each["origin"]) == COVERED.get(state, (each["answer"], None))
        assert (each["answer"] in COVERED) == (state in COVERED), "what the scan cannot tell, the round does not"
        if state in COVERED:
            assert as_of is not None
            assert (each["asOf"], each["unknownBecause"]) == (as_of.isoformat(), None)
            assert (each["organisation"], each["dueOn"]) == (None, None), "what a feed tells is asked of nobody"
        else:
            assert (each["asOf"], each["unknownBecause"] is not None) == (None, True), "and it says why"
    for line in request["report"]:
        people = by_person(request, line["source"])
        assert line["people"] == len(people) == len(house.people)
        assert line["noRecord"] == sum(each["answer"] == "NO_RECORD" for each in people.values())
        if line["feedAsOf"] is not None:
            assert line["feedAgeDays"] == (TODAY - dt.date.fromisoformat(line["feedAsOf"])).days


SILENT = {
    "too old": (500, True, "STALE_FEED"),
    "of an unknown day": (None, True, "STALE_FEED"),
    "of today, and not looked at yet": (0, True, "NOT_SCANNED"),
    "of today, and a part": (0, False, "PARTIAL_FEED"),
}


@pytest.mark.parametrize(("age", "complete", "because"), SILENT.values(), ids=SILENT.keys())
async def test_a_feed_that_cannot_tell_is_no_record_of_none_and_its_department_is_asked_f_8(
    service: Service, age: int | None, complete: bool, because: str
) -> None:
    house = await on_file(service)
    await adults(service, house)
    await aged(service, POLICE, age)
    async with transaction(service.engine) as connection:
        await connection.execute(update(Feed).where(Feed.department_code == POLICE).values(complete=complete))
        await connection.execute(update(Organisation).where(Organisation.code == "police").values(sources=[POLICE]))
    request = (await ask(house, sources=[POLICE]))["request"]
    assert {(each["answer"], each["unknownBecause"], each["asOf"]) for each in request["answers"]} == {
        ("NO_ANSWER", because, None)
    }
    waits = because == "NOT_SCANNED"
    assert all((each["organisation"] is None) == waits for each in request["answers"]), (
        "what a scan will tell is not asked"
    )
    (line,) = request["report"]
    assert (line["noAnswer"], line["noRecord"], line["value"]) == (len(house.people), 0, 0)
    assert line["feedAgeDays"] == age
    counted = {"STALE_FEED": line["stale"], "PARTIAL_FEED": line["partial"], "NOT_SCANNED": line["notScanned"]}
    assert counted == {each: len(house.people) if each == because else 0 for each in counted}


async def test_what_a_scan_told_long_ago_is_not_known_any_more_but_a_record_is_f_8(service: Service) -> None:
    house = await on_file(service)
    await consent(service, house, *house.people)
    await aged(service, None, 9)
    await rescanned(service)
    before = {
        (each["person"]["id"], each["source"]): each
        for each in (await ask(house, sources=None))["request"]["answers"]
    }
    other = await on_file(service, 1)
    await consent(service, other, *other.people)
    assert "NO_RECORD" in {each["answer"] for each in before.values()}
    service.ahead = 900 * DAY
    for each in (await ask(other, sources=None))["request"]["answers"]:
        assert each["answer"] != "NO_RECORD" or limits()[each["source"]] is None
        assert each["answer"] != "VALUE" or each["ageDays"] > 500


async def test_a_list_of_answers_is_told_while_it_is_fresh(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service, POLICE)
    first, *others = house.people
    async with transaction(service.engine) as connection:
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
        said = {"source": POLICE, "organisation_id": police, "pushed_at": service.now()}
        told = {"answer": "NO_RECORD", "answered_on": TODAY - 3 * DAY}
        await connection.execute(insert(ListedAnswer).values(member_id=first, **said, **told))
        for each in others:
            old = {"answer": "NO_RECORD", "answered_on": TODAY - 700 * DAY}
            await connection.execute(insert(ListedAnswer).values(member_id=each, **said, **old))
    people = by_person((await ask(house, sources=[POLICE]))["request"], POLICE)
    theirs = people.pop(house.public("Person", first))
    assert (theirs["answer"], theirs["origin"], theirs["ageDays"]) == ("NO_RECORD", "LIST", 3)
    assert {(each["answer"], each["unknownBecause"]) for each in people.values()} <= {("NO_ANSWER", "NO_FEED")}


async def test_a_scan_that_ends_meanwhile_answers_what_waits_but_of_nobody_who_took_a_consent_back_f_23(
    service: Service,
) -> None:
    house = await on_file(service)
    await adults(service, house)
    request = (await ask(house, sources=None))["request"]
    assert {each["answer"] for each in request["answers"]} <= {"NO_ANSWER", "NOT_ASKED"}
    first, *others = house.people
    await consent(service, house, first, withdrawn_on=TODAY)
    await aged(service, None, 9)
    await rescanned(service)
    node = "query ($id: ID!) { node(id: $id) { ... on VerificationRequest { " + REQUEST + " } } }"
    now = (await service.data(node, {"id": request["id"]}, by="caseworker"))["node"]
    told = await covered(service, house)
    theirs = house.public("Person", first)
    for each in now["answers"]:
        person = each["person"]["id"]
        state = "withdrawn" if person == theirs else told.get((person, each["source"]), ("", None))[0]
        assert (each["answer"] in COVERED) == (state in COVERED)
    assert others
    assert any(each["answer"] in COVERED for each in now["answers"])
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action).where(AuditEvent.action == "verification.told")
        assert len((await connection.execute(acts)).all()) == 1
    closed = (await close(house, now))["request"]
    assert [each["answer"] for each in closed["answers"]] == [each["answer"] for each in now["answers"]]
    await rescanned(service)
    after = (await service.data(node, {"id": request["id"]}, by="caseworker"))["node"]
    assert after == closed, "a round that is closed stays as it was"


LEADS = "query ($id: ID!) { node(id: $id) { ... on VerificationRequest { leads { id state rule { id } } } } }"


async def test_leads_are_shown_beside_the_answers_to_whoever_sees_them_f_18(service: Service) -> None:
    async with transaction(service.engine) as connection:
        found = select(Finding.household_id, Finding.id, Finding.rule_id).join(
            Household, Household.id == Finding.household_id
        )
        county = found.where(Household.division_code == "410502", Finding.state == "OPEN").order_by(Finding.id)
        lead = (await connection.execute(county.limit(1))).one()
        file = await connection.scalar(select(File.id).where(File.household_id == lead.household_id))
    house = OnFile(service, lead.household_id, file or 0, service.vault.ids("Household", [lead.household_id])[0], "")
    public = house.public("Finding", lead.id)
    request = (await ask(house))["request"]

    async def shown(by: str) -> set[str]:
        return {each["id"] for each in (await service.data(LEADS, {"id": request["id"]}, by=by))["node"]["leads"]}

    assert public in await shown("caseworker")
    async with transaction(service.engine) as connection:
        shadow = {
            "rule_id": lead.rule_id,
            "division_code": "410502",
            "since": service.now(),
            "reviewed": 30,
            "version": 1,
        }
        await connection.execute(insert(RuleShadow).values(**shadow, confirmed=0))
    assert public not in await shown("caseworker"), "a rule that is set aside shows nothing"
    assert public in await shown("auditor"), "but to who keeps the rules"
    async with transaction(service.engine) as connection:
        await connection.execute(delete(RuleShadow))
        scan = await connection.scalar(select(func.max(Scan.id)))
        gone = {
            "withdrawn_because": "RECORD_GONE",
            "withdrawn_from": "OPEN",
            "withdrawn_scan_id": scan,
            "withdrawn_at": service.now(),
        }
        await connection.execute(
            update(Finding).where(Finding.id == lead.id).values(state="WITHDRAWN", withdrawals=1, **gone)
        )
    assert public not in await shown("caseworker"), "nor is what a scan has withdrawn"


LACKING = {
    "expired": {"valid_to": TODAY - DAY},
    "not yet": {"valid_from": TODAY + DAY},
    "another department": {"source": "tax"},
    "another purpose": {"purpose": "PUBLICITY"},
    "withdrawn": {"withdrawn_on": TODAY},
}


@pytest.mark.parametrize("changes", LACKING.values(), ids=LACKING.keys())
async def test_without_a_consent_one_person_is_not_looked_up_there_f_23(
    service: Service, changes: dict[str, Any]
) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service)
    spouse, *others = house.people
    await consent(service, house, spouse, **changes)
    async with transaction(service.engine) as connection:
        before = len((await connection.execute(select(Finding.id))).all())
    request = (await ask(house))["request"]
    theirs = house.public("Person", spouse)
    states = {(each["person"]["id"] == theirs, each["source"]): each["answer"] for each in request["answers"]}
    assert states[True, POLICE] == "NOT_AUTHORISED"
    assert states[True, "tax"] == ("NO_ANSWER" if changes == LACKING["another department"] else "NOT_AUTHORISED")
    if others:
        assert states[False, POLICE] == states[False, "tax"] == "NO_ANSWER"
    assert await tasks(service, "CONSENT_MISSING") == [("OPEN", spouse)], "a task asks for it"
    asked = (await service.data(ASKED, {"filter": {}}, by="department"))["verificationAnswers"]
    assert asked["totalCount"] == len(others), "nobody is asked about them"
    async with transaction(service.engine) as connection:
        assert len((await connection.execute(select(Finding.id))).all()) == before, "and it is no lead"
    await close(house, request)
    assert await tasks(service, "CONSENT_MISSING") == [("CANCELLED", spouse)]


@pytest.mark.parametrize("gone", [{"active": False}, {"division_code": "320500"}], ids=["ended", "elsewhere"])
async def test_an_officer_writes_down_what_a_department_without_an_account_answered_on_paper(
    service: Service, gone: dict[str, Any]
) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service)
    question = next(each for each in (await ask(house))["request"]["answers"] if each["source"] == POLICE)
    paper = {"number": "安公函〔2026〕3号", "on": str(TODAY - DAY)}
    assert errors(await answer(house, question, by="caseworker", onPaper=paper))[0][0] == "FORBIDDEN", (
        "it has an account"
    )
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "department").values(**gone))
    said = await answer(house, question, by="caseworker")
    assert errors(said)[0][0] == "FORBIDDEN", "nobody answers for it without a paper"
    later = paper | {"on": str(TODAY + DAY)}
    assert errors(await answer(house, question, by="caseworker", onPaper=later)) == [
        ("INVALID", ["input", "onPaper", "on"])
    ]
    told = (await answer(house, question, by="caseworker", onPaper=paper))["answer"]
    assert (told["answer"], told["origin"], told["paper"], told["ageDays"]) == (
        "NO_RECORD",
        "DEPARTMENT",
        paper["number"],
        1,
    )
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.detail).where(AuditEvent.action == "verification.answered")
        detail = (await connection.execute(acts)).scalar_one()
    assert detail["on_paper"] is True


async def test_a_consent_taken_back_ends_the_question_f_23(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service)
    await ask(house)
    (question, *_) = (await service.data(ASKED, {"filter": {}}, by="department"))["verificationAnswers"]["nodes"]
    await consent(service, house, *house.people, withdrawn_on=TODAY)
    assert errors(await answer(house, question)) == [("MISSING_CONSENT", ["input", "answerId"])]


async def test_late_answers_are_seen_and_nothing_follows_from_them(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house)
    await without_feed(service)
    request = (await ask(house))["request"]
    listing = {"filter": {"overdue": True}}
    assert (await service.data(LISTED, listing))["verificationRequests"]["totalCount"] == 0
    async with transaction(service.engine) as connection:
        await connection.execute(
            update(VerificationAnswer).where(VerificationAnswer.due_on.is_not(None)).values(due_on=TODAY - DAY)
        )
    assert [each["id"] for each in (await service.data(LISTED, listing))["verificationRequests"]["nodes"]] == [
        request["id"]
    ]
    late = (await service.data(ASKED, listing, by="department"))["verificationAnswers"]["nodes"]
    assert late
    assert all(each["overdue"] and each["answer"] == "NO_ANSWER" for each in late)
    assert (await service.data(LISTED, listing, by="elsewhere"))["verificationRequests"]["totalCount"] == 0


async def test_an_objection_opens_a_round_that_keeps_the_first_f_32(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house)
    first = (await ask(house))["request"]
    assert errors(await ask(house)) == [("INVALID", ["input", "householdId"])], "one round at a time"
    closed = (await close(house, first))["request"]
    named = (await raised(service, house.id))["objection"]["id"]
    assert errors(await ask(house, occasion="OBJECTION")) == [("REQUIRED", ["input", "objectionId"])]
    assert errors(await ask(house, objectionId=named)) == [("INVALID", ["input", "objectionId"])]
    other = await on_file(service, 1)
    assert errors(await ask(other, occasion="OBJECTION", objectionId=named)) == [
        ("NOT_FOUND", ["input", "objectionId"])
    ]
    assert errors(await ask(other, recheckOf=first["id"])) == [("NOT_FOUND", ["input", "recheckOf"])]
    again = (await ask(house, occasion="OBJECTION", objectionId=named, recheckOf=first["id"]))["request"]
    assert (again["round"], again["previousId"]) == (2, first["id"])
    kept = (await service.data(
        "query ($id: ID!) { node(id: $id) { ... on VerificationRequest { " + REQUEST + " } } }", {"id": first["id"]}, by="caseworker"
    ))["node"]  # fmt: skip
    assert kept == closed, "the first round stays as it was"


async def test_only_kinds_of_data_that_somebody_keeps_are_named(service: Service) -> None:
    house = await on_file(service)
    assert errors(await ask(house, sources=["gossip"])) == [("INVALID", ["input", "sources"])]
    whole = (await ask(house, sources=None))["request"]
    assert {POLICE, "tax", "finance"} <= set(whole["sources"])
    assert not {"answers", "documents", "handlers"} & set(whole["sources"]), "these tell nothing of an applicant"
    assert errors(await ask(house, by="auditor"))[0][0] == "FORBIDDEN"


PARAMETER = """[[value]]
key = "{key}"
value = {value}
unit = "rounds"
division = "4105"
valid_from = 2019-04-28
basis = "市定"
status = "verified"
approved_by = ["甲", "乙"]
"""


async def refusal(service: Service, house: Reviewed, action: Action = Action.PUBLISH) -> NotDone | None:
    """Why the household may not be moved so for want of a verification."""
    case = Case(house.key, house.file_key, "410502", action, await viewer(service), None)
    async with transaction(service.engine) as connection:
        try:
            await GUARDS[Guard.VERIFIED](connection, case, service.now())
        except NotDone as said:
            return said
    return None


async def round_of(service: Service, house: Reviewed, **told: Any) -> None:
    async with transaction(service.engine) as connection:
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        row = {
            "household_id": house.key,
            "file_id": house.file_key,
            "round": 1,
            "occasion": "APPLICATION",
            "version": 1,
        }
        row |= {
            "state": "OPEN",
            "sources": list(NINE),
            "due_on": TODAY,
            "requested_by": user,
            "requested_at": service.now(),
        }
        if told.get("state") == "CLOSED":
            row |= {"conclusion": b"", "closed_by": user, "closed_at": service.now()}
        await connection.execute(delete(VerificationRequest).where(VerificationRequest.household_id == house.key))
        await connection.execute(insert(VerificationRequest).values(**row | told))


GUARDED: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "nobody asked": (None, False),
    "asked, and not due": ({"due_on": TODAY}, False),
    "asked, and the departments are silent beyond their day": ({"due_on": TODAY - DAY}, True),
    "closed": ({"state": "CLOSED"}, True),
    "closed, but a part was never asked": ({"state": "CLOSED", "sources": ["tax", "vehicles"]}, False),
    "closed for another file": ({"state": "CLOSED", "file_id": None}, False),
}


async def test_a_notice_takes_a_round_that_is_closed_or_late_of_all_nine_kinds(service: Service) -> None:
    house = await under_review(service)
    for case, (told, goes_on) in GUARDED.items():
        if told is None:
            async with transaction(service.engine) as connection:
                await connection.execute(
                    delete(VerificationRequest).where(VerificationRequest.household_id == house.key)
                )
        else:
            await round_of(service, house, **told)
        said = await refusal(service, house)
        assert (said is None) == goes_on, case
        if said is not None:
            assert said.code == "REQUIRED", case
            asked = told["sources"] if told and "sources" in told else ()
            assert all((each in said.en) != (each in asked) for each in NINE), case
    assert await refusal(service, house, Action.REVERIFY) is None, "nothing asks for it there"


async def test_a_division_says_itself_whether_a_move_takes_a_round(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(service.data_dir))
    house = await under_review(service)
    await round_of(service, house)
    own = service.data_dir / "policy.toml"
    own.write_text(PARAMETER.format(key="verification.before_notice", value=0), encoding="utf-8")
    assert await refusal(service, house) is None
    own.write_text(PARAMETER.format(key="verification.before_reverification", value=1), encoding="utf-8")
    assert await refusal(service, house) is not None
    await round_of(service, house, state="CLOSED")
    assert await refusal(service, house, Action.REVERIFY) is None
    await round_of(service, house, state="CLOSED", requested_at=service.now() - 400 * DAY)
    assert await refusal(service, house, Action.REVERIFY) is not None, "it was looked at since"
