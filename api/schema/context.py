"""What every resolver is given: who asks, in which language, and the ways to the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncEngine

from api import settings
from api.broadcast import Broadcast
from api.database import glance, reading
from api.domain import days, purposes
from api.domain.days import Clock, this_moment
from api.domain.errors import Forbidden, Unauthenticated
from api.domain.hosts import NO_HOSTS, AllowedHosts
from api.domain.permissions import Permission, Viewer
from api.domain.purposes import Purpose
from api.domain.reads import ReadLog
from api.loaders.reading import Budget, Reading
from api.matching.desk import Desk
from api.sealing import Vault


@dataclass
class Context:
    """One operation's surroundings; `viewer` is None until somebody known asks.

    `address` is where the request came from, `said_purpose` what the client says it reads for, without which there are
    masks where `purpose_required`, and `document` the hash of the document that it sent. `connection_params` are what a
    WebSocket's client said when it connected, and `recognise` who that is by now. `clock` tells the moment, to
    `webhook_hosts` alone webhooks are sent, and `upload_bytes` is how large a department's file may be.
    """

    engine: AsyncEngine
    vault: Vault
    broadcast: Broadcast
    viewer: Viewer | None
    language: str
    request_id: str
    address: str = ""
    said_purpose: str | None = None
    purpose_required: bool = False
    purpose: Purpose | None = None
    document: str | None = None
    budget: Budget = field(default_factory=Budget)
    log: ReadLog = field(default_factory=ReadLog)
    connection_params: dict[str, Any] | None = None
    recognise: Callable[[], Awaitable[Viewer | None]] | None = None
    clock: Clock = this_moment
    desk: Desk = field(default_factory=Desk)
    webhook_hosts: AllowedHosts = NO_HOSTS
    upload_bytes: int = settings.UPLOAD_BYTES
    data_dir: Path = Path()
    """The data folder, in which scans leave what rules saw."""

    async def for_operation(self) -> Context:
        """The surroundings of one operation more: of those over one WebSocket none uses up another's budget.

        And none is asked by somebody who is no longer known. Raises BadPurpose.
        """
        context = replace(self)
        await context.anew()
        return context

    @property
    def principal(self) -> str:
        """Whose bucket of cost it is: a user's, of which each department's machine is one, or an address's."""
        return f"address {self.address}" if self.viewer is None else self.viewer.principal

    async def anew(self) -> None:
        """Nothing is counted or shown yet; and over a WebSocket, which may outlive a token, the token is looked at again.

        For every operation, and for every message of a subscription.
        """
        self.budget, self.log = Budget(), ReadLog()
        if self.recognise is not None:
            self.viewer = await self.recognise()
            self._bind()

    def for_purpose(self) -> None:
        """The viewer reads for the purpose that the client named, or the role's own. Raises BadPurpose."""
        if self.viewer is not None:
            self.purpose = purposes.purpose_of(self.viewer.role, self.said_purpose)
            self._bind()

    def _bind(self) -> None:
        if self.viewer is not None and self.purpose is not None:
            named = self.said_purpose is not None or not self.purpose_required
            self.viewer = purposes.bound(self.viewer, self.purpose, named=named)

    def viewer_who_may(self, permission: Permission | None) -> Viewer:
        """Who asks, if their role permits it. Raises Unauthenticated or Forbidden."""
        if self.viewer is None:
            raise Unauthenticated
        if permission is not None and not self.viewer.may(permission):
            raise Forbidden
        return self.viewer

    @asynccontextmanager
    async def reading(self, as_of: dt.date | None = None, *, at_once: bool = False) -> AsyncIterator[Reading]:
        """A view of the database for the viewer, as it is or as it was on a day. Raises Unauthenticated.

        `at_once`: one statement reads all, so that nothing has to hold the view still for another.
        """
        viewer = self.viewer_who_may(None)
        async with (glance if at_once else reading)(self.engine) as connection:
            yield Reading(connection, viewer, self.vault, self.budget, self.log, as_of, days.today(self.now()))

    def now(self) -> dt.datetime:
        """This moment, in UTC."""
        return self.clock()


Info = strawberry.Info[Context, None]
