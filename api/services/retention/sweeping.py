"""Files that no row names any more go, here and from the store: outside of any transaction, since a store may be away.

What goes from the store is written down before and written off behind it (services/stores); here a file that is left is
found again the next time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import one_writer, reading, transaction
from api.depot import Bucket, Depot, Unreachable
from api.services import stores
from api.services.retention import extracts

SETTLED = dt.timedelta(days=1)
"""What was put into the store within it may wait for the row that names it."""

AT_ONCE = 50
"""So many folders go from the store before they are written off."""

log = logging.getLogger("jiekun.retention")


async def sweep(engine: AsyncEngine, depot: Depot, now: dt.datetime, day: dt.date, *, dry: bool = False) -> int:
    """How many folders and files no row names any more; they are gone, here and in the store, unless it is dry.

    A store that is away, or another installation's, keeps what lies in it.
    """
    async with reading(engine) as connection:
        here = await extracts.left_over(connection, depot.data_dir, day)
    if not dry:
        await asyncio.to_thread(extracts.remove, here)
    if depot.bucket is None:
        return len(here)
    try:
        return len(here) + await _from_the_store(engine, depot.bucket, now, day, dry=dry)
    except (Unreachable, stores.OtherOwner) as why:
        log.error("what is left over in the store could not be removed: %s", why)
        return len(here)


async def _from_the_store(engine: AsyncEngine, bucket: Bucket, now: dt.datetime, day: dt.date, *, dry: bool) -> int:
    if not dry:
        await stores.require_ours(engine, bucket, now)
    there = await asyncio.to_thread(bucket.folders, extracts.FEEDS)
    settled = [folder for folder, put in sorted(there.items()) if put < now - SETTLED]
    if dry:
        async with reading(engine) as connection:
            named = await extracts.named(connection, day)
        return sum(folder not in named for folder in settled)
    async with transaction(engine) as connection:
        await one_writer(connection, stores.LOCK)
        leaving = await stores.leave(connection, settled, await extracts.named(connection, day), now)
    for start in range(0, len(leaving), AT_ONCE):
        some = leaving[start : start + AT_ONCE]
        await stores.require_ours(engine, bucket, now)
        for folder in some:
            await asyncio.to_thread(bucket.remove, folder)
        async with transaction(engine) as connection:
            await stores.left(connection, some, now)
    return len(leaving)
