"""By which way a database finds what is asked of one household among many: never by looking at everybody's rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import open_engine, reading
from api.domain.declarations import DeclaredItem
from api.loaders import incomes
from api.models import Household, table
from api.services.registers import declared
from tests.conftest import empty_database

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
MONTH = dt.date(2026, 11, 1)
ASKED = {"household": 1, "first": MONTH, "last": MONTH, "first_year": 2026, "last_year": 2026}
LISTED: Select[*tuple[Any, ...]] = declared._told(
    DeclaredItem.VEHICLES, table(Household).c.declared_vehicles, of_member=False, now=NOW
)
DECLARED = """INSERT INTO declarations (household_id, item, amount, declared_on, source, recorded_at)
  SELECT household, item, 1, DATE '2026-01-01', 'REGISTER', now()
  FROM generate_series(1, 30000) household, unnest(ARRAY['MONTHLY_INCOME', 'DEPOSITS', 'VEHICLES']) item"""


async def way(connection: AsyncConnection, statement: Select[*tuple[Any, ...]], told: dict[str, Any]) -> str:
    """The plan of a statement, line by line."""
    compiled = statement.compile(dialect=connection.dialect)
    given = compiled.construct_params(told)
    kept = [name for name in compiled.positiontup or () if name]
    processors: dict[str, Any] = dict(compiled._bind_processors)
    processed = {name: process(given[name]) for name, process in processors.items()}
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    found = await connection.exec_driver_sql(
        f"{explain} {compiled}", tuple(processed.get(name, given[name]) for name in kept)
    )
    return "\n".join(" ".join(map(str, row)) for row in found)


async def test_a_familys_incomes_are_not_sought_in_everybodys(empty: AsyncEngine) -> None:
    async with reading(empty) as connection:
        told = ASKED | {
            "from_division": "4105",
            "to_division": "4105:",
            "division_from": "4105",
            "division_to": "4105:",
        }
        names = incomes._TOLD.compile().params
        plan = await way(connection, incomes._TOLD, {name: told.get(name, value) for name, value in names.items()})
    assert "SubPlan" not in plan
    assert "CORRELATED" not in plan


async def test_what_a_household_declared_is_not_sought_in_all_that_is_of_no_member(empty: AsyncEngine) -> None:
    """Though the database has not counted yet what an import is adding, and believes that little is of no member."""
    async with empty.connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(DECLARED))
        plan = await way(connection, LISTED, {"keys": [1]})
        await connection.rollback()
    assert "ix_declarations_household_id_item" in plan
    assert "ix_declarations_member_id_item" not in plan


async def test_nothing_is_compiled_for_longer_than_it_takes(postgresql_server: str) -> None:
    async with empty_database(postgresql_server) as url:
        engine = open_engine(url)
        async with reading(engine) as connection:
            shown = await connection.execute(text("SELECT setting, source FROM pg_settings WHERE name = 'jit'"))
            assert tuple(shown.one()) == ("off", "client")
        await engine.dispose()
