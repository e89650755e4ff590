"""Carries messages to webhooks, beside the worker: a scan of hours holds back none, and an address that is slow no other.

Durable as jobs are: each webhook with something to be sent has a job, leased by one postman at a time; one that is killed
has sent a message twice at most, and left none out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from api import jobs
from api.database import reading, transaction
from api.domain.days import Clock, this_moment
from api.domain.webhooks import DeliveryFailure, headers
from api.jobs import Leased, LeaseLost
from api.posting import NotSent, Sender
from api.sealing import NotOurs, Vault
from api.services import deliveries
from api.services.deliveries import Message, Sent
from api.services.webhooks import JOB
from api.work.held import AWAY

LANES = 4
IDLE_SECONDS, AWAY_SECONDS = 0.5, 5.0
TURN_SECONDS = jobs.LEASE.total_seconds() / 3
"""How long one webhook is served before another has its turn; with one message more, less than a lease."""

log = logging.getLogger("jiekun.postman")


@dataclass
class Postman:
    """Tells the webhooks of one database what its outbox holds."""

    engine: AsyncEngine
    vault: Vault
    sender: Sender
    clock: Clock = this_moment
    name: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:8]}")

    async def run(self) -> None:
        """Carries until it is cancelled."""
        rounds: set[asyncio.Task[bool]] = set()
        try:
            while True:
                pause = IDLE_SECONDS
                try:
                    if len(rounds) < LANES and (job := await self._next()) is not None:
                        rounds.add(asyncio.create_task(self._round(job)))
                        pause = 0.0
                except AWAY as away:
                    log.warning("the database cannot be reached: %s", type(away).__name__)
                    pause = AWAY_SECONDS
                await asyncio.sleep(pause)
                rounds = {each for each in rounds if not each.done()}
        finally:
            for each in rounds:
                each.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)

    async def step(self) -> bool:
        """Queues what the outbox holds, and serves one webhook; False where none has anything to be sent."""
        job = await self._next()
        return job is not None and await self._round(job)

    async def _next(self) -> Leased | None:
        now = self.clock()
        async with reading(self.engine) as connection:
            behind = await deliveries.any_behind(connection)
            if not behind and not await jobs.due(connection, JOB, now):
                return None
        async with transaction(self.engine) as connection:
            if behind:
                await deliveries.queue(connection, now)
            return await jobs.lease(connection, self.name, (JOB,), now)

    async def _round(self, job: Leased) -> bool:
        """Sends what is due for the job's webhook, for one turn; whether anything was."""
        began, any_sent = time.monotonic(), False
        try:
            while True:
                message = await self._message(job, time.monotonic() - began > TURN_SECONDS)
                if message is None:
                    return any_sent
                sent, any_sent = await self._send(message), True
                async with transaction(self.engine) as connection:
                    await jobs.hold(connection, job, self.name)
                    await deliveries.note(connection, job.subject, message.key, sent, self.clock())
        except LeaseLost:
            log.warning("job %s: the lease is lost; another postman goes on", job.id)
        except AWAY as away:
            log.warning("job %s: %s; it is taken up again when its lease is over", job.id, type(away).__name__)
        except NotOurs as lost:
            log.error("job %s: %s", job.id, type(lost).__name__)
        return any_sent

    async def _message(self, job: Leased, turn_over: bool) -> Message | None:
        """What is to be sent now; where nothing is, the job waits or ends."""
        now = self.clock()
        async with transaction(self.engine) as connection:
            await jobs.hold(connection, job, self.name)
            found = await deliveries.next_of(connection, self.vault, job.subject, now)
            if isinstance(found, Message) and not turn_over:
                return found
            if found is None:
                await jobs.finish(connection, job, now)
            else:
                await jobs.put_off(connection, job, now if isinstance(found, Message) else found)
            return None

    async def _send(self, message: Message) -> Sent:
        began = time.perf_counter()
        told = headers(message.name, self.clock(), message.body, message.secrets)
        status: int | None
        failure: DeliveryFailure | None = None
        try:
            status = await self.sender.send(message.url, told, message.body)
        except NotSent as why:
            status, failure = why.status, why.failure
        return Sent(status, failure, round((time.perf_counter() - began) * 1000))
