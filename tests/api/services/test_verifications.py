"""A household is verified: consent by person and source, departments asked and answering, late answers seen, rounds that follow."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from api.database import transaction
from api.models import (
    Authorisation,
    EmergencyException,
    Feed,
    Finding,
    Link,
    Member,
    Organisation,
    Task,
    VerificationAnswer,
)
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, TODAY, OnFile, errors, on_file
from tests.api.services.test_objections import raised

ANSWER = """id source answer origin asOf ageDays organisation { code } subject note dueOn overdue answeredAt version
  person { id name }"""
REQUEST = (
    """id round previousId occasion state sources dueOn version conclusion closedBy { login }
  household { id } answers { """
    + ANSWER
    + """ }
  report { source oldest ageDays people value noRecord noAnswer notAsked notAuthorised overdue }"""
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


async def test_what_the_latest_scan_linked_is_told_and_its_silence_is_no_record_of_none_f_8(service: Service) -> None:
    house = await on_file(service)
    await adults(service, house, scanned=True)
    async with transaction(service.engine) as connection:
        links = select(Link.member_id, Link.source).where(Link.member_id.in_(house.people), Link.decision == "LINK")
        linked = {(house.public("Person", row.member_id), row.source) for row in await connection.execute(links)}
    assert linked
    answers = (await ask(house, sources=None))["request"]["answers"]
    for each in answers:
        known = (each["person"]["id"], each["source"]) in linked
        assert (each["answer"], each["origin"]) == (("VALUE", "FEED") if known else ("NO_ANSWER", None))
        assert (each["asOf"] is not None) == known


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
    assert errors(await ask(house, by="auditor"))[0][0] == "FORBIDDEN"
