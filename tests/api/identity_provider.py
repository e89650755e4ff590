"""An identity provider for tests: discovery and keys over HTTP on the loopback, and tokens signed by them."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

AUDIENCE = "jiekun"


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def key_pair(kind: str, key_id: str) -> Key:
    """A new pair of keys for an algorithm."""
    named: Any = {"kid": key_id, "use": "sig"}
    if kind.startswith(("RS", "PS")):
        return RSAKey.generate_key(2048, named)
    if kind == "ES256":
        return ECKey.generate_key("P-256", named)
    return OKPKey.generate_key("Ed25519", named)


@dataclass
class Provider:
    """Publishes its keys, counts who asks for them, and signs what it is told."""

    url: str
    keys: dict[str, Key] = field(default_factory=dict)
    asked: int = 0
    away: bool = False
    elsewhere: str | None = None
    spoilt: bytes | None = None
    named: str | None = None

    def rotate(self, key_id: str, kind: str = "RS256") -> None:
        """New keys in the place of all there were."""
        self.keys = {key_id: key_pair(kind, key_id)}

    def claims(self, **other: Any) -> dict[str, Any]:
        """Ordinary claims, changed; None takes one away."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "u-1", "iat": now, "exp": now + 300, **other}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token, signed by the first key unless another is given."""
        key_id, first = next(iter(self.keys.items()))
        head = {"alg": "RS256", "kid": key_id, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        registry = JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
        return jwt.encode(head, self.claims(**claims), key or first, registry=registry)

    def forged(self, sign: Callable[[bytes], bytes] = lambda _: b"", **header: Any) -> str:
        """A token that no library would make: unsigned, or signed in a way of one's own."""
        parts = ({"typ": "JWT", "kid": next(iter(self.keys)), **header}, self.claims())
        said = b".".join(_encoded(json.dumps(each).encode()) for each in parts)
        return (said + b"." + _encoded(sign(said))).decode()

    async def discovery(self, request: Request) -> Response:
        """The discovery document."""
        if self.away:
            return Response(status_code=503)
        return JSONResponse({"issuer": self.named or self.url, "jwks_uri": f"{self.url}/keys"})

    async def published(self, request: Request) -> Response:
        """The public keys."""
        self.asked += 1
        if self.away:
            return Response(status_code=503)
        if self.elsewhere:
            return RedirectResponse(self.elsewhere)
        if self.spoilt is not None:
            return Response(self.spoilt, media_type="application/json")
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys.values()]})


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on the loopback until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}")
        provider.rotate("first")
        routes = [
            Route("/.well-known/openid-configuration", provider.discovery),
            Route("/keys", provider.published),
        ]
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield provider
        server.should_exit = True
        thread.join()
