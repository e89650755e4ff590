"""Scans through GraphQL: asked for once, carried out by a worker, followed while they run, honest when they fail."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, matching
from api import worker as work
from api.database import transaction
from api.models import Feed, Job, Link, Member, Scan
from api.services import scans
from api.work import scanning
from api.work.held import Held
from api.worker import Worker
from tests.api.conftest import Service

START = """
mutation ($input: StartScanInput!) {
  startScan(input: $input) { scan { id status division { code } asOf rules } userErrors { code path message } }
}"""
SCAN = """
query ($id: ID!) { scan(id: $id) {
  status asOf failure progress { stage done total } result { households persons links findings byRule { ruleId } }
} }"""


async def start(service: Service, by: str = "auditor", **given: Any) -> Any:
    answer = await service.data(START, {"input": {"idempotencyKey": "scan-0001"} | given}, by=by)
    return answer["startScan"]


async def state(service: Service, scan_id: str) -> Any:
    return (await service.data(SCAN, {"id": scan_id}, by="auditor"))["scan"]


async def test_a_scan_of_one_county_and_one_rule(service: Service) -> None:
    started = await start(service, divisionCode="410502", rules=["H05", "H05"], asOf="2024-12-31")
    assert started["userErrors"] == []
    assert started["scan"]["division"]["code"] == "410502"
    assert started["scan"]["rules"] == ["H05"]
    assert (await state(service, started["scan"]["id"]))["progress"] is None
    await service.work()
    done = await state(service, started["scan"]["id"])
    assert (done["status"], done["failure"], done["asOf"]) == ("SUCCEEDED", None, "2024-12-31")
    county = await service.data('{ households(filter: {divisionCode: "410502"}) { totalCount } }')
    assert done["result"]["households"] == county["households"]["totalCount"]
    assert {each["ruleId"] for each in done["result"]["byRule"]} <= {"H05"}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"divisionCode": "110000"}, "FORBIDDEN", ["input", "divisionCode"]),
        ({"divisionCode": "410000"}, "FORBIDDEN", ["input", "divisionCode"]),
        ({"divisionCode": "x"}, "FORBIDDEN", ["input", "divisionCode"]),
        ({"rules": ["H05", "X99"]}, "INVALID", ["input", "rules"]),
        ({"asOf": "2999-01-01"}, "INVALID", ["input", "asOf"]),
        ({"asOf": "1900-01-01"}, "INVALID", ["input", "asOf"]),
        ({"idempotencyKey": "x"}, "INVALID", ["input", "idempotencyKey"]),
    ],
)
async def test_what_cannot_be_scanned_is_said(
    service: Service, given: dict[str, Any], code: str, path: list[str]
) -> None:
    (error,) = (await start(service, **given))["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    async with transaction(service.engine) as connection:
        assert await jobs.waiting(connection) == 0


@pytest.mark.parametrize("by", ["caseworker", "reviewer", "department"])
async def test_not_everybody_starts_scans(service: Service, by: str) -> None:
    assert (await start(service, by=by))["userErrors"][0]["code"] == "FORBIDDEN"


async def test_asked_twice_it_is_one_scan_and_another_request_under_the_same_key_is_refused(service: Service) -> None:
    first, second = await asyncio.gather(start(service), start(service))
    assert first["scan"]["id"] == second["scan"]["id"]
    other = await start(service, rules=["H05"])
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    async with transaction(service.engine) as connection:
        assert await jobs.waiting(connection) == 1


OLD = "2024-11-01"
"""A day before the feeds were cut, on which authorisations that have ended since were in force."""

ALL_LINKS = "{ households(first: 100) { nodes { members { reference links(first: 60) { recordId probability } } } } }"


async def test_a_day_long_past_is_refused_with_the_earliest_that_is_not(service: Service) -> None:
    async with transaction(service.engine) as connection:
        cut = (await connection.execute(select(func.min(Feed.as_of)))).scalar_one()
    assert cut is not None
    earliest = cut - scans.MOST_BACK
    (error,) = (await start(service, asOf=str(earliest - dt.timedelta(days=1))))["userErrors"]
    assert str(earliest) in error["message"]
    assert (await start(service, asOf=str(earliest), idempotencyKey="scan-0002"))["userErrors"] == []


async def test_a_scan_of_an_old_day_looks_up_nobody_who_withdrew_or_did_not_sign(
    service: Service, city: Path
) -> None:
    unauthorised = set(pl.read_parquet(city / "truth_unauthorised.parquet").get_column("person_id"))
    signed = pl.read_parquet(city / "authorisations.parquet")
    ended = signed.filter(pl.col("person_id").is_in(unauthorised) & pl.col("withdrawn_on").is_null())
    never = unauthorised - set(ended.get_column("person_id"))
    assert never, "the city has such people"
    for number, day in enumerate((OLD, "2024-06-30", "2024-01-01")):
        assert (await start(service, asOf=day, idempotencyKey=f"scan-{number:04}"))["userErrors"] == []
    await service.work()
    async with transaction(service.engine) as connection:
        linked = select(Member.reference).join(Link, Link.member_id == Member.id)
        assert never.isdisjoint((await connection.execute(linked)).scalars())


async def all_leads(service: Service) -> list[dict[str, Any]]:
    """Every finding, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (
            await service.data(
                f"{{ findings(first: 100{after}) {{ nodes {{ reference version lastScan {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
            )
        )["findings"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = f', after: "{page["pageInfo"]["endCursor"]}"'


async def test_a_scan_of_an_old_day_is_never_the_latest(service: Service) -> None:
    """Neither what people are linked to nor the leads of the latest day change; the leads of that day are added."""
    before, raised = await service.data(ALL_LINKS), await all_leads(service)
    old = await start(service, asOf=OLD)
    await service.work()
    assert (await state(service, old["scan"]["id"]))["status"] == "SUCCEEDED"
    assert await service.data(ALL_LINKS) == before
    now = {each["reference"]: each for each in await all_leads(service)}
    assert [now[each["reference"]] for each in raised if each["reference"] in now] == raised
    new = await start(service, idempotencyKey="scan-0002")
    await service.work()
    assert (await state(service, new["scan"]["id"]))["status"] == "SUCCEEDED"
    latest = {each["lastScan"]["id"] for each in await all_leads(service)}
    assert new["scan"]["id"] in latest, "of two about the same day the later one is the latest"


async def test_its_folder_is_private_and_holds_no_register_once_it_is_done(service: Service) -> None:
    await start(service)
    await service.work()
    folder = max((service.data_dir / "scans").iterdir(), key=lambda path: int(path.name))
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["out"]


async def test_a_scan_that_the_matcher_refuses_fails_at_once_and_says_why(service: Service) -> None:
    async with transaction(service.engine) as connection:
        rows = (await connection.execute(select(Feed.folder).where(Feed.department_code == "vehicles"))).scalars()
        for folder in rows:
            for path in (service.data_dir / folder).iterdir():
                path.write_bytes(b"this is no Parquet")
    started = await start(service)
    await service.work()
    failed = await state(service, started["scan"]["id"])
    assert failed["status"] == "FAILED"
    assert "vehicles" in failed["failure"]
    assert failed["result"] is None
    assert [path.name for path in (service.data_dir / "scans").iterdir()] == ["1"], "its folder is gone"
    async with transaction(service.engine) as connection:
        (state_,) = (await connection.execute(select(Job.state).order_by(Job.id.desc()).limit(1))).scalars()
        assert state_ == jobs.JobState.GIVEN_UP


async def test_what_goes_wrong_otherwise_is_tried_again_and_then_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAUSE", dt.timedelta(0))
    shutil.rmtree(service.data_dir / "scans")
    (service.data_dir / "scans").write_text("no folder")
    started = await start(service)
    worker = Worker(service.engine, service.vault, service.data_dir)
    for _ in range(jobs.ATTEMPTS):
        assert (await state(service, started["scan"]["id"]))["status"] != "FAILED"
        assert await worker.step()
    failed = await state(service, started["scan"]["id"])
    assert (failed["status"], failed["failure"]) == ("FAILED", "NotADirectoryError")
    assert not await worker.step()


async def test_a_worker_that_dies_while_it_works_is_followed_by_another(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is stopped as by kill -9, in the middle of taking the links in; nothing is doubled or lost."""
    started = await start(service)
    async with transaction(service.engine) as connection:
        job = await jobs.lease(connection, "dying", [scans.JOB], dt.datetime.now(dt.UTC))
    assert job is not None
    tell = scans.tell

    async def until_ingestion(
        connection: AsyncConnection, scan_id: int, step: matching.Step, left: int | None, now: dt.datetime
    ) -> None:
        await tell(connection, scan_id, step, left, now)
        if step.stage == "ingest":
            raise asyncio.CancelledError

    monkeypatch.setattr(scans, "tell", until_ingestion)
    with pytest.raises(asyncio.CancelledError):
        await scanning.carry_out(Held(service.engine, service.vault, service.data_dir, "dying", job))
    monkeypatch.undo()
    assert (await state(service, started["scan"]["id"]))["status"] == "RUNNING"
    async with transaction(service.engine) as connection:
        await connection.execute(
            update(Job).where(Job.id == job.id).values(leased_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        )
    await service.work()
    done = await state(service, started["scan"]["id"])
    assert done["status"] == "SUCCEEDED"
    async with transaction(service.engine) as connection:
        counts = select(Link.scan_id, func.count()).group_by(Link.scan_id)
        links = {int(scan): int(number) for scan, number in await connection.execute(counts)}
        newest = (await connection.execute(select(func.max(Scan.id)))).scalar_one()
    assert links[newest] == int(done["result"]["links"])


async def test_a_job_that_every_worker_dies_of_is_given_up(service: Service) -> None:
    started = await start(service)
    async with transaction(service.engine) as connection:
        long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        dead = {"state": jobs.JobState.RUNNING, "attempts": jobs.ATTEMPTS, "worker": "dead", "leased_until": long_ago}
        await connection.execute(update(Job).where(Job.state == jobs.JobState.WAITING).values(**dead))
    await service.work()
    failed = await state(service, started["scan"]["id"])
    assert (failed["status"], failed["failure"]) == ("FAILED", "WorkersLost")


async def silent(step: matching.Step) -> None:
    """Nobody listens."""


async def test_a_slow_worker_that_lost_its_job_takes_nothing_in(service: Service) -> None:
    """The first pauses before it takes the links in; meanwhile another has leased the job and done it."""
    started = await start(service)
    async with transaction(service.engine) as connection:
        job = await jobs.lease(connection, "slow", [scans.JOB], dt.datetime.now(dt.UTC))
        assert job is not None
        order = await scans.begin(connection, job.subject, dt.datetime.now(dt.UTC))
        long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        await connection.execute(update(Job).where(Job.id == job.id).values(leased_until=long_ago))
    slow = Held(service.engine, service.vault, service.data_dir, "slow", job)
    await service.work()
    done = await state(service, started["scan"]["id"])
    with pytest.raises(jobs.LeaseLost):
        await scanning.take_in(slow, order, service.data_dir / "scans" / str(order.id) / "out", silent, {})
    await work.end(slow, RuntimeError("too late"))
    assert await state(service, started["scan"]["id"]) == done
    async with transaction(service.engine) as connection:
        counted = select(func.count()).select_from(Link).where(Link.scan_id == order.id)
        assert (await connection.execute(counted)).scalar_one() == int(done["result"]["links"])


async def test_a_worker_that_is_stopped_gives_its_job_back(service: Service) -> None:
    await start(service)
    worker = Worker(service.engine, service.vault, service.data_dir)
    working = asyncio.create_task(worker.run())
    while True:
        async with transaction(service.engine) as connection:
            (newest,) = (await connection.execute(select(Job.state).order_by(Job.id.desc()).limit(1))).scalars()
        if newest == jobs.JobState.RUNNING:
            break
        await asyncio.sleep(0.05)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Job.state, Job.attempts).order_by(Job.id.desc()).limit(1))).one()
    assert tuple(row) == (jobs.JobState.WAITING, 0)


async def test_a_worker_outlives_a_database_that_is_away(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "AWAY_SECONDS", 0.0)
    lease, away = jobs.lease, [True, True]

    async def sometimes(*arguments: Any) -> jobs.Leased | None:
        if away:
            away.pop()
            raise OSError("the connection was closed")
        return await lease(*arguments)

    monkeypatch.setattr(jobs, "lease", sometimes)
    started = await start(service)
    working = asyncio.create_task(Worker(service.engine, service.vault, service.data_dir).run())
    while (await state(service, started["scan"]["id"]))["status"] != "SUCCEEDED":
        assert not working.done()
        await asyncio.sleep(0.2)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_finished_scan_is_not_carried_out_again(service: Service) -> None:
    """A worker that died between finishing the scan and finishing the job."""
    started = await start(service)
    await service.work()
    before = await state(service, started["scan"]["id"])
    async with transaction(service.engine) as connection:
        await connection.execute(update(Job).values(state=jobs.JobState.WAITING))
    await service.work()
    assert await state(service, started["scan"]["id"]) == before
