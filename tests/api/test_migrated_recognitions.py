"""What was known of a file's tier and category before they were kept by the day: nothing of it is lost, and nothing made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import migrations
from api.database import transaction

BEFORE = "0016"
RECOGNISED = (
    "SELECT files.number, recognitions.tier, recognitions.category, method, since, decided_by IS NOT NULL AS decided"
    " FROM recognitions JOIN files ON files.id = file_id ORDER BY files.number, recognitions.id"
)
HOUSEHOLDS = (
    ("H1", "COUNTY", None, "2024-04-01"),
    ("H2", "GRASSROOTS", "DEEP", "2024-05-01"),
    ("H3", "NATIONAL", "DIBAO", "2018-02-01"),
    ("H4", None, None, "2024-06-01"),
    ("H5", "MUNICIPAL", "RELATIVE", "2024-07-01"),
    ("H6", "COUNTY", None, None),
)
"""As their files stand: one never had a category, one was kept otherwise before, one is of the older method, one is unknown,
one was of another tier until it was opened, and of one nobody knows a day but that on which it was written down."""

DECIDED: tuple[tuple[str, str, dict[str, list[str]], str | None], ...] = (
    ("H2", "2025-03-03", {"tier": ["COUNTY", "GRASSROOTS"], "category": ["RELATIVE", "DEEP"]}, "DEEP"),
    ("H5", "2024-07-01", {"tier": ["COUNTY", "MUNICIPAL"]}, None),
)
"""Whose, on which day, what it was and came to be, and the category that the older table has."""


async def _say(connection: AsyncConnection, statement: str, **given: Any) -> None:
    await connection.execute(text(statement), given)


async def _lived(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await _say(
            connection,
            "INSERT INTO users (login, display_name, kind, role, division_code, active, cleared, version, created_at)"
            " VALUES ('chief', 'Chief', 'PERSON', 'REVIEWER', '410502', true, false, 1, CURRENT_TIMESTAMP)",
        )
        for reference, tier, category, day in HOUSEHOLDS:
            await _say(
                connection,
                "INSERT INTO households (reference, division_code, stage, transition_number, digest, version, updated_at)"
                f" VALUES ('{reference}', '410502', 'RECORDED', 1, '', 1, CURRENT_TIMESTAMP)",
            )
            await _say(
                connection,
                "INSERT INTO files (household_id, number, tier, category, opened_on, version, created_at)"
                f" SELECT id, '{reference}', {_quoted(tier)}, {_quoted(category)}, {_quoted(day)}, 1,"
                f" {_moment(engine, '2024-08-31 18')} FROM households WHERE reference = '{reference}'",
            )
            await _say(
                connection,
                "INSERT INTO transitions (household_id, number, file_id, from_stage, action, to_stage, adverse, evidence,"
                " effective_on, happened_at) SELECT household_id, 1, id, 'NOTHING', 'TAKE_OVER', 'RECORDED', false, '[]',"
                f" '{day or '2024-09-01'}', CURRENT_TIMESTAMP FROM files WHERE number = '{reference}'",
            )
        for number, decided in enumerate(DECIDED, 1):
            await _decide(connection, engine, number, *decided)


async def _decide(
    connection: AsyncConnection,
    engine: AsyncEngine,
    number: int,
    reference: str,
    day: str,
    changes: dict[str, list[str]],
    category: str | None,
) -> None:
    """The chief keeps a file otherwise, as it was written down before."""
    when = _moment(engine, f"{day} 02")
    for statement in (
        "INSERT INTO decisions (household_id, file_id, kind, user_id, user_kind, reason, evidence, made_at)"
        f" SELECT household_id, files.id, 'REVERIFY', users.id, 'PERSON', '', '[]', {when} FROM files, users"
        f" WHERE number = '{reference}'",
        "INSERT INTO transitions (household_id, number, previous_number, file_id, from_stage, action, to_stage, adverse,"
        " evidence, decision_id, effective_on, happened_at) SELECT files.household_id, 2, 1, files.id, 'RECORDED',"
        f" 'REVERIFY', 'RECORDED', false, '[]', decisions.id, '{day}', {when} FROM files JOIN decisions"
        f" ON decisions.file_id = files.id WHERE files.number = '{reference}'",
        f"UPDATE households SET transition_number = 2 WHERE reference = '{reference}'",
        "INSERT INTO file_categories (file_id, method, category, since, decided_by, user_kind, decided_at)"
        f" SELECT files.id, 'B2020', '{category}', '{day}', users.id, 'PERSON', {when} FROM files, users"
        f" WHERE number = '{reference if category else None}'",
    ):
        await _say(connection, statement)
    await _say(
        connection,
        "INSERT INTO audit_events (number, happened_at, action, subject_type, subject, detail, previous_hash, hash)"
        f" SELECT {number}, {when}, 'file.kept_otherwise', 'Household', household_id, "
        + ("CAST(:detail AS JSONB)" if engine.dialect.name == "postgresql" else ":detail")
        + f", '', '' FROM files WHERE number = '{reference}'",
        detail=json.dumps({"decision": number, **changes}),
    )


def _moment(engine: AsyncEngine, hour: str) -> str:
    """A moment as the database writes it."""
    return f"'{hour}:00:00.000000'" if engine.dialect.name == "sqlite" else f"'{hour}:00:00+00'"


def _quoted(word: str | None) -> str:
    return "NULL" if word is None else f"'{word}'"


async def _found(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        rows = (await connection.execute(text(RECOGNISED))).all()
    return [(*row[:4], str(row[4]), bool(row[5])) for row in rows]


async def test_files_are_what_they_were_and_from_when(engine: AsyncEngine) -> None:
    await migrations.upgrade(engine, BEFORE)
    await _lived(engine)
    await migrations.upgrade(engine)
    there = [
        ("H1", "COUNTY", None, None, "2024-04-01", False),
        ("H2", "COUNTY", "RELATIVE", "B2020", "2024-05-01", False),
        ("H2", "GRASSROOTS", "DEEP", "B2020", "2025-03-03", True),
        ("H3", "NATIONAL", "DIBAO", "A2016", "2018-02-01", False),
        ("H5", "MUNICIPAL", "RELATIVE", "B2020", "2024-07-01", True),
        ("H6", "COUNTY", None, None, "2024-09-01", False),
    ]
    assert await _found(engine) == there

    await migrations.downgrade(engine, BEFORE)
    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT method, category FROM file_categories"))).all()
    assert {tuple(row) for row in kept} == {("B2020", "DEEP"), ("B2020", "RELATIVE")}

    await migrations.upgrade(engine)
    assert await _found(engine) == there, "the same again"


async def test_what_was_said_by_hand_and_the_older_table_has_no_place_for_is_not_forgotten_by_the_way(
    engine: AsyncEngine,
) -> None:
    await migrations.upgrade(engine, BEFORE)
    await _lived(engine)
    await migrations.upgrade(engine)
    async with transaction(engine) as connection:
        for statement in (
            "INSERT INTO transitions (household_id, number, previous_number, file_id, from_stage, action, to_stage, adverse,"
            " evidence, effective_on, happened_at) SELECT household_id, 2, 1, id, 'RECORDED', 'REVERIFY', 'RECORDED',"
            " false, '[]', '2025-03-03', CURRENT_TIMESTAMP FROM files WHERE number = 'H1'",
            "UPDATE households SET transition_number = 2 WHERE reference = 'H1'",
            "INSERT INTO recognitions (household_id, file_id, tier, since, transition_id, recorded_at)"
            " SELECT household_id, file_id, 'MUNICIPAL', effective_on, id, happened_at FROM transitions"
            " WHERE number = 2 AND file_id = (SELECT id FROM files WHERE number = 'H1')",
        ):
            await _say(connection, statement)
    before = await _found(engine)
    with pytest.raises(migrations.WouldForget, match="1 rows of recognitions"):
        await migrations.downgrade(engine, BEFORE)
    assert await _found(engine) == before
    await migrations.downgrade(engine, BEFORE, forgetting=True)
