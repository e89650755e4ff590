"""A scan is cancelled: whenever that is, its matcher stops, nothing that it wrote stays, and nobody ever sees half of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from api import jobs
from api.database import transaction
from api.domain.pace import Pace
from api.matching import Progress, Step
from api.models import AuditEvent, Finding, Job, Link, Scan
from api.work import scanning
from api.work.held import Held
from api.worker import Worker
from tests.api.conftest import Service
from tests.api.services.test_scans import start, state

CANCEL = """
mutation ($input: CancelScanInput!) {
  cancelScan(input: $input) { scan { id status finishedAt progress { stage } } userErrors { code path } auditId }
}"""
SEEN = """{ households(first: 100) { nodes { reference members { links(first: 60) { recordId } } } }
  findings(first: 100) { nodes { reference version state } } }"""


async def cancel(service: Service, scan_id: str, by: str = "auditor", key: str = "cancel-0001") -> Any:
    return (await service.data(CANCEL, {"input": {"idempotencyKey": key, "scanId": scan_id}}, by=by))["cancelScan"]


async def left(service: Service) -> tuple[list[str], int, int]:
    """The scans' folders, and how many links and findings there are of others than the first."""
    async with transaction(service.engine) as connection:
        links = select(func.count()).select_from(Link).where(Link.scan_id > 1)
        findings = select(func.count()).select_from(Finding).where(Finding.last_scan_id > 1)
        counts = [int((await connection.execute(each)).scalar_one()) for each in (links, findings)]
    return sorted(path.name for path in (service.data_dir / "scans").iterdir()), counts[0], counts[1]


async def test_one_that_waits_is_cancelled_and_never_begins(service: Service) -> None:
    scan = (await start(service))["scan"]["id"]
    done = await cancel(service, scan)
    assert (done["userErrors"], done["scan"]["status"], done["scan"]["progress"]) == ([], "CANCELLED", None)
    assert done["scan"]["finishedAt"] is not None
    await service.work()
    assert (await state(service, scan))["status"] == "CANCELLED"
    assert await left(service) == (["1"], 0, 0)
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action, AuditEvent.detail).order_by(AuditEvent.number.desc()).limit(1)
        act = (await connection.execute(acts)).one()
        assert (act.action, act.detail) == ("scan.cancelled", {"was": "QUEUED"})
        (last,) = (await connection.execute(select(Job.state).order_by(Job.id.desc()).limit(1))).scalars()
        assert last == jobs.JobState.DONE
    new = await start(service, idempotencyKey="scan-0002")
    assert new["scan"]["id"] != scan, "who asks again gets another"


@pytest.mark.parametrize("stage", ["match", "link", "ingest"])
async def test_one_that_runs_is_stopped_and_what_it_wrote_is_removed(
    service: Service, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Cancelled in the middle of a stage: also when the links are in the database already."""
    before = await service.data(SEEN)
    scan = (await start(service))["scan"]["id"]
    teller, cancelled = scanning._teller, list[Any]()

    def telling(held: Held, pace: Pace) -> Progress:
        told = teller(held, pace)

        async def tell(step: Step) -> None:
            await told(step)
            if step.stage.startswith(stage) and not cancelled:
                assert (await state(service, scan))["status"] == "RUNNING"
                cancelled.append(await cancel(service, scan))

        return tell

    monkeypatch.setattr(scanning, "_teller", telling)
    await service.work()
    assert [each["userErrors"] for each in cancelled] == [[]]
    ended = await state(service, scan)
    assert (ended["status"], ended["result"], ended["failure"]) == ("CANCELLED", None, None)
    assert await left(service) == (["1"], 0, 0)
    assert await service.data(SEEN) == before


async def test_a_matcher_that_tells_nothing_is_stopped_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "CANCELLED_SECONDS", 0.05)
    scan = (await start(service))["scan"]["id"]
    began, stopped = asyncio.Event(), asyncio.Event()

    async def silent(*_: Any) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    monkeypatch.setattr("api.matching.scan", silent)
    working = asyncio.create_task(Worker(service.engine, service.vault, service.data_dir).step())
    await began.wait()
    await cancel(service, scan)
    await working
    assert stopped.is_set()
    assert (await state(service, scan))["status"] == "CANCELLED"
    assert await left(service) == (["1"], 0, 0)


async def test_the_folder_of_one_whose_worker_had_died_is_removed_by_the_next(service: Service) -> None:
    scan = (await start(service))["scan"]["id"]
    (service.data_dir / "scans" / "2" / "out").mkdir(parents=True)
    await cancel(service, scan)
    await service.work()
    assert await left(service) == (["1"], 0, 0)


@pytest.mark.parametrize(
    ("by", "code"),
    [("reviewer", "FORBIDDEN"), ("caseworker", "FORBIDDEN"), ("elsewhere", "FORBIDDEN"), ("administrator", None)],
)
async def test_who_may_start_scans_there_may_cancel_them(service: Service, by: str, code: str | None) -> None:
    scan = (await start(service))["scan"]["id"]
    errors = (await cancel(service, scan, by=by))["userErrors"]
    assert [each["code"] for each in errors] == ([code] if code else [])


async def test_what_has_ended_is_not_cancelled_and_twice_asked_is_once(service: Service) -> None:
    scan = (await start(service))["scan"]["id"]
    first, same = await cancel(service, scan), await cancel(service, scan)
    assert first["auditId"] == same["auditId"]
    for other, code in ((scan, "INVALID"), ("0" * 32, "NOT_FOUND")):
        (error,) = (await cancel(service, other, key=f"cancel-{code}"))["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", "scanId"])
    async with transaction(service.engine) as connection:
        (done,) = service.vault.ids("Scan", [(await connection.execute(select(func.min(Scan.id)))).scalar_one()])
    assert (await cancel(service, done, key="cancel-0003"))["userErrors"][0]["code"] == "INVALID"
    assert (await state(service, done))["status"] == "SUCCEEDED"


async def test_a_scan_that_is_cancelled_while_it_succeeds_is_one_or_the_other(service: Service) -> None:
    scan = (await start(service))["scan"]["id"]

    async def by_and_by() -> Any:
        while (await state(service, scan))["progress"] is None or (await state(service, scan))["progress"][
            "stage"
        ] != "ingest":
            await asyncio.sleep(0.01)
        return await cancel(service, scan)

    asked = asyncio.create_task(by_and_by())
    working = asyncio.create_task(service.work())
    await working
    ended = await state(service, scan)
    if not asked.done():
        asked.cancel()
    folders, links, _ = await left(service)
    if ended["status"] == "CANCELLED":
        assert (folders, links) == (["1"], 0)
    else:
        assert (ended["status"], links) == ("SUCCEEDED", int(ended["result"]["links"]))
