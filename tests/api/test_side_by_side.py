"""Officers at work on many households at once: each waits for others a moment, and nobody for ever."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing
from api.database import reading, transaction
from api.domain.casework import HardshipCause, TaskKind, TaskState
from api.domain.people import Entered, IdKind, Relation
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import OutboxEvent
from api.services import audit, causes, files, memberships, tasks
from api.services.recognition import Kept
from tests.api.county import Life, officers, taken_over

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()
VAULT = sealing.vault(sealing.new_key())
HOUSEHOLDS = 12

Act = Callable[[AsyncConnection], Awaitable[Any]]


async def _at_once(engine: AsyncEngine, acts: Iterable[Act]) -> None:
    """Each act in a transaction of its own, all begun together; a deadlock would raise."""

    async def carried_out(act: Act) -> None:
        async with transaction(engine) as connection:
            await act(connection)

    await asyncio.gather(*map(carried_out, acts))


@pytest.fixture
async def county(empty: AsyncEngine) -> tuple[AsyncEngine, dict[str, Viewer], list[Life]]:
    """A county with officers and households on file."""
    async with transaction(empty) as connection:
        found = await officers(connection, NOW)
        lives = [await taken_over(connection, Stage.RECORDED, NOW) for _ in range(HOUSEHOLDS)]
    return empty, found, lives


async def test_members_and_causes_of_many_households_are_written_at_once(
    county: tuple[AsyncEngine, dict[str, Viewer], list[Life]],
) -> None:
    engine, found, lives = county
    clerk = found["clerk"]

    def joining(life: Life) -> Act:
        baby = Entered(name="张三", relation=Relation.CHILD, id_kind=IdKind.NONE)
        return lambda it: memberships.add(it, VAULT, clerk, life.household_id, 1, baby, TODAY, "x", NOW)

    def naming(life: Life) -> Act:
        laid_off = (HardshipCause.LAID_OFF, TODAY, None, True)
        return lambda it: causes.add(it, VAULT, clerk, life.household_id, *laid_off, NOW)

    half = HOUSEHOLDS // 2
    await _at_once(engine, [*map(joining, lives[:half]), *map(naming, lives[half:])])
    async with reading(engine) as connection:
        proof = await audit.prove(connection)
        told = (await connection.scalars(select(OutboxEvent.subject))).all()
    assert proof.broken is None
    assert sorted(told) == sorted(life.household_id for life in lives)


async def test_a_household_is_verified_again_while_its_task_is_ended(
    county: tuple[AsyncEngine, dict[str, Viewer], list[Life]],
) -> None:
    engine, found, lives = county
    clerk, chief = found["clerk"], found["chief"]
    acts: list[Act] = []

    def verifying(life: Life) -> Act:
        return lambda it: files.reverify(it, VAULT, chief, life.household_id, 1, Kept(), "情况未变。", [], NOW)

    async def ended(connection: AsyncConnection, task: int) -> None:
        await tasks.end(connection, VAULT, clerk, task, 1, TaskState.DONE, None, NOW)

    async with transaction(engine) as connection:
        for life in lives:
            due = f"due-{life.household_id}"
            task = await tasks.open_task(connection, TaskKind.VISIT_DUE, life.household_id, TODAY, NOW, reference=due)
            acts += [verifying(life), partial(ended, task=task)]
    await _at_once(engine, acts)
    async with reading(engine) as connection:
        assert (await audit.prove(connection)).broken is None
