"""Whose a store is, and what of it goes: the store is asked between transactions, and never within one.

A store has an owner: an object in it holds the random name of the installation that used it first. Two that share one
would each clear away what only the other's rows name; so whoever finds another's name there stops, and clears away nothing.

What is to go is written down before it goes, and written off behind it. Killed anywhere, the next sweep goes on; and
what was written down is never named again (`require_staying`), so that nothing goes that somebody needs.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import String, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import among, one_writer, transaction
from api.depot import Bucket
from api.models import Installation, LeavingFolder, table
from api.services import audit

LOCK = 4_105_016
L = table(LeavingFolder).c


class OtherOwner(Exception):
    """The store belongs to another installation."""

    def __init__(self) -> None:
        super().__init__(
            "存储（JIEKUN_STORE）属于另一套系统：两套系统共用一处会互相清除文件。请为本系统另设前缀；演练时取消设置；"
            "如原系统已停用、由本系统接替，请运行 jiekun store take-over。 / "
            "The store (JIEKUN_STORE) belongs to another installation, and two that share one clear away each other's files: "
            "name another prefix for this one; unset it in a drill; or, where the other has ended and this one takes its "
            "place, run: jiekun store take-over"
        )


async def name(connection: AsyncConnection, now: dt.datetime) -> str:
    """The name of this installation, which it has from the first time that it is asked for."""
    await one_writer(connection, LOCK)
    given = (await connection.execute(select(Installation.name))).scalar_one_or_none()
    if given is None:
        given = secrets.token_hex(16)
        await connection.execute(insert(Installation).values(id=1, name=given, named_at=now))
    return str(given)


async def another(connection: AsyncConnection) -> None:
    """This installation will have another name: it is a copy, and the first may be at work."""
    await connection.execute(delete(Installation))


async def require_ours(engine: AsyncEngine, bucket: Bucket | None, now: dt.datetime) -> None:
    """The store is this installation's, from now on if it was nobody's. Raises OtherOwner and Unreachable."""
    if bucket is None:
        return
    async with transaction(engine) as connection:
        ours = await name(connection, now)
    owner = await asyncio.to_thread(bucket.owner)
    if owner is None:
        owner = await asyncio.to_thread(bucket.claim, ours)
        if owner == ours:
            await _tell(engine, "store.claimed", now)
    if owner != ours:
        raise OtherOwner


async def take_over(engine: AsyncEngine, bucket: Bucket, now: dt.datetime) -> None:
    """The store is this installation's, whosever it was. Raises Unreachable."""
    async with transaction(engine) as connection:
        ours = await name(connection, now)
    await asyncio.to_thread(bucket.take_over, ours)
    await _tell(engine, "store.taken_over", now)


async def leave(
    connection: AsyncConnection, there: Sequence[str], named: Collection[str], now: dt.datetime
) -> list[str]:
    """All folders that go; those that lie there and that nothing names are written down, with what was before."""
    known = set(await connection.scalars(select(L.folder)))
    if new := [folder for folder in there if folder not in named and folder not in known]:
        await connection.execute(insert(LeavingFolder), [{"folder": each, "since": now} for each in new])
    return sorted(known | set(new))


async def left(connection: AsyncConnection, folders: Sequence[str], now: dt.datetime) -> None:
    """These folders are gone."""
    gone = delete(LeavingFolder).where(among(L.folder, "folders", String))
    await connection.execute(gone, {"folders": list(folders)})
    await audit.record(connection, None, "store.swept", ("Store", 1), now, {"folders": len(folders)})


async def require_staying(connection: AsyncConnection, folders: Collection[str]) -> None:
    """None of these folders is to go, nor will be once this transaction has named it. Raises ValueError."""
    await one_writer(connection, LOCK)
    going = select(L.folder).where(among(L.folder, "folders", String))
    if (await connection.execute(going, {"folders": list(folders)})).first() is not None:
        raise ValueError(
            "the files waited in the store for longer than a day, and are being cleared away: begin again"
        )


async def _tell(engine: AsyncEngine, action: str, now: dt.datetime) -> None:
    async with transaction(engine) as connection:
        await audit.record(connection, None, action, ("Store", 1), now)
