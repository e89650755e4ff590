"""Operations of one process recorded together: each is told of its own row, and none stands in for another's."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading
from api.domain.permissions import Role, Viewer
from api.domain.reads import ReadLog
from api.models import Read
from api.recorder import NotRecorded, Operation, Recorder
from tests.api.services.test_reads import LI, VAULT, log_of, trail

__all__ = ["trail"]

NOBODY = Viewer(404, "gone", "gone", Role.REVIEWER, "410502")
"""A user who is not there: a row of theirs cannot be committed."""


def operation(viewer: Viewer | None = LI, log: ReadLog | None = None) -> Operation:
    return Operation(viewer, log or log_of([1, 2]), "c0ffee", "ab" * 32)


async def count(engine: AsyncEngine) -> int:
    async with reading(engine) as connection:
        return int((await connection.execute(select(func.count()).select_from(Read))).scalar_one())


async def test_what_waits_at_the_same_time_is_few_transactions(trail: AsyncEngine) -> None:
    commits = 0

    def committed(connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(trail.sync_engine, "commit", committed)
    recorder = Recorder(trail, VAULT)
    await asyncio.gather(*(recorder.write(operation()) for _ in range(100)))
    assert await count(trail) == 100
    assert commits <= 3


async def test_a_row_that_cannot_be_written_is_nobody_elses_trouble(trail: AsyncEngine) -> None:
    recorder = Recorder(trail, VAULT)
    viewers = [LI, NOBODY, LI, LI]
    told = await asyncio.gather(*(recorder.write(operation(each)) for each in viewers), return_exceptions=True)
    assert [type(each) for each in told] == [type(None), NotRecorded, type(None), type(None)]
    assert await count(trail) == 3
    await recorder.write(operation())
    assert await count(trail) == 4


async def test_whoever_goes_away_leaves_the_row_behind(trail: AsyncEngine) -> None:
    recorder = Recorder(trail, VAULT)
    gone = asyncio.create_task(recorder.write(operation()))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await recorder.close()
    assert await count(trail) == 1


async def test_where_there_is_nothing_to_tell_nothing_is_written(trail: AsyncEngine) -> None:
    recorder = Recorder(trail, VAULT)
    await recorder.write(operation(log=ReadLog()))
    await recorder.write(operation(viewer=None))
    assert await count(trail) == 0
