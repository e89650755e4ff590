"""The four-season brands: which is on, how many households each has reached, and which it has not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select

from api.database import transaction
from api.domain import catalogue
from api.domain.catalogue import BadCatalogue
from api.domain.seasons import window
from api.domain.stages import Stage
from api.models import Enrolment, Household
from tests.api.conftest import Service
from tests.api.services.atwork import TODAY, OnFile
from tests.api.services.test_entitlements import added, home

SEASONS = """query ($on: Date) { seasons(divisionCode: "410502", on: $on) { programmeCode isOn firstMonth lastMonth
  forStudents households reached unknown notReached programme { nameZh } } }"""
LEFT = """query ($brand: String, $references: [String!]) {
  households(filter: {seasonNotReached: $brand, references: $references}, first: 100) { nodes { id } } }"""


def test_every_month_has_a_brand_that_is_on_and_a_window_holds_its_day() -> None:
    brands = [entry for entry in catalogue.shipped().entries if entry.season]
    assert [each.code for each in brands] == ["SPRING_JOBS", "SUMMER_COOL", "AUTUMN_SCHOOL", "WINTER_WARMTH"]
    for ordinal in range(dt.date(2026, 1, 1).toordinal(), dt.date(2027, 1, 1).toordinal()):
        day = dt.date.fromordinal(ordinal)
        for each in brands:
            first, last = window(each.season, day)
            assert last >= day.replace(day=1)
            assert (first <= day.replace(day=1)) == (day.month in each.season)


@pytest.mark.parametrize("season", ["[1, 3]", "[0]", '["1"]', "[1,2,3,4,5,6,7,8,9,10,11,12]", "3"])
def test_a_season_that_is_none_is_refused_when_it_is_read(season: str) -> None:
    entry = '[[programme]]\ncode = "SPRING_JOBS"\nagency = ["TRADE_UNION_FEDERATION"]\nmeasures = ["UNION_AID"]\n'
    entry += f'units = ["PERSON"]\nvalid_from = 2026-01-01\nbasis = "x"\nstatus = "assumed"\nseason = {season}\n'
    with pytest.raises(BadCatalogue, match="a season is months"):
        catalogue.parse(entry, "programmes.toml", own=True)


async def told(service: Service, brand: str, on: str | None = None) -> dict[str, Any]:
    seasons = (await service.data(SEASONS, {"on": on}, by="caseworker"))["seasons"]
    (found,) = (each for each in seasons if each["programmeCode"] == brand)
    assert found["households"] == found["reached"] + found["unknown"] + found["notReached"]
    return dict(found)


async def gives(house: OnFile, brand: str, month: dt.date | None) -> None:
    async with transaction(house.service.engine) as connection:
        row = {"household_id": house.key, "programme_code": brand, "source_record": f"{brand}-{month}"}
        await connection.execute(insert(Enrolment).values(**row, start_month=month, end_month=month))


async def test_the_calendar_tells_which_brand_is_on_and_when_the_others_come(service: Service) -> None:
    winter = (await service.data(SEASONS, {"on": "2026-01-15"}, by="caseworker"))["seasons"]
    assert [each["isOn"] for each in winter] == [True, False, False, False]
    (first,) = (each for each in winter if each["isOn"])
    assert first["programmeCode"] == "WINTER_WARMTH"
    assert (first["firstMonth"], first["lastMonth"]) == ("2025-12", "2026-02")
    assert (await told(service, "WINTER_WARMTH", "2026-03-01"))["firstMonth"] == "2026-12"


async def test_who_has_something_on_record_in_the_season_is_reached_and_the_others_are_listed(
    service: Service,
) -> None:
    brand = "WINTER_WARMTH"
    before = await told(service, brand)
    houses = [await home(service) for _ in range(3)]
    await home(service, stage=Stage.DEREGISTERED)
    first = dt.date.fromisoformat(f"{before['firstMonth']}-01")
    await gives(houses[0], brand, first)
    await gives(houses[1], brand, None)
    await gives(houses[2], brand, first.replace(year=first.year - 1))
    after = await told(service, brand)
    grown = {key: after[key] - before[key] for key in ("households", "reached", "unknown", "notReached")}
    assert grown == {"households": 3, "reached": 1, "unknown": 1, "notReached": 1}
    async with transaction(service.engine) as connection:
        keys = [house.key for house in houses]
        references = [*await connection.scalars(select(Household.reference).where(Household.id.in_(keys)))]
    listed = await service.data(LEFT, {"brand": brand, "references": references}, by="caseworker")
    assert [each["id"] for each in listed["households"]["nodes"]] == [houses[2].id]


async def test_the_autumn_brand_is_for_households_with_somebody_at_school(service: Service) -> None:
    before = await told(service, "AUTUMN_SCHOOL")
    assert before["forStudents"]
    await home(service)
    told_so, of_age, grown_up = await home(service), await home(service), await home(service)
    await added(told_so, declared_employment="在校学生")
    await added(of_age, birth_date=TODAY.replace(year=TODAY.year - 10, day=1))
    await added(grown_up, birth_date=TODAY.replace(year=TODAY.year - 10, day=1), declared_employment="失业人员")
    after = await told(service, "AUTUMN_SCHOOL")
    assert after["households"] - before["households"] == 2


async def test_a_programme_without_a_season_is_no_brand(service: Service) -> None:
    answer = await service.ask(LEFT, {"brand": "DIBAO"}, by="caseworker")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert (await service.data(SEASONS, {"on": str(TODAY)}, by="elsewhere"))["seasons"][0]["households"] == 0
