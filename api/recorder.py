"""Writes down what an operation showed before its answer leaves; what waits at the same time is one transaction."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import single
from api.domain.errors import NotRecorded
from api.domain.permissions import Viewer
from api.domain.purposes import Purpose
from api.domain.reads import ReadLog
from api.sealing import Vault
from api.services import reads

__all__ = ["NotRecorded", "Operation", "Recorder"]

MOST_TOGETHER = 200

log = logging.getLogger("jiekun.recorder")

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that has been carried out or refused, and whose answer waits.

    `codes` are those of the answer's errors; the name of the operation is kept only inside a digest.
    """

    viewer: Viewer | None
    log: ReadLog
    request_id: str
    document_id: str
    operation: str | None = None
    purpose: Purpose | None = None
    codes: Collection[str] = ()


class Recorder:
    """Writes for one process: while one transaction is being committed, the next gathers."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, operation: Operation) -> None:
        """The operation is on record, if there is anything to record. Raises NotRecorded.

        Whoever stops waiting leaves the row behind all the same: the values have been opened.
        """
        if operation.viewer is None:
            return
        entry = reads.entry(
            operation.viewer,
            operation.log,
            vault=self._vault,
            document_id=operation.document_id,
            operation=operation.operation,
            request_id=operation.request_id,
            purpose=operation.purpose,
            codes=operation.codes,
            now=dt.datetime.now(dt.UTC),
        )
        if entry is None:
            return
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await written

    async def close(self) -> None:
        """Nothing waits any more."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _drain(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if not await self._commit(together) and len(together) > 1:
                for one in together:  # that of one may be at fault; the others are not
                    await self._commit([one], last=True)

    async def _commit(self, some: Sequence[tuple[Entry, asyncio.Future[None]]], last: bool = False) -> bool:
        """Whether these rows are committed. Who waits is told so, or, where no more is tried, that they are not."""
        committed = True
        try:
            async with single(self._engine) as connection:
                await reads.add(connection, [entry for entry, _ in some])
        except Exception as error:
            log.error("what was read could not be recorded: %s", type(error).__name__)
            if not last and len(some) > 1:
                return False
            committed = False
        for _, written in some:
            if written.done():
                continue
            if committed:
                written.set_result(None)
            else:
                written.set_exception(NotRecorded())
        return committed
