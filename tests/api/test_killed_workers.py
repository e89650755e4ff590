"""Workers of their own process, killed at any point of a scan on PostgreSQL: another goes on, and the end is the same, once (F-39)."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import subprocess
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api.database import transaction
from api.jobs import JobState
from api.models import AuditEvent, Finding, Job, Link, Scan
from tests.api import running
from tests.api.conftest import KEY, Service
from tests.api.running import Place
from tests.api.services.test_scans import start, state

PATIENCE_SECONDS = 300.0
SAME = ("member_id", "source", "record_id", "party", "probability", "weight_bits", "grade", "decision", "levels")

on_postgresql_alone = pytest.mark.parametrize("service", ["postgresql"], indirect=True)


def worker(service: Service) -> AbstractAsyncContextManager[subprocess.Popen[bytes]]:
    """A worker as an operator starts it, gone at the end however that is."""
    return running.worker(Place(service.url, service.data_dir, KEY))


async def killed(process: subprocess.Popen[bytes], service: Service) -> None:
    """Killed as by kill -9; and its lease runs out."""
    await running.killed(process)
    async with transaction(service.engine) as connection:
        long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        await connection.execute(update(Job).where(Job.state == JobState.RUNNING).values(leased_until=long_ago))


async def until(service: Service, scan: str, stages: tuple[str, ...]) -> Any:
    """The scan once it has reached one of these stages, or ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            now = await state(service, scan)
            stage = (now["progress"] or {"stage": ""})["stage"]
            if now["status"] not in ("QUEUED", "RUNNING") or (stages and stage.startswith(stages)):
                return now
            await asyncio.sleep(0.01)


async def all_done(service: Service) -> None:
    """No job waits or is at work any more."""
    open_jobs = select(Job.id).where(Job.state.in_((JobState.WAITING, JobState.RUNNING)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with transaction(service.engine) as connection:
                if (await connection.execute(open_jobs)).first() is None:
                    return
            await asyncio.sleep(0.05)


async def end_state(service: Service, scan: int) -> tuple[list[Any], list[Any]]:
    """What a scan linked, and every finding but for the scans that raised it."""
    async with transaction(service.engine) as connection:
        links = select(*(getattr(Link, name) for name in SAME)).where(Link.scan_id == scan)
        findings = select(Finding.reference, Finding.evidence_hash, Finding.state, Finding.version, Finding.evidence)
        return (
            sorted(map(repr, await connection.execute(links))),
            sorted(map(repr, await connection.execute(findings))),
        )


@on_postgresql_alone
@pytest.mark.parametrize("stage", ["prepare", "match", "link", "rules", "ingest"])
async def test_f39_a_worker_killed_in_any_stage_is_followed_by_another(service: Service, stage: str) -> None:
    expected = await end_state(service, 1)
    scan = (await start(service))["scan"]["id"]
    async with worker(service) as dying:
        await until(service, scan, ("link", "rules", "ingest") if stage == "rules" else (stage,))
        if stage == "rules":  # of which the matcher tells nothing
            await asyncio.sleep(0.5)
        await killed(dying, service)
    async with worker(service):
        done = await until(service, scan, ())
        await all_done(service)
    assert (done["status"], done["failure"]) == ("SUCCEEDED", None)
    assert await end_state(service, 2) == expected
    async with transaction(service.engine) as connection:
        (last,) = (await connection.execute(select(Job.state, Job.attempts).order_by(Job.id.desc()).limit(1))).all()
        assert last.state == JobState.DONE
        assert last.attempts <= 2
        leads = (await connection.execute(select(Scan.leads).where(Scan.id == 2))).scalar_one()
    assert leads == {"NEW": 0, "AGAIN": len(expected[1]), "CHANGED": 0, "WITHDRAWN": 0}


@on_postgresql_alone
async def test_f39_killed_twice_at_random_moments_it_is_done_once(service: Service) -> None:
    expected, chance = await end_state(service, 1), random.Random(39)
    scan = (await start(service))["scan"]["id"]
    for _ in range(2):
        async with worker(service) as dying:
            await until(service, scan, ("prepare", "match", "link", "ingest"))
            await asyncio.sleep(chance.uniform(0, 6))
            await killed(dying, service)
    async with worker(service):
        assert (await until(service, scan, ()))["status"] == "SUCCEEDED"
    assert await end_state(service, 2) == expected


@on_postgresql_alone
async def test_several_workers_share_scans_and_each_is_carried_out_by_one(service: Service) -> None:
    rules = ["H04", "H05", "H06", "P01"]
    scans = [(await start(service, idempotencyKey=f"scan-{rule}", rules=[rule]))["scan"]["id"] for rule in rules]
    async with worker(service), worker(service), worker(service):
        ended = [await until(service, scan, ()) for scan in scans]
        await all_done(service)
    assert [each["status"] for each in ended] == ["SUCCEEDED"] * len(rules)
    async with transaction(service.engine) as connection:
        attempts = select(Job.attempts).where(Job.state == JobState.DONE)
        assert set(await connection.scalars(attempts)) == {1}, "and none meets another in the database"
        ended_once = [
            *await connection.scalars(select(AuditEvent.subject).where(AuditEvent.action == "scan.succeeded"))
        ]
        assert len(ended_once) == len(set(ended_once)) == len(rules) + 1, "beside the city's own"
        counted = select(Link.scan_id, func.count()).group_by(Link.scan_id)
        assert len({count for _, count in await connection.execute(counted)}) == 1, "each has its links once"
