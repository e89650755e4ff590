"""GraphQL over HTTP: media types and their statuses, addresses that name nobody, events, cost, time and who may ask what."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.database import transaction
from api.gate.passage import Limits
from api.services import documents
from tests.api.conftest import Service

GRAPHQL, JSON = "application/graphql-response+json", "application/json"
VIEWER = "{ viewer { login } }"
SECRET = "王小明"


async def post(service: Service, body: Any, *, accept: str = GRAPHQL, by: str | None = "reviewer") -> httpx.Response:
    headers = {"Accept": accept, "Accept-Language": "en"}
    if by:
        headers["Authorization"] = f"Bearer {service.tokens[by]}"
    return await service.client.post("/graphql", json=body, headers=headers)


async def get(service: Service, by: str = "reviewer", **parameters: str) -> httpx.Response:
    headers = {"Accept": GRAPHQL, "Accept-Language": "en", "Authorization": f"Bearer {service.tokens[by]}"}
    return await service.client.get("/graphql", params=parameters, headers=headers)


@asynccontextmanager
async def with_limits(service: Service, **limits: Any) -> AsyncIterator[Service]:
    """The same service under other limits."""
    trusted_only = limits.pop("trusted_only", False)
    app = create_app(service.url, service.vault, Limits(**limits), trusted_only=trusted_only)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
    ):
        yield Service(service.url, service.engine, service.vault, service.data_dir, service.tokens, client)


STATUSES = [
    ({"query": VIEWER}, 200, 200),
    ({"query": "{ programmes { code } households { nodes { id } } }"}, 200, 200),
    ({"query": "{"}, 400, 200),
    ({"query": "{ nonsense }"}, 400, 200),
    ({"query": "query ($n: Int!) { households(first: $n) { nodes { id } } }"}, 400, 200),
    ({"query": "query ($n: Int!) { households(first: $n) { nodes { id } } }", "variables": {"n": "x"}}, 400, 200),
    ({"query": "query A { viewer { login } } query B { viewer { login } }"}, 400, 200),
    ({"query": VIEWER, "operationName": "A"}, 400, 200),
    ({"query": "subscription { scanProgress(id: 1) { id } }"}, 400, 200),
    ({"query": 1}, 400, 400),
    ({"query": VIEWER, "variables": []}, 400, 400),
    ([{"query": VIEWER}], 400, 400),
]


@pytest.mark.parametrize(("body", "status", "under_json"), STATUSES)
async def test_the_status_is_that_of_the_media_type(
    service: Service, body: Any, status: int, under_json: int
) -> None:
    for accept, expected in ((GRAPHQL, status), (JSON, under_json), ("*/*", under_json)):
        answer = await post(service, body, accept=accept)
        assert answer.status_code == expected, accept
        assert answer.headers["content-type"] == f"{GRAPHQL if accept == GRAPHQL else JSON}; charset=utf-8"
        content = answer.json()
        assert ("data" in content) == (status == 200)
        assert ("errors" in content) == (status != 200)
        assert all(error["extensions"]["code"] for error in content.get("errors", []))


async def test_what_cannot_be_answered_in_is_not_acceptable(service: Service) -> None:
    assert (await post(service, {"query": VIEWER}, accept="application/xml")).status_code == 406
    assert (
        (await post(service, {"query": VIEWER}, accept=f"{GRAPHQL};q=0.1, {JSON}"))
        .headers["content-type"]
        .startswith(JSON)
    )


ADDRESSES = [
    ({"query": VIEWER}, 200),
    ({"query": VIEWER, "variables": "{}"}, 200),
    ({"query": "query ($n: String!) { __type(name: $n) { name } }", "variables": '{"n": "Person"}'}, 200),
    ({"query": '{ __type(name: "Person") { name } }'}, 200),
    ({"query": "query ($n: Int) { households(first: $n) { nodes { id } } }", "variables": '{"n": 1}'}, 400),
    ({"query": f'{{ households(filter: {{ name: "{SECRET}" }}) {{ nodes {{ id }} }} }}'}, 400),
    ({"query": 'mutation { startScan(input: { idempotencyKey: "abcdefgh" }) { scan { id } } }'}, 405),
    ({}, 400),
]


@pytest.mark.parametrize(("parameters", "status"), ADDRESSES)
async def test_an_address_asks_only_what_names_nobody(
    service: Service, parameters: dict[str, str], status: int
) -> None:
    answer = await get(service, **parameters)
    assert answer.status_code == status
    assert SECRET not in answer.text


async def test_a_browser_without_a_question_is_shown_the_page(service: Service) -> None:
    answer = await service.client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/")


@pytest.mark.parametrize("by", ["reviewer", "auditor", "department", None])
async def test_only_those_who_may_ask_how_the_schema_is_made(service: Service, by: str | None) -> None:
    answer = (
        await post(
            service,
            {"query": "{ a: viewer { login } ...F } fragment F on Query { __schema { types { name } } }"},
            by=by,
        )
    ).json()
    if by in ("reviewer", "auditor"):
        assert len(answer["data"]["__schema"]["types"]) > 50
    else:
        assert answer["errors"][0]["extensions"]["code"] == ("FORBIDDEN" if by else "UNAUTHENTICATED")
    suggested = (await post(service, {"query": "{ household { nodes { id } } viewr { login } }"}, by=by)).json()
    assert ("Did you mean" in str(suggested)) == (by in ("reviewer", "auditor"))


async def test_errors_repeat_no_value(service: Service) -> None:
    filtered = "query ($f: HouseholdFilter) { households(filter: $f) { nodes { id } } }"
    for body in (
        {"query": f'{{ households(first: "{SECRET}") {{ nodes {{ id }} }} }}'},
        {"query": f'{{ households(filter: {{ stages: ["{SECRET}"] }}) {{ nodes {{ id }} }} }}'},
        {"query": f'{{ households(filter: {{ nobody: "{SECRET}" }}) {{ nodes {{ id }} }} }}'},
        {"query": f'{{ households(after: "{SECRET}") {{ nodes {{ id }} }} }}'},
        {"query": f'{{ household(id: "{SECRET}") {{ id }} nonsense }}'},
        {"query": f'{{ viewer {{ login }} "{SECRET}'},
        {"query": filtered, "variables": {"f": {"name": [SECRET], "nobody": SECRET}}},
        {"query": filtered, "variables": {"f": {"stages": [SECRET], "applied": {"from": SECRET}}}},
        {"query": filtered, "variables": {"f": SECRET}},
    ):
        answer = await post(service, body)
        assert answer.json()["errors"]
        assert SECRET not in answer.text, body


async def test_events_are_sent_as_they_happen(service: Service) -> None:
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {service.tokens['reviewer']}"}
    answer = await service.client.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith('event: next\ndata: {"data":{"viewer":{"login":"reviewer"}}')
    assert answer.text.endswith("\n\nevent: complete\ndata: \n\n")
    scan = (await service.data("{ scans(first: 1) { nodes { id } } }"))["scans"]["nodes"][0]["id"]
    follow = "subscription ($id: ID!) { scanProgress(id: $id) { status } }"
    told = await service.client.post("/graphql", json={"query": follow, "variables": {"id": scan}}, headers=headers)
    assert '"scanProgress":{"status":"SUCCEEDED"}' in told.text
    wrong = await service.client.post("/graphql", json={"query": "{ nonsense }"}, headers=headers)
    assert '"code":"BAD_REQUEST"' in wrong.text


async def test_the_cost_is_told_and_what_is_not_used_is_given_back(service: Service) -> None:
    answer = await post(service, {"query": "{ households(first: 3) { nodes { id members { name } } } }"})
    cost = answer.json()["extensions"]["cost"]
    assert 0 < cost["actual"] <= 3 * (1 + 1 + 12)
    assert cost["requested"] == 1 + 3 * (1 + 1 + 1 + 4)
    assert cost["capacity"] - cost["remaining"] <= cost["requested"] + 1
    assert answer.headers["ratelimit-policy"].startswith('"cost";q=')
    assert answer.headers["x-request-id"] == answer.json()["extensions"]["requestId"]


async def test_a_client_that_asks_for_too_much_waits_and_others_do_not(service: Service) -> None:
    page = {"query": "{ households(first: 50) { nodes { id members { name idNumber } } } }"}
    async with with_limits(service, cost=1_000, burst=1_500, per_second=1) as limited:
        answers = [await post(limited, page) for _ in range(12)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert answers[0].status_code == 200
        assert refused[0].json()["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert int(refused[0].headers["retry-after"]) >= 1
        assert (await post(limited, page, by="county-reviewer")).status_code == 200
        too_much = await post(limited, {"query": page["query"].replace("50", "100")}, by="county-reviewer")
        assert too_much.json()["errors"][0]["extensions"]["code"] == "TOO_COSTLY"


async def test_an_answer_that_takes_too_long_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*arguments: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr("api.loaders.programmes.programmes", slow)
    async with with_limits(service, seconds=0.2) as limited:
        answer = await post(limited, {"query": "{ programmes { code } }"})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "TIMED_OUT"
        assert (await post(limited, {"query": VIEWER})).status_code == 200


async def test_registered_documents_are_asked_for_by_their_id(service: Service) -> None:
    known, unknown = f"sha256:{documents.digest(VIEWER)}", f"sha256:{'0' * 64}"
    assert (await post(service, {"documentId": known})).status_code == 403
    async with transaction(service.engine) as connection:
        moment = dt.datetime.now(dt.UTC)
        assert await documents.register(connection, documents.EVERY_CLIENT, [VIEWER, VIEWER], None, moment) == 1
        assert await documents.register(connection, documents.EVERY_CLIENT, [VIEWER], None, moment) == 0
    answer = await post(service, {"documentId": known})
    assert answer.json()["data"] == {"viewer": {"login": "reviewer"}}
    assert (await get(service, documentId=known)).json()["data"] == {"viewer": {"login": "reviewer"}}
    assert (await post(service, {"documentId": unknown})).status_code == 403
    assert (await post(service, {"documentId": known, "query": "{ programmes { code } }"})).status_code == 403
    async with with_limits(service, trusted_only=True) as strict:
        assert (await post(strict, {"documentId": known})).status_code == 200
        assert (await post(strict, {"query": VIEWER})).status_code == 200, "its text is that of a registered one"
        refused = await post(strict, {"query": "{ viewer { role } }"})
        assert refused.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


async def test_pages_of_named_sites_may_ask_and_no_others(service: Service) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    here, there = "https://portal.example.cn", "https://elsewhere.example.cn"
    app = create_app(service.url, service.vault, origins=[here])
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
    ):
        allowed = await client.options("/graphql", headers={"Origin": here, **asks})
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, here)
        assert "access-control-allow-credentials" not in allowed.headers
        refused = await client.options("/graphql", headers={"Origin": there, **asks})
        assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)
    unnamed = await service.client.options("/graphql", headers={"Origin": here, **asks})
    assert "access-control-allow-origin" not in unnamed.headers
