"""Scans that are asked for again and again: each occasion once, whoever looks and however late; and nothing when that has ended."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from api.database import transaction
from api.domain.days import CHINA
from api.domain.errors import NotDone
from api.domain.scan_schedules import ScanRhythm
from api.domain.scan_schedules import rhythm as rhythm_of
from api.models import AuditEvent, Feed, Job, Scan, ScanOccasion, table
from api.services import scan_schedules
from tests.api.conftest import Service

FIELDS = """scanSchedule { id version rhythm weekday dayOfMonth hour sources rules whole state nextAt division { code }
  lastRun { dueAt askedAt late missed } lastScan { status whole } } userErrors { code path }"""
SCHEDULE = f"mutation ($input: ScheduleScanInput!) {{ scheduleScan(input: $input) {{ {FIELDS} }} }}"
CHANGE = f"mutation ($input: ChangeScanScheduleInput!) {{ changeScanSchedule(input: $input) {{ {FIELDS} }} }}"
SWITCH = f"mutation ($input: SwitchScanScheduleInput!) {{ switchScanSchedule(input: $input) {{ {FIELDS} }} }}"
LISTED = """query ($states: [ScheduleState!]) { scanSchedules(filter: {states: $states}) { nodes {
  id version state nextAt createdBy lastRun { dueAt askedAt late missed } lastScan { status whole } } } }"""
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


async def schedule(service: Service, by: str = "auditor", key: str = "plan-0001", **given: Any) -> Any:
    told = {"idempotencyKey": key} | given
    return (await service.data(SCHEDULE, {"input": told}, by=by))["scheduleScan"]


async def switch(service: Service, made: Any, state: str, by: str = "auditor") -> Any:
    told = {"scanScheduleId": made["id"], "expectedVersion": made["version"], "state": state}
    told |= {"idempotencyKey": f"switch-{state}-{made['version']}"}
    return (await service.data(SWITCH, {"input": told}, by=by))["switchScanSchedule"]


async def listed(service: Service, *states: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(LISTED, {"states": [*states] or None}))["scanSchedules"][
        "nodes"
    ]
    return found


def moment(told: str) -> dt.datetime:
    return dt.datetime.fromisoformat(told).astimezone(dt.UTC)


async def looked(service: Service, now: dt.datetime) -> int:
    async with transaction(service.engine) as connection:
        return await scan_schedules.ask(connection, service.vault, now)


async def asked(service: Service) -> list[tuple[str, int]]:
    """The occasions, in China's time, and how many were missed before each."""
    async with transaction(service.engine) as connection:
        rows = await connection.execute(select(ScanOccasion).order_by(ScanOccasion.due_at))
        return [(f"{row.due_at.astimezone(CHINA):%Y-%m-%d %H}", row.missed) for row in rows]


async def test_each_occasion_has_one_scan_whichever_worker_looks_and_however_often(service: Service) -> None:
    given: dict[str, Any] = {"rhythm": "MONTHLY", "dayOfMonth": 31, "hour": 2, "rules": ["H05", "H05"], "whole": True}
    made = (await schedule(service, divisionCode="410502", **given))["scanSchedule"]
    assert (made["rules"], made["lastRun"], made["lastScan"]) == (["H05"], None, None)
    due = moment(made["nextAt"])
    assert dt.timedelta(0) < due - service.now() <= 31 * DAY
    assert await looked(service, due - HOUR) == 0
    assert sorted(await asyncio.gather(*(looked(service, due + HOUR / 4) for _ in range(4)))) == [0, 0, 0, 1]
    assert await looked(service, due + 5 * HOUR) == 0
    assert await asked(service) == [(f"{due.astimezone(CHINA):%Y-%m-%d} 02", 0)]
    (found,) = await listed(service)
    assert moment(found["nextAt"]) > due
    assert found["createdBy"] == "Auditor"
    assert moment(found["lastRun"]["dueAt"]) == due
    assert (found["lastRun"]["late"], found["lastRun"]["missed"]) == (False, 0)
    assert found["lastScan"] == {"status": "QUEUED", "whole": True}
    async with transaction(service.engine) as connection:
        newest = (await connection.execute(select(Scan).order_by(Scan.id.desc()).limit(1))).one()
        assert (newest.division_code, newest.rules) == ("410502", ["H05"])
        assert (await connection.execute(select(Job.subject).where(Job.subject == newest.id))).all()
        acts = select(AuditEvent.action, AuditEvent.user_id).where(AuditEvent.subject == newest.id)
        (act,) = (await connection.execute(acts.where(AuditEvent.action == "scan.requested"))).all()
        assert act.user_id is None, "nobody asked for it by hand"
        occasion = dict((await connection.execute(select(table(ScanOccasion)))).mappings().one())
    with pytest.raises(IntegrityError):  # nor does the database take a second of one occasion
        async with transaction(service.engine) as connection:
            await connection.execute(insert(ScanOccasion).values(**occasion))


async def test_what_was_missed_while_no_worker_ran_is_made_good_by_one_that_is_told_as_late(service: Service) -> None:
    made = (await schedule(service, rhythm="WEEKLY", weekday=1, hour=2))["scanSchedule"]
    first = moment(made["nextAt"])
    assert await looked(service, first + 24 * DAY) == 1
    last = first + 21 * DAY
    assert await asked(service) == [(f"{last.astimezone(CHINA):%Y-%m-%d} 02", 3)]
    (found,) = await listed(service)
    assert (found["lastRun"]["late"], found["lastRun"]["missed"]) == (True, 3)
    assert await looked(service, first + 27 * DAY) == 0
    assert await looked(service, first + 28 * DAY) == 1


async def test_two_schedules_that_ask_for_the_same_at_once_have_one_scan(service: Service) -> None:
    rhythms: list[dict[str, Any]] = [{"rhythm": "DAILY"}, {"rhythm": "WEEKLY", "weekday": 3}]
    for number, rhythm in enumerate(rhythms):
        assert (await schedule(service, key=f"plan-{number:04}", hour=3, **rhythm))["userErrors"] == []
    assert await looked(service, service.now() + 9 * DAY) == 2
    async with transaction(service.engine) as connection:
        scans = {*await connection.scalars(select(ScanOccasion.scan_id))}
    assert len(scans) == 1


async def test_after_each_batch_of_the_data_that_it_names_and_of_no_other(service: Service) -> None:
    given: dict[str, Any] = {"rhythm": "BATCH", "sources": ["vehicles", "tax", "tax"]}
    made = (await schedule(service, **given))["scanSchedule"]
    assert (made["sources"], made["nextAt"], made["hour"]) == (["tax", "vehicles"], None, None)
    assert await looked(service, service.now()) == 0, "what was there before is nobody's wish"

    async def comes(source: str, at: dt.datetime) -> None:
        async with transaction(service.engine) as connection:
            like = select(*table(Feed).c).where(Feed.department_code == source).limit(1)
            row = dict((await connection.execute(like)).mappings().one())
            newest = await connection.scalar(select(func.max(Feed.id))) or 0
            await connection.execute(insert(Feed).values(**row | {"id": newest + 1, "received_at": at}))

    now = service.now()
    await comes("medical", now)
    assert await looked(service, now) == 0
    await comes("tax", now + HOUR)
    await comes("vehicles", now + 2 * HOUR)
    assert await looked(service, now + 2 * HOUR) == 1, "one scan reads both"
    assert await looked(service, now + 9 * HOUR) == 0
    (found,) = await listed(service)
    assert (moment(found["lastRun"]["dueAt"]), found["lastRun"]["late"]) == (now + 2 * HOUR, False)


async def test_one_that_is_paused_makes_nothing_good_and_one_that_has_ended_asks_for_nothing(
    service: Service,
) -> None:
    made = (await schedule(service, rhythm="DAILY", hour=0))["scanSchedule"]
    paused = (await switch(service, made, "PAUSED"))["scanSchedule"]
    assert (paused["state"], paused["nextAt"]) == ("PAUSED", None)
    assert await looked(service, service.now() + 60 * DAY) == 0
    told = {"scanScheduleId": made["id"], "expectedVersion": 2, "rhythm": "DAILY", "hour": 5, "whole": True}
    changed = (await service.data(CHANGE, {"input": told | {"idempotencyKey": "change-0001"}}, by="auditor"))[
        "changeScanSchedule"
    ]["scanSchedule"]
    assert (changed["hour"], changed["whole"], changed["nextAt"]) == (5, True, None), "it stays paused"
    service.ahead = 10 * DAY
    active = (await switch(service, changed, "ACTIVE"))["scanSchedule"]
    assert moment(active["nextAt"]) > service.now()
    assert await looked(service, service.now()) == 0
    ended = (await switch(service, active, "ENDED"))["scanSchedule"]
    assert (ended["state"], ended["nextAt"]) == ("ENDED", None)
    assert await listed(service, "ACTIVE", "PAUSED") == []
    assert await looked(service, service.now() + 60 * DAY) == 0
    refused = await switch(service, ended, "ACTIVE")
    assert [each["code"] for each in refused["userErrors"]] == ["INVALID"]
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action).where(AuditEvent.subject_type == "ScanSchedule").order_by(AuditEvent.id)
        assert [each.removeprefix("scan_schedule.") for each in await connection.scalars(acts)] == [
            "made", "switched", "changed", "switched", "switched",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"rhythm": "DAILY"}, "INVALID", "hour"),
        ({"rhythm": "DAILY", "hour": 24}, "INVALID", "hour"),
        ({"rhythm": "DAILY", "hour": 2, "weekday": 1}, "INVALID", "weekday"),
        ({"rhythm": "WEEKLY", "hour": 2}, "INVALID", "weekday"),
        ({"rhythm": "WEEKLY", "hour": 2, "weekday": 8}, "INVALID", "weekday"),
        ({"rhythm": "MONTHLY", "hour": 2, "dayOfMonth": 32}, "INVALID", "dayOfMonth"),
        ({"rhythm": "BATCH"}, "INVALID", "sources"),
        ({"rhythm": "BATCH", "sources": ["tax"], "hour": 2}, "INVALID", "hour"),
        ({"rhythm": "BATCH", "sources": ["weather"]}, "NOT_FOUND", "sources"),
        ({"rhythm": "DAILY", "hour": 2, "rules": ["X99"]}, "INVALID", "rules"),
        ({"rhythm": "DAILY", "hour": 2, "divisionCode": "110000"}, "FORBIDDEN", "divisionCode"),
    ],
)
async def test_what_is_no_rhythm_and_what_may_not_be_scanned_is_refused_where_it_stands(
    service: Service, given: dict[str, Any], code: str, path: str
) -> None:
    (error,) = (await schedule(service, **given))["userErrors"]
    assert (error["code"], error["path"]) == (code, ["input", path])


def test_a_rhythm_that_is_told_amiss_is_told_what_it_takes() -> None:
    with pytest.raises(NotDone) as refused:
        rhythm_of(ScanRhythm.WEEKLY, None, None, 2, ())
    assert refused.value.path == ("input", "weekday")
    assert "WEEKLY by weekday + hour" in refused.value.en


@pytest.mark.parametrize("by", ["reviewer", "caseworker", "department"])
async def test_only_who_may_start_scans_makes_a_schedule_of_them(service: Service, by: str) -> None:
    (error,) = (await schedule(service, by=by, rhythm="DAILY", hour=2))["userErrors"]
    assert error["code"] == "FORBIDDEN"
