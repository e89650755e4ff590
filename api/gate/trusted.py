"""Registered documents, asked of the database once each and remembered; what is not registered is asked again."""

from __future__ import annotations

import time
from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading
from api.domain.errors import Untrusted
from api.domain.permissions import Viewer
from api.gate.asked import Asked
from api.services import documents

REMEMBERED = 2_000
REMEMBERED_SECONDS = 30.0
"""After as long, a document that was withdrawn is refused."""


class Trusted:
    """Turns what is asked into a text, if this viewer may send it."""

    def __init__(self, engine: AsyncEngine, only: bool) -> None:
        self._engine, self._only = engine, only
        self._known: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    async def text(self, asked: Asked, viewer: Viewer | None) -> str:
        """The text that is asked for. Raises Untrusted."""
        client = viewer.client if viewer else None
        only = self._only or (viewer is not None and viewer.trusted_only)
        if asked.digest is None:
            assert asked.text is not None
            if only and await self._find(documents.digest(asked.text), client) is None:
                raise Untrusted
            return asked.text
        if asked.text is not None and documents.digest(asked.text) != asked.digest:
            raise Untrusted("documentId 与 query 不一致。", "The documentId is not that of the query beside it.")
        found = await self._find(asked.digest, client)
        if found is None:
            raise Untrusted(
                "没有登记此 documentId 的文档。", "No document of this documentId is registered for this client."
            )
        return found

    async def _find(self, key: str, client: str | None) -> str | None:
        place = (client or "", key)
        known = self._known.get(place)
        if known is not None and known[0] > time.monotonic():
            self._known.move_to_end(place)
            return known[1]
        async with reading(self._engine) as connection:
            text = await documents.text_of(connection, key, client)
        self._known.pop(place, None)
        if text is not None:
            self._known[place] = time.monotonic() + REMEMBERED_SECONDS, text
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return text
