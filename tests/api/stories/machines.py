"""An installation of a server and a worker, either of which is killed by kill -9 and started again at any moment."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading, transaction
from api.jobs import ATTEMPTS, JobState
from api.models import Job
from api.services import deliveries
from tests.api.running import PATIENCE_SECONDS, Place, answers, free_port, killed

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_OPEN = select(Job.id).where(Job.state.in_((JobState.WAITING, JobState.RUNNING))).limit(1)
_LAST_ATTEMPT = (
    select(Job.id)
    .where(Job.state == JobState.RUNNING)
    .where(or_(Job.attempts >= ATTEMPTS, and_(Job.attempts == ATTEMPTS - 1, Job.leased_until < func.now())))
    .limit(1)
)
"""Jobs that are tried for the last time, or are about to be."""


class Machine(StrEnum):
    """What may be killed."""

    SERVER = "SERVER"
    WORKER = "WORKER"


@dataclass
class Machines:
    """Both processes, and the database that they share."""

    place: Place
    engine: AsyncEngine
    port: int = field(default_factory=free_port)
    running: dict[Machine, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the server answers, whichever process that is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, machine: Machine) -> None:
        """A new process of its kind, which may take a while until it is at work."""
        self.running[machine] = self.place.serve(self.port) if machine is Machine.SERVER else self.place.start("work")

    async def kill(self, machine: Machine) -> None:
        """Killed as by kill -9, and started again; the leases that it held are over, as they would be a minute later.

        A job that dies three times is given up (docs/scans.md), which is not what is shown: its third attempt is left alone.
        """
        if machine is Machine.WORKER:
            await self._no_last_attempt()
        await killed(self.running[machine])
        if machine is Machine.WORKER:
            async with transaction(self.engine) as connection:
                held = update(Job).where(Job.state == JobState.RUNNING)
                await connection.execute(held.values(leased_until=LONG_AGO))
        self.start(machine)

    async def settled(self) -> None:
        """No job waits or is at work, and every webhook was told all that there is."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with reading(self.engine) as connection:
                    behind = await deliveries.any_behind(connection)
                    if not behind and (await connection.execute(_OPEN)).first() is None:
                        return
                await asyncio.sleep(0.1)

    async def _no_last_attempt(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with reading(self.engine) as connection:
                    if (await connection.execute(_LAST_ATTEMPT)).first() is None:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def machines(place: Place, engine: AsyncEngine) -> AsyncIterator[Machines]:
    """Both at work; gone at the end however that is."""
    made = Machines(place, engine)
    try:
        for each in Machine:
            made.start(each)
        await answers(made.running[Machine.SERVER], made.port)
        yield made
    finally:
        for process in made.running.values():
            await killed(process)
