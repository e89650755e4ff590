"""After an exit: looked after at three, six and twelve months; reminded of what is due; and back without an application."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select, update

from api.database import transaction
from api.domain.clocks import months_after
from api.models import File, Finding, Household, Task, Transition, Watch
from api.services import watches
from tests.api.conftest import Service
from tests.api.leaving import TODAY, Leaving, done, on_file, refusal

WATCHES = """query ($filter: WatchFilter) { watches(filter: $filter) { totalCount nodes {
  id months dueOn outcome note doneBy version household { reference stage } } } }"""
RECORD = """mutation ($input: RecordWatchInput!) { recordWatch(input: $input) {
  watch { outcome note version doneBy } userErrors { code message path } } }"""
BACK = """mutation ($input: ReturnToHardshipInput!) { returnToHardship(input: $input) {
  household { stage version } userErrors { code message path } } }"""


async def remind(service: Service, on: dt.date = TODAY) -> int:
    """How many tasks were opened on that day."""
    async with transaction(service.engine) as connection:
        return await watches.remind(connection, service.vault, dt.datetime.combine(on, dt.time(4), dt.UTC))


async def opened(home: Leaving, kind: str) -> list[tuple[dt.date, str]]:
    """The household's tasks of a kind, by the day they are due, and where they stand."""
    async with transaction(home.service.engine) as connection:
        found = select(Task.due_on, Task.state).where(Task.household_id == home.key, Task.kind == kind)
        return [(row.due_on, row.state) for row in await connection.execute(found.order_by(Task.id))]


async def of(home: Leaving, **filter: Any) -> list[dict[str, Any]]:
    """The household's watches."""
    told = {"filter": {"householdIds": [home.id], **filter}}
    nodes: list[dict[str, Any]] = (await home.service.data(WATCHES, told, by="caseworker"))["watches"]["nodes"]
    return nodes


async def test_whoever_leaves_is_looked_after_three_times(service: Service) -> None:
    home = await on_file(service)
    assert await of(home) == []
    await home.graduated()
    days = [months_after(TODAY, months).isoformat() for months in (3, 6, 12)]
    assert [each["dueOn"] for each in await of(home)] == days
    assert await of(home, dueBy=TODAY.isoformat()) == []
    assert len(await of(home, dueBy=days[1])) == 2


async def test_a_watch_that_is_due_is_a_task_once_and_the_deed_ends_it(service: Service) -> None:
    home = await on_file(service)
    await home.graduated()
    await remind(service)
    due = months_after(TODAY, 3)
    assert await opened(home, "WATCH_DUE") == []
    assert await remind(service, due) >= 1
    assert await remind(service, due) == 0, "again is as good as once"
    assert await opened(home, "WATCH_DUE") == [(due, "OPEN")]
    (first, *_) = await of(home)
    told = {"watchId": first["id"], "expectedVersion": 1, "outcome": "FINE", "note": "生活稳定。"}
    recorded = done(await home.act(RECORD, **told))["watch"]
    assert recorded == {"outcome": "FINE", "note": "生活稳定。", "version": 2, "doneBy": "Caseworker"}
    assert await opened(home, "WATCH_DUE") == [(due, "DONE")]
    assert refusal(await home.act(RECORD, **told))[0] == "CONFLICT"
    assert refusal(await home.act(RECORD, **{**told, "expectedVersion": 2}))[0] == "INVALID", "it was recorded"
    assert (await home.stage(), await remind(service, due)) == ("GRADUATED", 0)


async def test_f_02_whoever_is_found_back_in_hardship_comes_back_by_an_officer(service: Service) -> None:
    home = await on_file(service)
    await home.graduated()
    (first, *_) = await of(home)
    told = {"watchId": first["id"], "expectedVersion": 1, "outcome": "BACK_IN_HARDSHIP", "note": "再次失业。"}
    done(await home.act(RECORD, **told))
    assert await home.stage() == "GRADUATED", "a word moves nobody"
    ((_, state),) = await opened(home, "CHANGE_REPORTED")
    assert state == "OPEN"


async def test_back_in_hardship_within_the_watch_a_new_file_names_the_old_one_without_an_application(
    service: Service,
) -> None:
    home = await on_file(service)
    await home.graduated()
    given = {"householdId": home.id, "expectedVersion": await home.version()}
    assert (await home.act(BACK, "county-reviewer", **given, reason=" "))["userErrors"], "with a reason"
    back = done(await home.act(BACK, "county-reviewer", **given, reason="再次失业，生活困难。"))
    assert back["household"]["stage"] == "RECORDED"
    async with transaction(service.engine) as connection:
        old, new = (
            await connection.execute(select(File).where(File.household_id == home.key).order_by(File.id))
        ).all()
        moves = await connection.execute(
            select(Transition.action).where(Transition.household_id == home.key).order_by(Transition.number)
        )
        assert list(moves.scalars()) == ["TAKE_OVER", "GRADUATE", "FALL_BACK"]
    assert (old.closing, new.previous_id, new.applied_on, new.opened_on) == ("GRADUATED", old.id, None, TODAY)
    await remind(service, months_after(TODAY, 6))
    assert await opened(home, "WATCH_DUE") == [], "whoever is on file is not watched"


async def test_after_the_watch_a_household_applies_again(service: Service) -> None:
    home = await on_file(service)
    await home.graduated()
    async with transaction(service.engine) as connection:
        long_ago = months_after(TODAY, -12) - dt.timedelta(days=1)
        await connection.execute(update(File).where(File.id == home.file_key).values(closed_on=long_ago))
    given = {"householdId": home.id, "expectedVersion": await home.version(), "reason": "再次失业。"}
    code, message = refusal(await home.act(BACK, "county-reviewer", **given))
    assert (code, "12 months" in message) == ("INVALID", True)
    assert await home.stage() == "GRADUATED"


async def test_a_file_that_was_closed_for_another_reason_is_not_watched(service: Service) -> None:
    home = await on_file(service)
    done(await home.decide(done(await home.close("MOVED"))["proposal"]))
    assert await of(home) == []
    given = {"householdId": home.id, "expectedVersion": await home.version(), "reason": "再次失业。"}
    assert (await home.act(BACK, "county-reviewer", **given))["userErrors"]


async def test_a_file_whose_day_has_come_is_to_be_verified_again(service: Service) -> None:
    home = await on_file(service)
    day = TODAY - dt.timedelta(days=3)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).where(File.id == home.file_key).values(next_review_on=day))
    await remind(service, day - dt.timedelta(days=1))
    assert await opened(home, "REVERIFY_DUE") == []
    await remind(service)
    await remind(service)
    assert await opened(home, "REVERIFY_DUE") == [(day, "OPEN")]
    assert await home.stage() == "RECORDED"


async def test_f_05_a_death_in_a_register_opens_a_task_and_changes_nothing_else(service: Service) -> None:
    async with transaction(service.engine) as connection:
        leads = (
            await connection.execute(
                select(Finding.household_id, Household.stage, Household.version)
                .join(Household, Household.id == Finding.household_id)
                .where(Finding.rule_id == "P01", Household.stage.in_(["RECORDED", "RELIEVED"]))
            )
        ).all()
        assert leads, "the city has somebody who died on file"
        moves = (await connection.execute(select(func.count()).select_from(Transition))).scalar_one()
    assert await remind(service) >= len(leads)
    async with transaction(service.engine) as connection:
        for lead in leads:
            asked = select(Task.detail).where(Task.household_id == lead.household_id, Task.kind == "REGISTER_DIFFERS")
            assert {each["rule"] for each in (await connection.execute(asked)).scalars()} >= {"P01"}
            stands = select(Household.stage, Household.version).where(Household.id == lead.household_id)
            assert tuple((await connection.execute(stands)).one()) == (lead.stage, lead.version)
        assert (await connection.execute(select(func.count()).select_from(Transition))).scalar_one() == moves
        assert (await connection.execute(select(func.count()).select_from(Watch))).scalar_one() == 0
