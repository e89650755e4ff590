"""A server that is killed while a department sends: what had come is there, and the rest is sent to the next one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx

from tests.api.conftest import KEY, Service
from tests.api.running import Place, server
from tests.api.sending import CHUNK, HEADINGS, TUS, Parcel, asked, begun

MANY = (HEADINGS + "".join(f"某人{row},,豫E{row:05},正常\n" for row in range(80_000))).encode()
PIECE = 16 * 1024


async def test_what_had_come_when_the_server_was_killed_is_there_and_the_rest_follows(service: Service) -> None:
    upload = await begun(service, Parcel(MANY))
    told = TUS | {"Authorization": f"Bearer {service.tokens['department']}"}
    headers = told | {"Upload-Offset": "0", "Content-Type": CHUNK}
    place = Place(service.url, service.data_dir, KEY)
    async with server(place) as (running, client):

        async def halting() -> AsyncIterator[bytes]:
            for place in range(0, len(MANY) * 3 // 4, PIECE):
                yield MANY[place : place + PIECE]
            while (
                not (there := list((service.data_dir / "feeds").rglob(upload["fileName"])))
                or not there[0].stat().st_size
            ):
                await asyncio.sleep(0.05)
            running.kill()
            yield MANY[:PIECE]

        with suppress(httpx.TransportError):
            await client.patch(upload["url"], content=halting(), headers=headers)
    async with server(place) as (_, client):
        came = int((await client.head(upload["url"], headers=told)).headers["upload-offset"])
        (path,) = (service.data_dir / "feeds").rglob(upload["fileName"])
        assert 0 < came < len(MANY)
        assert path.read_bytes() == MANY[:came], "no byte is lost that was told, and none is another"
        headers["Upload-Offset"] = str(came)
        assert (await client.patch(upload["url"], content=MANY[came:], headers=headers)).status_code == 204
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"


async def test_of_a_piece_with_a_checksum_nothing_counts_until_it_is_proved_even_by_a_server_that_is_killed(
    service: Service,
) -> None:
    upload = await begun(service, Parcel(MANY))
    told = TUS | {"Authorization": f"Bearer {service.tokens['department']}"}
    first, rest = MANY[:PIECE], MANY[PIECE:]

    def headers(at: int, piece: bytes) -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        return told | {"Upload-Offset": str(at), "Content-Type": CHUNK, "Upload-Checksum": f"sha256 {digest}"}

    place = Place(service.url, service.data_dir, KEY)
    async with server(place) as (running, client):
        assert (await client.patch(upload["url"], content=first, headers=headers(0, first))).status_code == 204
        (path,) = (service.data_dir / "feeds").rglob(upload["fileName"])

        async def halting() -> AsyncIterator[bytes]:
            for at in range(0, len(rest) - PIECE, PIECE):
                yield rest[at : at + PIECE]
            while path.stat().st_size == PIECE:
                await asyncio.sleep(0.05)
            running.kill()
            yield rest[-PIECE:]

        with suppress(httpx.TransportError):
            await client.patch(upload["url"], content=halting(), headers=headers(PIECE, rest))
    assert path.stat().st_size > PIECE, "more than a mebibyte was written, and nobody has proved it"
    async with server(place) as (_, client):
        came = int((await client.head(upload["url"], headers=told)).headers["upload-offset"])
        assert came == PIECE
        assert (await client.patch(upload["url"], content=rest, headers=headers(came, rest))).status_code == 204
    assert path.read_bytes() == MANY
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"
