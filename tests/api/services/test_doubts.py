"""Doubtful rows: back to the department that sent them, by a day, until a batch mends them or somebody there says that it is so."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
from typing import Any

import polars as pl
from sqlalchemy import select, update

from api import workdays
from api.database import reading, transaction
from api.domain import days
from api.domain import doubts as rules
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.matching import policy
from api.models import AuditEvent, DoubtfulKind, DoubtfulRow, OutboxEvent, Upload
from api.services import accounts, batches, doubts, organisations, retention
from api.services.organisations import Described
from api.worker import Worker
from matcher.quality.doubts import NO_FAULT
from tests.api.conftest import Service
from tests.api.sending import ERRORS, Parcel, begun, delivered, tus

HEADINGS = "记录编号,姓名,车牌号,登记日期\n"
ROW = """id source batch file row column columnZh reason reasonZh reasonEn adviceZh dueOn state overdue answer version
  answeredBy { login } organisation { code } upload { batch }"""
KINDS = "doubtfulKinds { reason reasonZh column columnZh lines listed open }"
DATE = "VALUE_NULLED:UNREADABLE_DATE"


def cars(*rows: str, change: bool = False) -> bytes:
    """Vehicles: each row is number of the record, name, plate, day of registration."""
    headings = HEADINGS.strip() + (",change\n" if change else "\n")
    return (headings + "".join(f"{row}\n" for row in rows)).encode()


FAULTY = Parcel(cars("1,甲,豫E1,前天", "2,乙,豫E2,2020-01-01", "3,丙,豫E3,很久", "4,丁"))


async def listed(service: Service, by: str = "department", **where: Any) -> list[dict[str, Any]]:
    """Doubtful rows as somebody sees them, by their row."""
    query = f"""query ($f: DoubtfulRowFilter) {{ doubtfulRows(filter: $f, first: 100, orderBy: [{{field: ROW, direction: ASC}}]) {{
        totalCount nodes {{ {ROW} }} }} }}"""
    told = (await service.data(query, {"f": where}, by=by))["doubtfulRows"]
    assert told["totalCount"] == len(told["nodes"])
    nodes: list[dict[str, Any]] = told["nodes"]
    return nodes


async def standing(service: Service) -> list[tuple[str, str, str | None, str]]:
    """Batch, row, column and state of each."""
    return [(each["batch"], each["row"], each["column"], each["state"]) for each in await listed(service)]


async def brought_long_ago(service: Service, days_ago: int = 40) -> None:
    """What is doubted was so for some time."""
    past = dt.timedelta(days=days_ago)
    async with transaction(service.engine) as connection:
        now = service.now()
        await connection.execute(
            update(DoubtfulRow).values(told_at=now - past, brought_at=now - past, due_on=days.today(now) - past)
        )


async def test_f_36_what_was_not_read_comes_back_as_the_rejects_say_and_without_a_value(service: Service) -> None:
    upload = await delivered(service, FAULTY)
    found = await listed(service)
    async with reading(service.engine) as connection:
        folder = (await connection.execute(select(Upload.folder))).scalar_one()
        kept = (await connection.execute(select(DoubtfulRow))).mappings().all()
    rejects = pl.read_parquet(service.data_dir / folder / batches.QUALITY / "rejects.parquet")
    asks = rejects.filter(~pl.col("reason").is_in(NO_FAULT))
    assert [(each["file"], int(each["row"]), each["column"]) for each in found] == asks.select(
        "file", "row_number", "column"
    ).rows()
    assert [each["reason"] for each in found] == [DATE, DATE, "ROW_SET_ASIDE:FIELDS"]
    first = found[0]
    assert (first["columnZh"], first["reasonZh"]) == ("注册日期", "日期读不出来，该值置空，行仍接收")
    assert first["adviceZh"] == "请写成 2024-03-14；不知道的留空。"
    today = days.today(service.now())
    due = workdays.add(today, policy.whole(doubts.MENDING_DAYS, today))
    assert {each["dueOn"] for each in found} == {due.isoformat()}
    assert {(each["state"], each["overdue"]) for each in found} == {("OPEN", False)}
    assert {(each["organisation"]["code"], each["upload"]["batch"]) for each in found} == {("police", "JDC-1")}
    for row in kept:
        told = " ".join(str(value) for name, value in row.items() if name != "digest")
        assert not any(value in told for value in ("前天", "很久", "甲", "豫E1")), "no value of the row"
    assert [row["digest"] is None for row in kept] == [False, False, True]
    told = await service.data(
        f"query ($id: ID!) {{ upload(id: $id) {{ {KINDS} }} }}", {"id": upload["id"]}, by="department"
    )
    assert [(each["reason"], each["column"], each["lines"], each["listed"], each["open"]) for each in told["upload"]["doubtfulKinds"]] == [
        (DATE, "registered_on", "2", 2, 2), ("ROW_SET_ASIDE:FIELDS", None, "1", 1, 1),
    ]  # fmt: skip


async def test_a_full_extract_mends_what_it_no_longer_brings_and_puts_off_no_day(service: Service) -> None:
    await delivered(service, FAULTY)
    await brought_long_ago(service)
    before = {each["id"]: each["dueOn"] for each in await listed(service, overdue=True)}
    assert len(before) == 3
    later = Parcel(
        cars("3,丙,豫E3,昨天", "1,甲,豫E1,2019-05-01", "9,戊,豫E9,前年", "7,庚"), batch="JDC-2", as_of="2025-01-31"
    )
    await delivered(service, later)
    found = {(each["batch"], each["row"]): each for each in await listed(service)}
    assert {place: each["state"] for place, each in found.items()} == {
        ("JDC-1", "1"): "CORRECTED",
        ("JDC-2", "1"): "OPEN",
        ("JDC-2", "3"): "OPEN",
        ("JDC-2", "4"): "OPEN",
    }
    again, nameless, new = found["JDC-2", "1"], found["JDC-2", "4"], found["JDC-2", "3"]
    assert before[again["id"]] == again["dueOn"], "the same record, the same fault, the same day"
    assert before[nameless["id"]] == nameless["dueOn"], "and as many rows without a name as there were"
    assert (again["overdue"], new["overdue"], new["id"] in before) == (True, False, False)
    await delivered(service, Parcel(cars("3,丙,豫E3,2021-01-01"), batch="JDC-3", as_of="2025-02-28"))
    assert {each["state"] for each in await listed(service)} == {"CORRECTED"}


async def test_changes_and_parts_mend_the_records_that_they_speak_of(service: Service) -> None:
    await delivered(service, FAULTY)
    orders = cars("1,甲,豫E1,2019-05-01,变更", change=True)
    await delivered(service, Parcel(orders, batch="JDC-2", kind="CHANGES", as_of="2025-01-31"))
    assert await standing(service) == [
        ("JDC-1", "1", "registered_on", "CORRECTED"),
        ("JDC-1", "3", "registered_on", "OPEN"),
        ("JDC-1", "4", None, "OPEN"),
    ]
    early = Parcel(cars("3,丙,豫E3,2020-02-02"), batch="JDC-3", kind="PARTIAL", as_of="2024-11-30")
    await delivered(service, early)
    assert [each[3] for each in await standing(service)] == ["CORRECTED", "OPEN", "OPEN"], (
        "what is older says nothing"
    )
    gone = cars("3,,,,删除", change=True)
    await delivered(service, Parcel(gone, batch="JDC-4", kind="CHANGES", as_of="2025-02-28"))
    assert [each[3] for each in await standing(service)] == ["CORRECTED", "CORRECTED", "OPEN"]
    anew = Parcel(
        cars("4,丁,豫E4,2020-01-01"), batch="JDC-5", kind="PARTIAL", as_of="2025-03-31", supersedes=("JDC-1",)
    )
    await delivered(service, anew)
    assert [each[3] for each in await standing(service)] == ["CORRECTED"] * 3, "its batch counts no more"


async def test_what_is_refused_or_comes_too_late_brings_nothing(service: Service) -> None:
    await delivered(service, Parcel(b"plate\nx\n", batch="JDC-9"))
    assert await listed(service) == []
    await delivered(service, Parcel(cars("1,甲,豫E1,2020-01-01")))
    late = await delivered(service, FAULTY.but(batch="JDC-0", as_of="2024-01-31"))
    assert (late["state"], await listed(service)) == ("ACCEPTED", [])
    told = await service.data(
        f"query ($id: ID!) {{ upload(id: $id) {{ {KINDS} }} }}", {"id": late["id"]}, by="department"
    )
    assert [(each["lines"], each["listed"]) for each in told["upload"]["doubtfulKinds"]] == [("2", 0), ("1", 0)]


CONFIRM = f"""mutation ($i: ConfirmDoubtfulRowInput!) {{ confirmDoubtfulRow(input: $i) {{
    row {{ {ROW} }} auditId {ERRORS} }} }}"""
CONFIRM_ALL = f"""mutation ($i: ConfirmDoubtfulRowsInput!) {{ confirmDoubtfulRows(input: $i) {{
    upload {{ {KINDS} }} {ERRORS} }} }}"""


async def test_a_person_of_the_department_says_that_it_is_so_and_that_stays(service: Service) -> None:
    await delivered(service, FAULTY)
    first, *_ = await listed(service)
    given = {
        "idempotencyKey": "confirm-1",
        "rowId": first["id"],
        "expectedVersion": 1,
        "answer": "登记簿上就是这样。",
    }
    done = (await service.data(CONFIRM, {"i": given}, by="department"))["confirmDoubtfulRow"]
    assert (done["userErrors"], done["row"]["state"], done["row"]["answer"]) == (
        [],
        "CONFIRMED",
        "登记簿上就是这样。",
    )
    assert done["row"]["answeredBy"] == {"login": "department"}
    assert (await service.data(CONFIRM, {"i": given}, by="department"))["confirmDoubtfulRow"] == done, "once"
    again = {**given, "idempotencyKey": "confirm-2"}
    codes: list[str] = []
    for asked, by in ((again, "department"), ({**again, "expectedVersion": 2}, "department"), (again, "reviewer")):
        told = await service.data(CONFIRM, {"i": {**asked, "idempotencyKey": f"again-{len(codes)}-key"}}, by=by)
        codes += [each["code"] for each in told["confirmDoubtfulRow"]["userErrors"]]
    assert codes == ["CONFLICT", "INVALID", "FORBIDDEN"]
    async with reading(service.engine) as connection:
        sealed = (
            await connection.execute(select(DoubtfulRow.answer).where(DoubtfulRow.answer.is_not(None)))
        ).scalar_one()
        told = (
            await connection.scalars(select(AuditEvent.detail).where(AuditEvent.action == "doubt.confirmed"))
        ).one()
    assert sealed is not None
    assert "登记簿".encode() not in sealed
    assert set(told) == {"upload", "source"}
    for by, answer in (("reviewer", "登记簿上就是这样。"), ("auditor", None)):
        seen = await listed(service, by=by, states=["CONFIRMED"])
        assert [each["answer"] for each in seen] == [answer]
    await delivered(service, FAULTY.but(batch="JDC-2", as_of="2025-01-31"))
    assert [each[3] for each in await standing(service)] == ["CONFIRMED", "OPEN", "OPEN"]
    assert {each["batch"] for each in await listed(service)} == {"JDC-2"}


async def test_all_of_a_kind_are_confirmed_at_once_as_many_as_were_seen(service: Service) -> None:
    upload = await delivered(service, FAULTY)
    kind = {"uploadId": upload["id"], "reason": DATE, "column": "registered_on", "answer": "原始登记即如此。"}

    async def confirmed(number: int, rows: int, **other: Any) -> Any:
        given = {"idempotencyKey": f"confirm-all-{number}", "expectedRows": rows, **kind, **other}
        return (await service.data(CONFIRM_ALL, {"i": given}, by="department"))["confirmDoubtfulRows"]

    for number, (rows, other, code) in enumerate(
        [(3, {}, "CONFLICT"), (2, {"column": "plate"}, "NOT_FOUND"), (2, {"answer": " "}, "REQUIRED")]
    ):
        assert [each["code"] for each in (await confirmed(number, rows, **other))["userErrors"]] == [code]
    done = await confirmed(9, 2)
    assert done["userErrors"] == []
    assert [each["open"] for each in done["upload"]["doubtfulKinds"]] == [0, 1]
    assert [each["state"] for each in await listed(service)] == ["CONFIRMED", "CONFIRMED", "OPEN"]
    whole = await confirmed(10, 1, reason="ROW_SET_ASIDE:FIELDS", column=None)
    assert whole["userErrors"] == []
    async with reading(service.engine) as connection:
        told = (
            await connection.scalars(select(AuditEvent.detail).where(AuditEvent.action == "doubt.kindConfirmed"))
        ).all()
    assert [each["rows"] for each in told] == [2, 1]


async def test_only_the_sender_and_who_reads_cases_there_see_them(service: Service) -> None:
    now = service.now()
    described = Described("县公安局", "County police", OrganisationKind.DEPARTMENT, "410502", ("vehicles",))
    async with transaction(service.engine) as connection:
        await organisations.save(connection, OPERATOR, described, now, code="county-police")
        await accounts.add_user(connection, "county", "County", Role.DEPARTMENT, "410502", now, "county-police")
        service.tokens = {**service.tokens, "county": await accounts.issue_token(connection, "county", 1, now)}
    upload = await delivered(service, FAULTY)
    (row, *_) = await listed(service)
    seen = {
        by: len(await listed(service, by=by)) for by in ("department", "county", "reviewer", "caseworker", "auditor")
    }
    assert seen == {"department": 3, "county": 0, "reviewer": 3, "caseworker": 3, "auditor": 3}
    refused = await service.ask("{ doubtfulRows { totalCount } }", by="administrator")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    query = f"query ($id: ID!) {{ upload(id: $id) {{ {KINDS} }} }}"
    assert (await service.data(query, {"id": upload["id"]}, by="administrator"))["upload"]["doubtfulKinds"] == []
    given = {"idempotencyKey": "county-confirms", "rowId": row["id"], "expectedVersion": 1, "answer": "x"}
    told = (await service.data(CONFIRM, {"i": given}, by="county"))["confirmDoubtfulRow"]
    assert [each["code"] for each in told["userErrors"]] == ["NOT_FOUND"]


async def test_of_a_flood_so_many_are_listed_and_all_are_counted(service: Service) -> None:
    many = rules.MOST_OF_A_KIND + 500
    flood = Parcel(cars(*(f"{number},甲,豫E{number},前天" for number in range(many)), "x"))
    await delivered(service, flood)
    async with reading(service.engine) as connection:
        kinds = (await connection.execute(select(DoubtfulKind.lines, DoubtfulKind.listed))).all()
        rows = (await connection.scalars(select(DoubtfulRow.row_number).order_by(DoubtfulRow.id))).all()
    assert sorted(tuple(each) for each in kinds) == [(1, 1), (many, rules.MOST_OF_A_KIND)]
    assert sorted(rows) == [*range(1, rules.MOST_OF_A_KIND + 1), many + 1]
    await delivered(service, flood.but(batch="JDC-2", as_of="2025-01-31"))
    async with reading(service.engine) as connection:
        assert len((await connection.scalars(select(DoubtfulRow.id))).all()) == rules.MOST_OF_A_KIND + 1


async def test_two_batches_that_are_checked_at_once_leave_each_doubt_once(service: Service) -> None:
    """The second is sifted anew, beside what the first has brought."""
    await delivered(service, FAULTY)
    for number in (2, 3):
        parcel = FAULTY.but(batch=f"JDC-{number}", as_of=f"2025-0{number}-28")
        upload = await begun(service, parcel)
        await tus(service, "PATCH", upload["url"], parcel.content, Upload_Offset="0")
    workers = [Worker(service.engine, service.vault, service.data_dir) for _ in range(2)]
    await asyncio.gather(*(worker.step() for worker in workers))
    await service.work()
    found = await listed(service)
    assert [(each["batch"], each["row"], each["state"]) for each in found] == [
        ("JDC-3", "1", "OPEN"), ("JDC-3", "3", "OPEN"), ("JDC-3", "4", "OPEN"),
    ]  # fmt: skip


async def test_what_was_sifted_beside_other_doubts_is_not_taken(service: Service) -> None:
    await delivered(service, FAULTY)
    async with transaction(service.engine) as connection:
        key = (await connection.execute(select(Upload.id))).scalar_one()
        sifted = rules.Sieve([]).found
        try:
            await doubts.bring(connection, key, sifted, frozenset({"JDC-1"}), frozenset(), service.now())
        except doubts.Stale:
            return
    raise AssertionError("three stand")


async def test_a_department_takes_its_list_with_it_and_no_cell_is_a_formula(service: Service) -> None:
    await delivered(service, FAULTY.but(name="=vehicles(1).csv"))
    start = "mutation ($i: StartExportInput!) { startExport(input: $i) { export { id } userErrors { code } } }"
    given = {
        "idempotencyKey": "doubts-export",
        "kind": "DOUBTFUL_ROWS",
        "format": "CSV",
        "doubtfulRows": {"columns": ["registered_on"]},
    }
    begun_one = (await service.data(start, {"i": given}, by="department"))["startExport"]
    assert begun_one["userErrors"] == []
    await service.work()
    query = "{ exports { nodes { status rows href requester { login } } } }"
    (export,) = (await service.data(query, by="department"))["exports"]["nodes"]
    assert (export["status"], export["rows"]) == ("SUCCEEDED", "2")
    answer = await service.client.get(
        export["href"], headers={"Authorization": f"Bearer {service.tokens['department']}"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["行 row"] for row in rows] == ["1", "3"]
    assert {row["文件 file"] for row in rows} == {"'=vehicles(1).csv"}
    assert any(heading.startswith("导出 export") for heading in rows[0])
    other = {**given, "idempotencyKey": "households-export", "kind": "HOUSEHOLDS"}
    del other["doubtfulRows"]
    told = (await service.data(start, {"i": other}, by="department"))["startExport"]
    assert [each["code"] for each in told["userErrors"]] == ["FORBIDDEN"]


async def test_f_26_doubts_go_when_the_time_of_their_batch_is_over(service: Service) -> None:
    await delivered(service, FAULTY)
    kept = policy.whole("retention.feed_days", service.now().date())
    for past, left in ((kept - 1, 3), (kept + 2, 0)):
        now = service.now() + dt.timedelta(days=past)
        await retention.run(service.engine, service.vault, service.data_dir, now, now.date(), dry=False)
        async with reading(service.engine) as connection:
            assert len((await connection.scalars(select(DoubtfulRow.id))).all()) == left
    async with reading(service.engine) as connection:
        assert len((await connection.scalars(select(DoubtfulKind.id))).all()) == 2, "in counts it is known"


async def test_a_webhook_is_told_of_the_batch_and_both_kinds_of_doubt_are_counted(service: Service) -> None:
    await delivered(service, FAULTY)
    await brought_long_ago(service)
    async with reading(service.engine) as connection:
        told = (await connection.scalars(select(OutboxEvent.subject).where(OutboxEvent.topic == doubts.TOPIC))).all()
        upload = (await connection.execute(select(Upload.id))).scalar_one()
    assert told == [upload]
    query = "{ doubts { source openRows overdueRows correctedRows confirmedRows openRecords overdueRecords } }"
    (counted,) = (await service.data(query, by="department"))["doubts"]
    assert counted == {
        "source": "vehicles", "openRows": 3, "overdueRows": 3, "correctedRows": 0, "confirmedRows": 0, "openRecords": 0,
        "overdueRecords": 0,
    }  # fmt: skip
