"""Whoever a register names is named nowhere else (F-27): every value of a city is looked for in everything that comes out.

A service is really started, with all loggers open, and used in every way: well, badly, over HTTP, by GET, over
WebSocket, refused, and while values cannot be opened and a table is away. Then its output, its metrics, the headers and
errors of its answers, and the tables that tell what was done are searched, for the register's own values and for those
that were only asked with.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, text, update
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.database import reading, transaction
from api.models import (
    Alarm,
    AuditEvent,
    Finding,
    IdempotencyKey,
    Job,
    Member,
    OutboxEvent,
    Read,
    ReadSubject,
    Scan,
    table,
)
from tests.api.conftest import KEY, Service
from tests.api.test_cli import free_port

PATIENCE = 90
STARTED = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
logging.getLogger("sqlalchemy.pool").setLevel(logging.DEBUG)
from api.cli import main
main()
"""
"""All loggers open, and those of the database so that they show statements."""

NAME, NUMBER, PHONE, ACCOUNT, ADDRESS = (
    "金丝雀甲", "11010519491231002X", "13987650123", "6222021234567890123", "河南省安阳市文峰区金丝雀路7号",
)  # fmt: skip
ASKED_WITH = (NAME, NUMBER, PHONE, ACCOUNT, ADDRESS, "canary-wrong-token", "canary-mutation-key")
HOUSEHOLDS = "query ($f: HouseholdFilter, $n: Int) { households(filter: $f, first: $n) { totalCount nodes { %s } } }"
ALL = (
    "id reference address phone payeeAccount payeeName members { name formerName idNumber phone address birthDate "
    "links { source recordId } } findings { explanationZh explanationEn reviews { note } }"
)


def values_of(city: Path) -> set[str]:
    """Every name, number, telephone, account and address of the register."""
    found: set[str] = set()
    for file, columns in (
        ("members", ("name", "former_name", "id_number", "phone", "address")),
        ("households", ("address", "phone", "payee_account", "payee_name")),
    ):
        frame = pl.read_parquet(city / f"{file}.parquet")
        for column in columns:
            if column in frame.columns:
                found |= {str(value) for value in frame[column].drop_nulls().to_list()}
    return {value for value in found if len(value) > 1}


def told_in(output: str, values: set[str]) -> set[str]:
    """The values that stand in an output: words of letters as they are, numbers only where no other digits surround them."""
    numbers = set(re.findall(r"[0-9A-Za-z]+", output))
    return {
        value for value in values if (value in numbers if value.isascii() and value.isalnum() else value in output)
    }


class Asking:
    """A client that keeps the headers and errors of every answer."""

    def __init__(self, port: int) -> None:
        self.address, self.kept = f"http://127.0.0.1:{port}", [""]

    def send(self, body: bytes | None, token: str | None, path: str = "/graphql", **headers: str) -> Any:
        """The answer's JSON, if it is any."""
        given = {"Content-Type": "application/json", **headers}
        given |= {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.address + path, body, given)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                content, answered = answer.read(), answer.headers
        except urllib.error.HTTPError as refused:
            content, answered = refused.read(), refused.headers
        self.kept.append(str(answered))
        try:
            found = json.loads(content)
        except ValueError:
            self.kept.append(content.decode(errors="replace"))
            return None
        self.kept.append(json.dumps(found.get("errors"), ensure_ascii=False))
        self.kept.append(json.dumps(found.get("extensions"), ensure_ascii=False))
        return found

    def ask(self, token: str | None, query: str, variables: Any = None, **more: Any) -> Any:
        return self.send(json.dumps({"query": query, "variables": variables, **more}).encode(), token)


def bad_bodies() -> Iterator[bytes]:
    """What is no request, with values in it."""
    yield f'{{"query": "{NAME}'.encode()
    yield f'[{{"query": "{{ viewer {{ login }} }}", "{NUMBER}": 1}}]'.encode()
    yield f'{{"query": 5, "variables": "{PHONE}"}}'.encode()
    yield f'{{"query": "{{viewer{{login}}}}", "operationName": "{NAME}"}}'.encode()
    yield f'{{"documentId": "sha256:{NUMBER}"}}'.encode()
    yield f'{{"query": "{{viewer{{login}}}}", "extensions": {{"persistedQuery": "{ACCOUNT}"}}}}'.encode()
    yield json.dumps({"query": f"# {ADDRESS}\n" + "#" * 300_000}).encode()


def bad_documents() -> Iterator[tuple[str, Any]]:
    """Documents and variables that are refused, one way or another."""
    search = HOUSEHOLDS % "id"
    yield f'{{ households(filter: {{name: "{NAME}", idNumber: "{NUMBER}"}}) {{ nodes {{ id nonsense }} }} }}', None
    yield f'{{ households(filter: {{name: "{NAME}" ', None
    yield f"{{ households(filter: {{phone: {PHONE}}}) {{ nodes {{ id }} }} }}", None
    yield f'{{ households(filter: {{stages: ["{NAME}"]}}) {{ nodes {{ id }} }} }}', None
    yield f'{{ households(after: "{NUMBER}") {{ nodes {{ id }} }} }}', None
    yield f'{{ node(id: "{NUMBER}") {{ id }} person(id: "{PHONE}") {{ name }} }}', None
    yield f"query Who{NUMBER} {{ viewer {{ login }} }} query Other {{ viewer {{ role }} }}", None
    yield f"{{ {NAME} }}", None
    for wrong in (
        {"f": {"idNumber": [NUMBER]}},
        {"f": {"idNumber": {"is": NUMBER}}},
        {"f": {NAME: NUMBER}},
        {"f": {"stages": [NAME]}},
        {"f": {"applied": {"from": NUMBER}}},
        {"f": {"idNumber": ADDRESS}},
        {"f": {"or": [{"name": NAME}]}},
        {"f": {"divisionCode": PHONE}},
        {"f": NAME},
        {"n": NUMBER},
        {"n": int(PHONE)},
    ):
        yield search, wrong


async def over_websocket(port: int, token: str, kept: list[str]) -> None:
    """Queries, slips and subscriptions over a socket; a wrong token, too."""
    address = f"ws://127.0.0.1:{port}/graphql"
    for said in ({"Authorization": f"Bearer {token}", "purpose": "REVIEW"}, {"Authorization": f"Bearer {NAME}"}):
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": said}))
            try:
                if json.loads(await socket.recv())["type"] != "connection_ack":
                    continue
                asked = [(HOUSEHOLDS % ALL, {"n": 5}), *bad_documents()]
                asked.append((f'subscription {{ scanProgress(id: "{NUMBER}") {{ status }} }}', None))
                for number, (query, variables) in enumerate(asked):
                    payload = {"query": query, "variables": variables}
                    await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
                    while True:
                        message = json.loads(await socket.recv())
                        if message["type"] in ("error", "complete"):
                            break
                        kept.append(json.dumps(message["payload"].get("errors"), ensure_ascii=False))
                    kept.append(json.dumps(message if message["type"] == "error" else "", ensure_ascii=False))
                await socket.send(NAME)
                await socket.recv()
            except Exception as closed:
                kept.append(str(closed))


async def kept_in_tables(service: Service) -> str:
    """What is kept of who did and read what, of jobs and events; findings, too, whose words must name nobody."""
    shown: list[str] = []
    async with reading(service.engine) as connection:
        for model in (Read, ReadSubject, AuditEvent, OutboxEvent, IdempotencyKey, Job, Alarm, Finding, Scan):
            rows = await connection.execute(select(*table(model).c))
            shown += (json.dumps([str(value) for value in row], ensure_ascii=False) for row in rows)
    return "\n".join(shown)


async def test_f_27_nobody_is_named_in_anything_that_comes_out(service: Service, city: Path, tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "out"
    place = {
        "JIEKUN_DATABASE_URL": service.url,
        "JIEKUN_DATA_DIR": str(service.data_dir),
        "JIEKUN_KEY": KEY,
        "JIEKUN_BULK_PEOPLE_HOUR": "20",
    }
    with out.open("wb") as writing:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTED, "serve", "--port", str(port)],
            env={**os.environ, **place}, stdout=writing, stderr=subprocess.STDOUT,
        )  # fmt: skip
    asking = Asking(port)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, out.read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            try:
                asking.send(None, None, "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        tokens = service.tokens
        scan = asking.ask(
            tokens["auditor"],
            "mutation ($i: StartScanInput!) { startScan(input: $i) { scan { id } userErrors { code } } }",
            {"i": {"idempotencyKey": "canary-mutation-key"}},
        )["data"]["startScan"]["scan"]["id"]
        for by in tokens:
            page = asking.ask(tokens[by], HOUSEHOLDS % ALL, {"n": 40})
            asking.ask(tokens[by], HOUSEHOLDS % ALL, {"f": {"name": NAME}})
            asking.ask(tokens[by], HOUSEHOLDS % "id", {"f": {"idNumber": NUMBER, "phone": PHONE}})
            for query, variables in bad_documents():
                asking.ask(tokens[by], query, variables)
        page = asking.ask(tokens["reviewer"], HOUSEHOLDS % ALL, {"n": 100})["data"]["households"]["nodes"]
        assert told_in(json.dumps(page, ensure_ascii=False), values_of(city)), "the answers themselves do name people"
        for person in (person for household in page[:8] for person in household["members"]):
            for key in ("name", "idNumber", "phone"):
                asking.ask(tokens["reviewer"], HOUSEHOLDS % "members { name }", {"f": {key: person[key]}})
        finding = asking.ask(tokens["reviewer"], "{ findings(first: 1) { nodes { id version } } }")
        seen = finding["data"]["findings"]["nodes"][0]
        for number, note in enumerate((f"{NAME} {NUMBER} {ACCOUNT}", NAME * 2_000)):
            given = {"findingId": seen["id"], "expectedVersion": seen["version"], "note": note, "outcome": "NO_ISSUE"}
            asking.ask(
                tokens["reviewer"],
                "mutation ($i: ReviewFindingInput!) { reviewFinding(input: $i) { userErrors { code message } } }",
                {"i": {**given, "idempotencyKey": f"canary-mutation-key-{number}"}},
            )
        for body in bad_bodies():
            asking.send(body, tokens["reviewer"])
        for wrong in ("canary-wrong-token", NUMBER):
            asking.ask(wrong, "{ viewer { login } }")
        asking.ask(tokens["reviewer"], "{ viewer { login } }", operationName=NUMBER)
        asking.send(None, tokens["reviewer"], "/graphql?query=%7Bviewer%7Blogin%7D%7D")
        asking.send(None, tokens["reviewer"], f"/graphql?query=%7Bnode(id:%22{NUMBER}%22)%7Bid%7D%7D")
        asking.send(None, tokens["reviewer"], f"/{NUMBER}/{PHONE}?q={ACCOUNT}")
        asking.send(
            json.dumps({"query": HOUSEHOLDS % ALL}).encode(), tokens["reviewer"], **{"Jiekun-Purpose": NUMBER}
        )
        asking.send(
            b"{}", tokens["reviewer"], Cookie=f"a={NUMBER}", Referer=f"http://x/{PHONE}", Origin=f"http://{PHONE}"
        )
        await over_websocket(port, tokens["reviewer"], asking.kept)

        async with transaction(service.engine) as connection:
            await connection.execute(text("ALTER TABLE payments RENAME TO payments_away"))
        broken = asking.ask(tokens["reviewer"], HOUSEHOLDS % "enrolments { payments { month } } members { name }")
        assert broken["errors"][0]["extensions"]["code"] == "INTERNAL"
        async with transaction(service.engine) as connection:
            await connection.execute(text("ALTER TABLE payments_away RENAME TO payments"))
            await connection.execute(update(Member).values(name=Member.phone))
        broken = asking.ask(tokens["reviewer"], HOUSEHOLDS % ALL, {"n": 3})
        assert broken["errors"][0]["extensions"]["code"] == "INTERNAL"

        deadline = time.monotonic() + PATIENCE
        while True:
            answer = asking.ask(tokens["auditor"], "query ($id: ID!) { scan(id: $id) { status } }", {"id": scan})
            if answer["data"]["scan"]["status"] in ("SUCCEEDED", "FAILED"):
                break
            assert time.monotonic() < deadline
            time.sleep(0.5)
        asking.ask(tokens["auditor"], "{ alarms { totalCount } reads { nodes { fields { name } } } }")
        asking.send(None, None, "/metrics")
    finally:
        process.terminate()
        process.wait(PATIENCE)
    output = out.read_text(encoding="utf-8", errors="replace")
    assert "INSERT INTO reads" in output, "the loggers were open"
    assert "jiekun_reads_unsealed" in "".join(asking.kept)
    tables = await kept_in_tables(service)
    assert "Person.idNumber" in tables
    secret = values_of(city) | set(ASKED_WITH) | set(tokens.values())
    assert len(secret) > 1_000
    assert told_in(output, secret) == set(), "in the output"
    assert [kept for kept in asking.kept if told_in(kept, secret)] == [], "in headers, errors or metrics"
    assert told_in(tables, secret) == set(), "in tables"


def test_the_search_finds_what_is_there() -> None:
    values = {"王芳", "13812345678", "河南省安阳市1号"}
    assert told_in("x 王芳 y13812345678 137", values) == {"王芳"}
    assert told_in("tel=13812345678, 河南省安阳市1号楼", values) == {"13812345678", "河南省安阳市1号"}


pytestmark = pytest.mark.filterwarnings("error")
