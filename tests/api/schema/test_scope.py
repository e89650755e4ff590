"""Who sees what: rows of one's own division, identities by role; what may not be seen and what is not there look the same."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import BindParameter, Select, insert
from sqlalchemy.sql import visitors

from api import scope
from api.database import transaction
from api.domain import divisions
from api.loaders import (
    accounts,
    audit,
    findings,
    households,
    notices,
    officers,
    organisations,
    programmes,
    protection,
    reads,
    scans,
)
from api.loaders.pages import Listing
from api.models import Scan
from tests.api.conftest import USERS, Service

WHOLE = """
{ households(first: 100) { nodes {
    id reference division { code } address phone payeeAccount masked
    members { id name idNumber phone address birthDate masked }
    findings { id } enrolments { id }
} } }"""
IDS = """
{ households(first: 100) { nodes { id division { code } members { id } enrolments { id } findings { id } } }
  scans { nodes { id } } }"""
READ = """
query ($id: ID!) { node(id: $id) { id } household(id: $id) { id } person(id: $id) { id } finding(id: $id) { id } }"""


async def all_households(service: Service, by: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(WHOLE, by=by))["households"]["nodes"]
    return found


async def test_a_county_sees_its_own_households_and_a_city_those_of_all_its_counties(service: Service) -> None:
    county = await all_households(service, "county-reviewer")
    assert {each["division"]["code"] for each in county} == {"410502"}
    assert len({each["division"]["code"] for each in await all_households(service, "reviewer")}) > 3
    assert await all_households(service, "elsewhere") == []


async def test_filters_do_not_reach_beyond_the_viewers_division(service: Service) -> None:
    query = "query ($filter: HouseholdFilter) { households(filter: $filter) { totalCount nodes { id } } }"
    beyond = await service.data(query, {"filter": {"divisionCode": "410505"}}, by="county-reviewer")
    assert beyond["households"] == {"totalCount": 0, "nodes": []}
    above = await service.data(query, {"filter": {"divisionCode": "410000"}}, by="county-reviewer")
    assert above["households"]["totalCount"] == len(await all_households(service, "county-reviewer"))


async def test_what_lies_in_another_division_looks_like_what_is_not_there(service: Service) -> None:
    data = await service.data(IDS)
    outside = next(
        each
        for each in data["households"]["nodes"]
        if each["division"]["code"] != "410502" and each["findings"] and each["enrolments"]
    )
    missing = (await service.ask(READ, {"id": "0" * 32}, by="county-reviewer"))["data"]
    for public_id in (
        outside["id"],
        outside["members"][0]["id"],
        outside["findings"][0]["id"],
        outside["enrolments"][0]["id"],
        data["scans"]["nodes"][0]["id"],
    ):
        assert (await service.ask(READ, {"id": public_id}, by="county-reviewer"))["data"] == missing
        assert (await service.ask(READ, {"id": public_id}, by="elsewhere"))["data"] == missing


async def test_a_finding_about_two_counties_names_only_the_people_one_may_see(service: Service) -> None:
    query = "{ findings(first: 100) { nodes { persons { household { division { code } } } } } }"
    for finding in (await service.data(query, by="county-reviewer"))["findings"]["nodes"]:
        assert {person["household"]["division"]["code"] for person in finding["persons"]} <= {"410502"}


async def test_who_may_not_see_identities_sees_masks_everywhere(service: Service) -> None:
    shown = {each["reference"]: each for each in await all_households(service, "reviewer")}
    masked = {each["reference"]: each for each in await all_households(service, "auditor")}
    assert shown.keys() == masked.keys()
    text = json.dumps(list(masked.values()), ensure_ascii=False)
    for household in shown.values():
        assert household["masked"] is False
        for person in household["members"]:
            assert person["name"] not in text
            for secret in (person["idNumber"], person["phone"]):
                assert not secret or len(secret) < 8 or secret not in text
        assert not household["phone"] or household["phone"] not in text
    assert all(
        each["masked"] and person["birthDate"] is None for each in masked.values() for person in each["members"]
    )


@pytest.mark.parametrize("asked", ["name", "idNumber", "phone"])
async def test_who_may_not_see_identities_may_not_search_by_them(service: Service, asked: str) -> None:
    query = "query ($filter: HouseholdFilter) { households(filter: $filter) { nodes { id } } }"
    answer = await service.ask(query, {"filter": {asked: "11010519491231002X"}}, by="auditor")
    assert answer["data"] == {"households": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_people_are_found_by_exact_name_number_and_telephone_however_they_are_written(service: Service) -> None:
    query = """query ($filter: HouseholdFilter) {
      households(filter: $filter, first: 100) { nodes { reference members { name idNumber phone } } } }"""
    person = reference = None
    for household in await all_households(service, "reviewer"):
        for each in household["members"]:
            if len(each["idNumber"] or "") == 18 and len(each["phone"] or "") == 11 and "·" not in each["name"]:
                person, reference = each, household["reference"]
    assert person is not None
    number, phone, name = person["idNumber"], person["phone"], person["name"]
    full_width = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
    for given in (
        {"idNumber": number},
        {"idNumber": f" {number.lower()} "},
        {"idNumber": number.translate(full_width)},
        {"phone": phone},
        {"phone": f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"},
        {"name": name},
        {"name": f"{name[:1]}　{name[1:]} "},
        {"name": name, "idNumber": number},
    ):
        found = (await service.data(query, {"filter": given}))["households"]["nodes"]
        assert reference in {each["reference"] for each in found}, given.keys()
    other = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert (await service.data(query, {"filter": {"idNumber": other}}))["households"]["nodes"] == []
    assert (await service.data(query, {"filter": {"name": name[:1]}}))["households"]["nodes"] == []


async def test_what_cannot_be_read_is_no_search(service: Service) -> None:
    query = "query ($filter: HouseholdFilter) { households(filter: $filter) { nodes { id } } }"
    answer = await service.ask(query, {"filter": {"idNumber": "无"}})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


ROOTS = {
    "households { totalCount }": {"caseworker", "county-reviewer", "reviewer", "auditor", "elsewhere"},
    "findings { totalCount }": {"caseworker", "county-reviewer", "reviewer", "auditor", "elsewhere"},
    "scans { totalCount }": {"county-reviewer", "reviewer", "auditor", "department", "administrator", "elsewhere"},
    "programmes { code }": set(USERS),
    "departments { code }": set(USERS),
    "viewer { login }": set(USERS),
}


@pytest.mark.parametrize("field", ROOTS)
async def test_each_role_asks_what_its_permissions_allow(service: Service, field: str) -> None:
    name = field.split()[0]
    for login in USERS:
        answer = await service.ask(f"{{ {field} viewer {{ role }} }}", by=login)
        assert answer["data"]["viewer"]["role"] == USERS[login][0]
        if login in ROOTS[field]:
            assert answer["data"][name] is not None
        else:
            assert answer["data"][name] is None
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert answer["errors"][0]["path"] == [name]


async def test_nobody_is_told_nothing(service: Service) -> None:
    answer = await service.ask(
        '{ viewer { login } households { totalCount } node(id: "0") { id } programmes { code } }', by=None
    )
    assert answer["data"] == {"viewer": None, "households": None, "node": None, "programmes": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}


async def test_a_department_sees_its_own_sources_alone(service: Service) -> None:
    query = "{ departments { code } viewer { sources organisation { code kind } } }"
    own = await service.data(query, by="department")
    assert [each["code"] for each in own["departments"]] == own["viewer"]["sources"] == ["population", "vehicles"]
    assert own["viewer"]["organisation"] == {"code": "police", "kind": "DEPARTMENT"}
    every = await service.data(query, by="reviewer")
    assert len(every["departments"]) > 10
    assert every["viewer"] == {"sources": None, "organisation": None}


async def test_scans_are_seen_by_whom_the_findings_would_be(service: Service) -> None:
    query = "{ findings(first: 1) { nodes { lastScan { status } } } }"
    assert (await service.data(query))["findings"]["nodes"][0]["lastScan"] == {"status": "SUCCEEDED"}
    assert (await service.data(query, by="caseworker"))["findings"]["nodes"][0]["lastScan"] is None


async def test_links_are_those_of_the_latest_scan_of_the_division(service: Service) -> None:
    """A newer scan of the whole city replaces what an older one linked; one of another county does not."""
    query = """{ households(filter: {divisionCode: "410502"}, first: 100) { nodes { members { links(first: 100) {
      source recordId } } } } }"""
    before = (await service.data(query))["households"]
    assert any(person["links"] for household in before["nodes"] for person in household["members"])
    finished = {
        "status": "SUCCEEDED",
        "as_of": AS_OF,
        "rules": [],
        "created_at": dt.datetime.now(dt.UTC),
    }
    for division, same in (("410505", True), ("410500", False)):
        low, high = divisions.span(division)
        async with transaction(service.engine) as connection:
            where = {"division_code": division, "division_from": low, "division_to": high}
            await connection.execute(insert(Scan).values(**finished, **where))
        after = (await service.data(query))["households"]
        assert (after == before) is same
    assert not any(person["links"] for household in after["nodes"] for person in household["members"])


AS_OF = dt.date(2024, 12, 31)
"""The day that the fixture's scan asks about."""

PUBLIC = {"_PROGRAMMES", "_BY_CODE", "_DEPARTMENTS", "_OWN_ORGANISATION", "_HOLDERS", "_PUBLISHED"}
"""Statements on what is nobody's in particular, or the viewer's own."""

PARTS = {"_NEWEST", "_GOING_ON", "_PRESENT", "_ABOUT", "_KEYS", "OF_HOUSEHOLD"}
"""Selects that stand inside others only."""


@pytest.mark.parametrize(
    "module",
    [accounts, audit, households, officers, organisations, programmes, protection, findings, notices, scans, reads],
    ids=lambda module: module.__name__,
)
def test_every_statement_of_the_loaders_is_narrowed(module: Any) -> None:
    statements = {name: value for name, value in vars(module).items() if isinstance(value, Select)}
    statements |= {name: value.select for name, value in vars(module).items() if isinstance(value, Listing)}
    assert statements
    for name, statement in statements.items():
        bound = {element.key for element in visitors.iterate(statement) if isinstance(element, BindParameter)}
        if name not in PUBLIC | PARTS:
            assert {scope.FROM, scope.TO} <= bound, name
