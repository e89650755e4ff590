"""The ASGI app: GraphQL, the page to try it on, health, readiness and metrics."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import bank, exports, files, jobs, migrations, oauth, receipts, settings, uploads
from api.attachments_store import Store
from api.auth import Authenticator
from api.board import PATH, Board
from api.broadcast import Broadcast
from api.database import open_engine, reading
from api.domain.bulk import DEFAULTS, Threshold
from api.domain.days import Clock, this_moment
from api.domain.hosts import NO_HOSTS, AllowedHosts
from api.endpoint import Endpoint, TooLarge, refused
from api.gate.passage import Limits, Passage
from api.gate.trusted import Trusted
from api.notary import Notary
from api.oidc.tokens import Issuer
from api.recorder import Recorder
from api.schema.root import schema
from api.sealing import Vault
from api.services import alarms, reads

MOST_BODY_BYTES = 256 * 1024
MOST_DISCARDED_BYTES = 16 * 1024 * 1024
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

PROBES = ("/healthz", "/readyz", "/metrics")
"""Routes that machines ask again and again."""

DOORS = ("/page", files.PATH, bank.PATH, uploads.PATH, exports.PATH, receipts.PATH)
"""Paths below which something is named."""

log = logging.getLogger("jiekun.http")


class Metrics:
    """What is counted; no label ever holds what a client sent."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("jiekun_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "jiekun_http_request_seconds", "Seconds until the answer.", ("route",), registry=self.registry
        )
        self.waiting = Gauge("jiekun_jobs_waiting", "Jobs that wait for a worker.", registry=self.registry)
        self.unsealed = Gauge(
            "jiekun_reads_unsealed", "Recorded reads that are not chained yet.", registry=self.registry
        )
        self.alarms = Gauge("jiekun_alarms", "Alarms of bulk reading raised so far.", registry=self.registry)
        self.open_alarms = Gauge("jiekun_alarms_open", "Alarms that nobody has looked into.", registry=self.registry)


def create_app(
    database_url: str,
    vault: Vault,
    limits: Limits | None = None,
    *,
    trusted_only: bool = False,
    public_notices: bool = False,
    purpose_required: bool = False,
    origins: Sequence[str] = (),
    thresholds: Sequence[Threshold] = tuple(DEFAULTS.values()),
    issuer: Issuer | None = None,
    data_dir: Path | None = None,
    attachment_bytes: int = settings.ATTACHMENT_BYTES,
    upload_bytes: int = settings.UPLOAD_BYTES,
    clock: Clock = this_moment,
    webhook_hosts: AllowedHosts = NO_HOSTS,
) -> Starlette:
    """The service over one database.

    Where a `purpose_required`, identities are masked for requests that name none. `origins` are the sites whose pages
    may ask from a browser; beyond `thresholds`, reading raises an alarm; `issuer` is the identity provider whose tokens
    are accepted. Attachments lie in the data folder, by default the environment's, each of up to `attachment_bytes`, and
    so do the files that departments send, each of up to `upload_bytes`.
    By `clock` the days of a household's life are told. Where `public_notices`, everybody may read which are up.
    Webhooks are registered at `webhook_hosts` alone.
    """
    engine = open_engine(database_url)
    broadcast, metrics = Broadcast(engine), Metrics()
    recorder = Recorder(engine, vault)
    passage = Passage(schema._schema, Trusted(engine, trusted_only), recorder, limits or Limits())
    authenticator = Authenticator(engine, issuer)
    endpoint = Endpoint(
        passage,
        authenticator,
        vault,
        broadcast,
        origins,
        purpose_required,
        clock,
        webhook_hosts,
        upload_bytes,
        data_dir,
    )
    store = Store(data_dir or settings.data_dir(), vault)
    door = files.Files(authenticator, recorder, store, attachment_bytes, passage, purpose_required, clock)
    payments, sent = bank.Bank(door), uploads.Uploads(door, upload_bytes)
    exported = exports.Exports(door)

    async def healthy(request: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(request: Request) -> Response:
        try:
            current = await migrations.is_current(engine)
        except (OSError, SQLAlchemyError):
            return _json({"status": "no database"}, 503)
        return _json({"status": "ok"}) if current else _json({"status": "run: jiekun db upgrade"}, 503)

    async def measured(request: Request) -> Response:
        with suppress(OSError, SQLAlchemyError):  # while the database is away the gauge stays as it was
            async with reading(engine) as connection:
                metrics.waiting.set(await jobs.waiting(connection))
                metrics.unsealed.set((await reads.tail(connection)).rows)
                raised, unheard = await alarms.counts(connection)
                metrics.alarms.set(raised)
                metrics.open_alarms.set(unheard)
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def page(request: Request) -> Response:
        return Response(_page(), media_type="text/html")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        notary = Notary(engine, thresholds)
        sealing = asyncio.create_task(notary.run())
        yield
        notary.end()
        await sealing
        await broadcast.close()
        await recorder.close()
        await engine.dispose()

    board = Board(engine, clock)
    notices = [Route(PATH, board.page, methods=["GET"]), Route(f"{PATH}.json", board.data, methods=["GET"])]
    app = Starlette(
        routes=[
            Route("/", page, methods=["GET"]),
            Route("/graphql", endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", endpoint),
            Route(oauth.PATH, oauth.TokenEndpoint(engine).answer, methods=["POST"]),
            Route(files.PATH, door.take, methods=["POST"]),
            Route(f"{files.PATH}/{{id}}", door.give, methods=["GET"]),
            Route(f"{receipts.PATH}/{{id}}", receipts.Receipts(door).give, methods=["GET"]),
            Route(f"{exports.PATH}/{{id}}", exported.give, methods=["GET"]),
            Route(f"{bank.PATH}/{{id}}", payments.take, methods=["POST"]),
            Route(f"{bank.PATH}/{{file}}", payments.give, methods=["GET"]),
            Route(uploads.PATH, sent.answer, methods=["OPTIONS"]),
            Route(f"{uploads.PATH}/{{id}}", sent.answer, methods=["OPTIONS", "HEAD", "PATCH", "POST", "DELETE"]),
            Route(f"{uploads.PATH}/{{id}}/quality", sent.quality, methods=["GET"]),
            *(notices if public_notices else ()),
            Route("/healthz", healthy, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
            Route("/metrics", measured, methods=["GET"]),
            Mount("/page", StaticFiles(packages=[("api", "page")])),
        ],
        middleware=[Middleware(_Surroundings, metrics=metrics), *_for_pages_of(origins)],
        lifespan=lifespan,
    )
    app.state.engine = engine
    return app


def _for_pages_of(origins: Sequence[str]) -> Iterator[Middleware]:
    """What lets a browser's pages of these sites ask, and read the answers; without any, nothing stands in the way."""
    if origins:
        yield Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "jiekun-purpose", files.KEY, files.NAME],
            expose_headers=["content-disposition", "x-request-id", "ratelimit", "ratelimit-policy", "retry-after"],
            max_age=600,
        )


class _Surroundings:
    """Around every request: its id, a limit to its body, headers, one line in the log, and what is counted."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                caching = "no-cache" if _route(scope) == "/page" else "no-store"
                headers = {**HEADERS, "x-request-id": request_id, "cache-control": caching}
                present = {name.lower() for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in headers.items()]
                message["headers"] = [*message["headers"], *(each for each in added if each[0] not in present)]
            await send(message)

        try:
            own_limit = scope["path"] == files.PATH or scope["path"].startswith((f"{bank.PATH}/", f"{uploads.PATH}/"))
            body = receive if own_limit else await _read(receive)
            if body is None:
                await refused(Request(scope), TooLarge())(scope, receive, sending)
            else:
                await self._app(scope, body, sending)
        finally:
            seconds = time.perf_counter() - began
            route = _route(scope)
            self._metrics.requests.labels(route, scope["method"], status).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            level = logging.DEBUG if route in PROBES else logging.INFO
            log.log(level, "%s %s %s %.1f ms %s", scope["method"], route, status, seconds * 1000, request_id)


async def _read(receive: Receive) -> Receive | None:
    """The body, read as far as the limit, given again; None beyond it."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return receive
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            if message.get("more_body"):
                await _discard(receive)
            return None
        if not message.get("more_body"):
            break
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


async def _discard(receive: Receive) -> None:
    """Reads on for a while, so that a client who is still sending can read the answer; then the connection is closed."""
    left = MOST_DISCARDED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _route(scope: Scope) -> str:
    path = scope["path"]
    if path in ("/", "/graphql", oauth.PATH, files.PATH, uploads.PATH, *PROBES):
        return str(path)
    return next((above for above in DOORS if path.startswith(f"{above}/")), "other")


def _page() -> str:
    return (resources.files("api.page") / "index.html").read_text(encoding="utf-8")


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
