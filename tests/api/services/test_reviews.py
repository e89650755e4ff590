"""Reviews through GraphQL: who may, on what, once; and what other evidence does to a closed lead."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text, update

from api.database import transaction
from api.models import AuditEvent, Finding, Review
from api.services import audit
from tests.api.conftest import Service

REVIEW = """
mutation ($input: ReviewFindingInput!) {
  reviewFinding(input: $input) {
    finding { id state version reviews { outcome note reviewer } }
    userErrors { code message path }
  }
}"""


async def lead(service: Service, rules: list[str] | None = None) -> dict[str, Any]:
    query = """query ($rules: [String!]) {
      findings(filter: {rules: $rules, divisionCode: "410502"}, first: 1) { nodes { id version rule { id } } } }"""
    found: dict[str, Any] = (await service.data(query, {"rules": rules}))["findings"]["nodes"][0]
    return found


def given(lead: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": "review-0001",
        "findingId": lead["id"],
        "expectedVersion": lead["version"],
        "outcome": "NO_ISSUE",
        "note": "已核实。",
    } | changes


async def review(service: Service, answer: dict[str, Any], by: str = "reviewer") -> Any:
    return (await service.data(REVIEW, {"input": answer}, by=by))["reviewFinding"]


async def test_an_inquiry_keeps_a_lead_open_and_a_conclusion_closes_it(service: Service) -> None:
    found = await lead(service)
    first = await review(service, given(found, outcome="NEEDS_INQUIRY", note="须入户核实。"))
    assert (first["finding"]["state"], first["finding"]["version"]) == ("IN_INQUIRY", 2)
    second = await review(service, given(found, idempotencyKey="review-0002", expectedVersion=2))
    assert (second["finding"]["state"], second["finding"]["version"]) == ("CLOSED", 3)
    assert [each["outcome"] for each in second["finding"]["reviews"]] == ["NO_ISSUE", "NEEDS_INQUIRY"]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"expectedVersion": 7}, "CONFLICT", ["input", "expectedVersion"]),
        ({"findingId": "0" * 32}, "NOT_FOUND", ["input", "findingId"]),
        ({"note": " "}, "REQUIRED", ["input", "note"]),
        ({"outcome": "DECEPTION_CONFIRMED"}, "REQUIRED", ["input", "decisionDocument"]),
        ({"idempotencyKey": "short"}, "INVALID", ["input", "idempotencyKey"]),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(
    service: Service, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    found = await lead(service, ["H04", "H05", "P01", "P05", "P11"])
    refused = await review(service, given(found, **changes))
    assert refused["finding"] is None
    (error,) = refused["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Review.id))).all() == []
    done = await review(service, given(found))
    assert done["userErrors"] == [], "the key of a refused request is not used up"


async def test_messages_are_in_the_language_of_the_reader(service: Service) -> None:
    found = await lead(service)
    for language, words in (("zh-CN,zh;q=0.9,en;q=0.5", "请写明理由。"), ("en-GB", "Give the reason.")):
        answer = await service.ask(REVIEW, {"input": given(found, note=" ")}, language=language)
        assert answer["data"]["reviewFinding"]["userErrors"][0]["message"] == words


@pytest.mark.parametrize("by", ["caseworker", "auditor", "department", "administrator"])
async def test_only_reviewers_review(service: Service, by: str) -> None:
    found = await lead(service)
    assert (await review(service, given(found), by=by))["userErrors"][0]["code"] == "FORBIDDEN"


async def test_another_divisions_finding_is_not_there(service: Service) -> None:
    found = await lead(service)
    assert (await review(service, given(found), by="elsewhere"))["userErrors"][0]["code"] == "NOT_FOUND"


async def test_without_a_token_nothing_is_done(service: Service) -> None:
    found = await lead(service)
    answer = await service.ask(REVIEW, {"input": given(found)}, by=None)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_sent_twelve_times_at_once_it_counts_once(service: Service) -> None:
    found = await lead(service)
    answers = await asyncio.gather(*(review(service, given(found)) for _ in range(12)))
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]["finding"]["reviews"]) == 1


async def test_of_twelve_reviewers_at_once_one_concludes_and_the_others_are_told(service: Service) -> None:
    found = await lead(service)
    requests = [given(found, idempotencyKey=f"review-{number:04}") for number in range(12)]
    answers = await asyncio.gather(*(review(service, request) for request in requests))
    codes = sorted(answer["userErrors"][0]["code"] if answer["userErrors"] else "DONE" for answer in answers)
    assert codes == ["CONFLICT"] * 11 + ["DONE"]


async def test_the_act_is_in_the_audit_trail_without_its_reason(service: Service) -> None:
    found = await lead(service)
    await review(service, given(found, note="王小明已说明。"))
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1))).one()
        assert (row.action, row.subject_type, row.detail["outcome"]) == ("finding.reviewed", "Finding", "NO_ISSUE")
        assert (await audit.prove(connection)).broken is None
        kept = (await connection.execute(text("SELECT note FROM reviews"))).scalar_one()
        assert "王小明".encode() not in bytes(kept)


async def test_a_reason_is_for_those_who_see_identities(service: Service) -> None:
    found = await lead(service)
    await review(service, given(found))
    query = "query ($id: ID!) { finding(id: $id) { reviews { note outcome } } }"
    for by, note in (("reviewer", "已核实。"), ("auditor", None)):
        answer = await service.data(query, {"id": found["id"]}, by=by)
        assert answer["finding"]["reviews"] == [{"note": note, "outcome": "NO_ISSUE"}]


async def test_on_other_evidence_a_closed_lead_is_a_new_question_and_on_the_same_it_stays_closed(
    service: Service,
) -> None:
    start = """mutation ($key: String!) { startScan(input: {idempotencyKey: $key}) { userErrors { code } } }"""
    query = """query ($id: ID!) {
      finding(id: $id) { state version reviews { onCurrentEvidence } } }"""
    found = await lead(service)
    await review(service, given(found))
    await service.data(start, {"key": "scan-0001"}, by="auditor")
    await service.work()
    same = (await service.data(query, {"id": found["id"]}))["finding"]
    assert same == {"state": "CLOSED", "version": 2, "reviews": [{"onCurrentEvidence": True}]}
    async with transaction(service.engine) as connection:  # as if the review had been made on what was sent before
        await connection.execute(update(Finding).values(evidence_hash="another"))
        await connection.execute(update(Review).values(evidence_hash="another"))
    await service.data(start, {"key": "scan-0002"}, by="auditor")
    await service.work()
    other = (await service.data(query, {"id": found["id"]}))["finding"]
    assert other == {"state": "OPEN", "version": 3, "reviews": [{"onCurrentEvidence": False}]}
    async with transaction(service.engine) as connection:  # and then that of the review comes back
        (evidence,) = (await connection.execute(select(Finding.evidence_hash).where(Finding.version == 3))).scalars()
        await connection.execute(update(Review).values(evidence_hash=evidence))
        await connection.execute(update(Finding).where(Finding.version == 3).values(evidence_hash="yet another"))
    await service.data(start, {"key": "scan-0003"}, by="auditor")
    await service.work()
    again = (await service.data(query, {"id": found["id"]}))["finding"]
    assert again == {"state": "CLOSED", "version": 4, "reviews": [{"onCurrentEvidence": True}]}
