"""A correction takes its leads back, with the reason, and tells whoever worked on them (F-11); less data takes back nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from api.database import transaction
from api.models import AuditEvent, Feed, Finding, OutboxEvent, Task
from api.services import watches
from tests.api.conftest import Service
from tests.api.services.test_reviews import given, review
from tests.api.services.test_scans import start

LEADS = """query ($rules: [String!]) { findings(filter: {rules: $rules}) { nodes {
  id reference state version withdrawals evidence { source recordId }
  withdrawal { because at } withdrawnBy { id } rule { id } } } }"""
MINE = """{ findings(filter: {withdrawn: true, reviewedByMe: true}) { nodes { reference } }
  scans(first: 1) { nodes { id leads { new again changed withdrawn } } } }"""


async def leads(service: Service, *rules: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(LEADS, {"rules": list(rules)}))["findings"]["nodes"]
    return sorted(found, key=lambda each: str(each["reference"]))


async def scan(service: Service, number: int, **asked: Any) -> dict[str, int]:
    """A scan carried out; what became of leads by it."""
    assert (await start(service, idempotencyKey=f"scan-{number:04}", **asked))["userErrors"] == []
    await service.work()
    page = await service.data("{ scans(first: 1) { nodes { status leads { new again changed withdrawn } } } }")
    (newest,) = page["scans"]["nodes"]
    assert newest["status"] == "SUCCEEDED"
    counts: dict[str, int] = newest["leads"]
    return counts


async def extract(service: Service, source: str) -> Path:
    """The file that a department sent."""
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Feed.folder, Feed.files).where(Feed.department_code == source))).one()
    return Path(service.data_dir / row.folder / row.files[0]["name"])


async def sent_without(service: Service, source: str, lead: dict[str, Any]) -> bytes:
    """The department's extract holds the lead's records no more; what it held before."""
    path = await extract(service, source)
    before = path.read_bytes()
    named = [each["recordId"] for each in lead["evidence"] if each["source"] == source]
    rest = pl.read_parquet(path).filter(~pl.col("record_id").is_in(named))
    path.unlink()  # an earlier scan's folder may hold the same file
    rest.write_parquet(path)
    return before


async def sent_of_another(service: Service, source: str, lead: dict[str, Any]) -> None:
    """The department's extract says that the lead's records are about somebody else."""
    path = await extract(service, source)
    named = [each["recordId"] for each in lead["evidence"] if each["source"] == source]
    rows, these = pl.read_parquet(path), pl.col("record_id").is_in(named)
    other = {"name": "欧阳无忌", "id_number": "110105199001012218", "birth_date": None, "phone": None}
    path.unlink()
    rows.with_columns(
        **{
            name: pl.when(these).then(pl.lit(value)).otherwise(pl.col(name)).cast(rows.schema[name])
            for name, value in other.items()
            if name in rows.columns
        }
    ).write_parquet(path)


async def test_f11_a_correction_withdraws_its_leads_with_a_reason_and_tells_who_worked_on_them(
    service: Service,
) -> None:
    closed, asked = await leads(service, "H05")
    assert (await review(service, given(closed)))["userErrors"] == []
    inquiry = given(asked, idempotencyKey="review-0002", outcome="NEEDS_INQUIRY")
    assert (await review(service, inquiry))["userErrors"] == []
    whole = await sent_without(service, "vehicles", closed)
    await sent_without(service, "vehicles", asked)

    narrower: list[dict[str, Any]] = [{"rules": ["H04"]}, {"divisionCode": "410502"}, {"asOf": "2024-12-01"}]
    for number, asked_less in enumerate(narrower):
        assert (await scan(service, number, **asked_less))["withdrawn"] == 0, "it asked less, or of an earlier day"
    async with transaction(service.engine) as connection:
        await connection.execute(update(Feed).where(Feed.department_code == "vehicles").values(complete=False))
    assert (await scan(service, 10))["withdrawn"] == 0, "the extract is no longer said to be complete"
    assert [each["state"] for each in await leads(service, "H05")] == ["CLOSED", "IN_INQUIRY"]

    async with transaction(service.engine) as connection:
        await connection.execute(update(Feed).where(Feed.department_code == "vehicles").values(complete=True))
    counts = await scan(service, 11)
    assert counts["withdrawn"] == 2
    assert counts["new"] == 0
    now = await leads(service, "H05")
    assert [each["state"] for each in now] == ["CLOSED", "WITHDRAWN"], "what somebody concluded stays"
    assert [each["withdrawal"]["because"] for each in now] == ["RECORD_GONE"] * 2
    mine = await service.data(MINE)
    assert sorted(each["reference"] for each in mine["findings"]["nodes"]) == [each["reference"] for each in now]
    assert {each["withdrawnBy"]["id"] for each in now} == {mine["scans"]["nodes"][0]["id"]}
    assert (await service.data(MINE, by="county-reviewer"))["findings"]["nodes"] == []
    async with transaction(service.engine) as connection:
        withdrawn = select(Finding.id).where(Finding.withdrawn_because.is_not(None)).order_by(Finding.id)
        keys = [*await connection.scalars(withdrawn)]
        acts = select(AuditEvent.subject, AuditEvent.detail).where(AuditEvent.action == "finding.withdrawn")
        assert {row.subject: row.detail["because"] for row in await connection.execute(acts)} == dict.fromkeys(
            keys, "RECORD_GONE"
        )
        told = select(OutboxEvent.subject).where(OutboxEvent.topic == "finding", OutboxEvent.subject.in_(keys))
        assert set(await connection.scalars(told)) == set(keys)
    refused = await review(service, given(now[1], idempotencyKey="review-0003"))
    assert [each["code"] for each in refused["userErrors"]] == ["INVALID"]

    assert (await scan(service, 12))["withdrawn"] == 0, "once"
    path = await extract(service, "vehicles")
    path.unlink()
    path.write_bytes(whole)
    counts = await scan(service, 13)
    assert (counts["new"], counts["withdrawn"]) == (0, 0)
    again = await leads(service, "H05")
    assert [each["state"] for each in again] == ["CLOSED", "IN_INQUIRY"], "on the same evidence as before"
    assert [each["withdrawal"] for each in again] == [None, None]
    assert [each["withdrawals"] for each in again] == [1, 1]


async def test_f11_its_tasks_end_with_it_and_begin_anew_when_it_is_raised_again(service: Service) -> None:
    async def asking() -> list[tuple[str, str | None]]:
        async with transaction(service.engine) as connection:
            await watches.remind(connection, service.vault, service.now())
            rows = select(Task.state, Task.detail).where(Task.reference.like("REGISTER_DIFFERS:P01:%"))
            return [
                (row.state, row.detail.get("because")) for row in await connection.execute(rows.order_by(Task.id))
            ]

    before = await asking()
    assert before, "somebody on file may have died"
    assert {state for state, _ in before} == {"OPEN"}
    found = await leads(service, "P01")
    whole = (await extract(service, "deaths")).read_bytes()
    for lead in found:
        await sent_of_another(service, "deaths", lead)
    assert (await scan(service, 1))["withdrawn"] >= len(found)
    assert await asking() == [("CANCELLED", "LEAD_WITHDRAWN")] * len(before)
    path = await extract(service, "deaths")
    path.unlink()
    path.write_bytes(whole)
    await scan(service, 2)
    assert [state for state, _ in await asking()] == ["CANCELLED"] * len(before) + ["OPEN"] * len(before)


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE findings SET state = 'WITHDRAWN'",
        "UPDATE findings SET withdrawn_because = 'RECORD_GONE', withdrawals = 1",
        "UPDATE findings SET state = 'WITHDRAWN', withdrawn_because = 'RECORD_GONE', withdrawn_scan_id = 1, "
        "withdrawn_at = '2026-01-01T00:00:00+00:00', withdrawn_from = 'OPEN'",
        "UPDATE findings SET state = 'WITHDRAWN', withdrawn_because = 'RECORD_GONE', withdrawn_scan_id = 1, "
        "withdrawn_at = '2026-01-01T00:00:00+00:00', withdrawals = 1",
        "UPDATE scans SET status = 'CANCELLED'",
        "UPDATE scans SET cancelled_by = (SELECT min(id) FROM users)",
    ],
)
async def test_f11_the_database_keeps_no_withdrawal_without_its_reason_nor_a_cancelling_by_nobody(
    service: Service, broken: str
) -> None:
    with pytest.raises(IntegrityError):
        async with transaction(service.engine) as connection:
            await connection.execute(text(broken))
