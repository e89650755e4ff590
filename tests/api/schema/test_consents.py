"""Consents, exceptions and attachments as clients meet them: who is missing is told by id, and a page costs its levels."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from api.database import transaction
from api.domain import days
from api.domain.consent import NINE
from api.models import Authorisation, Household, Human, Member, Scan
from tests.api.clock import this_moment
from tests.api.conftest import Service
from tests.api.papers import consent, exception, paper, user_of
from tests.api.schema.test_statements import selects
from tests.api.services.reviewed import under_review

RECORD = """mutation ($input: RecordAuthorisationInput!) { recordAuthorisation(input: $input) {
  authorisation { id version state sources purpose validFrom validTo person { id } guardian { id } guardianName
    attachment { id kind name } recordedBy withdrawalReason usedBy { found } }
  auditId userErrors { __typename code path } } }"""
WITHDRAW = """mutation ($input: WithdrawAuthorisationInput!) { withdrawAuthorisation(input: $input) {
  authorisation { state version withdrawnOn withdrawalReason usedBy { asOf found scan { id } } } userErrors { code path } } }"""
EXCEPT = """mutation ($input: RecordEmergencyExceptionInput!) { recordEmergencyException(input: $input) {
  emergencyException { id inForce reason endsOn household { emergencyExceptions { sources } } }
  userErrors { code path message } } }"""
OPEN = """mutation ($input: OpenPublicNoticeInput!) { openPublicNotice(input: $input) { notice { id }
  userErrors { __typename code message path ... on MissingConsentError { missing { personId sources } } } } }"""
EXCEPTIONS = """query ($filter: EmergencyExceptionFilter) { emergencyExceptions(filter: $filter) {
  totalCount nodes { sources reason recordedBy household { reference } } } }"""
PAGE = """query ($n: Int, $filter: HouseholdFilter) { households(first: $n, filter: $filter) { nodes { reference
  attachments { kind name person { name } } emergencyExceptions { sources reason }
  members { authorisations { sources state guardian { name } attachment { kind } usedBy { asOf found scan { status } } } } } } }"""


def today() -> dt.date:
    return days.today(this_moment())


async def signed(service: Service, household: int, person: int) -> dict[str, Any]:
    """What is given to record a consent of somebody of the household."""
    now = dt.datetime.now(dt.UTC)
    async with transaction(service.engine) as connection:
        user = await user_of(connection, "caseworker")
        attached = await paper(connection, service.vault, household, user, now)
    return {
        "idempotencyKey": f"consent-{person}",
        "personId": service.vault.ids("Person", [person])[0],
        "sources": ["ALL"],
        "validFrom": "2024-01-01",
        "attachmentId": service.vault.ids("Attachment", [attached])[0],
    }


async def test_f_23_a_consent_is_recorded_shown_and_withdrawn(service: Service) -> None:
    async with transaction(service.engine) as connection:
        heads = select(Member.id, Member.household_id).where(Member.relation == "HEAD", Member.left_on.is_(None))
        near = heads.join(Household, Household.id == Member.household_id).where(Household.division_code == "410502")
        person = (await connection.execute(near.order_by(Member.id).limit(1))).one()
    given = await signed(service, person.household_id, person.id)
    done = (await service.data(RECORD, {"input": given}, by="caseworker"))["recordAuthorisation"]
    assert done["userErrors"] == []
    made = done["authorisation"]
    assert (made["state"], made["sources"], made["purpose"]) == ("VALID", ["ALL"], "ECONOMIC_CHECK")
    assert (made["person"]["id"], made["attachment"]["kind"]) == (given["personId"], "AUTHORISATION")
    assert made["recordedBy"] == "Caseworker"
    again = (await service.data(RECORD, {"input": given}, by="caseworker"))["recordAuthorisation"]
    assert again["authorisation"]["id"] == made["id"], "the same request is carried out once"
    async with transaction(service.engine) as connection:
        await connection.execute(update(Scan).values(started_at=dt.datetime.now(dt.UTC)))
        scans = (await connection.execute(select(Scan.id, Scan.as_of))).one()
    back = {"idempotencyKey": "withdraw-1", "authorisationId": made["id"], "expectedVersion": 1, "reason": "不愿再查"}
    future = back | {"withdrawnOn": (today() + dt.timedelta(days=1)).isoformat(), "idempotencyKey": "withdraw-0"}
    refused = (await service.data(WITHDRAW, {"input": future}, by="caseworker"))["withdrawAuthorisation"]
    assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", "withdrawnOn"]}]
    ended = (await service.data(WITHDRAW, {"input": back | {"withdrawnOn": today().isoformat()}}))[
        "withdrawAuthorisation"
    ]
    assert (ended["authorisation"]["state"], ended["authorisation"]["version"]) == ("WITHDRAWN", 2)
    (use,) = ended["authorisation"]["usedBy"]
    assert use["asOf"] == scans.as_of.isoformat()
    assert use["scan"]["id"] == service.vault.ids("Scan", [scans.id])[0]
    query = "query ($id: ID!) { person(id: $id) { authorisations { state withdrawalReason usedBy { asOf scan { id } } } } }"
    for by, reason, scan in (("caseworker", "不愿再查", None), ("auditor", None, use["scan"])):
        found = (await service.data(query, {"id": given["personId"]}, by=by))["person"]["authorisations"]
        assert found[0]["withdrawalReason"] == reason
        assert found[0]["usedBy"][0]["scan"] == scan, "which scan it was is told to who may read scans"
    tasks = await service.data("{ tasks { nodes { kind person { id } } } }", by="caseworker")
    assert {"kind": "CONSENT_WITHDRAWN", "person": {"id": given["personId"]}} in tasks["tasks"]["nodes"]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_f_23_a_request_without_consent_is_refused_naming_who_by_id_alone(
    service: Service, language: str
) -> None:
    household = await under_review(service)
    spouse = household.people[1]
    async with transaction(service.engine) as connection:
        await connection.execute(delete(Authorisation).where(Authorisation.member_id == spouse))
    given = {
        "idempotencyKey": "notice-0001", "householdId": household.id, "expectedVersion": household.version,
        "places": ["WORKPLACE"], "channels": ["HOTLINE"],
    }  # fmt: skip
    answer = await service.ask(OPEN, {"input": given}, language=language)
    (error,) = answer["data"]["openPublicNotice"]["userErrors"]
    assert (error["__typename"], error["code"]) == ("MissingConsentError", "MISSING_CONSENT")
    ((who, where),) = [(each["personId"], each["sources"]) for each in error["missing"]]
    assert who == service.vault.ids("Person", [spouse])[0]
    assert set(where) == set(NINE)
    assert "李芳" not in str(answer)
    paid = {"householdId": household.id, "sources": ["ALL"], "reason": "急病住院", "until": today().isoformat()}
    excepted = (await service.data(EXCEPT, {"input": paid | {"idempotencyKey": "exception-1"}}))[
        "recordEmergencyException"
    ]
    assert excepted["emergencyException"]["inForce"]
    answer = await service.ask(OPEN, {"input": given | {"idempotencyKey": "notice-0002"}}, language=language)
    codes = [each["code"] for each in answer["data"]["openPublicNotice"]["userErrors"]]
    assert "MISSING_CONSENT" not in codes, "an exception stands in for it"


async def test_f_23_an_exception_is_an_officers_shown_on_the_household_and_listed_for_auditors(
    service: Service,
) -> None:
    household = await under_review(service)
    given = {"householdId": household.id, "sources": ["tax"], "reason": "急病住院", "until": today().isoformat()}
    by_clerk = await service.data(EXCEPT, {"input": given | {"idempotencyKey": "exception-1"}}, by="caseworker")
    assert by_clerk["recordEmergencyException"]["userErrors"][0]["code"] == "FORBIDDEN"
    long = given | {"until": (today() + dt.timedelta(days=60)).isoformat(), "idempotencyKey": "exception-2"}
    (error,) = (await service.data(EXCEPT, {"input": long}))["recordEmergencyException"]["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "until"])
    made = (await service.data(EXCEPT, {"input": given | {"idempotencyKey": "exception-3"}}))[
        "recordEmergencyException"
    ]
    assert made["emergencyException"]["household"]["emergencyExceptions"] == [{"sources": ["tax"]}]
    assert made["emergencyException"]["reason"] == "急病住院"
    for in_force, count in ((True, 1), (False, 0), (None, 1)):
        page = await service.data(EXCEPTIONS, {"filter": {"inForce": in_force}}, by="auditor")
        assert page["emergencyExceptions"]["totalCount"] == count
        assert all(node["reason"] is None for node in page["emergencyExceptions"]["nodes"]), "an auditor sees masks"


async def test_f_29_who_handles_a_protected_person_is_told_to_the_cleared_alone(service: Service) -> None:
    household = await under_review(service)
    now, person = dt.datetime.now(dt.UTC), household.people[0]
    async with transaction(service.engine) as connection:
        user = await user_of(connection, "caseworker")
        attached = await paper(connection, service.vault, household.key, user, now, person=person)
        await consent(connection, person, attached, user, now)
        await exception(connection, service.vault, household.key, user, now)
        human = select(Member.person_id).where(Member.id == person).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=now.date()))
    query = """query ($id: ID!) { household(id: $id) { attachments { kind name uploadedBy }
      emergencyExceptions { reason recordedBy } members { authorisations { state recordedBy } } } }"""
    found = (await service.data(query, {"id": household.id}))["household"]
    assert found["attachments"] == [{"kind": "AUTHORISATION", "name": None, "uploadedBy": None}]
    assert found["emergencyExceptions"] == [{"reason": None, "recordedBy": None}]
    assert found["members"][0]["authorisations"][0] == {"state": "VALID", "recordedBy": None}


async def test_a_page_of_households_with_their_papers_takes_the_same_for_one_as_for_many(service: Service) -> None:
    now, households = dt.datetime.now(dt.UTC), [await under_review(service) for _ in range(12)]
    async with transaction(service.engine) as connection:
        user = await user_of(connection, "caseworker")
        for each in households:
            for person in each.people:
                attached = await paper(connection, service.vault, each.key, user, now, person=person)
                given = await consent(connection, person, attached, user, now)
                guardian = update(Authorisation).where(Authorisation.id == given).values(guardian_id=each.people[0])
                await connection.execute(guardian)
            await exception(connection, service.vault, each.key, user, now)
        await connection.execute(update(Scan).values(started_at=now + dt.timedelta(hours=1)))
        theirs = select(Household.reference).where(Household.id.in_(each.key for each in households))
        references = list(await connection.scalars(theirs))
    rows, taken = [], []
    for number in (1, 12):
        service.statements.clear()
        page = await service.data(
            PAGE, {"n": number, "filter": {"references": references, "stages": ["UNDER_REVIEW"]}}
        )
        rows.append(len(page["households"]["nodes"]))
        assert all(len(node["attachments"]) == 3 for node in page["households"]["nodes"])
        taken.append(len(selects(service)))
    assert rows == [1, 12]
    assert taken == [10, 10]
