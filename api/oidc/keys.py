"""An issuer's public keys: fetched when they are needed, used for a day while the issuer is away, rotated without a restart.

However many tokens name keys that nobody knows, the issuer is asked for its keys once a minute at most.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from api.oidc import fetching
from api.oidc.fetching import NotFetched

FRESH, USED, PAUSE, RETRY = 600.0, 24 * 3600.0, 60.0, 5.0
"""Seconds: how long keys are not asked for again; how long they are used while the issuer is away; how long it is left
alone after it was asked; and how long while no key is known at all."""

MOST_KEYS = 64
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
LONG = "x" * 342
"""As long as a modulus of 2,048 bits is written; a shorter one is too weak."""

DISCOVERY = "/.well-known/openid-configuration"

log = logging.getLogger("jiekun.oidc")


@dataclass
class Keys:
    """The keys of one issuer, by their id. Its clock counts seconds, and is the machine's unless told otherwise."""

    issuer: str
    jwks_url: str | None = None
    clock: Callable[[], float] = time.monotonic
    _known: dict[str | None, Key] = field(default_factory=dict)
    _asked: float = float("-inf")
    _fetched: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def key(self, key_id: str | None) -> Key | None:
        """The key of this id; of none, the only one there is. Raises NotFetched while no keys can be had."""
        if self._age() > FRESH and self._due():
            await self._ask()  # one request waits for the answer, the others go on with what is known
        found = self._usable(key_id)
        if found is None:
            await self._ask()
            found = self._usable(key_id)
        if found is None and self._age() > USED:
            raise NotFetched("the issuer's keys are not known")
        return found

    def _usable(self, key_id: str | None) -> Key | None:
        if self._age() > USED:
            return None
        if key_id is None:
            return next(iter(self._known.values())) if len(self._known) == 1 else None
        return self._known.get(key_id)

    def _age(self) -> float:
        return self.clock() - self._fetched

    def _due(self) -> bool:
        return self.clock() - self._asked >= (PAUSE if self._known else RETRY)

    async def _ask(self) -> None:
        """Fetches the keys, unless the issuer was asked a moment ago; whoever comes meanwhile waits for the same."""
        async with self._lock:
            if not self._due():
                return
            self._asked = self.clock()
            try:
                self._known = _keys(await asyncio.to_thread(self._fetch))
                self._fetched = self.clock()
            except NotFetched as reason:
                log.warning("the issuer's keys are not renewed: %s", reason)

    def _fetch(self) -> dict[str, Any]:
        url = self.jwks_url
        if url is None:
            told = fetching.document(self.issuer.rstrip("/") + DISCOVERY)
            url = told.get("jwks_uri")
            if told.get("issuer") != self.issuer or not isinstance(url, str):
                raise NotFetched("the discovery document is another issuer's, or names no keys")
        return fetching.document(url)


def _keys(jwks: dict[str, Any]) -> dict[str | None, Key]:
    """The public keys for signatures that we know how to use, by their id. Raises NotFetched where there is none."""
    listed = jwks.get("keys")
    found: dict[str | None, Key] = {}
    for each in listed[:MOST_KEYS] if isinstance(listed, list) else []:
        key = _key(each)
        if key is not None:
            found[key.kid] = key
    if not found:
        raise NotFetched("the issuer publishes no key that is of use")
    return found


def _key(published: Any) -> Key | None:
    if not isinstance(published, dict) or published.get("use", "sig") != "sig":
        return None
    if published.get("kty") not in KEY_TYPES or len(str(published.get("n", LONG))) < len(LONG):
        return None
    try:
        key = jwk.import_key(published)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    match key:
        case RSAKey():
            return key
        case ECKey():
            return key if key.curve_name == "P-256" else None
        case OKPKey():
            return key if key.curve_name == "Ed25519" else None
    return None
