"""A schedule of scans that has asked for one, written as it is kept; for tests that walk all there is."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import Scan, ScanOccasion, ScanSchedule


async def scheduled(connection: AsyncConnection, division: str, user: int, now: dt.datetime) -> int:
    """Its key: each day at two, and the last was asked for late."""
    due = now - dt.timedelta(hours=5)
    row = {
        "division_code": division, "rules": [], "whole": False, "rhythm": "DAILY", "hour": 2, "sources": [], "state": "ACTIVE",
        "next_at": now, "feed_id": 0, "created_by": user, "created_at": due, "version": 1,
    }  # fmt: skip
    key = int((await connection.execute(insert(ScanSchedule).values(**row).returning(ScanSchedule.id))).scalar_one())
    scan = await connection.scalar(select(func.min(Scan.id)))
    occasion = {"schedule_id": key, "due_at": due, "asked_at": now, "missed": 2, "scan_id": scan}
    await connection.execute(insert(ScanOccasion).values(**occasion))
    return key
