"""Schedules by which scans are asked for, each with the last that it asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, and_, func, select

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import ScanOccasion, ScanSchedule, User, table

N, S, U = (table(each).c for each in (ScanOccasion, ScanSchedule, User))
_OTHERS = table(ScanOccasion).alias("others").c
_LAST = (
    select(func.max(_OTHERS.due_at))
    .where(_OTHERS.schedule_id == S.id)
    .correlate(table(ScanSchedule))
    .scalar_subquery()
)
_SCHEDULES = scope.narrow(
    select(*S, U.display_name, N.due_at, N.asked_at, N.missed, N.scan_id)
    .join(User, U.id == S.created_by)
    .outerjoin(ScanOccasion, and_(N.schedule_id == S.id, N.due_at == _LAST)),
    S.division_code,
)
_BY_KEY = _SCHEDULES.where(among(S.id, "keys"))

LISTING = Listing(
    "scanSchedules",
    _SCHEDULES,
    S.id,
    {"division": in_division(S.division_code), "states": among(S.state, "states", String)},
    {"CREATED": By(S.id, int)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Schedules by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})
