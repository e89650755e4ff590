"""GraphQL over WebSocket: graphql-transport-ws in frames of text, every operation through the gate."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.unset import UNSET, UnsetType

from api.auth import AWAY, Authenticator, Away, UnknownToken
from api.domain.errors import BadRequest, Refused, Throttled
from api.domain.permissions import Viewer
from api.gate import asked
from api.gate.asked import Asked
from api.gate.passage import Passage
from api.schema.context import Context

SUBSCRIPTIONS = 100
"""Operations at a time over one connection."""

MOST_CHARACTERS = 262_144
"""In one message; what a frame may hold is the server's to say."""

MOST_ID = 200
NAMED = ("subscribe", "complete")
KINDS = ("connection_init", "ping", "pong", *NAMED)

log = logging.getLogger("jiekun.graphql")


class _Gated:
    """Stands where the library expects a schema: what it is asked to stream passes the gate first."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    async def stream(
        self, query: Asked, *, context_value: Context, **_: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        return self._results(query, context_value)

    async def _results(self, operation: Asked, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        async with aclosing(self._passage.follow(operation, context)) as answers:
            async for answer in answers:
                if answer.refused:
                    yield PreExecutionError(data=None, errors=answer.errors)
                else:
                    yield ExecutionResult(data=answer.data, errors=answer.errors, extensions=answer.extensions)


class _Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """Reads messages, and what they ask for, as strictly as a body; by document id too."""

    async def handle_message(self, message: Message) -> None:
        """One message, if it has the protocol's form."""
        if not _has_form(message):
            await self.handle_invalid_message("No message of graphql-transport-ws")
            return
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begins an operation, or says why not."""
        if self.connection_acknowledged:
            if message["id"] in self.operations:
                await self.websocket.close(code=4409, reason="Subscriber for this id already exists")
                return
            try:
                if len(self.operations) >= SUBSCRIPTIONS:
                    raise TooMany
                payload: Any = message["payload"]
                payload["query"] = asked.of(payload)
            except Refused as refused:
                error = GraphQLError(refused.words(self.context.language), extensions={"code": refused.code})
                await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
                return
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        """Says in the log what kind of thing went wrong, and nothing of what was asked."""
        log.error("request %s: %s over WebSocket", self.context.request_id, type(error).__name__)


class TooMany(Throttled):
    """More operations at a time than a connection carries."""

    zh = f"一个连接同时最多 {SUBSCRIPTIONS} 个操作。"
    en = f"A connection carries up to {SUBSCRIPTIONS} operations at a time."


def _has_form(message: object) -> bool:
    """Whether something is a message of the protocol."""
    if not isinstance(message, dict) or message.get("type") not in KINDS:
        return False
    if message["type"] in NAMED and not (isinstance(message.get("id"), str) and 0 < len(message["id"]) <= MOST_ID):
        return False
    return message["type"] != "subscribe" or isinstance(message.get("payload"), dict)


class _TextFrames(ASGIWebSocketAdapter):
    """Sends text, as clients expect, although the encoder makes bytes."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """One message as one text frame."""
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as gone:
            raise WebSocketDisconnected from gone


class Sockets(GraphQL[Context, None]):
    """One schema over WebSocket, for whoever says who they are when they connect."""

    websocket_adapter_class = _TextFrames
    graphql_transport_ws_handler_class = _Handler

    def __init__(
        self,
        passage: Passage,
        authenticator: Authenticator,
        surroundings: Callable[[Request | WebSocket], Context],
        origins: Sequence[str],
    ) -> None:
        super().__init__(
            cast(BaseSchema, _Gated(passage)),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            max_subscriptions_per_connection=SUBSCRIPTIONS,
            allowed_origins=origins,
        )
        self._authenticator, self._surroundings = authenticator, surroundings

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """What all operations of the connection share."""
        return self._surroundings(request)

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """The connection's viewer, by the Authorization that its client sends when it connects."""
        said = context.connection_params or {}
        header = said.get("Authorization") if isinstance(said.get("Authorization"), str) else None
        purpose = said.get("purpose")
        context.said_purpose = purpose if isinstance(purpose, str) else None
        try:
            context.viewer = await self._authenticator.viewer(header)
        except (UnknownToken, *AWAY):
            raise ConnectionRejectionError from None

        async def recognise() -> Viewer | None:
            try:
                return await self._authenticator.viewer(header)
            except UnknownToken:
                return None
            except AWAY:
                raise Away from None

        context.recognise = recognise
        accepted: UnsetType = UNSET
        return accepted

    def decode_json(self, data: str | bytes) -> object:
        """From strict JSON within the limit. Raises JSONDecodeError."""
        if len(data) > MOST_CHARACTERS:
            raise orjson.JSONDecodeError("too long", "", 0)
        try:
            return asked.strict(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        except BadRequest as malformed:
            raise orjson.JSONDecodeError(malformed.en, "", 0) from None
