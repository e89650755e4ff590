"""Whoever waits for a household acts on what it finds then; on PostgreSQL, where one who waited sees what was there before."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing
from api.database import locked, transaction
from api.domain.casework import HardshipCause, MeasureState
from api.domain.errors import Conflict, NotDone
from api.domain.measures import Measure
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import (
    Cause,
    CauseEvent,
    FileTransfer,
    Household,
    Human,
    Member,
    Plan,
    PlannedMeasure,
    Progress,
    Protection,
)
from api.services import applications, causes, plans, protection, transfers
from tests.api import county
from tests.api.county import Life, Officers

pytestmark = pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
VAULT = sealing.vault(sealing.new_key())
NOW = dt.datetime.now(dt.UTC)
DAY = NOW.date() - dt.timedelta(days=1)
Act = Callable[[AsyncConnection], Awaitable[object]]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def ahead(empty: AsyncEngine, *behind: Act) -> AsyncIterator[tuple[AsyncConnection, list[object]]]:
    """A transaction that is ahead of these: they begin when its block ends, and it commits when all of them wait.

    On SQLite, which has one writer, they wait before they read. The list is what they came to, as it is after the block:
    what was returned, or raised.
    """
    came_to: list[object] = []

    async def act(one: Act) -> object:
        async with transaction(empty) as connection:
            return await one(connection)

    async with transaction(empty) as first:
        yield first, came_to
        others = [asyncio.create_task(act(one)) for one in behind]
        async with asyncio.timeout(60), empty.connect() as watching:
            while empty.dialect.name != "sqlite" and await watching.scalar(text(WAITING)) != len(others):
                assert not any(each.done() for each in others), "who does not wait is not behind"
                await watching.rollback()
                await asyncio.sleep(0.01)
    came_to += await asyncio.gather(*others, return_exceptions=True)


def named(clerk: Viewer, life: Life) -> Act:
    """The household's file names a cause."""

    async def act(connection: AsyncConnection) -> object:
        illness = HardshipCause.SEVERE_ILLNESS
        return await causes.add(connection, VAULT, clerk, life.household_id, illness, DAY, None, None, NOW)

    return act


async def withdraw(connection: AsyncConnection, clerk: Viewer, life: Life) -> None:
    await applications.withdraw(connection, VAULT, clerk, life.household_id, 1, "不再申请。", NOW)


async def test_of_four_who_resolve_a_cause_at_its_version_one_does(empty: AsyncEngine, officers: Officers) -> None:
    life, clerk = await county.standing(empty, Stage.RECORDED, NOW), officers["clerk"]
    async with transaction(empty) as connection:
        cause = await named(clerk, life)(connection)
    assert isinstance(cause, int)

    async def resolve(connection: AsyncConnection) -> object:
        return await causes.resolve(connection, VAULT, clerk, cause, 1, DAY, "已痊愈。", [], NOW)

    async with ahead(empty, *[resolve] * 4) as (first, came_to):
        row = select(Household.id).where(Household.id == life.household_id)
        await first.execute(locked(row, first, Household))
    assert [type(each) for each in came_to if each != cause] == [Conflict] * 3
    async with transaction(empty) as connection:
        told = select(func.count()).where(CauseEvent.cause_id == cause, CauseEvent.change == "RESOLVED")
        assert await connection.scalar(told) == 1


async def test_no_cause_is_added_behind_a_withdrawal_to_the_file_that_it_closed(
    empty: AsyncEngine, officers: Officers
) -> None:
    life, clerk = await county.standing(empty, Stage.APPLIED, NOW), officers["clerk"]
    async with ahead(empty, named(clerk, life)) as (first, came_to):
        await withdraw(first, clerk, life)
    (refused,) = came_to
    assert isinstance(refused, NotDone)
    assert "no file" in refused.en
    async with transaction(empty) as connection:
        assert await connection.scalar(select(func.count()).where(Cause.file_id == life.file_id)) == 0


async def test_no_progress_is_told_behind_a_plan_of_the_plan_that_it_replaced(
    empty: AsyncEngine, officers: Officers
) -> None:
    life, clerk = await county.standing(empty, Stage.RECORDED, NOW), officers["clerk"]
    planned = plans.Planned(Measure.EMPLOYMENT, "介绍岗位", "linzhou", DAY)
    async with transaction(empty) as connection:
        await plans.make(connection, VAULT, clerk, life.household_id, None, "就业", [planned], NOW)
        measure = await connection.scalar(select(PlannedMeasure.id))

    async def report(connection: AsyncConnection) -> object:
        return await plans.report(connection, VAULT, clerk, measure, 1, MeasureState.DONE, "已入职。", NOW)

    async with ahead(empty, report) as (first, came_to):
        continued = replace(planned, continues=measure)
        await plans.make(first, VAULT, clerk, life.household_id, 1, "稳定就业", [continued], NOW)
    (refused,) = came_to
    assert isinstance(refused, NotDone)
    assert "another has replaced" in refused.en
    async with transaction(empty) as connection:
        assert await connection.scalar(select(func.count(Progress.id))) == 0
        assert await connection.scalar(select(func.count(Plan.id))) == 2


async def test_no_file_is_handed_over_behind_a_withdrawal_that_closed_it(
    empty: AsyncEngine, officers: Officers
) -> None:
    life, chief = await county.standing(empty, Stage.APPLIED, NOW), officers["second-chief"]

    async def transfer(connection: AsyncConnection) -> object:
        to = ("linzhou", "410581")
        return await transfers.transfer(connection, VAULT, chief, life.household_id, 1, *to, "迁往林州。", NOW)

    async with ahead(empty, transfer) as (first, came_to):
        await withdraw(first, officers["clerk"], life)
    assert [type(each) for each in came_to] == [Conflict]
    async with transaction(empty) as connection:
        assert await connection.scalar(select(func.count(FileTransfer.id))) == 0


async def test_two_who_protect_bearers_of_one_number_never_wait_for_each_other(
    empty: AsyncEngine, officers: Officers
) -> None:
    """Each comes by another of them; one protects both, and the other finds them protected."""
    life, chief = await county.standing(empty, Stage.RECORDED, NOW), replace(officers["chief"], cleared=True)
    async with transaction(empty) as connection:
        people = select(Member.person_id).where(Member.household_id == life.household_id).order_by(Member.id)
        humans = list((await connection.scalars(people)).all())
        for place, human in enumerate(humans):
            names = {"number_index": b"one number", "name_index": f"name {place}".encode()}
            await connection.execute(update(Human).where(Human.id == human).values(**names))

    def protect(member: int) -> Act:
        async def act(connection: AsyncConnection) -> object:
            return await protection.protect(connection, VAULT, chief, member, "躲避家暴", NOW)

        return act

    async with ahead(empty, *map(protect, life.people)) as (first, came_to):
        await first.execute(locked(select(Human.id).where(Human.id == humans[0]), first, Human))
    assert len([each for each in came_to if each in life.people]) == 1
    (refused,) = (each for each in came_to if each not in life.people)
    assert isinstance(refused, NotDone)
    assert "protected already" in refused.en
    async with transaction(empty) as connection:
        assert set((await connection.scalars(select(Protection.person_id))).all()) == set(humans)
