"""What a mutation answers: what it changed, who can be asked about it, and why it was not done, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from api.database import transaction
from api.models import AuditEvent
from tests.api.conftest import Service

REVIEW = """mutation ($input: ReviewFindingInput!) { reviewFinding(input: $input) {
  __typename finding { id version } clientMutationId auditId
  userErrors { __typename code message path ... on ConflictError { currentVersion } }
} }"""
SCAN = """mutation ($input: StartScanInput!) { startScan(input: $input) {
  scan { id } clientMutationId auditId userErrors { __typename code path } } }"""


async def finding(service: Service) -> dict[str, Any]:
    """A finding, and a conclusion about it."""
    leads = await service.data('{ findings(filter: {rules: ["H04", "H05"]}, first: 1) { nodes { id version } } }')
    (found,) = leads["findings"]["nodes"]
    return {
        "idempotencyKey": "a-review-of-mine",
        "findingId": found["id"],
        "expectedVersion": found["version"],
        "outcome": "NO_ISSUE",
        "note": "已核实。",
    }


async def audited(service: Service, audit_id: str) -> Any:
    key = service.vault.key("AuditEvent", audit_id)
    async with transaction(service.engine) as connection:
        return (await connection.execute(select(AuditEvent).where(AuditEvent.id == key))).one()


async def test_what_was_done_is_found_in_the_audit_by_its_id(service: Service) -> None:
    given = await finding(service)
    done = (await service.data(REVIEW, {"input": {**given, "clientMutationId": "form-7"}}))["reviewFinding"]
    assert done["userErrors"] == []
    assert done["clientMutationId"] == "form-7"
    entry = await audited(service, done["auditId"])
    assert (entry.action, entry.subject_type) == ("finding.reviewed", "Finding")
    assert service.vault.ids("Finding", [entry.subject])[0] == done["finding"]["id"]


async def test_done_again_it_answers_alike_and_nothing_more_is_in_the_audit(service: Service) -> None:
    given = await finding(service)
    first = (await service.data(REVIEW, {"input": given}))["reviewFinding"]
    async with transaction(service.engine) as connection:
        before = (await connection.execute(select(func.count()).select_from(AuditEvent))).scalar_one()
    again = (await service.data(REVIEW, {"input": {**given, "clientMutationId": "second try"}}))["reviewFinding"]
    assert again == {**first, "clientMutationId": "second try"}
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(func.count()).select_from(AuditEvent))).scalar_one() == before


async def test_an_id_of_the_audit_is_no_id_of_anything_else(service: Service) -> None:
    done = (await service.data(REVIEW, {"input": await finding(service)}))["reviewFinding"]
    assert (await service.data("query ($id: ID!) { node(id: $id) { id } }", {"id": done["auditId"]}))["node"] is None


async def test_where_nothing_was_done_nothing_is_in_the_audit(service: Service) -> None:
    queued = {"idempotencyKey": "scan-the-first"}
    first = (await service.data(SCAN, {"input": queued}, by="auditor"))["startScan"]
    assert first["auditId"]
    same = (await service.data(SCAN, {"input": {"idempotencyKey": "scan-the-second"}}, by="auditor"))["startScan"]
    assert same == {**first, "auditId": None}, "one that waits and would do the same is the scan that was asked for"


WRONG: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "not found": ({"findingId": "0" * 32}, "NotFoundError", "NOT_FOUND", ["input", "findingId"]),
    "conflict": ({"expectedVersion": 99}, "ConflictError", "CONFLICT", ["input", "expectedVersion"]),
    "required": ({"note": " "}, "ValidationError", "REQUIRED", ["input", "note"]),
    "invalid": ({"outcome": "ENTITLEMENT_CONFIRMED"}, "ValidationError", "INVALID", ["input", "outcome"]),
    "key": ({"idempotencyKey": "short"}, "ValidationError", "INVALID", ["input", "idempotencyKey"]),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_was_not_done_says_why_in_both_languages(service: Service, case: str) -> None:
    change, kind, code, path = WRONG[case]
    given = {**await finding(service), **change, "clientMutationId": "form-7"}
    messages = set()
    for language in ("zh", "en"):
        payload = (await service.ask(REVIEW, {"input": given}, language=language))["data"]["reviewFinding"]
        (error,) = payload.pop("userErrors")
        messages.add(error.pop("message"))
        version = {"currentVersion": 1} if kind == "ConflictError" else {}
        assert error == {"__typename": kind, "code": code, "path": path, **version}
        assert payload == {
            "__typename": "ReviewFindingPayload",
            "finding": None,
            "clientMutationId": "form-7",
            "auditId": None,
        }
    assert len(messages) == 2


async def test_a_key_that_stood_for_another_request_and_a_role_that_may_not(service: Service) -> None:
    given = await finding(service)
    await service.data(REVIEW, {"input": given})
    other = (await service.data(REVIEW, {"input": {**given, "note": "另一理由。"}}))["reviewFinding"]
    assert [(each["__typename"], each["code"]) for each in other["userErrors"]] == [
        ("IdempotencyError", "IDEMPOTENCY_KEY_REUSED")
    ]
    refused = (await service.data(REVIEW, {"input": given}, by="caseworker"))["reviewFinding"]
    assert [(each["__typename"], each["code"]) for each in refused["userErrors"]] == [
        ("PermissionError", "FORBIDDEN")
    ]
