"""A folder taken over: every row becomes a row, twice is as good as once, and what goes back to the matcher is the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations, sealing
from api.database import transaction
from api.domain.scans import ScanStatus
from api.matching import MatcherError, folders
from api.models import Enrolment, Feed, Finding, Household, Member, Payment, Scan
from api.sealing import Vault
from api.services import registers, scans

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
NUMBER = "11010519491231002X"


@pytest.fixture
async def empty(engine: AsyncEngine) -> AsyncEngine:
    await migrations.upgrade(engine)
    return engine


@pytest.fixture
def vault() -> Vault:
    return sealing.vault(sealing.new_key())


def folder(where: Path, **tables: list[dict[str, Any]]) -> Path:
    """A small register: one household of two people, and whatever else is given."""
    where.mkdir(exist_ok=True)
    given: dict[str, list[dict[str, Any]]] = {
        "households": [
            {
                "household_id": "H1",
                "programme": "LIVING_SUBSIDY",
                "file_opened_on": "2024-02-09",
                "declared_monthly_income_yuan": "1234.50",
                "phone": "138 1234 5678",
                "division_code": "410502",
                "tier": "NATIONAL",
            }
        ],
        "members": [
            {
                "person_id": "P1",
                "household_id": "H1",
                "name": "王 小明",
                "id_number": NUMBER.lower(),
                "relation": "HEAD",
            },
            {"person_id": "P2", "household_id": "H1", "name": "李花", "id_number": "", "relation": "SPOUSE"},
        ],
    } | tables
    for name, rows in given.items():
        pl.DataFrame(rows, infer_schema_length=None).write_csv(where / f"{name}.csv")
    return where


async def take_over(engine: AsyncEngine, vault: Vault, where: Path, data: Path) -> registers.TakenOver:
    async with transaction(engine) as connection:
        return await registers.take_over(connection, vault, where, data, None, NOW)


async def test_every_row_becomes_a_row(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    taken = await take_over(empty, vault, folder(tmp_path / "in"), tmp_path / "data")
    assert (taken.households, taken.people, taken.division_code) == (1, 2, "410502")
    async with transaction(empty) as connection:
        household = (await connection.execute(select(Household))).one()
        assert household.declared_monthly_income_fen == 123_450
        assert household.declared_homes is None, "unknown is not zero"
        assert household.stage == "RECORDED"
        member = (await connection.execute(select(Member).where(Member.reference == "P1"))).one()
        assert vault.open("members.name", member.name) == "王 小明", "as it was written"
        assert member.name_index == vault.index("name", "王小明"), "found by its normal form"
        assert member.id_number_index == vault.index("id_number", NUMBER)
        other = (await connection.execute(select(Member).where(Member.reference == "P2"))).one()
        assert other.id_number_index is None, "two people without a number are never found together"


async def test_no_name_number_or_phone_stands_in_the_database(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in"), tmp_path / "data")
    async with transaction(empty) as connection:
        for table in ("households", "members", "enrolments", "audit_events"):
            kept = repr((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            for secret in ("小明", NUMBER[:17], "12345678", "\\xe5\\xb0\\x8f\\xe6\\x98\\x8e"):
                assert secret not in kept, table


async def test_taken_over_again_nothing_doubles_and_changes_come_in(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    vehicles = [{"name": "王小明", "id_number": NUMBER, "plate": "豫E12345"}]
    where = folder(tmp_path / "in", vehicles=vehicles)
    first = await take_over(empty, vault, where, tmp_path / "data")
    assert await take_over(empty, vault, where, tmp_path / "data") == first
    folder(where, members=[{"person_id": "P1", "household_id": "H1", "name": "王明", "id_number": NUMBER}])
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        rows = (await connection.execute(select(Member).order_by(Member.reference))).all()
        assert [vault.open("members.name", row.name) for row in rows] == ["王明", "李花"]
        assert len((await connection.execute(select(Household.id))).all()) == 1
        assert len((await connection.execute(select(Enrolment.id))).all()) == 1
        assert len((await connection.execute(select(Feed.id))).all()) == 1, "the same files are not sent again"


@pytest.mark.parametrize(
    ("start", "end", "amount", "months"),
    [
        ("2024-01", "2024-03", "100.00", ["2024-01", "2024-02", "2024-03"]),
        ("2024-11", "2025-02", "100.00", ["2024-11", "2024-12", "2025-01", "2025-02"]),
        ("2024-05", "2024-05", "3000.00", ["2024-05"]),
        ("2024-10", "", "100.00", ["2024-10", "2024-11", "2024-12"]),
        ("", "2024-03", "100.00", []),
        ("2024-01", "2024-03", "", []),
        ("2024-04", "2024-03", "100.00", []),
    ],
)
async def test_aid_paid_to_our_people_becomes_payments_of_the_months_that_are_known(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, start: str, end: str, amount: str, months: list[str]
) -> None:
    paid = {
        "record_id": "A1", "name": "王小明", "id_number": NUMBER, "programme": "低保", "agency": "民政局",
        "start_month": start, "end_month": end, "amount_yuan": amount,
    }  # fmt: skip
    strangers = paid | {"record_id": "A2", "id_number": "110105194912310038"}
    nobody = paid | {"record_id": "A3", "id_number": ""}
    where = folder(tmp_path / "in", aid=[paid, strangers, nobody])
    (where / "feeds.toml").write_text("[aid]\nas_of = 2024-12-31\ncomplete = true\n")
    taken = await take_over(empty, vault, where, tmp_path / "data")
    assert (taken.enrolments, taken.payments) == (1, len(months))
    async with transaction(empty) as connection:
        enrolment = (await connection.execute(select(Enrolment).where(Enrolment.source_record == "A1"))).one()
        assert (enrolment.programme_code, enrolment.agency) == ("DIBAO", "民政局")
        rows = (await connection.execute(select(Payment.month, Payment.amount_fen).order_by(Payment.month))).all()
        assert [f"{row.month:%Y-%m}" for row in rows] == months
        assert all(row.amount_fen == int(Decimal(amount) * 100) for row in rows)


async def test_two_records_under_one_number_are_both_kept(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    paid = {
        "record_id": "A1", "name": "王小明", "id_number": NUMBER, "programme": "DIBAO", "start_month": "2024-01",
        "end_month": "2024-01", "amount_yuan": "100.00",
    }  # fmt: skip
    where = folder(tmp_path / "in", aid=[paid, paid | {"programme": "TEMPORARY_AID"}])
    assert (await take_over(empty, vault, where, tmp_path / "data")).enrolments == 2


async def test_a_folder_that_cannot_be_read_changes_nothing(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    where = folder(tmp_path / "in", members=[{"person_id": "P1", "name": "王小明"}])
    with pytest.raises(MatcherError, match="household_id"):
        await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        assert (await connection.execute(select(Household.id))).all() == []


async def test_what_goes_back_to_the_matcher_is_what_came(
    empty: AsyncEngine, vault: Vault, city: Path, tmp_path: Path
) -> None:
    await take_over(empty, vault, city, tmp_path / "data")
    out = tmp_path / "out"
    out.mkdir()
    order = scans.Order(1, "000000", None, (), ScanStatus.RUNNING)
    async with transaction(empty) as connection:
        await scans.lay_out(connection, vault, order, tmp_path / "data", out)
    came, went = folders.register(city), folders.register(out)
    assert went.households == came.households
    assert went.members == came.members
    assert sorted(map(repr, went.authorisations)) == sorted(map(repr, came.authorisations))
    assert {(feed.source, feed.as_of, feed.complete, feed.rows) for feed in folders.department_feeds(out)} == {
        (feed.source, feed.as_of, feed.complete, feed.rows) for feed in folders.department_feeds(city)
    }


async def test_a_departments_own_layout_goes_with_its_files(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    where = folder(tmp_path / "in")
    (where / "jdc_2024.csv").write_text("车主,证件,状况\n王小明,11010519491231002X,在用\n", encoding="gb18030")
    (where / "feeds.toml").write_text(
        '[vehicles]\nfiles = ["jdc_2024*.csv"]\nencoding = "gb18030"\nas_of = 2024-12-31\n'
        '[vehicles.columns]\nname = "车主"\nid_number = "证件"\nstatus = "状况"\n'
        '[vehicles.values.status]\n"在用" = "ACTIVE"\n[vehicles.units]\nvalue_yuan = "万元"\n'
    )
    await take_over(empty, vault, where, tmp_path / "data")
    out = tmp_path / "out"
    out.mkdir()
    async with transaction(empty) as connection:
        await scans.lay_out(
            connection, vault, scans.Order(1, "000000", None, (), ScanStatus.RUNNING), tmp_path / "data", out
        )
    (came,) = folders.department_feeds(where)
    (went,) = folders.department_feeds(out)
    assert (went.mapping, went.as_of, went.complete) == (came.mapping, came.as_of, came.complete)
    assert [path.read_bytes() for path in went.files] == [path.read_bytes() for path in came.files]


async def test_leads_go_with_a_household_that_moves_to_another_county(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    """Made by hand: a finding about the household, then a register that says where it lives now."""
    where = folder(tmp_path / "in")
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        scan = {"status": "SUCCEEDED", "division_code": "410500", "rules": [], "created_at": NOW}
        await connection.execute(insert(Scan).values(**scan))
        household = (await connection.execute(select(Household.id))).scalar_one()
        lead = {
            "reference": "r", "evidence_hash": "e", "rule_id": "H05", "rule_version": "1", "household_id": household,
            "division_code": "410502", "severity": "LOW", "severity_rank": 1, "state": "OPEN", "evidence": [],
            "exceptions": [], "explanation_zh": "", "explanation_en": "", "first_scan_id": 1, "last_scan_id": 1,
            "raised_on": NOW.date(), "version": 1,
        }  # fmt: skip
        await connection.execute(insert(Finding).values(**lead))
    folder(where, households=[{"household_id": "H1", "division_code": "410581"}])
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        assert (await connection.execute(select(Finding.division_code))).scalar_one() == "410581"
