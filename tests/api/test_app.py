"""The service over HTTP: statuses, headers, limits, health, readiness, metrics; and a log that names nobody."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import MOST_BODY_BYTES, create_app
from api.sealing import new_key, vault
from tests.api.conftest import Service


async def test_the_page_is_our_own_from_end_to_end(service: Service) -> None:
    page = await service.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in page.headers["content-security-policy"]
    for path in ("graphiql.js", "graphiql.css", "icon.svg", "examples/index.json", "LICENSES.txt"):
        assert (await service.client.get(f"/page/{path}")).status_code == 200
    style = (await service.client.get("/page/graphiql.css")).text
    assert "@import" not in style
    assert "url(http" not in style
    moved = await service.client.get("/graphql", headers={"Accept": "text/html"})
    assert (moved.status_code, moved.headers["location"]) == (302, "/")


@pytest.mark.parametrize("path", ["/page/../app.py", "/page/%2e%2e/app.py", "/page/__init__.pyc", "/etc/passwd"])
async def test_nothing_else_is_served(service: Service, path: str) -> None:
    assert (await service.client.get(path)).status_code == 404


async def test_health_and_readiness(service: Service) -> None:
    assert (await service.client.get("/healthz")).json() == {"status": "ok"}
    assert (await service.client.get("/readyz")).json() == {"status": "ok"}


async def test_metrics_count_requests_and_waiting_jobs(service: Service) -> None:
    await service.ask("{ viewer { login } }")
    text = (await service.client.get("/metrics")).text
    assert 'jiekun_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in text
    assert "jiekun_jobs_waiting 0.0" in text


@pytest.mark.parametrize("authorization", ["Bearer jk_wrong", "Bearer", "Basic dTpw", "jk_token", "Bearer é"])
async def test_a_token_that_is_not_good_is_refused_before_anything_is_read(
    service: Service, authorization: str
) -> None:
    answer = await service.client.post(
        "/graphql", content=b"not even JSON", headers=[(b"Authorization", authorization.encode())]
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": "{ viewer { login } }", "variables": {"a": "\\u0000"}}', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'[{"query": "{ viewer { login } }"}]', "application/json", 400),
        (b"query=%7Bviewer%7Blogin%7D%7D", "application/x-www-form-urlencoded", 415),
        (b"{ viewer { login } }", "text/plain", 415),
        (b'{"query": "' + b" " * MOST_BODY_BYTES + b'"}', "application/json", 413),
    ],
)
async def test_what_is_no_request_is_refused(service: Service, content: bytes, media: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {service.tokens['reviewer']}", "Content-Type": media}
    answer = await service.client.post("/graphql", content=content, headers=headers)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


async def test_a_mistake_in_a_document_is_told_and_a_fault_of_ours_is_not(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mistake = (await service.ask("{ nonsense }"))["errors"][0]
    assert mistake["extensions"]["code"] == "BAD_REQUEST"
    assert "nonsense" in mistake["message"]

    async def fail(*arguments: object) -> None:
        raise RuntimeError("王小明 11010519491231002X")

    monkeypatch.setattr("api.loaders.programmes.programmes", fail)
    with caplog.at_level(logging.DEBUG):
        answer = await service.ask("{ programmes { code } viewer { login } }", language="zh")
    (fault,) = answer["errors"]
    assert fault["message"] == "服务内部错误，请稍后重试。"
    assert fault["extensions"]["code"] == "INTERNAL"
    assert fault["extensions"]["requestId"] in caplog.text
    assert answer["data"]["viewer"]["login"] == "reviewer"
    assert "王小明" not in caplog.text
    assert "王小明" not in str(answer)


async def test_neither_log_nor_metrics_say_whom_a_query_asks_about(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    number, name = "11010519491231002X", "王小明"
    query = "query ($f: HouseholdFilter) { households(filter: $f) { nodes { id } } }"
    with caplog.at_level(logging.DEBUG):
        await service.ask(query, {"f": {"idNumber": number, "name": name}})
        await service.ask(
            f'{{ households(filter: {{name: "{name}", idNumber: "{number}"}}) {{ nodes {{ id bad }} }} }}'
        )
        await service.ask(f'{{ households(filter: {{name: "{name}" ')
        await service.ask(query, {"f": {"idNumber": [number]}})
    metrics = (await service.client.get("/metrics")).text
    for kept in (caplog.text, metrics):
        assert number not in kept
        assert name not in kept
    assert service.tokens["reviewer"] not in caplog.text


async def test_several_operations_want_a_name(service: Service) -> None:
    document = "query A { viewer { login } } query B { viewer { role } }"
    nameless = (await service.client.post("/graphql", json={"query": document})).json()
    assert "operationName" in nameless["errors"][0]["message"]
    named = (await service.client.post("/graphql", json={"query": document, "operationName": "B"})).json()
    assert "errors" not in named


async def test_without_the_database_answers_stay_answers(tmp_path: Path) -> None:
    """Probes, metrics and GraphQL say in their own forms that the database is away."""
    app = create_app(f"sqlite:///{tmp_path}/nowhere/jiekun.db", vault(new_key()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/metrics")).status_code == 200
        answer = await client.post(
            "/graphql", json={"query": "{ viewer { login } }"}, headers={"Authorization": "Bearer jk_unknown"}
        )
    assert answer.status_code == 503
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert len(error["extensions"]["requestId"]) == 32


async def test_a_body_too_large_is_refused_however_it_is_cut_into_pieces(service: Service) -> None:
    """Whoever has nothing more to send gets an answer at once, and whoever has is listened to for a while."""
    app = create_app(service.url, service.vault)
    for sizes in ([MOST_BODY_BYTES + 1], [MOST_BODY_BYTES, 1], [MOST_BODY_BYTES + 1, 5], [1] * 3 + [MOST_BODY_BYTES]):
        pieces = [
            {"type": "http.request", "body": b" " * size, "more_body": place < len(sizes)}
            for place, size in enumerate(sizes, 1)
        ]
        said: list[Any] = []

        async def receive(pieces: list[Any] = pieces) -> Any:
            return pieces.pop(0)  # an IndexError, where more is asked for than was sent

        async def send(message: Any, said: list[Any] = said) -> None:
            said.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "root_path": "", "scheme": "http",
            "http_version": "1.1", "query_string": b"", "headers": [], "client": ("127.0.0.1", 1), "server": ("service", 80),
        }  # fmt: skip
        await app(scope, receive, send)
        assert said[0]["status"] == 413
        assert pieces == []
