"""The queue of leads: what reviewers are given, what waits, and that nothing ends by waiting (F-21)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, update

from api.database import reading, transaction
from api.domain import queue as ranking
from api.loaders.queue import A_WEEK
from api.matching import policy
from api.models import Finding, Household, Scan, User, table
from api.services import queue
from api.work import queueing
from tests.api.conftest import Service
from tests.api.services.test_reviews import given, review

QUEUE = """query ($opened: Boolean!, $code: String, $after: String) {
  reviewQueue(opened: $opened, filter: {divisionCode: $code}, first: 100, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id reference version state openedOn queuePlace queueWorth { amount } division { code } rule { id } grade amountHigh { amount } } } }"""
STANDING = """query ($code: String) { reviewQueueStanding(divisionCode: $code) {
  weekBegins opened waiting units { division { code } reviewers weeklyLeads openedThisWeek } } }"""
WEEK = dt.timedelta(days=7)


def fen(money: dict[str, str] | None) -> int | None:
    return None if money is None else int(Decimal(money["amount"]) * 100)


async def leads(
    service: Service, opened: bool, code: str | None = None, by: str = "reviewer"
) -> list[dict[str, Any]]:
    """All pages of the queue."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await service.data(QUEUE, {"opened": opened, "code": code, "after": after}, by=by))["reviewQueue"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


async def standing(service: Service, code: str | None = None, by: str = "reviewer") -> Any:
    return (await service.data(STANDING, {"code": code}, by=by))["reviewQueueStanding"]


async def fill(service: Service) -> int:
    async with transaction(service.engine) as connection:
        return await queue.fill(connection, service.now())


async def anew(service: Service) -> None:
    """As if nothing had been ranked or opened yet."""
    nothing = {"queue_place": None, "queue_worth": None, "opened_on": None, "opened_for": None}
    async with transaction(service.engine) as connection:
        await connection.execute(update(Finding).values(nothing))


async def reviewers(service: Service, **values: Any) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.role == "REVIEWER").values(**values))


async def test_f21_a_scan_opens_as_many_leads_as_there_are_reviewers_for_and_the_others_wait_in_their_place(
    service: Service,
) -> None:
    a_week = policy.whole(A_WEEK, service.now().date(), "410500")
    opened, waiting = await leads(service, True), await leads(service, False)
    county = [each for each in opened if each["division"]["code"] == "410502"]
    assert len(county) < a_week, "those of the county have room for all of its leads"
    assert len(opened) - len(county) == a_week, "and the one of the city for so many of its other counties"
    assert waiting
    assert {each["division"]["code"] for each in waiting}.isdisjoint({"410502"})
    last = max(each["queuePlace"] for each in opened if each not in county)
    places = [each["queuePlace"] for each in waiting]
    assert places == sorted(places)
    assert places[0] >= last, "nobody was passed over"
    assert {(each["state"], each["openedOn"]) for each in waiting} == {("OPEN", None)}
    found = await standing(service)
    assert (found["opened"], found["waiting"]) == (len(opened), len(waiting))
    assert [(each["division"]["code"], each["reviewers"], each["openedThisWeek"]) for each in found["units"]] == [
        ("410500", 1, a_week),
        ("410502", 1, len(county)),
    ]


async def test_f21_within_a_kind_the_order_is_what_is_at_stake_times_how_sure_it_is_and_both_kinds_take_turns(
    service: Service,
) -> None:
    unknown = int(policy.value(queue.UNKNOWN, service.now().date()) * 100)
    found = [
        each
        for opened in (True, False)
        for each in await leads(service, opened)
        if each["division"]["code"] == "410502"
    ]
    for entitles in (True, False):
        kind = sorted(
            (each for each in found if each["rule"]["id"].startswith("U") is entitles),
            key=lambda each: each["queuePlace"],
        )
        assert kind, "the city has leads of both kinds"
        worth = [fen(each["queueWorth"]) or 0 for each in kind]
        assert worth == sorted(worth, reverse=True)
        for number, each in enumerate(kind, start=1):
            assert each["queuePlace"] == ranking.place(number, entitlement=entitles)
            assert fen(each["queueWorth"]) == ranking.worth(fen(each["amountHigh"]), each["grade"], unknown)


async def test_what_a_lead_counts_for_is_whole_fen(service: Service) -> None:
    """A part of an odd amount is no whole number of fen: neither database rounds it, nor keeps the fraction."""
    async with transaction(service.engine) as connection:
        odd = {"amount_high_fen": 12_345, "grade": "G2", "queue_place": None, "queue_worth": None}
        await connection.execute(update(Finding).values(odd))
        await queue.fill(connection, service.now())
        kept = [*await connection.scalars(select(Finding.queue_worth).distinct())]
    assert [(each, type(each)) for each in kept] == [(ranking.worth(12_345, "G2", 0), int)]


async def test_f12_ranked_twice_or_from_nothing_the_order_is_the_same(service: Service) -> None:
    async def order() -> list[tuple[str, int]]:
        found = [each for opened in (True, False) for each in await leads(service, opened)]
        return sorted((each["reference"], each["queuePlace"]) for each in found)

    before = await order()
    assert await fill(service) == 0, "there is no more room this week"
    assert await order() == before
    await anew(service)
    await fill(service)
    assert await order() == before


async def test_f12_ranked_by_pieces_between_which_others_write_the_order_is_the_same(service: Service) -> None:
    async def order() -> list[tuple[int, int | None, int | None]]:
        async with transaction(service.engine) as connection:
            rows = await connection.execute(
                select(Finding.id, Finding.queue_place, Finding.queue_worth).order_by(Finding.id)
            )
            return [(row.id, row.queue_place, row.queue_worth) for row in rows]

    before, unranked = await order(), list[int]()
    placed = {key: place for key, place, _ in before}
    async with transaction(service.engine) as connection:  # some are new, and some stand where they do no more
        first = select(func.min(Finding.id)).join(Household, Household.id == Finding.household_id)
        fresh = [*sorted(placed)[::7], *await connection.scalars(first.group_by(Household.division_code))]
        new = update(Finding).where(Finding.id.in_(fresh))
        await connection.execute(new.values(queue_place=None, queue_worth=None))
        moved = update(Finding).where(Finding.id.not_in(fresh))
        await connection.execute(moved.values(queue_place=Finding.queue_place + 100))

    pieces = 0
    while True:
        async with reading(service.engine) as connection:
            found = await queue.ranking(connection, service.now())
        if found is None:
            break
        for start in range(0, len(found.rows), 20):
            async with transaction(service.engine) as connection:
                assert await queue.place(connection, found, start, 20)
            async with transaction(service.engine) as connection:  # whoever waited for it
                await connection.execute(update(User).values(display_name=User.display_name))
            pieces += 1
            unranked.append(sum(place is None for _, place, _ in await order()))
    assert pieces >= len(before) / 20
    assert unranked[pieces - 2] > 0, "as long as it is not done, whoever goes on sees that it is not"
    assert unranked == sorted(unranked, reverse=True)
    assert await order() == before


async def test_f12_places_that_were_reckoned_before_another_scan_was_taken_in_are_reckoned_anew(
    service: Service,
) -> None:
    await anew(service)
    async with reading(service.engine) as connection:
        found = await queue.ranking(connection, service.now())
    assert found is not None
    assert found.rows
    async with transaction(service.engine) as connection:
        like = select(*[each for each in table(Scan).c if each.name != "id"]).where(Scan.id == found.after)
        await connection.execute(insert(Scan).values(**(await connection.execute(like)).mappings().one()))
        assert not await queue.place(connection, found, 0)
        key = found.rows[0][0]
        assert await connection.scalar(select(Finding.queue_place).where(Finding.id == key)) is None
    await queueing.rank(service.engine, service.now)
    async with reading(service.engine) as connection:
        assert await queue.ranking(connection, service.now()) is None


async def test_f21_what_nobody_looked_at_takes_room_next_week_and_what_was_concluded_makes_some(
    service: Service,
) -> None:
    waiting = len(await leads(service, False))
    service.ahead = WEEK
    assert await fill(service) == 0, "reviewers who do not keep up are given nothing more"
    theirs = [each for each in await leads(service, True) if each["division"]["code"] != "410502"][:3]
    for number, each in enumerate(theirs):
        done = await review(service, given(each, idempotencyKey=f"queue-{number:04}"))
        assert done["userErrors"] == []
    assert await fill(service) == len(theirs)
    assert len(await leads(service, False)) == waiting - len(theirs)


async def test_f21_years_of_waiting_close_nothing(service: Service) -> None:
    waiting = {each["reference"] for each in await leads(service, False)}
    service.ahead = 150 * WEEK
    await fill(service)
    assert {each["reference"] for each in await leads(service, False)} == waiting
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(func.count()).where(Finding.state == "CLOSED"))).scalar_one() == 0


async def test_f21_without_reviewers_nothing_is_opened_and_a_county_is_served_by_its_own_first(
    service: Service,
) -> None:
    await anew(service)
    await reviewers(service, active=False)
    assert await fill(service) == 0
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "county-reviewer").values(active=True))
    assert await fill(service) == len(await leads(service, True, by="auditor")) > 0
    async with transaction(service.engine) as connection:
        served = select(Household.division_code, Finding.opened_for).join(
            Household, Household.id == Finding.household_id
        )
        rows = (await connection.execute(served.where(Finding.opened_on.is_not(None)).distinct())).all()
    assert [tuple(row) for row in rows] == [("410502", "410502")]


async def test_a_lead_that_somebody_concludes_on_out_of_its_turn_is_opened_by_it_and_counts(service: Service) -> None:
    each = (await leads(service, False))[-1]
    done = await review(service, given(each, outcome="NEEDS_INQUIRY", note="群众来访。"))
    assert done["userErrors"] == []
    (now_open,) = [lead for lead in await leads(service, True) if lead["reference"] == each["reference"]]
    assert now_open["openedOn"] is not None
    city = (await standing(service))["units"][0]
    assert city["openedThisWeek"] == city["weeklyLeads"] + 1


async def test_who_answers_for_another_division_is_told_nothing(service: Service) -> None:
    assert await leads(service, True, by="elsewhere") == []
    assert await standing(service, "410500", by="elsewhere") is None
