"""Households on file are visited every so many months: a task asks for the visit, once, and ends with it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from api.database import transaction
from api.domain.clocks import months_after
from api.matching import policy
from api.models import File, Household, Task
from api.services import rounds
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, on_file
from tests.api.services.test_visits import correct, record


async def asked(service: Service, house: OnFile, now: dt.datetime = NOW) -> list[tuple[str, dt.date]]:
    """What tasks ask for a visit to this household, after the chore was done at this moment."""
    async with transaction(service.engine) as connection:
        await rounds.remind(connection, service.vault, now)
        of = select(Task.state, Task.due_on).where(Task.household_id == house.key, Task.kind == "VISIT_DUE")
        return [(row.state, row.due_on) for row in await connection.execute(of.order_by(Task.id))]


async def test_a_visit_is_asked_for_once_when_the_last_one_is_too_long_ago(service: Service) -> None:
    house, months = await on_file(service), policy.whole("visit.months", TODAY, "410502")
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).values(opened_on=TODAY))
    assert await asked(service, house) == [], "its file was opened today"
    due = months_after(TODAY, months)
    before, then = (NOW + (due - TODAY + more * DAY) for more in (-1, 0))
    assert await asked(service, house, before) == []
    assert await asked(service, house, then) == [("OPEN", due)]
    assert await asked(service, house, then + DAY) == [("OPEN", due)], "it is asked for once"
    visit = (await record(house, visitedOn=str(TODAY)))["visit"]
    assert await asked(service, house) == [("DONE", due)]
    again = months_after(TODAY, months)
    assert (await asked(service, house, then + DAY))[0] == ("DONE", again), "the same occasion is not asked for twice"
    await correct(house, visit["id"], visitedOn=str(TODAY - 9 * DAY))
    assert ("OPEN", due) in await asked(service, house, then), "a corrected visit counts as the correction says"


async def test_nobody_is_visited_whose_file_is_closed(service: Service) -> None:
    house = await on_file(service)
    later = NOW + 400 * DAY
    async with transaction(service.engine) as connection:
        open_files = select(Household.id).join(File, File.household_id == Household.id)
        on_file_now = set(
            (
                await connection.execute(
                    open_files.where(File.closed_on.is_(None), Household.stage.in_(["RECORDED", "RELIEVED"]))
                )
            ).scalars()
        )
    await asked(service, house, later)
    async with transaction(service.engine) as connection:
        visited = set((await connection.execute(select(Task.household_id).where(Task.kind == "VISIT_DUE"))).scalars())
    assert visited == on_file_now
