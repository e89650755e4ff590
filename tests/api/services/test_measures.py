"""Measures bind to roles, and roles to organisations for a time: who answered for what on a day stays known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain.accounts import OPERATOR, Administrator, OrganisationKind
from api.domain.errors import Conflict, NotDone
from api.domain.responsibilities import MeasureRole
from api.models import AuditEvent, RoleAssignment
from api.services import measures, organisations
from api.services.organisations import Described

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
D = dt.date
CITY = Administrator(None, "410500")


@pytest.fixture
async def office(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        for code, division in (("city", "410500"), ("county", "410502"), ("beside", "410503")):
            described = Described(code, code, OrganisationKind.DEPARTMENT, division)
            await organisations.save(connection, OPERATOR, described, NOW, code=code)
    return empty


async def assign(connection: AsyncConnection, code: str, **other: Any) -> int:
    given: dict[str, Any] = {"division_code": "410502", "valid_from": D(2020, 1, 1), "by": CITY} | other
    by = given.pop("by")
    key = await organisations.known(connection, code)
    return await measures.assign(
        connection,
        by,
        MeasureRole.FINANCE,
        given["division_code"],
        key,
        given["valid_from"],
        NOW,
        given.get("valid_to"),
    )


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"code": "beside"}, "INVALID", "divisionCode"),
    ({"code": "county", "division_code": "410500"}, "INVALID", "divisionCode"),
    ({"code": "nobody"}, "NOT_FOUND", "organisationId"),
    ({"code": "city", "division_code": "41"}, "INVALID", "divisionCode"),
    ({"code": "city", "division_code": "410000"}, "FORBIDDEN", "divisionCode"),
    ({"code": "city", "by": Administrator(None, "410502")}, "NOT_FOUND", "organisationId"),
    ({"code": "city", "valid_to": D(2020, 1, 1)}, "INVALID", "validTo"),
]


async def test_a_role_is_held_by_who_answers_for_the_division(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        for given, code, path in REFUSED:
            with pytest.raises(NotDone) as refused:
                await assign(connection, **given)
            assert (refused.value.code.value, refused.value.path) == (code, ("input", path))


async def test_one_holds_a_role_once_at_a_time_and_several_may_hold_it_together(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        first = await assign(connection, "county", valid_from=D(2020, 1, 1), valid_to=D(2022, 1, 1))
        for begin, end in ((D(2021, 12, 31), None), (D(2019, 1, 1), D(2020, 1, 2)), (D(2019, 1, 1), None)):
            with pytest.raises(NotDone) as refused:
                await assign(connection, "county", valid_from=begin, valid_to=end)
            assert refused.value.path == ("input", "validFrom")
        again = await assign(connection, "county", valid_from=D(2022, 1, 1))
        beside = await assign(connection, "city", valid_from=D(2020, 1, 1))
        assert len({first, again, beside}) == 3
        row = (await connection.execute(select(*RoleAssignment.__table__.c).where(RoleAssignment.id == again))).one()
        values = {name: value for name, value in row._mapping.items() if name != "id"}
    async with office.connect() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(insert(RoleAssignment).values(values))


async def test_a_role_ends_and_that_it_was_held_stays(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        held = await assign(connection, "county")
        with pytest.raises(Conflict):
            await measures.end(connection, CITY, held, D(2024, 3, 1), NOW, 9)
        for key, day, code in ((held, D(2020, 1, 1), "INVALID"), (None, D(2024, 3, 1), "NOT_FOUND")):
            with pytest.raises(NotDone) as refused:
                await measures.end(connection, CITY, key, day, NOW)
            assert refused.value.code.value == code
        with pytest.raises(NotDone):
            await measures.end(connection, Administrator(None, "410503"), held, D(2024, 3, 1), NOW)
        await measures.end(connection, CITY, held, D(2024, 3, 1), NOW, 1)
        with pytest.raises(NotDone):
            await measures.end(connection, CITY, held, D(2025, 3, 1), NOW, 2)
        row = (await connection.execute(select(RoleAssignment.valid_to, RoleAssignment.version))).one()
        assert tuple(row) == (D(2024, 3, 1), 2)
    async with office.connect() as connection:
        acts = select(AuditEvent.action).where(AuditEvent.subject_type == "RoleAssignment").order_by(AuditEvent.id)
        assert list(await connection.scalars(acts)) == ["measure_role.assigned", "measure_role.ended"]
