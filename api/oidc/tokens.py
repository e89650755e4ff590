"""An access token of the issuer, read: signed by one of its keys, for us, and good at this moment."""

from __future__ import annotations

import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from api.oidc.keys import Keys

KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
"""The algorithms that are accepted, and the type of key that each takes: with both sides of a key pair, never one secret."""

TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
LEEWAY = 30
LONGEST = 16 * 1024


class NotAccepted(Exception):
    """The token is not accepted; the message says why, and holds nothing of the token."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: who somebody is at the issuer, by which program they ask, until when."""

    issuer: str
    subject: str
    program: str | None
    expires_at: float


class _Registry(JWSRegistry):
    """Knows our algorithms alone. EdDSA is one of them, although the name is deprecated: no key but Ed25519's fits it."""

    def __init__(self) -> None:
        super().__init__(algorithms=list(KEY_TYPES), strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name. Raises UnsupportedAlgorithmError."""
        if name not in KEY_TYPES:
            raise UnsupportedAlgorithmError("not one of ours")
        return self.algorithms[name]


_REGISTRY = _Registry()


@dataclass
class Issuer:
    """The identity provider whose tokens are accepted, if they are for this audience. `now` tells the time of day."""

    keys: Keys
    audience: str
    now: Callable[[], float] = time.time

    async def read(self, token: str) -> Claims:
        """What the token says. Raises NotAccepted, or NotFetched while the issuer's keys are not known."""
        if len(token) > LONGEST or not token.isascii():
            raise NotAccepted("it is too long, or not written in ASCII")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
            raise NotAccepted("it is no signed token") from None
        algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
            raise NotAccepted("its algorithm is not accepted")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise NotAccepted("it is of another type")
        if "crit" in header:
            raise NotAccepted("it needs an extension that is not known")
        if key_id is not None and not isinstance(key_id, str):
            raise NotAccepted("its key's id is no text")
        key = await self.keys.key(key_id)
        if key is None or key.key_type != KEY_TYPES[algorithm] or key.get("alg", algorithm) != algorithm:
            raise NotAccepted("its key is not known, or not for its algorithm")
        return self._claims(token, key)

    def _claims(self, token: str, key: Key) -> Claims:
        issuer, now = self.keys.issuer, int(self.now())
        try:
            claims = jwt.decode(token, key, registry=_REGISTRY).claims
            JWTClaimsRegistry(
                now,
                LEEWAY,
                iss={"essential": True, "value": issuer},
                aud={"essential": True, "value": self.audience},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(claims)
        except JoseError as refused:
            raise NotAccepted(refused.error) from None
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise NotAccepted("its claims cannot be read") from None
        if "cnf" in claims:
            raise NotAccepted("it is bound to a key that its bearer has to prove")
        program = claims.get("azp", claims.get("client_id"))
        if program is not None and not isinstance(program, str):
            raise NotAccepted("it names no program")
        return Claims(issuer, str(claims["sub"]), program, float(claims["exp"]))
