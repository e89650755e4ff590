"""POST /oauth/token: a department's machine proves itself and gets a token; every other request gets RFC 6749's word for why not."""

from __future__ import annotations

import base64
import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
from sqlalchemy import func, select, update

from api.database import reading, transaction
from api.domain import credentials
from api.domain.accounts import OPERATOR, ClientKind
from api.models import AuditEvent, ClientSecret, Token
from api.oauth import MOST_FAILURES, STRANGERS, WINDOW, Failures
from api.services import clients, grants, organisations, viewers
from tests.api.conftest import Service

NOW = dt.datetime.now(dt.UTC)
GRANT = {"grant_type": "client_credentials"}


@dataclass
class Machine:
    """A machine of the police, and its secret."""

    service: Service
    key: int
    secret: str

    async def post(
        self, form: Mapping[str, str] | str | bytes, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer to a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body: Any = form if isinstance(form, str | bytes) else None
        data: Any = form if body is None else None
        return await self.service.client.post(
            "/oauth/token", content=body, data=data, headers={**kind, **(headers or {})}
        )

    def in_body(self, **other: str) -> dict[str, str]:
        """A form with the credentials in it."""
        return {**GRANT, "client_id": "machine", "client_secret": self.secret, **other}

    def basic(self, client_id: str = "machine", secret: str | None = None) -> dict[str, str]:
        """The credentials as a header."""
        joined = f"{quote_plus(client_id)}:{quote_plus(secret or self.secret)}"
        return {"Authorization": f"Basic {base64.b64encode(joined.encode()).decode()}"}


@pytest.fixture
async def machine(service: Service) -> Machine:
    async with transaction(service.engine) as connection:
        police = await organisations.key_of(connection, OPERATOR, "police")
        registered = clients.Registered("接口", ClientKind.SERVICE, police)
        await clients.save(connection, OPERATOR, registered, NOW, client_id="machine")
        portal = clients.Registered("门户", ClientKind.APPLICATION, police)
        await clients.save(connection, OPERATOR, portal, NOW, client_id="portal")
        key, secret = await clients.rotate_secret(
            connection, OPERATOR, await clients.key_of(connection, "machine"), NOW
        )
    return Machine(service, key, secret)


@pytest.mark.parametrize("way", ["basic", "body"])
async def test_a_machine_gets_a_token_for_a_quarter_of_an_hour(machine: Machine, way: str) -> None:
    answer = await (machine.post(GRANT, machine.basic()) if way == "basic" else machine.post(machine.in_body()))
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    told = answer.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 900)
    service = machine.service
    service.tokens = {**service.tokens, "machine": told["access_token"]}
    query = "{ viewer { role client sources permissions } departments { code } scans { totalCount } }"
    data = await service.data(query, by="machine")
    assert data["viewer"]["client"] == "machine"
    assert data["viewer"]["sources"] == ["population", "vehicles"]
    assert [each["code"] for each in data["departments"]] == ["population", "vehicles"]
    assert (await service.ask("{ households { totalCount } }", by="machine"))["data"] == {"households": None}
    async with reading(service.engine) as connection:
        (row,) = (await connection.execute(select(Token).where(Token.client_id == machine.key))).all()
        assert told["access_token"].encode() not in row.digest
        assert row.expires_at - row.created_at == dt.timedelta(minutes=15)


REFUSED: dict[str, tuple[dict[str, str] | str | bytes, dict[str, str], int, str]] = {
    "another grant": (
        {"grant_type": "password", "client_id": "machine", "client_secret": "$"},
        {},
        400,
        "unsupported_grant_type",
    ),
    "no grant": ({"client_id": "machine", "client_secret": "$"}, {}, 400, "invalid_request"),
    "a scope": ({**GRANT, "client_id": "machine", "client_secret": "$", "scope": "all"}, {}, 400, "invalid_scope"),
    "nothing": ("", {}, 401, "invalid_client"),
    "no secret": ({**GRANT, "client_id": "machine"}, {}, 401, "invalid_client"),
    "an empty secret": ({**GRANT, "client_id": "machine", "client_secret": ""}, {}, 401, "invalid_client"),
    "a wrong secret": ({**GRANT, "client_id": "machine", "client_secret": "jks_x"}, {}, 401, "invalid_client"),
    "an unknown client": ({**GRANT, "client_id": "nobody", "client_secret": "$"}, {}, 401, "invalid_client"),
    "an id that no database keeps": (
        {**GRANT, "client_id": "ma\0chine", "client_secret": "$"},
        {},
        401,
        "invalid_client",
    ),
    "an application": ({**GRANT, "client_id": "portal", "client_secret": "$"}, {}, 401, "invalid_client"),
    "a field twice": ("grant_type=client_credentials&grant_type=client_credentials", {}, 400, "invalid_request"),
    "no form": ("%zz", {}, 400, "invalid_request"),
    "not UTF-8": (b"grant_type=\xff", {}, 400, "invalid_request"),
    "not UTF-8 behind an escape": ("grant_type=%FF", {}, 400, "invalid_request"),
    "JSON": ('{"grant_type": "client_credentials"}', {"Content-Type": "application/json"}, 400, "invalid_request"),
    "many fields": ("&".join(f"f{n}=1" for n in range(50)), {}, 400, "invalid_request"),
    "too much": (b"a=" + b"x" * 9_000, {}, 413, "invalid_request"),
    "a header of another scheme": (GRANT, {"Authorization": "Bearer jk_x"}, 401, "invalid_client"),
    "a header that is no base64": (GRANT, {"Authorization": "Basic %%%"}, 401, "invalid_client"),
    "a header without a colon": (GRANT, {"Authorization": "Basic eA=="}, 401, "invalid_client"),
    "a header that is not UTF-8": (GRANT, {"Authorization": "Basic /zr/"}, 401, "invalid_client"),
    "two ways at once": ({**GRANT, "client_secret": "$"}, {"Authorization": "$"}, 400, "invalid_request"),
    "two ids": ({**GRANT, "client_id": "portal"}, {"Authorization": "$"}, 400, "invalid_request"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_every_other_request_is_told_why_not(
    machine: Machine, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    form, headers, status, error = REFUSED[what]
    if isinstance(form, dict):
        form = {name: value.replace("$", machine.secret) for name, value in form.items()}
    if headers.get("Authorization") == "$":
        headers = machine.basic()
    answer = await machine.post(form, headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert machine.secret not in answer.text
    assert machine.secret not in caplog.text


async def test_the_endpoint_takes_nothing_but_posts(machine: Machine) -> None:
    assert (await machine.service.client.get("/oauth/token", params=machine.in_body())).status_code == 405


async def test_a_secret_that_ran_out_was_rotated_or_whose_client_ended_is_not_good(machine: Machine) -> None:
    assert (await machine.post(machine.in_body())).status_code == 200
    async with transaction(machine.service.engine) as connection:
        day = dt.timedelta(hours=24)
        _, second = await clients.rotate_secret(connection, OPERATOR, machine.key, NOW, overlap=day)
    assert (await machine.post(machine.in_body())).status_code == 200, "it goes on for a day"
    assert (await machine.post(machine.in_body(client_secret=second))).status_code == 200
    async with transaction(machine.service.engine) as connection:
        passed = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        older = select(func.min(ClientSecret.id)).scalar_subquery()
        await connection.execute(update(ClientSecret).where(ClientSecret.id == older).values(expires_at=passed))
    assert (await machine.post(machine.in_body())).status_code == 401
    assert (await machine.post(machine.in_body(client_secret=second))).status_code == 200
    async with transaction(machine.service.engine) as connection:
        await clients.deactivate(connection, OPERATOR, machine.key, NOW)
    assert (await machine.post(machine.in_body(client_secret=second))).status_code == 401


async def test_tokens_of_a_client_that_ended_are_ended(machine: Machine) -> None:
    service = machine.service
    token = (await machine.post(machine.in_body())).json()["access_token"]
    async with transaction(service.engine) as connection:
        await clients.deactivate(connection, OPERATOR, machine.key, NOW)
    service.tokens = {**service.tokens, "machine": token}
    answer = await service.ask("{ viewer { login } }", by="machine")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_secret_that_others_may_know_takes_its_tokens_along(machine: Machine) -> None:
    service = machine.service
    token = (await machine.post(machine.in_body())).json()["access_token"]
    for overlap, known in ((dt.timedelta(hours=1), True), (dt.timedelta(0), False)):
        async with transaction(service.engine) as connection:
            await clients.rotate_secret(connection, OPERATOR, machine.key, dt.datetime.now(dt.UTC), overlap=overlap)
        async with reading(service.engine) as connection:
            digest = credentials.digest(token)
            assert (await viewers.of_token(connection, digest, dt.datetime.now(dt.UTC)) is not None) is known


async def test_failures_are_written_down_until_there_are_too_many_and_a_right_secret_is_let_through(
    machine: Machine,
) -> None:
    statuses = [(await machine.post(machine.in_body(client_secret=f"wrong-{n}"))).status_code for n in range(15)]
    assert statuses == [401] * MOST_FAILURES + [429] * 5
    assert (await machine.post(machine.in_body())).status_code == 200, "nobody locks a department out"
    strangers = [
        (await machine.post(machine.in_body(client_id=f"stranger-{n}"))).status_code for n in range(MOST_FAILURES + 2)
    ]
    assert strangers == [401] * MOST_FAILURES + [429] * 2, "all strangers together, whatever they call themselves"
    async with reading(machine.service.engine) as connection:
        rows = select(AuditEvent.subject, AuditEvent.user_id, AuditEvent.detail).where(
            AuditEvent.action == "client.refused"
        )
        found = (await connection.execute(rows)).all()
    assert [row.subject for row in found] == [machine.key] * MOST_FAILURES + [0] * MOST_FAILURES
    assert {row.user_id for row in found} == {None}
    assert {str(row.detail) for row in found} == {"{}"}, "nothing that was sent"


def test_failures_are_forgotten_after_a_minute() -> None:
    seconds = 0.0
    failures = Failures(lambda: seconds)
    told = [failures.too_many("machine") for _ in range(MOST_FAILURES + 1)]
    assert told == [False] * MOST_FAILURES + [True]
    assert not failures.too_many(STRANGERS)
    seconds = WINDOW
    assert not failures.too_many("machine")


async def test_tokens_that_ran_out_are_removed_with_the_next(machine: Machine) -> None:
    later = NOW + grants.LIFETIME + grants.KEPT
    async with transaction(machine.service.engine) as connection:
        proved = await grants.proved(connection, "machine", machine.secret, NOW)
        assert proved is not None
        for moment in (NOW, NOW, later):
            await grants.grant(connection, proved, moment)
        kept = select(func.count()).where(Token.client_id == machine.key)
        assert await connection.scalar(kept) == 1
