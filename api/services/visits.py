"""Home visits: what was found at home is recorded as it was, and corrected by another record that names it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import casework, days
from api.domain.attachments import AttachmentKind
from api.domain.casework import Answer, TaskKind, VisitKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Attachment, HomeVisit, Household, Visitor, VisitPhoto
from api.sealing import Vault
from api.services import audit, cases, tasks
from api.services.cases import Held

MOST_VISITORS, MOST_PHOTOS = 10, 30

_VISIT = scope.narrow(
    select(HomeVisit.id, HomeVisit.household_id, HomeVisit.file_id).join(
        Household, Household.id == HomeVisit.household_id
    ),
    Household.division_code,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as somebody tells it: who went, whom they met, what they found, and the answers to three questions."""

    kind: VisitKind
    visited_on: dt.date
    visitors: Sequence[str]
    met: str
    findings: str
    income_changed: Answer
    causes_gone: Answer
    to_be_closed: Answer
    photos: Sequence[int] = ()


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    visit: Visit,
    now: dt.datetime,
) -> int:
    """A visit more; its key. Raises NotDone: a day to come, nobody who went, or a photograph that is not the household's."""
    household = await cases.held(connection, viewer, household_id)
    key = await _add(connection, vault, viewer, household, visit, now)
    await tasks.finish_all(connection, TaskKind.VISIT_DUE, household.id, now, viewer.user_id)
    return await _told(connection, viewer, "visit.recorded", key, household.id, {"kind": visit.kind}, now)


async def correct(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    visit_id: int | None,
    visit: Visit,
    reason: str,
    now: dt.datetime,
) -> int:
    """The visit as it really was, in the place of what was recorded, which stays; the new key. Raises NotDone."""
    found = await _found(connection, viewer, visit_id)
    household = await cases.held(connection, viewer, found.household_id)
    corrected = await connection.scalar(select(HomeVisit.id).where(HomeVisit.corrects_id == found.id))
    if corrected is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "visitId"),
            "该走访记录已被更正，请更正最新的一条。",
            "The visit has been corrected already: correct the latest record of it.",
        )
    why = vault.seal("home_visits.correction", casework.words(reason, "reason"))
    household = Held(household.id, household.division_code, found.file_id)
    key = await _add(connection, vault, viewer, household, visit, now, found.id, why)
    return await _told(connection, viewer, "visit.corrected", key, found.household_id, {"corrects": found.id}, now)


async def _found(connection: AsyncConnection, viewer: Viewer, visit_id: int | None) -> Row[int, int, int | None]:
    found = (await connection.execute(_VISIT.where(HomeVisit.id == visit_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "visitId"), "没有此走访记录。", "There is no such visit.")
    return found


async def _add(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household: Held,
    visit: Visit,
    now: dt.datetime,
    corrects: int | None = None,
    correction: bytes | None = None,
) -> int:
    casework.past(visit.visited_on, days.today(now), "visit.visitedOn")
    visitors = await _visitors(connection, household, visit.visitors)
    row = {
        "household_id": household.id,
        "file_id": household.file_id,
        "kind": visit.kind,
        "visited_on": visit.visited_on,
        "met": vault.seal("home_visits.met", casework.words(visit.met, "visit.met")),
        "findings": vault.seal("home_visits.findings", casework.words(visit.findings, "visit.findings")),
        "income_changed": visit.income_changed,
        "causes_gone": visit.causes_gone,
        "to_be_closed": visit.to_be_closed,
        "corrects_id": corrects,
        "correction": correction,
        "recorded_by": viewer.user_id,
        "recorded_at": now,
    }
    added = await connection.execute(insert(HomeVisit).values(**row).returning(HomeVisit.id))
    key = int(added.scalar_one())
    await connection.execute(insert(Visitor), [{"visit_id": key, "user_id": each} for each in visitors])
    if photos := await _photos(connection, household, visit.photos):
        await connection.execute(insert(VisitPhoto), [{"visit_id": key, "attachment_id": each} for each in photos])
    return key


async def _visitors(connection: AsyncConnection, household: Held, logins: Sequence[str]) -> list[int]:
    """Who went, by their keys. Raises NotDone."""
    if not 0 < len(logins) <= MOST_VISITORS:
        raise NotDone(
            UserErrorCode.REQUIRED if not logins else UserErrorCode.INVALID,
            ("input", "visit", "visitors"),
            f"请填写走访人员（1 至 {MOST_VISITORS} 人）。",
            f"Say who went: 1 to {MOST_VISITORS} people.",
        )
    return [await cases.colleague(connection, household, login, "visit.visitors") for login in dict.fromkeys(logins)]


async def _photos(connection: AsyncConnection, household: Held, given: Sequence[int]) -> list[int]:
    """The photographs, which are the household's. Raises NotDone."""
    photos = list(dict.fromkeys(given))
    if len(photos) > MOST_PHOTOS:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "visit", "photoIds"),
            f"照片最多 {MOST_PHOTOS} 张。",
            f"A visit has up to {MOST_PHOTOS} photographs.",
        )
    theirs = select(Attachment.id).where(
        Attachment.household_id == household.id,
        Attachment.kind == AttachmentKind.VISIT_PHOTO,
        Attachment.id.in_(photos),
    )
    if len((await connection.execute(theirs)).all()) < len(photos):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "visit", "photoIds"),
            "该户没有此走访照片。",
            "The household has no such photograph of a visit.",
        )
    return photos


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    detail: Mapping[str, str | int],
    now: dt.datetime,
) -> int:
    told = {"household": household_id, **detail}
    await audit.record(connection, viewer.user_id, action, ("HomeVisit", key), now, told)
    await outbox.append(connection, "household", household_id, now)
    return key
