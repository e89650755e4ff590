"""Reviewers who want the same leads at the same time: each takes what is free, and every lead comes to have one holder."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain.errors import ReviewHeld
from api.domain.permissions import Role, Viewer
from api.models import AuditEvent, Finding, LeadHolder, table
from api.services import accounts, leads


@dataclass(frozen=True)
class Race:
    """What came of it: how many claims were made and refused, how long each took, and how long all of it."""

    made: int
    refused: int
    seconds: float
    each: Sequence[float]


async def reviewers(connection: AsyncConnection, count: int, now: dt.datetime) -> list[Viewer]:
    """So many reviewers of the city."""
    found = []
    for number in range(count):
        login = f"claimer-{number}"
        key = await accounts.add_user(connection, login, login, Role.REVIEWER, "410500", now)
        found.append(Viewer(key, login, login, Role.REVIEWER, "410500"))
    return found


async def raised(
    connection: AsyncConnection, household_id: int, scan_id: int, count: int, day: dt.date, name: str = "claimed"
) -> list[int]:
    """So many leads about a household, by their keys."""
    row = {
        "evidence_hash": "x", "rule_id": "H05", "rule_version": "1", "household_id": household_id, "severity": "LOW",
        "severity_rank": 1, "state": "OPEN", "evidence": [], "exceptions": [], "explanation_zh": "", "explanation_en": "",
        "first_scan_id": scan_id, "last_scan_id": scan_id, "raised_on": day, "version": 1,
    }  # fmt: skip
    rows = [{**row, "reference": f"{name}-{number}"} for number in range(count)]
    await connection.execute(insert(Finding), rows)
    theirs = select(Finding.id).where(Finding.reference.like(f"{name}-%")).order_by(Finding.id)
    return list((await connection.scalars(theirs)).all())


async def race(
    engine: AsyncEngine, who: Sequence[Viewer], wanted: Sequence[int], attempts: int, now: dt.datetime
) -> Race:
    """All reviewers at the same time ask for so many leads, one after the other, in an order of their own.

    With as many attempts as there are leads, times some, over reviewers, each lead is asked for by as many of them.
    """
    refused, each = 0, list[float]()

    async def work(place: int, viewer: Viewer) -> int:
        nonlocal refused
        chance, made = random.Random(place), 0
        mine = [wanted[(place * attempts + number) % len(wanted)] for number in range(attempts)]
        chance.shuffle(mine)
        for key in mine:
            began = time.perf_counter()
            try:
                async with transaction(engine) as connection:
                    await leads.claim(connection, viewer, key, 1, now)
                made += 1
            except ReviewHeld:
                refused += 1
            each.append(time.perf_counter() - began)
        return made

    began = time.perf_counter()
    made = sum(await asyncio.gather(*(work(place, viewer) for place, viewer in enumerate(who))))
    return Race(made, refused, time.perf_counter() - began, each)


async def held(connection: AsyncConnection) -> tuple[int, int, int]:
    """How many leads are held, by how many rows, and how many claims the audit tells of."""
    columns = table(LeadHolder).c
    counted = select(func.count(columns.finding_id.distinct()), func.count()).select_from(LeadHolder)
    different, rows = (await connection.execute(counted)).one()
    told = await connection.scalar(select(func.count()).where(AuditEvent.action == "finding.claimed"))
    return int(different), int(rows), int(told or 0)
