"""WebSockets that are meant to hurt: each is closed with the protocol's code or told its error, and others go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.api.conftest import Service
from tests.api.gate.answers import faults
from tests.api.gate.attacks import chain
from tests.api.test_subscriptions import PROTOCOL, hear, say, serving, start

ME = "{ viewer { login } }"


@asynccontextmanager
async def connected(address: str, token: str) -> AsyncIterator[ClientConnection]:
    """A connection on which somebody has said who they are."""
    async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
        await say(socket, type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert (await hear(socket))["type"] == "connection_ack"
        yield socket


async def closed(socket: ClientConnection) -> int:
    """With which code the server closes."""
    await asyncio.wait_for(socket.wait_closed(), 20)
    return socket.close_code or 0


async def answered(service: Service, address: str) -> None:
    """Somebody else is answered."""
    async with connected(address, service.tokens["reviewer"]) as socket:
        await say(socket, id="a", type="subscribe", payload={"query": ME})
        assert (await hear(socket))["payload"]["data"] == {"viewer": {"login": "reviewer"}}


FRAMES: list[tuple[str | bytes, int]] = [
    (b"\x00\xff\x00", 4400),
    (b'{"type":"ping"}', 4400),
    ("no JSON", 4400),
    ("[" * 50_000, 4400),
    ('{"a":' * 50_000, 4400),
    ('{"type":"ping","payload":{"a":"\\u0000"}}', 4400),
    ('{"type":"ping","payload":{"a":"\\ud800"}}', 4400),
    ('{"type":"unknown"}', 4400),
    ('{"type":"start","id":"1","payload":{"query":"{viewer{login}}"}}', 4400),
    ('{"type":7}', 4400),
    ("{}", 4400),
    ("[]", 4400),
    ("null", 4400),
    ('{"type":"subscribe","id":"1"}', 4400),
    ('{"type":"subscribe","payload":{"query":"{viewer{login}}"}}', 4400),
    ('{"type":"subscribe","id":{"a":1},"payload":{"query":"{viewer{login}}"}}', 4400),
    ('{"type":"connection_init"}', 4429),
    ('{"type":"ping","payload":{"a":[' + "[]," * 1_000_000 + "[]]}}", 4400),
    ("x" * 20_000_000, 1009),
]


async def test_a_frame_that_is_no_message_ends_its_own_connection_alone(service: Service) -> None:
    async with serving(service) as address:
        for frame, code in FRAMES:
            async with connected(address, service.tokens["auditor"]) as socket:
                await socket.send(frame)
                assert await closed(socket) == code, frame[:60]
        await answered(service, address)


PAYLOADS: list[tuple[Any, str]] = [
    ({}, "BAD_REQUEST"),
    ({"query": 7}, "BAD_REQUEST"),
    ({"query": "{"}, "BAD_REQUEST"),
    ({"query": ME, "variables": [1]}, "BAD_REQUEST"),
    ({"query": ME, "operationName": "Q" * 10_000}, "BAD_REQUEST"),
    ({"documentId": "sha256:" + "0" * 64}, "DOCUMENT_NOT_TRUSTED"),
    ({"query": "{viewer{...F0}}" + chain(30)}, "DOCUMENT_TOO_LARGE"),
    ({"query": "{viewer{" + "login " * 10_000 + "}}"}, "DOCUMENT_TOO_LARGE"),
    ({"query": ME, "variables": {"a": [[]] * 6_000}}, "DOCUMENT_TOO_LARGE"),
    ({"query": "{households(first:100){nodes{findings(first:100){household{findings(first:100){household{id}}}}}}}"}, "TOO_COSTLY"),
]  # fmt: skip


async def test_an_operation_that_hurts_is_refused_and_the_connection_goes_on(service: Service) -> None:
    async with serving(service) as address, connected(address, service.tokens["reviewer"]) as socket:
        for number, (payload, code) in enumerate(PAYLOADS):
            await say(socket, id=str(number), type="subscribe", payload=payload)
            said = await hear(socket)
            assert (said["type"], said["id"]) == ("error", str(number)), payload
            assert [error["extensions"]["code"] for error in said["payload"]] == [code], payload
            assert faults({"errors": said["payload"]}) == []
        await say(socket, id="last", type="subscribe", payload={"query": ME})
        assert (await hear(socket))["type"] == "next"


async def test_the_same_id_twice_ends_the_connection(service: Service) -> None:
    follow = {"query": f'subscription {{ scanProgress(id: "{await start(service)}") {{ status }} }}'}
    async with serving(service) as address, connected(address, service.tokens["auditor"]) as socket:
        for _ in range(2):
            await say(socket, id="1", type="subscribe", payload=follow)
        assert await closed(socket) == 4409


async def test_a_connection_follows_no_more_than_a_hundred_things(service: Service) -> None:
    follow = {"query": f'subscription {{ scanProgress(id: "{await start(service)}") {{ status }} }}'}
    async with serving(service) as address, connected(address, service.tokens["auditor"]) as socket:
        for number in range(120):
            await say(socket, id=str(number), type="subscribe", payload=follow)
        kinds: list[str] = []
        while kinds.count("next") < 100 or kinds.count("error") < 20:
            kinds.append((await hear(socket))["type"])
        assert (kinds.count("next"), kinds.count("error")) == (100, 20)
        await answered(service, address)


async def test_thousands_of_operations_are_answered_one_after_the_other(service: Service) -> None:
    times = 2_000
    async with serving(service) as address, connected(address, service.tokens["reviewer"]) as socket:

        async def ask() -> None:
            for number in range(times):
                await say(socket, id=str(number), type="subscribe", payload={"query": ME})

        async def told() -> int:
            ended = 0
            while ended < times:
                ended += json.loads(await asyncio.wait_for(socket.recv(), 60))["type"] in ("complete", "error")
            return ended

        asking = asyncio.create_task(ask())
        await answered(service, address)
        assert await told() == times
        await asking


async def test_who_says_nothing_or_nobody_is_let_go(service: Service) -> None:
    async with serving(service) as address:
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
            await say(socket, id="1", type="subscribe", payload={"query": ME})
            assert await closed(socket) == 4401
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
            await say(socket, type="connection_init", payload={"Authorization": "Bearer jk_nobody"})
            assert await closed(socket) == 4403
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
            await say(socket, type="connection_init", payload=7)
            assert await closed(socket) in (4400, 4403)
