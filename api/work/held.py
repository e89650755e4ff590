"""A job in hand: the database, the keys and the folder that it is done with, and the transactions in which it is ours."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import jobs
from api.database import transaction
from api.depot import Damaged, Depot, Missing, NoRoom
from api.jobs import Leased
from api.matching import Progress, Step, folders
from api.sealing import Vault

AWAY = (OSError, SQLAlchemyError)
"""What a database raises that cannot be reached or is busy."""

TELL_SECONDS = 0.5


class Refused(Exception):
    """Another attempt would change nothing; the text says why, and holds nothing personal."""


class WorkersLost(Exception):
    """Every worker that tried the job was lost while it worked."""


@dataclass(frozen=True, slots=True)
class Held:
    """A job that this worker holds, with all that it is done with."""

    engine: AsyncEngine
    vault: Vault
    data_dir: Path
    worker: str
    job: Leased

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which the job is ours. Raises LeaseLost."""
        async with transaction(self.engine) as connection:
            await jobs.hold(connection, self.job, self.worker)
            yield connection

    @property
    def depot(self) -> Depot:
        """Where departments' files are kept."""
        return Depot.of(self.data_dir, self.vault)

    def now(self) -> dt.datetime:
        """The time."""
        return dt.datetime.now(dt.UTC)


def lay_out(depot: Depot, folder: Path, layout: folders.Layout) -> None:
    """The folder is filled. Raises Refused where another attempt would find the same."""
    try:
        depot.require_room(layout.files)
        folders.lay_out(folder, layout, depot.bring)
    except NoRoom as why:
        raise Refused(str(why)) from None
    except Missing:
        raise Refused("a file of a feed is not where it was put; is JIEKUN_STORE what it was?") from None
    except Damaged:
        raise Refused("a file of a feed was changed in the store, or its key is not here") from None


class Work(Protocol):
    """One kind of job: how it is carried out, and what is written down when it is given up."""

    async def carry_out(self, held: Held) -> None:
        """Does the job; what it leaves half done, the next attempt goes on with or does anew.

        Raises Refused where no other attempt could do better; whatever else is raised is tried again.
        """

    async def give_up(self, held: Held, connection: AsyncConnection, failure: str) -> None:
        """The job will not be tried again; `failure` says why, and holds nothing personal."""


def seldom(tell: Callable[[Step], Awaitable[None]]) -> Progress:
    """Tells steps at most twice a second, and the last of every stage; one that cannot be told is left to the next."""
    told, stage = 0.0, ""

    async def telling(step: Step) -> None:
        nonlocal told, stage
        finished = step.total is not None and step.done >= step.total
        if not finished and step.stage == stage and time.monotonic() - told < TELL_SECONDS:
            return
        told, stage = time.monotonic(), step.stage
        with suppress(*AWAY):
            await tell(step)

    return telling
