"""Clients that do as the documents say when an answer is lost: the same request again, under the same key, from the same byte."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.running import PATIENCE_SECONDS
from tests.api.sending import CHUNK, TUS, Parcel

PIECE = 16 * 1024
LATER = frozenset({423, 429, 503})
"""What says that the same may be asked again."""

PAUSE_SECONDS = 0.05


class NotAnswered(Exception):
    """The connection broke, or the server said: later."""


@dataclass(frozen=True)
class Client:
    """Somebody with a token, before a server that may be gone at any moment."""

    http: httpx.AsyncClient
    token: str

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors, asked for until there is one."""
        accepts = {"Accept": "application/graphql-response+json"}
        answer = await self._again("POST", "/graphql", json={"query": query, "variables": variables}, headers=accepts)
        told = answer.json()
        assert "errors" not in told, (query, told["errors"])
        return told["data"]

    async def act(self, field: str, key: str, answers: str, **given: Any) -> Any:
        """What a mutation made, carried out once however often it had to be sent."""
        title = field[0].upper() + field[1:]
        query = f"""mutation ($input: {title}Input!) {{ {field}(input: $input) {{ {answers}
          userErrors {{ code message path }} }} }}"""
        told = (await self.ask(query, input={"idempotencyKey": key, **given}))[field]
        assert told["userErrors"] == [], (field, told["userErrors"])
        return told

    async def send(self, parcel: Parcel, key: str) -> str:
        """A batch, announced and sent to its last byte, as a client of tus does it; the upload's id."""
        given = {**parcel.input(), "idempotencyKey": key}
        upload = (await self.act("beginUpload", key, "upload { id url }", **given))["upload"]
        size = len(parcel.content)
        while (offset := await self._offset(upload["url"])) < size:
            while offset < size:
                headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK}
                piece = parcel.content[offset : offset + PIECE]
                try:
                    answer = await self._once("PATCH", upload["url"], content=piece, headers=TUS | headers)
                except NotAnswered:
                    break
                assert answer.status_code == 204, answer.text
                offset = int(answer.headers["Upload-Offset"])
        return str(upload["id"])

    async def _offset(self, url: str) -> int:
        return int((await self._again("HEAD", url, headers=TUS)).headers["Upload-Offset"])

    async def _again(self, method: str, url: str, **asked: Any) -> httpx.Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await self._once(method, url, **asked)
                except NotAnswered:
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                assert answer.status_code == 200, (answer.status_code, answer.text)
                return answer

    async def _once(self, method: str, url: str, headers: Mapping[str, str], **asked: Any) -> httpx.Response:
        told = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", **headers}
        try:
            answer = await self.http.request(method, url, headers=told, **asked)
        except httpx.TransportError:
            raise NotAnswered from None
        if answer.status_code in LATER:
            raise NotAnswered
        return answer


async def machine_token(http: httpx.AsyncClient, client_id: str, secret: str) -> str:
    """A token for a department's machine, asked for until it is given."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                form = {"grant_type": "client_credentials"}
                answer = await http.post("/oauth/token", data=form, auth=(client_id, secret))
                assert answer.status_code == 200, answer.text
                return str(answer.json()["access_token"])
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)
