"""A household as it was on a day: where it stood, who was in it, what it had declared; and nobody sees a day to come."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain import days
from api.domain.declarations import Declared, DeclaredItem
from api.models import Household, Transition, User
from api.services import declarations
from tests.api.conftest import Service
from tests.api.schema.test_people import WEEK_AGO, act, homes, joined, version
from tests.api.schema.test_statements import selects

TODAY = days.today(dt.datetime.now(dt.UTC))
AS_OF = """query ($id: ID!, $day: Date) { household(id: $id, asOf: $day) {
  stage appliedOn fileOpenedOn fileClosedOn declaredMonthlyIncome { amount } declaredVehicles
  members { id leftOn validTo declaredMonthlyIncome { amount } } declarations { item declaredOn amount { amount } count } } }"""


async def as_of(service: Service, public_id: str, day: dt.date | str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await service.data(AS_OF, {"id": public_id, "day": day and str(day)}))[
        "household"
    ]
    return found


async def test_who_was_in_it_and_until_when_is_told_as_of_the_day(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home, monthlyIncome="700.00")
    ended = {
        "personId": person["id"],
        "expectedVersion": await version(service, home),
        "on": WEEK_AGO,
        "reason": "迁出",
    }
    assert (await act(service, "endMembership", ended))["userErrors"] == []
    now = await as_of(service, home["id"], TODAY)
    before = await as_of(service, home["id"], TODAY - dt.timedelta(days=8))
    earlier = await as_of(service, home["id"], TODAY - dt.timedelta(days=31))
    assert now is not None
    assert before is not None
    assert earlier is not None
    assert person["id"] not in [each["id"] for each in now["members"]]
    then = next(each for each in before["members"] if each["id"] == person["id"])
    assert (then["leftOn"], then["validTo"]) == (None, None), "nobody knew then"
    assert then["declaredMonthlyIncome"] is None, "it was declared only today"
    assert person["id"] not in [each["id"] for each in earlier["members"]]


async def test_what_was_declared_is_told_as_of_the_day(service: Service) -> None:
    home = (await homes(service))[0]
    key = service.vault.key("Household", home["id"])
    days_told = [TODAY - dt.timedelta(days=20), TODAY - dt.timedelta(days=10)]
    async with transaction(service.engine) as connection:
        clerk = (await connection.execute(select(User.id).where(User.login == "caseworker"))).scalar_one()
        for day, fen in zip(days_told, (50_000, None), strict=True):
            said = Declared({DeclaredItem.MONTHLY_INCOME: fen, DeclaredItem.VEHICLES: 2})
            evidence = await declarations.declare(connection, key, [said], day, clerk, dt.datetime.now(dt.UTC))
            assert len(evidence) == 2
    between = await as_of(service, home["id"], TODAY - dt.timedelta(days=15))
    after = await as_of(service, home["id"], None)
    assert between is not None
    assert after is not None
    assert between["declaredMonthlyIncome"] == {"amount": "500.00"}
    assert (after["declaredMonthlyIncome"], after["declaredVehicles"]) == (None, 2), "declared unknown is not zero"
    assert {each["declaredOn"] for each in between["declarations"]} & set(map(str, days_told)) == {str(days_told[0])}


async def test_something_declared_of_an_earlier_day_changes_nothing_now(service: Service) -> None:
    home = (await homes(service))[0]
    key = service.vault.key("Household", home["id"])
    async with transaction(service.engine) as connection:
        now = dt.datetime.now(dt.UTC)
        for day, homes_told in ((TODAY, 1), (TODAY - dt.timedelta(days=400), 3)):
            await declarations.declare(connection, key, [Declared({DeclaredItem.HOMES: homes_told})], day, None, now)
        assert await connection.scalar(select(Household.declared_homes).where(Household.id == key)) == 1


async def test_where_it_stood_follows_its_moves_and_before_them_the_registers_dates(service: Service) -> None:
    home = (await homes(service))[0]
    key = service.vault.key("Household", home["id"])
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Household).where(Household.id == key))).one()
        officer = (await connection.execute(select(User.id).where(User.login == "reviewer"))).scalar_one()
        moved = insert(Transition).values(
            household_id=key, number=2, previous_number=1, from_stage="RECORDED", action="RELIEVE", to_stage="RELIEVED",
            adverse=False, user_id=officer, evidence=[], effective_on=TODAY - dt.timedelta(days=5),
            happened_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        await connection.execute(moved)
        stands = update(Household).where(Household.id == key).values(stage="RELIEVED", transition_number=2)
        await connection.execute(stands)
    opened = row.file_opened_on
    told = {}
    for name, day in {
        "now": None, "moved": TODAY - dt.timedelta(days=5), "before": TODAY - dt.timedelta(days=6), "opened": opened,
        "applied": opened - dt.timedelta(days=1), "never": dt.date(1990, 1, 1),
    }.items():  # fmt: skip
        told[name] = await as_of(service, home["id"], day)
    stages = {name: each and each["stage"] for name, each in told.items()}
    known_before = row.applied_on is not None and row.applied_on < opened
    assert stages == {
        "now": "RELIEVED", "moved": "RELIEVED", "before": "RECORDED", "opened": "RECORDED",
        "applied": "APPLIED" if known_before else None, "never": None,
    }  # fmt: skip
    assert told["opened"] is not None
    assert told["opened"]["fileOpenedOn"] == str(opened)


async def test_a_day_to_come_is_refused_and_nobody_sees_further_for_it(service: Service) -> None:
    home = (await homes(service))[0]
    answer = await service.ask(AS_OF, {"id": home["id"], "day": str(TODAY + dt.timedelta(days=1))})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    hidden = await service.data(AS_OF, {"id": home["id"], "day": str(TODAY)}, by="elsewhere")
    assert hidden["household"] is None


async def test_f_38_as_of_a_day_it_takes_as_many_statements_as_now(service: Service) -> None:
    home = (await homes(service))[0]
    taken = []
    for day in (None, TODAY):
        service.statements.clear()
        await as_of(service, home["id"], day)
        taken.append(len(selects(service)))
    assert taken == [3, 3]
