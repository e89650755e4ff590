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

from api import intake, sealing
from api.database import transaction
from api.domain.scans import ScanStatus
from api.matching import MatcherError, folders
from api.models import Authorisation, Enrolment, Feed, Household, Member, Payment
from api.sealing import Vault
from api.services import registers, scans
from matcher import pipeline
from tests.matcher.sources.test_batches import DECEMBER, JANUARY, send

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
NUMBER = "11010519491231002X"


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
    return await intake.take_over(engine, vault, where, data, None, NOW)


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
    async with transaction(empty) as connection:
        assert (await connection.execute(select(Household.version))).scalar_one() == 1, "nothing has changed"
    folder(where, members=[{"person_id": "P1", "household_id": "H1", "name": "王明", "id_number": NUMBER}])
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        rows = (await connection.execute(select(Member).order_by(Member.reference))).all()
        assert [vault.open("members.name", row.name) for row in rows] == ["王明", "李花"]
        assert [row.left_on for row in rows] == [None, NOW.date()], "who is no longer listed has left"
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
    assert (taken.enrolments, taken.payments) == (2, len(months)), "one is the file's own programme"
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
    assert (await take_over(empty, vault, where, tmp_path / "data")).enrolments == 3


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
        folders.lay_out(out, await scans.laid_out(connection, vault, order, tmp_path / "data", NOW), folders.link)
    came, went = folders.register(city), folders.register(out)
    assert went.households == came.households
    assert went.members == came.members
    assert sorted(map(repr, went.authorisations or [])) == sorted(map(repr, came.authorisations or []))
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
        folders.lay_out(
            out,
            await scans.laid_out(
                connection, vault, scans.Order(1, "000000", None, (), ScanStatus.RUNNING), tmp_path / "data", NOW
            ),
            folders.link,
        )
    (came,) = folders.department_feeds(where)
    (went,) = folders.department_feeds(out)
    assert (went.mapping, went.as_of, went.complete) == (came.mapping, came.as_of, came.complete)
    assert [path.read_bytes() for path in went.files] == [path.read_bytes() for path in came.files]


async def test_what_a_complete_aid_register_no_longer_holds_of_a_closed_file_is_gone_with_its_payments(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    paid = {"record_id": "A1", "name": "王小明", "id_number": NUMBER, "programme": "DIBAO", "amount_yuan": "100.00"}
    first = paid | {"start_month": "2024-01", "end_month": "2024-12"}
    closed = [
        {
            "household_id": "H1",
            "file_opened_on": "2024-02-09",
            "file_closed_on": "2026-01-01",
            "division_code": "410502",
        }
    ]
    two = [first, first | {"record_id": "A2", "programme": "TEMPORARY_AID"}]
    where = folder(tmp_path / "in", households=closed, aid=two)
    (where / "feeds.toml").write_text("[aid]\nas_of = 2024-12-31\ncomplete = true\n")
    assert (await take_over(empty, vault, where, tmp_path / "data")).payments == 24
    folder(where, households=closed, aid=[first | {"end_month": "2024-03"}])
    assert (await take_over(empty, vault, where, tmp_path / "data")).payments == 3
    async with transaction(empty) as connection:
        assert len((await connection.execute(select(Payment.id))).all()) == 3
        records = (
            await connection.execute(select(Enrolment.source_record).order_by(Enrolment.source_record))
        ).scalars()
        assert records.all() == ["A1"]
    folder(where, households=closed, aid=[first | {"record_id": "A3"}])
    (where / "feeds.toml").write_text("[aid]\nas_of = 2024-12-31\ncomplete = false\n")
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        records = (
            await connection.execute(select(Enrolment.source_record).order_by(Enrolment.source_record))
        ).scalars()
        assert records.all() == ["A1", "A3"], "absence from an incomplete register says nothing"


async def test_a_folder_that_says_nothing_of_consents_leaves_them(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    given = [{"person_id": "P1", "source": "ALL", "purpose": "家庭经济状况核对", "valid_from": "2024-01-01"}]
    where = folder(tmp_path / "in", authorisations=given)
    await take_over(empty, vault, where, tmp_path / "data")
    (where / "authorisations.csv").unlink()
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        assert len((await connection.execute(select(Authorisation.id))).all()) == 1


async def test_a_feed_that_is_to_be_read_otherwise_is_another_feed(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = folder(tmp_path / "in", vehicles=[{"name": "王小明", "id_number": NUMBER, "plate": "豫E12345"}])
    for mapping in ("", '[vehicles.columns]\nplate = "plate"\n', '[vehicles.columns]\nplate = "plate"\n'):
        (where / "feeds.toml").write_text(f"[vehicles]\nas_of = 2024-12-31\n{mapping}")
        await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        assert len((await connection.execute(select(Feed.id))).all()) == 2


async def test_another_key_is_refused_and_leaves_no_file_behind(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = folder(tmp_path / "in", vehicles=[{"name": "王小明", "id_number": NUMBER, "plate": "豫E12345"}])
    await take_over(empty, vault, where, tmp_path / "data")
    folder(where, vehicles=[{"name": "王小明", "id_number": NUMBER, "plate": "豫E54321"}])
    with pytest.raises(sealing.NotOurs):
        await take_over(empty, sealing.vault(sealing.new_key()), where, tmp_path / "data")
    assert len(list((tmp_path / "data" / "feeds").iterdir())) == 1


CAR = "记录编号,姓名,公民身份号码,车牌号,车辆类型,状态,注册日期"
CHANGED_CAR = f"变更类型,{CAR}"
CARS = (f"A1,王小明,{NUMBER},豫E12345,小型轿车,正常,20200506", f"A2,王小明,{NUMBER},豫E54321,小型轿车,正常,20200506")


def declaring_no_car(where: Path) -> Path:
    home = {
        "household_id": "H1",
        "applied_on": "2024-03-01",
        "file_opened_on": "2024-04-01",
        "declared_vehicles": "0",
    }
    adult = {"person_id": "P1", "household_id": "H1", "name": "王小明", "id_number": NUMBER, "relation": "HEAD"}
    allowed = {"person_id": "P1", "source": "ALL", "valid_from": "2024-01-01", "valid_to": "2026-01-01"}
    return folder(where, households=[home], members=[adult], authorisations=[allowed])


def corrections(where: Path) -> None:
    send(where, "2", "CHANGES", JANUARY, "删除,A2,,,,,,", header=CHANGED_CAR)


def found(where: Path, out: Path) -> list[tuple[Any, ...]]:
    """What a scan of the folder finds."""
    pipeline.scan(pipeline.ScanRequest(where, out, as_of=dt.date(2025, 3, 1)))
    findings = pl.read_parquet(out / "findings.parquet")
    return findings.select("finding_id", "evidence_hash", "amount_high_yuan").sort("finding_id").rows()


async def test_no_register_touches_what_was_granted_here(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    paid = {
        "name": "王小明",
        "id_number": NUMBER,
        "programme": "DIBAO",
        "amount_yuan": "100.00",
        "start_month": "2024-01",
    }
    where = folder(tmp_path / "in", aid=[paid | {"record_id": "A1"}])
    (where / "feeds.toml").write_text("[aid]\nas_of = 2024-12-31\ncomplete = true\n")
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        home = await connection.scalar(select(Household.id))
        terms = {
            "programme_code": "WINTER_WARMTH",
            "start_month": dt.date(2024, 2, 1),
            "end_month": dt.date(2024, 2, 1),
        }
        row = {"household_id": home, "source_record": "GRANT:7", "amount_fen": 500_00, **terms}
        granted = await connection.scalar(insert(Enrolment).values(**row).returning(Enrolment.id))
        month = {"month": dt.date(2024, 2, 1), "amount_fen": 500_00}
        await connection.execute(insert(Payment).values(enrolment_id=granted, **month))

    folder(where, aid=[paid | {"record_id": "GRANT:7", "amount_yuan": "1.00"}])
    await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        kept = (await connection.execute(select(Enrolment).where(Enrolment.source_record == "GRANT:7"))).one()
        others = await connection.scalars(select(Enrolment.source_record).where(Enrolment.id != granted))
        assert {*others} == {"FILE", "A1", "~GRANT:7"}, "a record that calls itself so is none of ours"
        paid_of_it = await connection.scalar(select(Payment.amount_fen).where(Payment.enrolment_id == granted))
    assert (kept.id, kept.programme_code, kept.amount_fen, paid_of_it) == (granted, "WINTER_WARMTH", 500_00, 500_00)


async def laid_out(engine: AsyncEngine, vault: Vault, data: Path, out: Path) -> Path:
    out.mkdir()
    async with transaction(engine) as connection:
        folders.lay_out(
            out,
            await scans.laid_out(
                connection, vault, scans.Order(1, "000000", None, (), ScanStatus.RUNNING), data, NOW
            ),
            folders.link,
        )
    return out


@pytest.mark.parametrize("at_once", [True, False])
async def test_batches_taken_over_at_once_or_one_by_one_are_scanned_as_the_folder_of_all_is(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, at_once: bool
) -> None:
    where = declaring_no_car(tmp_path / "all")
    send(where, "1", "FULL", DECEMBER, *CARS, header=CAR, rows_said=2)
    full = found(where, tmp_path / "full")
    corrections(where)
    expected = found(where, tmp_path / "out")
    assert expected
    assert not {row[0] for row in expected} & {row[0] for row in full}, "a lead of two cars is another than of one"
    if at_once:
        given = [where]
    else:
        given = [declaring_no_car(tmp_path / "first"), declaring_no_car(tmp_path / "second")]
        send(given[0], "1", "FULL", DECEMBER, *CARS, header=CAR, rows_said=2)
        corrections(given[1])
    for each in (*given, given[-1]):
        await take_over(empty, vault, each, tmp_path / "data")
    async with transaction(empty) as connection:
        assert len((await connection.execute(select(Feed.id))).all()) == len(given), (
            "the same batch again changes nothing"
        )
    ours = await laid_out(empty, vault, tmp_path / "data", tmp_path / "in")
    assert found(ours, tmp_path / "again") == expected
    (feed,) = folders.department_feeds(ours)
    assert (feed.as_of, feed.complete, feed.rows) == (JANUARY, True, 3)


async def test_a_batch_that_comes_again_changed_is_refused_and_nothing_has_changed(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = declaring_no_car(tmp_path / "in")
    send(where, "1", "FULL", DECEMBER, *CARS, header=CAR)
    await take_over(empty, vault, where, tmp_path / "data")
    send(where, "1", "FULL", DECEMBER, CARS[0], header=CAR)
    with pytest.raises(MatcherError, match="said otherwise then"):
        await take_over(empty, vault, where, tmp_path / "data")
    async with transaction(empty) as connection:
        assert len((await connection.execute(select(Feed.id))).all()) == 1


async def test_a_feed_without_batches_takes_the_place_of_those_before(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = declaring_no_car(tmp_path / "in")
    manifest = send(where, "1", "FULL", DECEMBER, *CARS, header=CAR, name="vehicles")
    await take_over(empty, vault, where, tmp_path / "data")
    manifest.unlink()
    (where / "feeds.toml").write_text("[vehicles]\nas_of = 2025-01-31\nanswers_due = 2025-02-10\n", encoding="utf-8")
    await take_over(empty, vault, where, tmp_path / "data")
    (feed,) = folders.department_feeds(await laid_out(empty, vault, tmp_path / "data", tmp_path / "out"))
    assert (feed.as_of, feed.complete, feed.mapping) == (JANUARY, False, {"answers_due": "2025-02-10"})


async def test_an_unsigned_batch_is_refused_where_a_key_is_known(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = declaring_no_car(tmp_path / "in")
    send(where, "1", "FULL", DECEMBER, *CARS, header=CAR)
    (tmp_path / "keys.toml").write_text(f'vehicles = "{"A" * 43}="\n', encoding="utf-8")
    with pytest.raises(MatcherError, match="not signed"):
        await intake.take_over(empty, vault, where, tmp_path / "data", None, NOW, tmp_path / "keys.toml")
