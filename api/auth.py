"""Request → viewer: who bears the token, ours or an identity provider's, asked of the database every few seconds at most."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading
from api.domain import credentials
from api.domain.errors import Internal
from api.domain.permissions import Viewer
from api.oidc.tokens import Claims, Issuer, NotAccepted
from api.services import viewers

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000
SCHEME = "bearer "

AWAY = (OSError, SQLAlchemyError)
"""What the database and the identity provider raise that cannot be reached."""

log = logging.getLogger("jiekun.auth")


class Away(Internal):
    """The database, or the identity provider, cannot be reached."""

    status = 503


class UnknownToken(Exception):
    """A token that is not good today, or no token at all where one was promised; why, in words for people."""

    zh = "令牌无效或已过期。"
    en = "The token is not valid, or no longer."


class NotLinked(UnknownToken):
    """The identity provider knows who it is; we do not."""

    zh = "该身份未关联在用用户，或所用程序未登记，请联系管理员。"
    en = "This identity is linked to no active user here, or came by a program that is not registered: ask an administrator."


@dataclass
class Authenticator:
    """Knows viewers by their tokens; a revoked token is refused after REMEMBERED_SECONDS at the latest."""

    engine: AsyncEngine
    issuer: Issuer | None = None
    clock: Callable[[], float] = time.monotonic
    _known: dict[bytes, tuple[float, Viewer]] = field(default_factory=dict)

    async def viewer(self, authorization: str | None) -> Viewer | None:
        """Who asks, by the header Authorization; None without one.

        Raises UnknownToken, or NotFetched while the identity provider's keys are not known.
        """
        if authorization is None:
            return None
        if not authorization.lower().startswith(SCHEME):
            raise UnknownToken
        token = authorization[len(SCHEME) :].strip()
        digest = credentials.digest(token)
        known = self._known.get(digest)
        if known is not None and known[0] > self.clock():
            return known[1]
        self._known.pop(digest, None)
        remembered = REMEMBERED_SECONDS
        if self.issuer is not None and token.count(".") == 2:
            claims = await self._claims(self.issuer, token)
            remembered = min(remembered, claims.expires_at - self.issuer.now())
            viewer = await self._of_identity(claims)
        else:
            viewer = await self._of_token(digest)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (self.clock() + remembered, viewer)
        return viewer

    async def _of_token(self, digest: bytes) -> Viewer:
        async with reading(self.engine) as connection:
            viewer = await viewers.of_token(connection, digest, dt.datetime.now(dt.UTC))
        if viewer is None:
            raise UnknownToken
        return viewer

    async def _of_identity(self, claims: Claims) -> Viewer:
        now = dt.datetime.now(dt.UTC)
        async with reading(self.engine) as connection:
            viewer = await viewers.of_identity(connection, claims.issuer, claims.subject, claims.program, now)
        if viewer is None:
            raise NotLinked
        return viewer

    @staticmethod
    async def _claims(issuer: Issuer, token: str) -> Claims:
        try:
            return await issuer.read(token)
        except NotAccepted as reason:
            log.info("a token of the identity provider is refused: %s", reason)
            raise UnknownToken from None
