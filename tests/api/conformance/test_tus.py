"""The stock client of tus against a server that is really running: sent, broken off, killed, and gone on with."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
from pathlib import Path

import httpx
import pytest

from tests.api.conformance.conftest import Node
from tests.api.conftest import Service
from tests.api.sending import CHUNK as CHUNK_TYPE
from tests.api.sending import HEADINGS, TUS, Parcel, asked, begun
from tests.api.test_subscriptions import serving

ROWS = 40_000
CHUNK = 256 * 1024


@pytest.fixture(scope="module")
def many() -> bytes:
    """Two megabytes of vehicles."""
    return (HEADINGS + "".join(f"某人{row},,豫E{row:05},正常\n" for row in range(ROWS))).encode()


async def test_a_stock_client_sends_breaks_off_and_goes_on(
    service: Service, node: Node, tmp_path: Path, many: bytes
) -> None:
    upload = await begun(service, Parcel(many))
    file = tmp_path / "vehicles_1.csv"
    file.write_bytes(many)
    async with serving(service) as address:
        told = await node.told(
            "upload.mjs",
            f"http://{address}{upload['url']}",
            service.tokens["department"],
            str(file),
            str(CHUNK),
            str(CHUNK * 2),
        )
    assert told["ends"] == ["stopped", "done"]
    assert told["offsets"] == [min(CHUNK * (number + 1), len(many)) for number in range(len(told["offsets"]))]
    await service.work()
    found = await asked(service, upload["id"])
    assert (found["state"], found["receipt"]["rowsIn"]) == ("ACCEPTED", str(ROWS))
    assert found["receipt"]["contentHash"] == hashlib.sha256(many).hexdigest()


async def test_offsets_are_exact_wherever_the_connection_breaks(service: Service, many: bytes) -> None:
    chance, offset, breaks = random.Random(7), 0, 0
    upload = await begun(service, Parcel(many))
    told = TUS | {"Authorization": f"Bearer {service.tokens['department']}"}
    async with serving(service) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        while offset < len(many):
            await break_off(address, upload["url"], told, many, offset, chance)
            came = int((await client.head(upload["url"], headers=told)).headers["upload-offset"])
            assert offset <= came <= len(many)
            offset, breaks = came, breaks + 1
    assert breaks > 5
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"


async def break_off(
    address: str, url: str, told: dict[str, str], content: bytes, offset: int, chance: random.Random
) -> None:
    """Promises all that is left and sends some of it; then the connection ends, or is torn off."""
    host, port = address.split(":")
    headers = told | {
        "Host": address,
        "Upload-Offset": str(offset),
        "Content-Type": CHUNK_TYPE,
        "Content-Length": str(len(content) - offset),
    }
    head = f"PATCH {url} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    _, writer = await asyncio.open_connection(host, int(port))
    end = offset + chance.randint(1, len(content) // 6)
    writer.write(head.encode() + b"\r\n" + content[offset:end])
    await writer.drain()
    await asyncio.sleep(0.05)  # else the server may ask first who it is, and take nothing
    if chance.random() < 0.5:
        never = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, never)
    writer.close()
