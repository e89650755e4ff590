"""What lists of households and files are narrowed by; what is hidden of a protected household finds it for nobody uncleared (F-29)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain import days
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.domain.stages import Stage
from api.models import ContactOfficer, Enrolment, File, Household, Human, Member, Programme, User
from api.services import accounts, organisations
from api.services.accounts import Account
from tests.api import county
from tests.api.conftest import Service
from tests.api.schema.test_statements import selects

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
LONG_AGO = NOW - dt.timedelta(days=400)
HOUSEHOLDS = (
    "query ($filter: HouseholdFilter) { found: households(filter: $filter) { totalCount nodes { reference } } }"
)
FILES = (
    "query ($filter: HardshipFileFilter) { found: files(filter: $filter) { totalCount nodes { reference: number } } }"
)


@pytest.fixture
async def homes(service: Service) -> dict[str, str]:
    """By what they are called here, the references of three households: protected, on file, and one that has left hardship."""
    async with transaction(service.engine) as connection:
        stages = {"protected": Stage.RECORDED, "plain": Stage.RECORDED, "closed": Stage.DEREGISTERED}
        lives = {name: await county.taken_over(connection, stage, NOW) for name, stage in stages.items()}
        described = organisations.Described("县总工会", "County union", OrganisationKind.UNION, "410502")
        union = await organisations.save(connection, OPERATOR, described, NOW, code="county-union")
        officer = await connection.scalar(select(User.id).where(User.login == "county-reviewer"))
        programme = await connection.scalar(select(Programme.code).limit(1))
        account = Account("cleared", Role.REVIEWER, "410502", cleared=True)
        await accounts.save(connection, OPERATOR, account, NOW, login="cleared")
        service.tokens = {**service.tokens, "cleared": await accounts.issue_token(connection, "cleared", 1, NOW)}
        for name, life in lives.items():
            of = {"household_id": life.household_id}
            home, file = update(Household).where(Household.id == life.household_id), update(File).filter_by(**of)
            await connection.execute(file.values(organisation_id=union))
            if name != "closed":
                touch = {"user_id": officer, "since": TODAY, "assigned_by": officer, "assigned_at": NOW}
                await connection.execute(insert(ContactOfficer).values(**of, **touch))
            if name == "plain":
                part = {"programme_code": programme, "source_record": "1"}
                await connection.execute(insert(Enrolment).values(**of, **part))
                await connection.execute(file.values(tier="NATIONAL", category="DEEP"))
                await connection.execute(home.values(updated_at=LONG_AGO))
            if name == "protected":
                human = select(Member.person_id).where(Member.id == life.people[0]).scalar_subquery()
                await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))
        references = {
            name: await connection.scalar(select(Household.reference).where(Household.id == life.household_id))
            for name, life in lives.items()
        }
    return {str(reference): name for name, reference in references.items()}


async def found(service: Service, query: str, key: str, homes: dict[str, str], given: Any, by: str) -> set[str]:
    service.statements.clear()
    page = (await service.data(query, {"filter": {key: list(homes), **given}}, by=by))["found"]
    assert len(selects(service)) == 2, "a page and its count, whatever it is narrowed by"
    assert page["totalCount"] == len(page["nodes"])
    return {homes[each["reference"]] for each in page["nodes"]}


ALL, NOBODY = {"protected", "plain", "closed"}, set[str]()
SOON, LATE = str(TODAY - dt.timedelta(days=399)), str(TODAY - dt.timedelta(days=402))
BY_HOUSEHOLD: list[tuple[dict[str, Any], set[str]]] = [
    ({"tiers": ["COUNTY"]}, {"protected"}),
    ({"tiers": ["COUNTY", "NATIONAL"]}, {"protected", "plain"}),
    ({"tiers": []}, NOBODY),
    ({"not": {"tiers": ["NATIONAL"]}}, {"protected", "closed"}),
    ({"categories": ["DEEP"]}, {"plain"}),
    ({"categories": ["RELATIVE"]}, {"protected"}),
    ({"unchangedSince": SOON}, {"plain"}),
    ({"unchangedSince": LATE}, NOBODY),
    ({"unchangedSince": str(TODAY + dt.timedelta(days=1))}, ALL),
    ({"neverAssisted": True}, {"protected", "closed"}),
    ({"neverAssisted": False}, {"plain"}),
]
BY_FILE: list[tuple[dict[str, Any], set[str]]] = [
    ({"closings": ["AS_REGISTERED"]}, {"closed"}),
    ({"closings": []}, NOBODY),
    ({"not": {"closings": ["AS_REGISTERED"]}}, {"protected", "plain"}),
]


@pytest.mark.parametrize("by", ["caseworker", "auditor", "cleared"])
async def test_households_are_found_by_what_they_are(service: Service, homes: dict[str, str], by: str) -> None:
    for given, expected in BY_HOUSEHOLD:
        assert await found(service, HOUSEHOLDS, "references", homes, given, by) == expected, given


@pytest.mark.parametrize("by", ["caseworker", "auditor", "cleared"])
async def test_files_are_found_by_how_they_ended(service: Service, homes: dict[str, str], by: str) -> None:
    for given, expected in BY_FILE:
        assert await found(service, FILES, "numbers", homes, given, by) == expected, given


HIDING: list[tuple[str, str, dict[str, Any], set[str]]] = [
    (HOUSEHOLDS, "references", {"contactOfficers": ["county-reviewer"]}, {"protected", "plain"}),
    (HOUSEHOLDS, "references", {"contactOfficers": ["caseworker", "county-reviewer"]}, {"protected", "plain"}),
    (HOUSEHOLDS, "references", {"contactOfficers": ["caseworker"]}, NOBODY),
    (HOUSEHOLDS, "references", {"contactOfficers": []}, NOBODY),
    (FILES, "numbers", {"unions": ["county-union"]}, ALL),
    (FILES, "numbers", {"unions": ["another"]}, NOBODY),
]


@pytest.mark.parametrize("by", ["caseworker", "county-reviewer", "auditor"])
async def test_f_29_who_handles_a_protected_household_finds_it_for_the_cleared_alone(
    service: Service, homes: dict[str, str], by: str
) -> None:
    for query, key, given, expected in HIDING:
        assert await found(service, query, key, homes, given, "cleared") == expected, given
        assert await found(service, query, key, homes, given, by) == expected - {"protected"}, given
        for other in ({"not": given}, {"or": [{"not": given}]}):
            assert await found(service, query, key, homes, other, "cleared") == ALL - expected, other
            assert await found(service, query, key, homes, other, by) == (ALL - expected) | {"protected"}, (
                "whoever handles it, or nobody"
            )
