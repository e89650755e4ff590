"""POST /oauth/token: a department's machine exchanges its client id and secret for a token (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_plus

import orjson
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import Response

from api.database import reading, transaction
from api.services import clients, grants

PATH = "/oauth/token"
GRANT = "client_credentials"
FORM = "application/x-www-form-urlencoded"
MOST_BYTES, MOST_FIELDS = 8 * 1024, 10
MOST_FAILURES, WINDOW = 10, 60.0
MOST_WATCHED = 10_000
STRANGERS = ""
"""Under which failures with ids that are nobody's are counted, all together."""


class NotGranted(Exception):
    """No token is given; `error` is RFC 6749's word for why."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.error, self.description, self.status = error, description, status
        super().__init__(description)


@dataclass
class Failures:
    """How often each client id failed of late. Beyond the limit its failures are no longer written down.

    A right secret is let through all the same: nobody can lock a department out by knowing what it is called, and 256
    random bits are not found by trying.
    """

    clock: Callable[[], float] = time.monotonic
    _counts: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def too_many(self, client_id: str) -> bool:
        """Counts one more; whether that is beyond the limit."""
        now = self.clock()
        began, count = self._counts.pop(client_id, (now, 0))
        if now - began >= WINDOW:
            began, count = now, 0
        self._counts[client_id] = (began, count + 1)
        if len(self._counts) > MOST_WATCHED:
            self._counts.popitem(last=False)
        return count >= MOST_FAILURES


@dataclass
class TokenEndpoint:
    """Gives tokens to machines that prove themselves."""

    engine: AsyncEngine
    failures: Failures = field(default_factory=Failures)

    async def answer(self, request: Request) -> Response:
        """The answer, as RFC 6749 has it: a token, or an error with its word."""
        try:
            return _answer(await self._granted(request))
        except NotGranted as refused:
            headers = {401: {"www-authenticate": 'Basic realm="jiekun"'}, 429: {"retry-after": str(int(WINDOW))}}
            content = {"error": refused.error, "error_description": refused.description}
            return _answer(content, refused.status, headers.get(refused.status))
        except (OSError, SQLAlchemyError):
            return _answer({"error": "temporarily_unavailable"}, 503)

    async def _granted(self, request: Request) -> dict[str, Any]:
        client_id, secret = _credentials(request, form := await _form(request))
        if form.get("grant_type") != GRANT:
            error = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
            raise NotGranted(error, f"grant_type is {GRANT}")
        if form.get("scope"):
            raise NotGranted("invalid_scope", "no scopes are known: what a client may do is its role's")
        now = dt.datetime.now(dt.UTC)
        async with reading(self.engine) as connection:
            machine = await grants.proved(connection, client_id, secret, now)
        if machine is None:
            await self._refuse(client_id, now)
        async with transaction(self.engine) as connection:
            token = await grants.grant(connection, machine, now)
        seconds = int(grants.LIFETIME.total_seconds())
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    async def _refuse(self, client_id: str, now: dt.datetime) -> NoReturn:
        """Writes the failure down, unless there were too many. Raises NotGranted."""
        async with reading(self.engine) as connection:
            key = await clients.known(connection, client_id)
        if self.failures.too_many(STRANGERS if key is None else client_id):
            raise NotGranted("slow_down", "too many failures: wait a minute", 429)
        async with transaction(self.engine) as connection:
            await grants.refused(connection, key, now)
        raise NotGranted("invalid_client", "the client is not known, or its secret is not good today", 401)


async def _form(request: Request) -> dict[str, str]:
    """The fields of the body, each once. Raises NotGranted."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise NotGranted("invalid_request", f"the body is {FORM}")
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise NotGranted("invalid_request", "the body is too large", 413)
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise NotGranted("invalid_request", "the body cannot be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise NotGranted("invalid_request", "a field is given twice")
    return form


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """The client's id and secret, from the header or the body but not both. Raises NotGranted."""
    header = request.headers.get("authorization")
    in_body = "client_secret" in form
    if header is not None and in_body:
        raise NotGranted("invalid_request", "the client proves itself in one way, not two")
    client_id, secret = _basic(header) if header is not None else (form.get("client_id"), form.get("client_secret"))
    if not client_id or not secret:
        raise NotGranted("invalid_client", "the client's id and secret are needed", 401)
    if "client_id" in form and form["client_id"] != client_id:
        raise NotGranted("invalid_request", "the client has two ids")
    if not client_id.isprintable():
        raise NotGranted("invalid_client", "no client is called so", 401)  # PostgreSQL would not look for it
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    """The id and secret in a header of the scheme Basic, which are form-encoded before they are joined."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, separator, secret = text.partition(":")
        if not separator:
            raise ValueError
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise NotGranted("invalid_client", "the header Authorization cannot be read", 401) from None


def _answer(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    kept = {"cache-control": "no-store", "pragma": "no-cache", **(headers or {})}
    return Response(orjson.dumps(content), status, kept, media_type="application/json")
