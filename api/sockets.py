"""GraphQL over WebSocket: graphql-transport-ws in frames of text, every operation through the gate."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
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
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.unset import UNSET, UnsetType

from api.auth import Authenticator, UnknownToken
from api.domain.errors import BadRequest, Refused
from api.domain.permissions import Viewer
from api.gate import asked
from api.gate.asked import Asked
from api.gate.passage import Passage
from api.schema.context import Context

SUBSCRIPTIONS = 100
"""Operations at a time over one connection."""


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
    """Reads what a message asks for as strictly as a body, by document id too."""

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begins an operation, or says why not."""
        payload: Any = message["payload"]
        try:
            operation: Any = asked.of(payload if isinstance(payload, dict) else {})
        except Refused as refused:
            error = GraphQLError(refused.words(self.context.language), extensions={"code": refused.code})
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
            return
        payload["query"] = operation
        await super().handle_subscribe(message)


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
        except UnknownToken:
            raise ConnectionRejectionError from None

        async def recognise() -> Viewer | None:
            with suppress(UnknownToken):
                return await self._authenticator.viewer(header)
            return None

        context.recognise = recognise
        accepted: UnsetType = UNSET
        return accepted

    def decode_json(self, data: str | bytes) -> object:
        """From strict JSON. Raises JSONDecodeError."""
        try:
            return asked.strict(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        except BadRequest as malformed:
            raise orjson.JSONDecodeError(malformed.en, "", 0) from None
