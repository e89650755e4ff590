"""Stock JavaScript clients against a server that is really running, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from api.database import transaction
from api.services import documents
from tests.api.conformance.conftest import Node
from tests.api.conftest import Service
from tests.api.test_subscriptions import serving, start

AUDITS = 61
FOLLOW = "subscription Follow($id: ID!) { scanProgress(id: $id) { id status progress { stage } } }"
START = "mutation Start($input: StartScanInput!) { startScan(input: $input) { scan { id } userErrors { code } } }"
TRANSPORTS = ("ws", "sse")


def codes(errors: list[dict[str, Any]]) -> list[str]:
    return [error["extensions"]["code"] for error in errors]


async def test_every_audit_of_graphql_over_http_is_passed(service: Service, node: Node) -> None:
    async with serving(service) as address:
        audits = await node.told("audits.mjs", f"http://{address}/graphql", service.tokens["administrator"])
    assert len(audits) == AUDITS
    assert [audit for audit in audits if audit["status"] != "ok"] == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stock_client_asks_changes_and_is_refused(service: Service, node: Node, transport: str) -> None:
    async with serving(service) as address:

        async def ask(by: str, **payload: Any) -> Any:
            token = service.tokens.get(by, by)
            return await node.told("follow.mjs", transport, f"http://{address}/graphql", token, json.dumps(payload))

        asked = await ask("auditor", query="query Me { viewer { login } }")
        assert [result["data"] for result in asked["results"]] == [{"viewer": {"login": "auditor"}}]
        assert asked["end"] == {"complete": True}

        variables = {"input": {"idempotencyKey": "stock-client-1"}}
        changed = await ask("auditor", query=START, variables=variables)
        assert changed["results"][0]["data"]["startScan"]["scan"]["id"]

        partly = await ask("department", query="{ viewer { login } households { nodes { id } } }")
        assert partly["results"][0]["data"] == {"viewer": {"login": "department"}, "households": None}
        assert codes(partly["results"][0]["errors"]) == ["FORBIDDEN"]

        refused = await ask("auditor", query="{ nothing }")
        errors = refused["end"]["errors"] if transport == "ws" else refused["results"][0]["errors"]
        assert codes(errors) == ["BAD_REQUEST"]

        stranger = await ask("jk_nobody", query="{ viewer { login } }")
        assert stranger["results"] == []
        assert stranger["end"]["closed"]["code"] == (4403 if transport == "ws" else 401)

        for said in (asked, changed, partly, refused, stranger):
            assert said["frames"]["binary"] == 0
        assert (asked["frames"]["text"] > 0) == (transport == "ws")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stock_client_asks_by_document_id(service: Service, node: Node, transport: str) -> None:
    text = "query Me { viewer { login } }"
    async with transaction(service.engine) as connection:
        await documents.register(connection, documents.EVERY_CLIENT, [text], None, dt.datetime.now(dt.UTC))
    async with serving(service) as address:
        for key, known in ((documents.digest(text), True), ("0" * 64, False)):
            payload = json.dumps({"query": "", "documentId": f"sha256:{key}"})  # graphql-ws insists on a query
            token = service.tokens["auditor"]
            said = await node.told("follow.mjs", transport, f"http://{address}/graphql", token, payload)
            if known:
                assert said["results"][0]["data"] == {"viewer": {"login": "auditor"}}
            else:
                errors = said["end"].get("errors") or said["results"][0]["errors"]
                assert codes(errors) == ["DOCUMENT_NOT_TRUSTED"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stock_client_follows_a_scan_to_its_end(service: Service, node: Node, transport: str) -> None:
    scan_id = await start(service)
    payload = json.dumps({"query": FOLLOW, "variables": {"id": scan_id}})
    async with serving(service) as address:
        following = asyncio.create_task(
            node.told("follow.mjs", transport, f"http://{address}/graphql", service.tokens["auditor"], payload)
        )
        await service.work()
        said = await following
    assert said["end"] == {"complete": True}
    states = [result["data"]["scanProgress"]["status"] for result in said["results"]]
    assert states[-1] == "SUCCEEDED"
    assert sorted(states, key=["QUEUED", "RUNNING", "SUCCEEDED"].index) == states
    assert said["frames"]["binary"] == 0


async def test_what_relay_persists_is_asked_by_its_id_alone(service: Service, node: Node, relay: Path) -> None:
    texts = json.loads((relay / "persisted.json").read_text(encoding="utf-8"))
    assert {key: documents.digest(text) for key, text in texts.items()} == {key: key for key in texts}
    async with transaction(service.engine) as connection:
        added = await documents.register(
            connection, documents.EVERY_CLIENT, texts.values(), None, dt.datetime.now(dt.UTC)
        )
    assert added == len(texts)
    some = (await service.data("{ households(first: 1) { nodes { id } } }"))["households"]["nodes"][0]["id"]
    review = {"idempotencyKey": "relay-client-1", "findingId": some, "expectedVersion": 1, "note": "…"}
    variables = {
        "HouseholdsPageQuery": {"first": 2, "after": None},
        "HouseholdRowAgainQuery": {"id": some},
        "ReviewFindingMutation": {"input": {**review, "outcome": "NO_ISSUE"}},
    }

    async def told(given: dict[str, Any]) -> Any:
        map_, token = str(relay / "persisted.json"), service.tokens["reviewer"]
        return await node.told("persisted.mjs", f"http://{address}/graphql", token, map_, json.dumps(given))

    async with serving(service) as address:
        answers = await told(variables)
        page = answers["HouseholdsPageQuery"]["data"]["households"]
        more = await told({"HouseholdsPageMoreQuery": {"first": 2, "after": page["pageInfo"]["endCursor"]}})
    read = [edge["node"] for edge in page["edges"]]
    further = [edge["node"] for edge in more["HouseholdsPageMoreQuery"]["data"]["households"]["edges"]]
    assert len({household["id"] for household in read + further}) == 4
    assert answers["HouseholdRowAgainQuery"]["data"]["node"]["reference"] == read[0]["reference"]
    concluded = answers["ReviewFindingMutation"]["data"]["reviewFinding"]
    assert concluded["finding"] is None
    assert [error["code"] for error in concluded["userErrors"]] == ["NOT_FOUND"], "it was a household's id"
