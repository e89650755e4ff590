"""What another register tells otherwise than we have it: a task for people, and another one for whatever it tells anew."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api import workdays
from api.domain import days
from api.domain.casework import TaskKind
from api.matching import policy
from api.services import tasks

TERM = "change.working_days"
"""The parameter that says within how many working days it should be looked into."""

Told = Mapping[str, Collection[str]]
"""By what it is about, that by which one telling is known from another, and which gives nothing away."""


async def tell(
    connection: AsyncConnection,
    name: str,
    household_id: int,
    division_code: str,
    told: Told,
    detail: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """The task of a household of which this is told; `name` says by whom. The same told again is the same task."""
    today = days.today(now)
    words = " ".join(f"{what} {each}" for what in sorted(told) for each in sorted(told[what]))
    await tasks.open_task(
        connection,
        TaskKind.REGISTER_DIFFERS,
        household_id,
        workdays.add(today, policy.whole(TERM, today, division_code)),
        now,
        reference=f"{name}/{household_id}/{hashlib.sha256(words.encode()).hexdigest()[:16]}",
        detail=detail,
    )
