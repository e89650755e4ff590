"""A scan followed live over graphql-transport-ws, on a server of its own, while a worker carries it out."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api import auth
from api.app import create_app
from api.database import transaction
from api.services import accounts
from tests.api.conftest import Service

PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = "subscription ($id: ID!) { scanProgress(id: $id) { status progress { stage } result { findings } } }"
PATIENCE = 120


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[str]:
    """The address of a real server over the service's database."""
    config = uvicorn.Config(
        create_app(service.url, service.vault, data_dir=service.data_dir), host="127.0.0.1", port=0, access_log=False, log_level="error",
        ws="websockets-sansio",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    frame = await asyncio.wait_for(socket.recv(), PATIENCE)
    assert isinstance(frame, str), "clients expect text frames"
    content: dict[str, Any] = json.loads(frame)
    return content


async def follow(address: str, token: str | None, scan_id: str) -> list[dict[str, Any]]:
    """Every message about a scan until the server says that there are no more."""
    said = []
    async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
        await say(socket, type="connection_init", payload={"Authorization": f"Bearer {token}"} if token else {})
        assert (await hear(socket))["type"] == "connection_ack"
        await say(socket, id="1", type="subscribe", payload={"query": FOLLOW, "variables": {"id": scan_id}})
        while True:
            message = await hear(socket)
            said.append(message)
            if message["type"] in ("complete", "error"):
                return said


async def start(service: Service) -> str:
    query = 'mutation { startScan(input: {idempotencyKey: "scan-0001"}) { scan { id } } }'
    scan_id: str = (await service.data(query, by="auditor"))["startScan"]["scan"]["id"]
    return scan_id


async def test_several_followers_see_the_scan_from_its_beginning_to_its_end(service: Service) -> None:
    scan_id = await start(service)
    async with serving(service) as address:
        followers = [
            asyncio.create_task(follow(address, service.tokens[by], scan_id))
            for by in ("auditor", "reviewer", "auditor")
        ]
        await asyncio.sleep(0.5)
        await service.work()
        for said in await asyncio.gather(*followers):
            states = [message["payload"]["data"]["scanProgress"] for message in said[:-1]]
            assert states[0]["status"] == "QUEUED"
            assert states[-1]["status"] == "SUCCEEDED"
            assert states[-1]["result"]["findings"] > 0
            assert any(state["progress"] for state in states), "it was seen at work"
            assert said[-1]["type"] == "complete"
        late = await follow(address, service.tokens["auditor"], scan_id)
        assert [message["type"] for message in late] == ["next", "complete"], "who comes late is told how it ended"


async def test_who_may_not_read_scans_follows_none(service: Service) -> None:
    scan_id = await start(service)
    async with serving(service) as address:
        for by, code in (("caseworker", "FORBIDDEN"), (None, "UNAUTHENTICATED")):
            said = await follow(address, service.tokens[by] if by else None, scan_id)
            assert code in json.dumps(said)
        nothing = await follow(address, service.tokens["elsewhere"], scan_id)
        assert [message["type"] for message in nothing] == ["complete"]


async def test_queries_over_one_connection_do_not_use_up_each_others_budget(service: Service) -> None:
    query = "{ households(first: 100) { nodes { members { household { members { id } } } } } }"
    async with (
        serving(service) as address,
        connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], max_size=None) as socket,
    ):
        await say(socket, type="connection_init", payload={"Authorization": f"Bearer {service.tokens['reviewer']}"})
        assert (await hear(socket))["type"] == "connection_ack"
        for number in range(25):
            await say(socket, id=str(number), type="subscribe", payload={"query": query})
            answer = await hear(socket)
            assert "errors" not in answer["payload"], f"after {number}"
            assert (await hear(socket))["type"] == "complete"


async def test_a_token_that_is_revoked_is_of_no_use_over_an_open_connection_either(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_SECONDS", 0.0)
    query = "{ households(first: 1) { nodes { reference } } }"
    scan_id = await start(service)
    async with (
        serving(service) as address,
        connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket,
    ):
        await say(socket, type="connection_init", payload={"Authorization": f"Bearer {service.tokens['auditor']}"})
        assert (await hear(socket))["type"] == "connection_ack"
        await say(socket, id="1", type="subscribe", payload={"query": FOLLOW, "variables": {"id": scan_id}})
        assert (await hear(socket))["type"] == "next"
        async with transaction(service.engine) as connection:
            await accounts.revoke_tokens(connection, "auditor", dt.datetime.now(dt.UTC))
        await say(socket, id="2", type="subscribe", payload={"query": query})
        assert "UNAUTHENTICATED" in json.dumps(await hear(socket))
        assert (await hear(socket))["type"] == "complete"
        await service.work()
        assert "UNAUTHENTICATED" in json.dumps(await hear(socket)), "what is being followed stops too"


async def test_a_wrong_token_and_an_old_protocol_are_turned_away(service: Service) -> None:
    async with serving(service) as address:
        async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
            await say(socket, type="connection_init", payload={"Authorization": "Bearer jk_wrong"})
            with pytest.raises(ConnectionClosed) as closed:
                await hear(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403
        async with connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-ws")]) as socket:
            with pytest.raises(ConnectionClosed):
                await hear(socket)


async def test_a_page_of_another_origin_may_not_connect(service: Service) -> None:
    async with serving(service) as address:
        with pytest.raises(Exception, match="403"):
            async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], origin="http://evil.example"):  # type: ignore[arg-type]
                pass
