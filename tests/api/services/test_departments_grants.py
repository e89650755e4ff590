"""A department sees the grants that it makes, by the roles of the measures that it holds, and of them no more than its role may."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain import days
from api.domain.accounts import OPERATOR, ClientKind
from api.domain.catalogue import shipped
from api.domain.permissions import Role, Viewer
from api.domain.responsibilities import MeasureRole
from api.models import Grant, Household, Human, Member, Organisation, Read
from api.services import accounts, clients, measures
from tests.api import granted as aid
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.services.atwork import OnFile, on_file
from tests.api.services.reviewed import viewer

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
MONTH = TODAY.replace(day=1)
LONG_AGO = dt.date(2020, 1, 1)
FIELDS = """id programme { code } amount { amount } state cause reason bill { cost { amount } } household { reference } person { id }
  proposedBy { login } outcome { reason documentNo }"""
GRANTS = f"query ($f: GrantFilter) {{ grants(filter: $f) {{ totalCount nodes {{ {FIELDS} }} }} }}"


async def given(service: Service, place: int, code: str) -> tuple[OnFile, str]:
    """A household of the county that two officers gave aid, and the grant's id."""
    house = await on_file(service, place)
    by = await viewer(service, "caseworker"), await viewer(service, "county-reviewer")
    life = Life(house.key, house.file, house.people)
    key = await aid.granted(service.engine, life, by, NOW, months=[MONTH], code=code)
    return house, service.vault.ids("Grant", [key])[0]


async def holds(service: Service, role: MeasureRole, division: str = "410500", **days: dt.date) -> int:
    """The department's organisation holds the role there; its key."""
    async with transaction(service.engine) as connection:
        key = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
        since = days.pop("since", LONG_AGO)
        await measures.assign(connection, OPERATOR, role, division, key, since, NOW, **days)
    return key or 0


async def newcomer(service: Service, role: Role = Role.DEPARTMENT, division: str = "410500") -> str:
    """Somebody else of the department, whom nobody remembers yet; their login."""
    login = f"{role.lower()}-{len(service.tokens)}"
    async with transaction(service.engine) as connection:
        await accounts.add_user(connection, login, login, role, division, NOW, "police")
        token = await accounts.issue_token(connection, login, 1, NOW)
    service.tokens = {**service.tokens, login: token}
    return login


async def seen(service: Service, by: str, **filter: Any) -> list[str]:
    query = "query ($f: GrantFilter) { grants(filter: $f) { totalCount nodes { id } } }"
    page = (await service.data(query, {"f": filter}, by=by))["grants"]
    assert page["totalCount"] == len(page["nodes"])
    return sorted(each["id"] for each in page["nodes"])


async def test_a_department_sees_the_grants_of_its_own_programmes_and_neither_to_whom_nor_why(
    service: Service,
) -> None:
    house, subsidy = await given(service, 0, "LIVING_SUBSIDY")
    _, dibao = await given(service, 1, "DIBAO")
    assert await seen(service, await newcomer(service)) == [], "it holds no role yet"
    await holds(service, MeasureRole.CIVIL_AFFAIRS)
    office = await newcomer(service)
    assert await seen(service, office) == [dibao]
    assert await seen(service, office, programmeCodes=["LIVING_SUBSIDY"]) == []
    assert await seen(service, office, householdIds=[house.id]) == [], (
        "it is told of no household, not even by asking"
    )
    (shown,) = (await service.data(GRANTS, by=office))["grants"]["nodes"]
    assert (shown["programme"], shown["state"], shown["amount"]) == (
        {"code": "DIBAO"},
        "GRANTED",
        {"amount": "500.00"},
    )
    assert [shown[name] for name in ("household", "person", "cause", "reason", "bill")] == [None] * 5
    assert shown["outcome"]["reason"] is None
    node = "query ($id: ID!) { node(id: $id) { id } grant(id: $id) { id } }"
    for public, found in ((dibao, {"id": dibao}), (subsidy, None)):
        assert await service.data(node, {"id": public}, by=office) == {"node": found, "grant": found}
    assert len(await seen(service, "caseworker")) == 2, "whoever reads cases is not narrowed"
    async with transaction(service.engine) as connection:
        read = (
            await connection.execute(select(Read).where(Read.role == "DEPARTMENT").order_by(Read.id.desc()))
        ).first()
    assert read is not None
    assert read.purpose == "VERIFICATION"


@pytest.mark.parametrize(
    ("division", "days", "sees"),
    [
        ("410502", {}, True),
        ("410500", {}, True),
        ("410503", {}, False),
        ("410500", {"since": TODAY + dt.timedelta(days=1)}, False),
        ("410500", {"valid_to": TODAY}, False),
        ("410500", {"valid_to": TODAY + dt.timedelta(days=1)}, True),
    ],
)
async def test_a_role_counts_where_and_while_it_is_held(
    service: Service, division: str, days: dict[str, dt.date], sees: bool
) -> None:
    _, dibao = await given(service, 0, "DIBAO")
    await holds(service, MeasureRole.CIVIL_AFFAIRS, division, **days)
    assert await seen(service, await newcomer(service)) == ([dibao] if sees else [])
    assert await seen(service, await newcomer(service, division="410581")) == [], (
        "its own division narrows it as well"
    )


async def test_a_department_s_machine_sees_what_its_people_see(service: Service) -> None:
    _, dibao = await given(service, 0, "DIBAO")
    key = await holds(service, MeasureRole.CIVIL_AFFAIRS)
    async with transaction(service.engine) as connection:
        machine = clients.Registered("民政系统", ClientKind.SERVICE, key)
        await clients.save(connection, OPERATOR, machine, NOW, client_id="civil")
        named = await clients.key_of(connection, "civil")
        _, secret = await clients.rotate_secret(connection, OPERATOR, named, NOW)
    asked = {"grant_type": "client_credentials", "client_id": "civil", "client_secret": secret}
    told = (await service.client.post("/oauth/token", data=asked)).json()
    service.tokens = {**service.tokens, "civil": told["access_token"]}
    assert await seen(service, "civil") == [dibao]


async def test_f_29_a_department_learns_nothing_of_where_a_protected_household_is(service: Service) -> None:
    house, _ = await given(service, 0, "DIBAO")
    await holds(service, MeasureRole.CIVIL_AFFAIRS)
    office = await newcomer(service)
    async with transaction(service.engine) as connection:
        somebody = select(Member.person_id).where(Member.household_id == house.key).limit(1).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == somebody).values(protected_since=NOW))
    (shown,) = (await service.data(GRANTS, by=office))["grants"]["nodes"]
    assert (shown["proposedBy"], shown["household"], shown["outcome"]["documentNo"]) == (None, None, None)


async def test_a_household_that_moved_away_takes_its_grants_along(service: Service) -> None:
    house, dibao = await given(service, 0, "DIBAO")
    await holds(service, MeasureRole.CIVIL_AFFAIRS, "410502")
    office = await newcomer(service)
    assert await seen(service, office) == [dibao]
    async with transaction(service.engine) as connection:
        await connection.execute(update(Household).where(Household.id == house.key).values(division_code="410581"))
        assert await connection.scalar(select(Grant.division_code)) == "410502"
    assert await seen(service, office) == []


def test_every_programme_is_some_role_s_to_grant() -> None:
    catalogue = shipped()
    codes = {entry.code for entry in catalogue.entries if entry.holds(TODAY, "410500")}
    granted = {code for role in MeasureRole for code in catalogue.granted_by(role, TODAY, "410500")}
    assert granted == codes


def test_who_reads_cases_needs_no_role() -> None:
    assert Viewer(1, "a", "A", Role.CASEWORKER, "410500").granting == ()
