"""GraphQL over HTTP and WebSocket: POST with JSON, and graphql-transport-ws; nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET, UnsetType

from api.auth import Authenticator, UnknownToken
from api.broadcast import Broadcast
from api.domain.errors import Unauthenticated
from api.domain.permissions import Viewer
from api.schema.context import Context
from api.schema.errors import UNEXPECTED, bad_request
from api.schema.root import schema
from api.sealing import Vault

LANGUAGES = ("zh", "en")
NUL = "\\u0000"
"""As JSON and GraphQL write it."""


class _TextFrames(ASGIWebSocketAdapter):
    """Sends text, as clients expect, although the encoder makes bytes."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """One message as one text frame."""
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as gone:
            raise WebSocketDisconnected from gone


class Endpoint(GraphQL[Context, None]):
    """The schema, answered to whoever bears a good token."""

    websocket_adapter_class = _TextFrames

    def __init__(self, authenticator: Authenticator, vault: Vault, broadcast: Broadcast) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        )
        self._authenticator, self._vault, self._broadcast = authenticator, vault, broadcast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; a token that is not good is refused before anything is read."""
        if scope["type"] == "http":
            try:
                header = Request(scope).headers.get("authorization")
                scope.setdefault("state", {})["viewer"] = await self._authenticator.viewer(header)
            except UnknownToken:
                await _unknown_token(language_of(Request(scope)))(scope, receive, send)
                return
            except (OSError, SQLAlchemyError):
                await _no_database(Request(scope))(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The surroundings of one operation."""
        state: dict[str, Any] = request.scope.get("state", {})
        return Context(
            engine=self._authenticator.engine,
            vault=self._vault,
            broadcast=self._broadcast,
            viewer=state.get("viewer"),
            language=language_of(request),
            request_id=state.get("request_id", ""),
        )

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """A WebSocket's viewer, by the Authorization that its client sends when it connects."""
        said = (context.connection_params or {}).get("Authorization")
        header = said if isinstance(said, str) else None
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

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The answer; an error that came before the execution gets its code here."""
        result.errors = [error if error.extensions else bad_request(error) for error in result.errors or ()]
        return await super().process_result(request, result)

    def encode_json(self, data: object) -> bytes:
        """As JSON in UTF-8."""
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        """From strict JSON without the character NUL, which PostgreSQL cannot keep. Raises JSONDecodeError."""
        if (NUL if isinstance(data, str) else NUL.encode()) in data:  # type: ignore[operator]
            raise orjson.JSONDecodeError("the character NUL is not allowed", "", 0)
        return orjson.loads(data)


def language_of(request: HTTPConnection) -> str:
    """The first of our languages in Accept-Language; Chinese where none is named."""
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]


def _no_database(request: Request) -> Response:
    extensions = {"code": "INTERNAL", "requestId": request.scope.get("state", {}).get("request_id", "")}
    body = {"errors": [{"message": UNEXPECTED[language_of(request)], "extensions": extensions}]}
    return Response(orjson.dumps(body), 503, media_type="application/json")


def _unknown_token(language: str) -> Response:
    refused = Unauthenticated("令牌无效或已过期。", "The token is not valid, or no longer.")
    body = {"errors": [{"message": refused.words(language), "extensions": {"code": refused.code}}]}
    return Response(orjson.dumps(body), 401, headers={"WWW-Authenticate": "Bearer"}, media_type="application/json")
