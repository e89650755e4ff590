"""Organisations over time: a tree without circles, names that keep their days, and who may be whose."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import migrations
from api.database import transaction
from api.domain.accounts import OPERATOR, Administrator, OrganisationKind, OrganisationLevel
from api.domain.errors import Conflict, NotDone
from api.domain.permissions import Role
from api.models import AuditEvent, Organisation, OrganisationName, OrganisationPlace
from api.services import accounts, organisations, tree
from api.services.organisations import ALWAYS, Described

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)
K, L, UNION = OrganisationKind, OrganisationLevel, OrganisationKind.UNION
TREE = {
    "acftu": ("000000", L.NATIONAL, None),
    "henan": ("410000", L.PROVINCIAL, "acftu"),
    "anyang": ("410500", L.MUNICIPAL, "henan"),
    "wenfeng": ("410502", L.COUNTY, "anyang"),
    "mill": ("410502", L.GRASSROOTS, "wenfeng"),
    "workshop": ("410502", L.GRASSROOTS, "mill"),
    "beiguan": ("410503", L.COUNTY, "anyang"),
}
"""全总 → 省级 → 地市级 → 县级 → 基层, and a workshop's union below its mill's."""


@pytest.fixture
async def office(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        for code, (division, level, parent) in TREE.items():
            described = Described(f"{code}工会", code.title(), UNION, division, level=level)
            key = await organisations.save(connection, OPERATOR, described, NOW, code=code)
            above = None if parent is None else await organisations.known(connection, parent)
            await tree.place(connection, OPERATOR, key, above, NOW, 1)
    return empty


async def key(connection: AsyncConnection, code: str) -> int:
    found = await organisations.known(connection, code)
    assert found is not None
    return found


async def depths(connection: AsyncConnection) -> dict[str, int]:
    columns = select(Organisation.code, OrganisationPlace.depth)
    joined = columns.join(OrganisationPlace, OrganisationPlace.organisation_id == Organisation.id)
    return {row.code: row.depth for row in await connection.execute(joined)}


async def put(connection: AsyncConnection, code: str, parent: str | None, by: Administrator = OPERATOR) -> None:
    above = None if parent is None else await key(connection, parent)
    await tree.place(connection, by, await key(connection, code), above, NOW)


async def test_a_branch_moves_with_all_that_stands_below_it(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        assert await depths(connection) == {
            "acftu": 0, "henan": 1, "anyang": 2, "wenfeng": 3, "mill": 4, "workshop": 5, "beiguan": 3,
        }  # fmt: skip
        await put(connection, "wenfeng", None)
        assert await depths(connection) == {
            "acftu": 0, "henan": 1, "anyang": 2, "wenfeng": 0, "mill": 1, "workshop": 2, "beiguan": 3,
        }  # fmt: skip
        await put(connection, "wenfeng", "anyang")
    async with transaction(office) as connection:
        assert (await depths(connection))["workshop"] == 5
        acts = select(AuditEvent.action).where(AuditEvent.action == "organisation.placed")
        assert len((await connection.execute(acts)).all()) == len(TREE) + 2


NOT_BELOW = [
    ("anyang", "anyang"),
    ("anyang", "workshop"),
    ("wenfeng", "beiguan"),
    ("anyang", "wenfeng"),
    ("wenfeng", "mill"),
]


async def test_nothing_stands_below_itself_or_outside_or_above_its_level(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        before = await depths(connection)
        for code, parent in NOT_BELOW:
            with pytest.raises(NotDone) as refused:
                await put(connection, code, parent)
            assert refused.value.path == ("input", "parentId"), (code, parent)
        assert await depths(connection) == before


CIRCLES: list[tuple[str, dict[str, Any]]] = [
    ("anyang", {"parent_id": "workshop", "parent_depth": 5, "depth": 6}),
    ("anyang", {"parent_id": "workshop", "parent_depth": 5}),
    ("anyang", {"parent_id": "anyang", "parent_depth": 2, "depth": 3}),
    ("anyang", {"parent_id": "anyang", "parent_depth": 2, "depth": 2}),
    ("anyang", {"parent_id": None, "parent_depth": None}),
    ("wenfeng", {"depth": 7, "parent_depth": 6}),
]


async def written(office: AsyncEngine, code: str, values: dict[str, Any]) -> None:
    """By SQL, past the service."""
    async with transaction(office) as connection:
        keyed = dict(values)
        if values.get("parent_id") is not None:
            keyed["parent_id"] = await key(connection, values["parent_id"])
        place = OrganisationPlace.organisation_id == await key(connection, code)
        await connection.execute(update(OrganisationPlace).where(place).values(keyed))


async def test_the_database_makes_no_circle_either(office: AsyncEngine) -> None:
    for code, values in CIRCLES:
        with pytest.raises(IntegrityError):
            await written(office, code, values)
    await written(office, "beiguan", {"parent_id": "henan", "parent_depth": 1, "depth": 2})


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.sampled_from(sorted(TREE)), st.sampled_from([None, *sorted(TREE)])), max_size=12))
async def test_whatever_is_moved_where_every_chain_ends_at_a_top(
    office: AsyncEngine, moves: list[tuple[str, str | None]]
) -> None:
    async with office.connect() as connection:
        for code, parent in moves:
            try:
                await put(connection, code, parent)
            except NotDone:
                continue
        rows = await connection.execute(select(OrganisationPlace.organisation_id, OrganisationPlace.parent_id))
        above = {row.organisation_id: row.parent_id for row in rows}
        places = await depths(connection)
        for code in TREE:
            steps, at = 0, await key(connection, code)
            while above[at] is not None:
                steps, at = steps + 1, above[at]
                assert steps <= len(TREE)
            assert steps == places[code]
        await connection.rollback()


async def test_a_parent_is_one_that_the_administrator_keeps(office: AsyncEngine) -> None:
    county = Administrator(None, "410502")
    async with transaction(office) as connection:
        with pytest.raises(NotDone) as refused:
            await put(connection, "mill", "anyang", county)
        assert refused.value.code.value == "NOT_FOUND"
        await put(connection, "workshop", "wenfeng", county)
        with pytest.raises(Conflict):
            await tree.place(connection, county, await key(connection, "mill"), None, NOW, 7)


async def test_a_change_of_division_or_level_keeps_the_tree_true(office: AsyncEngine) -> None:
    async def become(division: str, level: OrganisationLevel) -> None:
        described = Described("文峰区总工会", "Wenfeng", UNION, division, level=level)
        own = await key(connection, "wenfeng")
        await organisations.save(connection, OPERATOR, described, NOW, organisation_id=own)

    async with transaction(office) as connection:
        await become("410502", L.GRASSROOTS)
        for division, level in (("410503", L.COUNTY), ("410502", L.PROVINCIAL)):
            with pytest.raises(NotDone) as refused:
                await become(division, level)
            assert refused.value.path == ("input", "divisionCode")


async def names(connection: AsyncConnection, code: str) -> list[tuple[dt.date, str]]:
    columns = select(OrganisationName.valid_from, OrganisationName.name_zh).order_by(OrganisationName.valid_from)
    rows = await connection.execute(columns.where(OrganisationName.organisation_id == await key(connection, code)))
    return [(row.valid_from, row.name_zh) for row in rows]


async def test_a_name_keeps_its_days_and_a_slip_is_put_right(office: AsyncEngine) -> None:
    async def called(name: str, renamed_on: dt.date | None = None) -> None:
        described = Described(name, "Mill", UNION, "410502", renamed_on=renamed_on)
        await organisations.save(connection, OPERATOR, described, NOW, organisation_id=await key(connection, "mill"))

    reform = dt.date(2023, 3, 1)
    async with transaction(office) as connection:
        await called("纺织厂工会")
        assert await names(connection, "mill") == [(ALWAYS, "纺织厂工会")]
        await called("纺织集团工会", reform)
        await called("纺织集团公司工会", reform)
        await called("纺织集团有限公司工会")
        assert await names(connection, "mill") == [(ALWAYS, "纺织厂工会"), (reform, "纺织集团有限公司工会")]
        for day in (dt.date(2023, 2, 28), ALWAYS, TODAY + dt.timedelta(days=2)):
            with pytest.raises(NotDone) as refused:
                await called("又一个名字", day)
            assert refused.value.path == ("input", "renamedOn")
        current = await connection.scalar(select(Organisation.name_zh).where(Organisation.code == "mill"))
        level = await connection.scalar(select(Organisation.level).where(Organisation.code == "mill"))
    assert (current, level) == ("纺织集团有限公司工会", "GRASSROOTS"), "what is not said stays"


async def test_what_ends_ends_after_it_began(office: AsyncEngine) -> None:
    async with office.connect() as connection:
        begun = Described("x", "x", UNION, "410502", valid_from=TODAY)
        await organisations.save(connection, OPERATOR, begun, NOW, organisation_id=await key(connection, "mill"))
        ended = Described("x", "x", UNION, "410502", valid_to=TODAY)
        with pytest.raises(NotDone):
            await organisations.save(connection, OPERATOR, ended, NOW, organisation_id=await key(connection, "mill"))
        with pytest.raises(IntegrityError):
            await connection.execute(update(Organisation).where(Organisation.code == "mill").values(valid_to=TODAY))
        await connection.rollback()


async def test_who_may_be_whose(office: AsyncEngine) -> None:
    async def become(kind: OrganisationKind) -> None:
        found = await organisations.known(connection, "it")
        await organisations.save(
            connection, OPERATOR, Described("x", "x", kind, "410502"), NOW, code="it", organisation_id=found
        )

    cases = {Role.CASEWORKER, Role.REVIEWER}
    async with transaction(office) as connection:
        for kind in OrganisationKind:
            await become(kind)
            for role in Role:
                fits = (
                    role is Role.DEPARTMENT
                    if kind is K.DEPARTMENT
                    else kind in (K.UNION, K.ASSISTANCE_CENTRE) or role not in cases
                )
                if not fits:
                    with pytest.raises(NotDone) as refused:
                        await accounts.add_user(connection, "li", "", role, "410502", NOW, "it")
                    assert refused.value.path == ("input", "role"), (kind, role)
                    continue
                await accounts.add_user(connection, "li", "", role, "410502", NOW, "it")
                if role in cases:
                    with pytest.raises(NotDone) as refused:
                        await become(K.SOCIAL_ORGANISATION)
                    assert refused.value.path == ("input", "kind")
            await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, "li"), NOW)


async def test_forth_and_back_with_what_is_there(office: AsyncEngine) -> None:
    """A step back forgets tree and names and keeps the organisations; a step forth gives each its name and place again."""
    async with transaction(office) as connection:
        await accounts.add_user(connection, "li", "", Role.REVIEWER, "410502", NOW, "mill")
    await migrations.downgrade(office, "0012")
    await migrations.upgrade(office)
    async with transaction(office) as connection:
        assert set((await depths(connection)).values()) == {0}
        assert await names(connection, "mill") == [(ALWAYS, "mill工会")]
        assert await accounts.key_of(connection, "li")
