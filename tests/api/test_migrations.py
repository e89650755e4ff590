"""The migrations make exactly the tables that the models describe, and take them away again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Date, LargeBinary, TextClause, bindparam, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations
from api.database import UtcDateTime, transaction
from api.models import Base

NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


@pytest.mark.filterwarnings("ignore:.*expression-based index")
async def test_upgraded_the_database_is_as_the_models_say(engine: AsyncEngine) -> None:
    assert not await migrations.is_current(engine)
    await migrations.upgrade(engine)
    await migrations.upgrade(engine)
    assert await migrations.is_current(engine)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_downgraded_nothing_is_left(engine: AsyncEngine) -> None:
    await migrations.upgrade(engine)
    await migrations.downgrade(engine, "base")
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(left) <= {"alembic_version"}


BEFORE = "0005"
"""The last step at which a household had no file of its own."""

HOUSEHOLDS = (
    ("H1", "APPLIED", "2026-03-01", None, None),
    ("H2", "RECORDED", "2025-02-01", "2025-03-01", None),
    ("H3", "DEREGISTERED", None, "2020-03-01", "2024-05-06"),
)
MEMBERS = (
    ("P1", "H1", "HEAD", b"number-1", b"name-1", None),
    ("P2", "H2", "HEAD", b"number-1", b"name-1", None),
    ("P3", "H2", "CHILD", b"number-1", b"name-2", None),
    ("P4", "H2", "SPOUSE", None, None, "2026-01-01"),
    ("P5", "H3", "HEAD", None, b"name-5", None),
)
"""Somebody in two households, a number under two names, and two of whom no number is known."""

HUMANS = "SELECT members.reference, people.number_index, people.name_index, people.id FROM members JOIN people ON people.id = members.person_id"


async def _rows(engine: AsyncEngine, statement: str) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def _a_register(engine: AsyncEngine) -> None:
    """What a database of the step before holds."""
    async with transaction(engine) as connection:
        for reference, stage, *days in HOUSEHOLDS:
            applied, opened, closed = (day and dt.date.fromisoformat(day) for day in days)
            await connection.execute(
                _insert("households", ("applied_on", "file_opened_on", "file_closed_on")),
                {
                    "reference": reference, "division_code": "410502", "stage": stage, "applied_on": applied,
                    "file_opened_on": opened, "file_closed_on": closed, "digest": b"d", "version": 3, "updated_at": NOW,
                },
            )  # fmt: skip
        for reference, household, relation, number, name, left in MEMBERS:
            await connection.execute(
                text(
                    "INSERT INTO members (reference, household_id, relation, id_number_index, name_index, left_on)"
                    " SELECT :reference, id, :relation, :number, :name, :left FROM households WHERE reference = :household"
                ).bindparams(bindparam("left", type_=Date()), bindparam("number", type_=LargeBinary()), bindparam("name", type_=LargeBinary())),
                {
                    "reference": reference, "household": household, "relation": relation, "number": number, "name": name,
                    "left": left and dt.date.fromisoformat(left),
                },
            )  # fmt: skip


def _insert(table: str, days: tuple[str, ...]) -> TextClause:
    columns = ("reference", "division_code", "stage", *days, "digest", "version", "updated_at")
    values = ", ".join(f":{column}" for column in columns)
    typed = [bindparam(day, type_=Date()) for day in days]
    statement = text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})")
    return statement.bindparams(*typed, bindparam("updated_at", type_=UtcDateTime()))


async def test_what_was_there_gets_files_humans_and_a_first_move_and_loses_nothing_on_the_way_back(
    engine: AsyncEngine,
) -> None:
    await migrations.upgrade(engine, BEFORE)
    await _a_register(engine)
    households, members = "SELECT * FROM households ORDER BY id", "SELECT * FROM members ORDER BY id"
    before = await _rows(engine, households), await _rows(engine, members)

    await migrations.upgrade(engine)

    humans = {row[0]: row[1:] for row in await _rows(engine, HUMANS)}
    assert humans["P1"] == humans["P2"]
    assert len({row[-1] for row in humans.values()}) == len(MEMBERS) - 1
    moves = (
        "SELECT reference, action, to_stage, stage FROM transitions JOIN households ON households.id = household_id"
    )
    assert sorted(await _rows(engine, moves)) == [
        (reference, "TAKE_OVER", stage, stage) for reference, stage, *_ in HOUSEHOLDS
    ]
    files = "SELECT number, closing FROM files ORDER BY number"
    assert await _rows(engine, files) == [("H1", None), ("H2", None), ("H3", "AS_REGISTERED")]
    listed = (
        "SELECT files.number, members.reference, disputed FROM file_people JOIN files ON files.id = file_id"
        " JOIN members ON members.id = member_id ORDER BY files.number, members.reference"
    )
    assert [(file, member, bool(disputed)) for file, member, disputed in await _rows(engine, listed)] == [
        ("H1", "P1", False),
        ("H2", "P2", True),
        ("H2", "P3", False),
    ]

    await migrations.downgrade(engine, BEFORE)
    assert (await _rows(engine, households), await _rows(engine, members)) == before

    await migrations.upgrade(engine)
    assert sorted(await _rows(engine, moves)) == sorted(
        (reference, "TAKE_OVER", stage, stage) for reference, stage, *_ in HOUSEHOLDS
    )


def _move(origin: str, action: str, leads_to: str, adverse: str, reference: str = "H1") -> str:
    return (
        "INSERT INTO transitions (household_id, number, previous_number, from_stage, action, to_stage, adverse, evidence,"
        f" effective_on, happened_at) SELECT id, 2, 1, '{origin}', '{action}', '{leads_to}', {adverse}, '[]',"
        f" CURRENT_DATE, CURRENT_TIMESTAMP FROM households WHERE reference = '{reference}'"
    )


SKIPS = {
    "a stage without a move": "UPDATE households SET stage = 'RECORDED' WHERE reference = 'H1'",
    "a move that the table does not know": _move("APPLIED", "RECORD", "RECORDED", "false"),
    "a move that begins elsewhere": _move("UNDER_REVIEW", "PUBLISH", "PUBLIC_NOTICE", "false"),
    "a move for the worse without a decision": _move("RECORDED", "DEREGISTER", "DEREGISTERED", "true", "H2"),
    "a move for the worse that is called harmless": _move("RECORDED", "DEREGISTER", "DEREGISTERED", "false", "H2"),
    "a move that is changed": "UPDATE transitions SET to_stage = 'RECORDED'",
    "a move that is taken back": "DELETE FROM transitions",
    "a household that begins anywhere": (
        "INSERT INTO households (reference, division_code, stage, transition_number, digest, version, updated_at)"
        " VALUES ('H9', '410502', 'RECORDED', 5, '', 1, CURRENT_TIMESTAMP)"
    ),
    "a second file": (
        "INSERT INTO files (household_id, number, version, created_at)"
        " SELECT id, 'another', 1, CURRENT_TIMESTAMP FROM households WHERE reference = 'H1'"
    ),
    "a person in two files": "UPDATE file_people SET disputed = false",
}


@pytest.mark.parametrize("skip", SKIPS)
async def test_f_37_sql_skips_no_step_either(engine: AsyncEngine, skip: str) -> None:
    await migrations.upgrade(engine, BEFORE)
    await _a_register(engine)
    await migrations.upgrade(engine)
    with pytest.raises(DBAPIError):
        async with transaction(engine) as connection:
            await connection.execute(text(SKIPS[skip]))


async def test_f_02_no_machine_decides_and_nobody_alone(engine: AsyncEngine) -> None:
    await migrations.upgrade(engine, BEFORE)
    await _a_register(engine)
    await migrations.upgrade(engine)
    async with transaction(engine) as connection:
        for login, kind in (("officer", "PERSON"), ("second", "PERSON"), ("machine", "SERVICE")):
            await connection.execute(
                text(
                    "INSERT INTO users (login, display_name, kind, role, division_code, active, cleared, version, created_at)"
                    f" VALUES ('{login}', 'x', '{kind}', 'REVIEWER', '410502', true, false, 1, CURRENT_TIMESTAMP)"
                )
            )

    async def decided(kind: str, by: str, claims: str = "PERSON", proposed_by: str = "NULL") -> None:
        proposer = "NULL" if proposed_by == "NULL" else f"(SELECT id FROM users WHERE login = '{proposed_by}')"
        async with transaction(engine) as connection:
            await connection.execute(
                text(
                    "INSERT INTO decisions (household_id, kind, proposed_by, user_id, user_kind, reason, evidence, made_at)"
                    f" SELECT households.id, '{kind}', {proposer}, users.id, '{claims}', '', '[]', CURRENT_TIMESTAMP"
                    f" FROM households, users WHERE households.reference = 'H2' AND users.login = '{by}'"
                )
            )

    for kind, by, claims, proposed_by in (
        ("DEREGISTER", "machine", "PERSON", "officer"),
        ("DEREGISTER", "machine", "SERVICE", "officer"),
        ("DEREGISTER", "officer", "PERSON", "officer"),
        ("DEREGISTER", "officer", "PERSON", "NULL"),
        ("GRADUATE", "officer", "PERSON", "NULL"),
    ):
        with pytest.raises(DBAPIError):
            await decided(kind, by, claims, proposed_by)
    await decided("DEREGISTER", "second", "PERSON", "officer")
    await decided("REFUSE", "officer")
