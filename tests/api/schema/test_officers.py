"""Whom a clerk may give a household to: exactly those whom the service then takes, and nobody beside the division's line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.errors import NotDone
from api.domain.permissions import Role
from api.models import Household, User
from api.services import accounts, cases, organisations
from api.services.accounts import Account
from tests.api.conftest import USERS, Service

NOW = dt.datetime.now(dt.UTC)
QUERY = """query ($division: String, $prefix: String) { officers(divisionCode: $division, loginPrefix: $prefix) {
  login displayName role organisation { code nameZh nameEn } } }"""
STAFF = {
    "next-county": (Role.CASEWORKER, "410505"),
    "whole_city": (Role.CASEWORKER, "410500"),
    "whole%province": (Role.REVIEWER, "410000"),
    "country": (Role.REVIEWER, "000000"),
    "gone": (Role.CASEWORKER, "410502"),
}


@pytest.fixture
async def staffed(service: Service) -> Service:
    """Officers of a county, of the one beside it, and of all that holds them; one has left."""
    async with transaction(service.engine) as connection:
        described = organisations.Described("市总工会", "City union", OrganisationKind.UNION, "410500")
        union = await organisations.save(connection, OPERATOR, described, NOW, code="city-union")
        for login, (role, division) in STAFF.items():
            of = union if login == "whole_city" else None
            await accounts.save(connection, OPERATOR, Account(login.title(), role, division, of), NOW, login=login)
        await connection.execute(update(User).where(User.login == "gone").values(active=False))
    return service


async def found(service: Service, by: str = "caseworker", **given: Any) -> list[str]:
    return [each["login"] for each in (await service.data(QUERY, given, by=by))["officers"]]


COUNTY = ["caseworker", "country", "county-reviewer", "reviewer", "whole%province", "whole_city"]
CITY = ["country", "reviewer", "whole%province", "whole_city"]


@pytest.mark.parametrize(
    ("by", "given", "expected"),
    [
        ("caseworker", {}, COUNTY),
        ("caseworker", {"division": "410502"}, COUNTY),
        ("auditor", {"division": "410502"}, COUNTY),
        ("reviewer", {}, CITY),
        ("reviewer", {"division": "410505"}, sorted([*CITY, "next-county"])),
        ("caseworker", {"division": "410505"}, []),
        ("caseworker", {"division": "410500"}, []),
        ("elsewhere", {"division": "410502"}, []),
        ("elsewhere", {}, ["country", "elsewhere"]),
        ("caseworker", {"prefix": "whole"}, ["whole%province", "whole_city"]),
        ("caseworker", {"prefix": "whole_"}, ["whole_city"]),
        ("caseworker", {"prefix": "%"}, []),
        ("caseworker", {"prefix": "next"}, []),
        ("caseworker", {"prefix": "gone"}, []),
    ],
)
async def test_officers_are_those_of_the_division_and_of_what_holds_it(
    staffed: Service, by: str, given: dict[str, Any], expected: list[str]
) -> None:
    assert sorted(await found(staffed, by, **given)) == sorted(expected)


async def test_an_officer_is_told_with_role_and_organisation(staffed: Service) -> None:
    (one,) = (await staffed.data(QUERY, {"prefix": "whole_"}, by="caseworker"))["officers"]
    union = {"code": "city-union", "nameZh": "市总工会", "nameEn": "City union"}
    assert one == {"login": "whole_city", "displayName": "Whole_City", "role": "CASEWORKER", "organisation": union}
    (other,) = (await staffed.data(QUERY, {"prefix": "county-"}, by="caseworker"))["officers"]
    assert (other["role"], other["organisation"]) == ("REVIEWER", None)


async def test_whoever_is_listed_is_taken_and_nobody_else(staffed: Service) -> None:
    listed = await found(staffed, division="410502")
    async with transaction(staffed.engine) as connection:
        key = await connection.scalar(select(Household.id).where(Household.division_code == "410502").limit(1))
        assert key is not None
        household = cases.Held(key, "410502", None)
        for login in (*USERS, *STAFF):
            if login in listed:
                assert await cases.colleague(connection, household, login, "officer")
            else:
                with pytest.raises(NotDone):
                    await cases.colleague(connection, household, login, "officer")


async def test_no_more_than_a_hundred_are_listed_by_login(staffed: Service) -> None:
    async with transaction(staffed.engine) as connection:
        for number in range(105):
            account = Account("x", Role.CASEWORKER, "410502")
            await accounts.save(connection, OPERATOR, account, NOW, login=f"many-{number:03}")
    assert await found(staffed, prefix="many-") == [f"many-{number:03}" for number in range(100)]


@pytest.mark.parametrize("division", ["", "4105", "41050x", "410502:"])
async def test_a_division_has_six_digits(service: Service, division: str) -> None:
    answer = await service.ask(QUERY, {"division": division}, by="caseworker")
    codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
    assert codes == ([] if division == "" else ["BAD_INPUT"])
