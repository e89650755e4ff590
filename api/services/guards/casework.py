"""Nobody goes on public notice who was not visited, and nobody is out of hardship while a cause of it stands."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute, aliased

from api.domain import days
from api.domain.errors import NotDone, UserErrorCode
from api.matching import policy
from api.models import Cause, File, HomeVisit, Household
from api.services.guards.case import Case

_CORRECTION = aliased(HomeVisit)


def last_visit(household: int | InstrumentedAttribute[int]) -> ScalarSelect[dt.date]:
    """When a household was visited last: what another record corrects does not count."""
    corrected = select(_CORRECTION.id).where(_CORRECTION.corrects_id == HomeVisit.id).exists()
    latest = select(func.max(HomeVisit.visited_on)).where(HomeVisit.household_id == household, ~corrected)
    return latest.correlate(Household).scalar_subquery()


async def visited(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """The household was visited since it applied, and not so long ago that it says nothing any more."""
    today = days.today(now)
    valid = policy.whole("visit.valid_days", today, case.division_code)
    last = await connection.scalar(select(last_visit(case.household_id)))
    applied = await connection.scalar(select(File.applied_on).where(File.id == case.file_id))
    since = max(applied or dt.date.min, today - dt.timedelta(days=valid))
    if last is None or last < since:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            f"须先入户走访：申请之后、{valid} 天之内没有走访记录。",
            f"Visit the household first: since it applied there was no visit within {valid} days.",
        )


async def causes_resolved(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """The file names its causes, and every one of them is resolved; a file that names none tells nothing."""
    found = await connection.execute(
        select(func.count(Cause.id), func.count(Cause.resolved_on)).where(Cause.file_id == case.file_id)
    )
    named, resolved = found.one()
    if named == 0 or resolved < named:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            "致困原因尚未登记。" if named == 0 else f"尚有 {named - resolved} 项致困原因未消除。",
            "The file names no cause of hardship yet."
            if named == 0
            else f"{named - resolved} of the causes of hardship are not resolved.",
        )
