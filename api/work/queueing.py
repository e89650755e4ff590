"""Leads are ranked without keeping others from writing: the order is read, and written a piece a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading, transaction
from api.services import queue


async def rank(engine: AsyncEngine, now: Callable[[], dt.datetime], most: int = queue.PIECE) -> None:
    """Every lead that may be put before reviewers has its place; where this breaks off, the next one goes on."""
    while True:
        async with reading(engine) as connection:
            found = await queue.ranking(connection, now())
        if found is None:
            return
        for start in range(0, len(found.rows), most):
            async with transaction(engine) as connection:
                if not await queue.place(connection, found, start, most):
                    break
