"""Seals what was read, every second, and raises the alarms that it calls for; one at a time over all processes."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading, transaction
from api.domain.bulk import DEFAULTS, Threshold
from api.services import alarms, reads

SECONDS = 1.0
AWAY_SECONDS = 5.0

log = logging.getLogger("jiekun.notary")


@dataclass
class Notary:
    """Seals for a database. While nothing is new, a second costs one look at an empty index, and no lock."""

    engine: AsyncEngine
    thresholds: Sequence[Threshold] = tuple(DEFAULTS.values())
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Seals until it is told to end; a step that has begun is ended first, so that no connection is left half open."""
        while not self._ending.is_set():
            try:
                pause = 0.0 if await self.step() == reads.BATCH else SECONDS
            except Exception as failure:  # whatever it is, sealing goes on; the tail is told by its age
                log.error("what was read cannot be sealed for the moment: %s", type(failure).__name__)
                pause = AWAY_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)

    def end(self) -> None:
        """Ends `run` after the step that it is at."""
        self._ending.set()

    async def step(self) -> int:
        """Seals the oldest rows that are not; how many."""
        async with reading(self.engine) as connection:
            if not await reads.waiting(connection):
                return 0
        async with transaction(self.engine) as connection:
            sealed = await reads.seal(connection)
            raised = await alarms.watch(connection, sealed, self.thresholds, dt.datetime.now(dt.UTC))
        if raised:
            log.warning("%d alarms raised: many people's identities were seen in a short time", raised)
        return len(sealed)
