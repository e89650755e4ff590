"""GraphQL over HTTP: POST with JSON, GET for queries that name nobody, server-sent events; and over WebSocket.

Two media types answer, as the specification of GraphQL over HTTP has it: application/graphql-response+json, whose
status tells whether anything was executed, and application/json, whose status is 200 for every well-formed request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api import settings
from api.auth import AWAY, Authenticator, Away, UnknownToken
from api.broadcast import Broadcast
from api.domain.days import Clock, this_moment
from api.domain.errors import BadRequest, NotDone, Refused, Unauthenticated
from api.domain.hosts import NO_HOSTS, AllowedHosts
from api.gate import asked
from api.gate.asked import Asked
from api.gate.passage import Answer, Passage
from api.matching.desk import Desk
from api.schema.context import Context
from api.sealing import Vault
from api.sockets import Sockets

LANGUAGES = ("zh", "en")
GRAPHQL, JSON, EVENTS, HTML = (
    "application/graphql-response+json",
    "application/json",
    "text/event-stream",
    "text/html",
)
PURPOSE = "jiekun-purpose"
ALWAYS_SAID = (405, 406, 413, 415, 429, 500, 503)
"""Statuses that a refusal keeps under application/json too; any other would hide the answer from older clients."""
ALIVE_SECONDS = 12.0
"""How often a line without meaning is sent while nothing happens, so that proxies keep the connection."""


class Endpoint:
    """The schema, answered to whoever bears a good token."""

    def __init__(
        self,
        passage: Passage,
        authenticator: Authenticator,
        vault: Vault,
        broadcast: Broadcast,
        origins: Sequence[str] = (),
        purpose_required: bool = False,
        clock: Clock = this_moment,
        webhook_hosts: AllowedHosts = NO_HOSTS,
        upload_bytes: int = settings.UPLOAD_BYTES,
        data_dir: Path | None = None,
    ) -> None:
        self._desk = Desk()
        self._data_dir = data_dir or settings.data_dir()
        self._passage, self._authenticator, self._upload_bytes = passage, authenticator, upload_bytes
        self._purpose_required, self._clock = purpose_required, clock
        self._vault, self._broadcast, self._webhook_hosts = vault, broadcast, webhook_hosts
        self._sockets = Sockets(passage, authenticator, self._surroundings, origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or serves one WebSocket."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        media = _media(request)
        context = self._surroundings(request)
        try:
            context.viewer = await self._authenticator.viewer(request.headers.get("authorization"))
        except UnknownToken as unknown:
            return _said(Unauthenticated(unknown.zh, unknown.en), context, media, malformed=True)
        except AWAY:
            return _said(Away(), context, media)
        if request.method == "GET" and HTML in request.headers.get("accept", "") and not request.url.query:
            return RedirectResponse("/", 302)
        try:
            operation = await _operation(request)
        except Refused as refused:
            return _said(refused, context, media or JSON, malformed=True)
        if media is None:
            return _said(NotAcceptable(), context, JSON)
        if media == EVENTS:
            return StreamingResponse(self._events(operation, context), media_type=EVENTS)
        answer = await self._passage.answer(operation, context)
        return _response(answer, media)

    async def _events(self, operation: Asked, context: Context) -> AsyncIterator[bytes]:
        """The answers as server-sent events, each as `next`, and `complete` at the end."""
        async with aclosing(self._passage.follow(operation, context)) as answers:
            async for answer in _kept_alive(answers):
                if answer is None:
                    yield b":\n\n"
                else:
                    yield b"event: next\ndata: " + orjson.dumps(answer.content()) + b"\n\n"
        yield b"event: complete\ndata: \n\n"

    def _surroundings(self, request: HTTPConnection) -> Context:
        """What an operation is answered with; nobody asks yet."""
        state: dict[str, Any] = request.scope.get("state", {})
        return Context(
            engine=self._authenticator.engine,
            vault=self._vault,
            broadcast=self._broadcast,
            viewer=None,
            language=language_of(request),
            request_id=state.get("request_id", ""),
            address=request.client.host if request.client else "",
            said_purpose=request.headers.get(PURPOSE),
            purpose_required=self._purpose_required,
            clock=self._clock,
            webhook_hosts=self._webhook_hosts,
            upload_bytes=self._upload_bytes,
            data_dir=self._data_dir,
            desk=self._desk,
        )


class NotAcceptable(BadRequest):
    """None of the media types that the client takes is one of ours."""

    status = 406
    zh = "无法以 Accept 所列的媒体类型答复。"
    en = "No media type in Accept is one of application/graphql-response+json, application/json, text/event-stream."


class TooLarge(BadRequest):
    """A body beyond the limit."""

    status = 413
    zh = "请求体过大。"
    en = "The body is too large."


class NotJson(BadRequest):
    """A body of another kind."""

    status = 415
    zh = "请求体须为 application/json（UTF-8）。"
    en = "The body is application/json in UTF-8."


async def _operation(request: Request) -> Asked:
    """What the request asks for. Raises BadRequest."""
    if request.method == "GET":
        return asked.in_address(request.scope["query_string"])
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise NotJson
    return asked.in_body(await request.body())


def _media(request: Request) -> str | None:
    """In which media type to answer: the one that Accept ranks first; None where it takes none of ours."""
    best, chosen = 0.0, None
    for part in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "q":
                quality = _number(value)
            if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
                quality = 0.0
        named = {"*/*": JSON, "application/*": JSON, "text/*": EVENTS}.get(kind, kind)
        if named == HTML:
            continue
        if named in (GRAPHQL, JSON, EVENTS) and quality > best:
            best, chosen = quality, named
    return chosen


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _response(answer: Answer, media: str, *, malformed: bool = False) -> Response:
    """The answer with the status that its media type gives it."""
    status = 200
    if answer.refused is not None:
        status = answer.refused.status
        if media == JSON and not malformed and status not in ALWAYS_SAID:
            status = 200
    headers = dict(answer.headers)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status == 405:
        headers["allow"] = "POST"
    return Response(orjson.dumps(answer.content()), status, headers, media_type=f"{media}; charset=utf-8")


def _said(refused: Refused, context: Context, media: str | None, *, malformed: bool = False) -> Response:
    """A refusal of the request itself."""
    return _response(Answer.of(refused, context), GRAPHQL if media == GRAPHQL else JSON, malformed=malformed)


def refused(request: Request, why: Refused) -> Response:
    """What is said of a request that nobody has looked into; then the connection is closed."""
    media, headers = GRAPHQL if _media(request) == GRAPHQL else JSON, {"connection": "close"}
    return Response(refusal(request, why), why.status, headers, media_type=f"{media}; charset=utf-8")


def refusal(request: Request, why: Refused | NotDone) -> bytes:
    """The body of an answer that is a refusal and nothing else."""
    content = {
        "errors": [{"message": why.words(language_of(request)), "extensions": {"code": why.code}}],
        "extensions": {"requestId": request.scope["state"]["request_id"]},
    }
    return orjson.dumps(content)


async def _kept_alive(answers: AsyncGenerator[Answer, None]) -> AsyncIterator[Answer | None]:
    """The answers, and None whenever nothing has happened for a while."""
    waiting = asyncio.ensure_future(anext(answers, None))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=ALIVE_SECONDS)
            if not done:
                yield None
                continue
            answer = waiting.result()
            if answer is None:
                return
            yield answer
            waiting = asyncio.ensure_future(anext(answers, None))
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def language_of(request: HTTPConnection) -> str:
    """The first of our languages in Accept-Language; Chinese where none is named."""
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
