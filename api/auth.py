"""Request → viewer: who bears the token, asked of the database at most every few seconds."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading
from api.domain.permissions import Viewer
from api.services import accounts

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000
SCHEME = "bearer "


class UnknownToken(Exception):
    """A token that is not good today, or no token at all where one was promised."""


@dataclass
class Authenticator:
    """Knows viewers by their tokens; a revoked token is refused after REMEMBERED_SECONDS at the latest."""

    engine: AsyncEngine
    _known: dict[bytes, tuple[float, Viewer]] = field(default_factory=dict)

    async def viewer(self, authorization: str | None) -> Viewer | None:
        """Who asks, by the header Authorization; None without one. Raises UnknownToken."""
        if authorization is None:
            return None
        if not authorization.lower().startswith(SCHEME):
            raise UnknownToken
        digest = accounts.digest(authorization[len(SCHEME) :].strip())
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with reading(self.engine) as connection:
            viewer = await accounts.viewer_of(connection, digest, dt.datetime.now(dt.UTC))
        if viewer is None:
            self._known.pop(digest, None)
            raise UnknownToken
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (time.monotonic() + REMEMBERED_SECONDS, viewer)
        return viewer
