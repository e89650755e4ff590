"""The feeds in use, prepared for look-ups: an index follows another when other feeds are in use, and none is half there.

The latest index that is ready is the one that is asked: that it is, is a row of the database, so that all who serve go over
at one moment. Whoever has one open reads on in it; its files go an hour after another is ready, with the next sweep
(retention.extracts), and what is still mapped then stays until nobody reads it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs
from api.database import among
from api.domain.verifications import VerificationState
from api.matching import consents as reading
from api.matching import desk, folders
from api.models import FeedIndex, Job, VerificationRequest, table
from api.sealing import Vault
from api.services import audit, registers, verifications

JOB = "index"
FOLDER = "index"
I = table(FeedIndex).c  # noqa: E741
_READY = table(FeedIndex).alias("ready").c
LATEST = select(_READY.id).where(_READY.ready_at.is_not(None)).order_by(_READY.id.desc()).limit(1).scalar_subquery()
"""The key of the index that is asked."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The index that is asked: its key, its folder in the data folder, what it holds, and the day that it speaks of."""

    id: int
    folder: str
    sources: frozenset[str]
    as_of: dt.date


async def current(connection: AsyncConnection) -> Ready | None:
    """The index that is asked now; None while there is none."""
    found = (await connection.execute(select(I.id, I.folder, I.sources, I.as_of).where(I.id == LATEST))).one_or_none()
    if found is None or found.as_of is None:
        return None
    return Ready(found.id, found.folder, frozenset(found.sources), found.as_of)


async def look(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Where other feeds are in use than the latest index was made of, one is asked for; how many were."""
    sent = await _in_use(connection, Path())
    digest = _digest(sent)
    latest = await connection.scalar(select(I.feeds).order_by(I.id.desc()).limit(1))
    if not sent or latest == digest:
        return 0
    await _ask(connection, digest, now)
    return 1


async def follow(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> None:
    """Where there is an index, one of the feeds that are in use now is asked for; the first is for `look` to ask for."""
    if await connection.scalar(select(I.id).limit(1)) is not None:
        await look(connection, vault, now)


async def _ask(connection: AsyncConnection, digest: str, now: dt.datetime) -> None:
    added = await connection.execute(
        insert(FeedIndex).values(feeds=digest, folder=FOLDER, sources=[], asked_at=now).returning(FeedIndex.id)
    )
    key = int(added.scalar_one())
    await connection.execute(update(FeedIndex).where(I.id == key).values(folder=folder_of(key)))
    await jobs.enqueue(connection, JOB, key, now)


async def laid_out(connection: AsyncConnection, index_id: int, data_dir: Path) -> folders.Layout | None:
    """What it is made of; None where the index is not to be built any more, since others are in use by now."""
    asked = await connection.scalar(select(I.feeds).where(I.id == index_id, I.ready_at.is_(None)))
    sent = await _in_use(connection, data_dir)
    return folders.Layout({}, sent, None) if sent and asked == _digest(sent) else None


async def ready(
    connection: AsyncConnection,
    index_id: int,
    sources: Collection[str],
    as_of: dt.date | None,
    looked: Sequence[int],
    now: dt.datetime,
) -> None:
    """From now on this index is asked; open rounds of verification that were not `looked` at in it already are so next."""
    whole = update(FeedIndex).where(I.id == index_id)
    await connection.execute(whole.values(sources=sorted(sources), as_of=as_of, ready_at=now))
    await audit.record(connection, None, "index.ready", ("FeedIndex", index_id), now, {"sources": sorted(sources)})
    waiting = select(Job.subject).where(Job.kind == verifications.JOB, Job.state == jobs.JobState.WAITING)
    open_rounds = select(VerificationRequest.id).where(
        VerificationRequest.state == VerificationState.OPEN,
        VerificationRequest.id.not_in(waiting),
        ~among(table(VerificationRequest).c.id, "looked"),
    )
    told = {"looked": list(looked)}
    for key in (await connection.scalars(open_rounds.order_by(VerificationRequest.id), told)).all():
        await jobs.enqueue(connection, verifications.JOB, key, now)


async def lost(connection: AsyncConnection) -> None:
    """No index is here any more: none is asked until the next look has one built."""
    await connection.execute(update(FeedIndex).values(feeds="", ready_at=None))


def folder_of(index_id: int) -> str:
    """Where an index lies in the data folder."""
    return f"{FOLDER}/{index_id}/out"


async def fail(connection: AsyncConnection, index_id: int, failure: str, now: dt.datetime) -> bool:
    """The index will not be built: `failure` says why; the one before is asked on, until other feeds are in use.

    Not so where it is ready: then only its job was not seen to end.
    """
    unready = update(FeedIndex).where(I.id == index_id, I.ready_at.is_(None))
    if not (await connection.execute(unready.values(failure=failure))).rowcount:
        return False
    await audit.record(connection, None, "index.failed", ("FeedIndex", index_id), now)
    return True


async def _in_use(connection: AsyncConnection, data_dir: Path) -> list[folders.FeedFiles]:
    """The feeds in use that are about people."""
    used = folders.in_use(await registers.came(connection, data_dir))
    return [feed for feed in used if feed.source in reading.sources()]


def _digest(sent: Sequence[folders.FeedFiles]) -> str:
    """What an index depends on: the feeds, and the program, since another one does not read it."""
    told = [
        [
            feed.source,
            [(path.parent.name, path.name) for path in feed.files],
            str(feed.as_of),
            feed.complete,
            feed.rows,
        ]
        for feed in sent
    ]
    return hashlib.sha256(json.dumps([desk.bound_to(), told], ensure_ascii=False).encode()).hexdigest()
