"""How a register says that files are kept: tier, category and causes come in once, and what it says otherwise is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake
from api.database import transaction
from api.domain.casework import HardshipCause, TaskKind
from api.models import AuditEvent, Cause, CauseEvent, File, Recognition, Task, Transition
from api.sealing import Vault
from api.services import causes
from tests.api.county import officers
from tests.api.services.test_register_lives import HOME, NOW, PEOPLE, folder

LATER = NOW + dt.timedelta(days=30)
KEPT = {**HOME, "tier": "地市级", "category": "相对困难", "causes": "下岗失业、主要：重特大疾病、欠债"}
FAMILY = [each for each in PEOPLE if each["household_id"] == "H1"]
APPLIED, OPENED = dt.date(2024, 3, 1), dt.date(2024, 4, 1)


async def told(engine: AsyncEngine, vault: Vault, where: Path, home: dict[str, Any], now: dt.datetime = NOW) -> None:
    await intake.take_over(engine, vault, folder(where, [home], FAMILY), where.parent / "data", None, now)


async def rows(engine: AsyncEngine, *columns: Any) -> Sequence[Row[*tuple[Any, ...]]]:
    async with transaction(engine) as connection:
        return (await connection.execute(select(*columns).order_by(columns[0]))).all()


async def test_what_a_new_file_is_and_why_comes_in_with_it(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    await told(empty, vault, tmp_path / "in", KEPT)
    assert await rows(empty, File.tier, File.category, File.version) == [("MUNICIPAL", "RELATIVE", 1)]
    (kept,) = await rows(
        empty, Recognition.tier, Recognition.category, Recognition.method, Recognition.since, Recognition.decided_by,
        Recognition.transition_id,
    )  # fmt: skip
    (move,) = await rows(empty, Transition.id)
    assert kept == ("MUNICIPAL", "RELATIVE", "B2020", OPENED, None, move.id)
    named = await rows(empty, Cause.place, Cause.cause, Cause.main, Cause.since, Cause.note)
    assert [row[:4] for row in named] == [
        (0, "SEVERE_ILLNESS", True, APPLIED), (1, "LAID_OFF", False, APPLIED), (2, "OTHER", False, APPLIED),
    ]  # fmt: skip
    assert [vault.open("causes.note", row.note) for row in named] == [None, None, "欠债"]
    events = await rows(empty, CauseEvent.cause_id, CauseEvent.change, CauseEvent.main, CauseEvent.effective_on)
    assert [row[1:] for row in events] == [("ADDED", main, APPLIED) for main in (True, False, False)]
    await told(empty, vault, tmp_path / "in", KEPT, LATER)
    assert len(await rows(empty, Recognition.id)) == 1
    assert len(await rows(empty, Cause.id)) == 3
    assert await rows(empty, Task.id) == []


@pytest.mark.parametrize(
    ("category", "opened_on", "kept"),
    [
        ("低保户", OPENED, ("DIBAO", "A2016")),
        ("辅助", OPENED, ("AUXILIARY", "A2016")),
        ("深度困难", dt.date(2018, 4, 1), ("DEEP", "B2020")),
        ("意外致困", dt.date(2018, 4, 1), ("ACCIDENTAL", "A2016")),
        ("意外致困", OPENED, ("ACCIDENTAL", "B2020")),
    ],
)
async def test_a_category_is_kept_with_the_method_that_knows_it(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, category: str, opened_on: dt.date, kept: tuple[str, str]
) -> None:
    home = {**KEPT, "category": category, "applied_on": "2018-03-01", "file_opened_on": opened_on.isoformat()}
    await told(empty, vault, tmp_path / "in", home)
    assert await rows(empty, Recognition.category, Recognition.method) == [kept]


@pytest.mark.parametrize("known", [False, True])
async def test_a_tier_that_pays_for_no_such_category_is_left_to_people(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, known: bool
) -> None:
    if known:
        await told(empty, vault, tmp_path / "in", {**HOME, "category": "辅助"})
    await told(empty, vault, tmp_path / "in", {**HOME, "category": "辅助", "tier": "全国级"}, LATER)
    assert await rows(empty, File.tier, File.category) == [(None, "AUXILIARY" if known else None)]
    ((_, detail),) = await rows(empty, Task.id, Task.detail)
    assert detail["respects"] == (["tier"] if known else ["category", "tier"])


async def test_what_it_says_otherwise_later_changes_nothing_and_is_told_once(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await told(empty, vault, tmp_path / "in", KEPT)
    before = await rows(empty, Cause.id, Cause.cause, Cause.main, Cause.version)
    otherwise = {**KEPT, "tier": "基层", "category": "深度困难", "causes": "子女上学"}
    for days in (30, 60):
        await told(empty, vault, tmp_path / "in", otherwise, NOW + dt.timedelta(days=days))
    assert await rows(empty, File.tier, File.category, File.version) == [("MUNICIPAL", "RELATIVE", 1)]
    assert await rows(empty, Cause.id, Cause.cause, Cause.main, Cause.version) == before
    assert len(await rows(empty, Recognition.id)) == 1
    ((_, kind, detail),) = await rows(empty, Task.id, Task.kind, Task.detail)
    assert (kind, detail["respects"]) == (TaskKind.REGISTER_DIFFERS, ["category", "causes", "tier"])


async def test_what_was_not_known_comes_in_when_it_is_told(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    await told(empty, vault, tmp_path / "in", {**HOME, "tier": "县级"})
    await told(empty, vault, tmp_path / "in", {**KEPT, "tier": "县级"}, LATER)
    assert await rows(empty, File.tier, File.category, File.version) == [("COUNTY", "RELATIVE", 2)]
    known = await rows(empty, Recognition.id, Recognition.tier, Recognition.category, Recognition.since)
    assert [row[1:] for row in known] == [("COUNTY", None, OPENED), ("COUNTY", "RELATIVE", LATER.date())]
    assert len(await rows(empty, Cause.id)) == 3
    acts = await rows(empty, AuditEvent.id, AuditEvent.action, AuditEvent.subject_type, AuditEvent.detail)
    ((household, file),) = await rows(empty, File.household_id, File.id)
    named = ("cause.added", "Cause", {"household": household})
    assert [row[1:] for row in acts if row.action != "register.taken_over"] == [
        ("file.kept_as_registered", "Household", {"file": file, "category": "RELATIVE"}), named, named, named,
    ], "each change of a file that was here"  # fmt: skip


async def test_more_causes_than_a_file_may_name_are_told_once(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    many = {**HOME, "causes": "因病、因灾、因学、失业、未参保"}
    for days in (0, 30):
        await told(empty, vault, tmp_path / "in", many, NOW + dt.timedelta(days=days))
        named = await rows(empty, Cause.place, Cause.cause, Cause.main)
        assert named == [(0, "SEVERE_ILLNESS", True), *[(n, named[n].cause, False) for n in (1, 2, 3)]]
        ((_, detail),) = await rows(empty, Task.id, Task.detail)
        assert detail["respects"] == ["causes"]


async def test_nothing_comes_into_a_file_that_was_closed_before(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    closed = {"file_closed_on": "2025-04-01"}
    await told(empty, vault, tmp_path / "in", {**HOME, **closed})
    await told(empty, vault, tmp_path / "in", {**KEPT, **closed}, LATER)
    assert await rows(empty, File.tier, File.category, File.version) == [(None, None, 1)]
    assert (await rows(empty, Cause.id), await rows(empty, Recognition.id)) == ([], [])
    await told(empty, vault, tmp_path / "in", KEPT, LATER + dt.timedelta(days=1))
    kept = await rows(empty, File.id, File.tier, File.category)
    assert [row[1:] for row in kept] == [(None, None), ("MUNICIPAL", "RELATIVE")], (
        "but into the one that is opened after"
    )
    assert {row.file_id for row in await rows(empty, Cause.id, Cause.file_id)} == {kept[1].id}


async def test_what_people_named_here_stays(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    await told(empty, vault, tmp_path / "in", HOME)
    ((household,),) = await rows(empty, File.household_id)
    async with transaction(empty) as connection:
        clerk = (await officers(connection, NOW))["clerk"]
        await causes.add(connection, vault, clerk, household, HardshipCause.ACCIDENT, OPENED, None, None, NOW)
    await told(empty, vault, tmp_path / "in", KEPT, LATER)
    assert await rows(empty, Cause.cause, Cause.main) == [("ACCIDENT", True)]
    ((_, detail),) = await rows(empty, Task.id, Task.detail)
    assert detail["respects"] == ["causes"]


@pytest.mark.parametrize("statement", ["UPDATE recognitions SET tier = 'COUNTY'", "DELETE FROM recognitions"])
async def test_f_37_what_a_file_was_is_only_added_to(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, statement: str
) -> None:
    await told(empty, vault, tmp_path / "in", KEPT)
    with pytest.raises(DBAPIError):
        async with transaction(empty) as connection:
            await connection.execute(text(statement))
