"""The contact officer of a household (联系制度): one at a time, and whoever it was stays known."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox
from api.domain import casework, days
from api.domain.casework import TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import ContactOfficer
from api.services import audit, cases, tasks


async def assign(
    connection: AsyncConnection,
    viewer: Viewer,
    household_id: int | None,
    login: str | None,
    since: dt.date | None,
    now: dt.datetime,
) -> int:
    """The person of this login is the household's contact officer from this day on, or nobody is; the household's key.

    Where nobody is, a task says so. Raises NotDone: a day to come, or before that of the officer whom this one follows.
    """
    household = await cases.held(connection, viewer, household_id)
    on = casework.past(since or days.today(now), days.today(now), "since")
    officer = None if login is None else await cases.colleague(connection, household, login, "officer")
    last = await connection.execute(
        select(ContactOfficer.id, ContactOfficer.user_id, ContactOfficer.since, ContactOfficer.until)
        .where(ContactOfficer.household_id == household.id)
        .order_by(ContactOfficer.id.desc())
        .limit(1)
    )
    before = last.one_or_none()
    current = before is not None and before.until is None
    if (before.user_id if before is not None and current else None) == officer:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "officer"),
            "该户联系人未变。",
            "That is who the household's contact officer is already.",
        )
    if before is not None and on < (before.until or before.since):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "since"),
            "不能早于前任联系人的起止日期。",
            "An officer follows the one before, not earlier.",
        )
    if before is not None and current:
        await connection.execute(update(ContactOfficer).where(ContactOfficer.id == before.id).values(until=on))
    if officer is not None:
        row = {"household_id": household.id, "user_id": officer, "since": on}
        await connection.execute(insert(ContactOfficer).values(**row, assigned_by=viewer.user_id, assigned_at=now))
        await tasks.finish_all(connection, TaskKind.OFFICER_MISSING, household.id, now, viewer.user_id)
    elif household.file_id is not None:
        reference = f"{TaskKind.OFFICER_MISSING}:{household.id}:{on.isoformat()}"
        await tasks.open_task(
            connection,
            TaskKind.OFFICER_MISSING,
            household.id,
            days.today(now),
            now,
            reference=reference,
            file_id=household.file_id,
        )
    detail = {"officer": officer, "since": on.isoformat()}
    await audit.record(connection, viewer.user_id, "officer.assigned", ("Household", household.id), now, detail)
    await outbox.append(connection, "household", household.id, now)
    return household.id
