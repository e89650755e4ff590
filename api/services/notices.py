"""A household is put on public notice, and its notice taken down when its days are over or its reason is gone (F-30)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.domain import days
from api.domain.categories import HardshipCategory
from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import Tier
from api.domain.lifecycle import Action
from api.domain.notices import (
    OF_SOMEBODY,
    Noticed,
    NoticeForm,
    NoticePlace,
    NoticeState,
    ObjectionChannel,
    PublicNotice,
    TakenDown,
)
from api.domain.people import stands
from api.domain.permissions import Viewer
from api.loaders.notices import STANDS
from api.matching import identity, policy
from api.models import File, Household, Member, Notice, Organisation, Transition, table
from api.sealing import Vault
from api.services import audit, transition
from api.services.guards import notices as guard
from api.services.transition import Moved

WORKING_DAYS = "notice.working_days"
MOST_WORKING_DAYS = 60
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
BATCH = 200

F, H, M, N, T = (table(each).c for each in (File, Household, Member, Notice, Transition))
G = table(Organisation).c

_HOUSEHOLD = (
    select(
        H.division_code,
        H.address,
        F.tier,
        F.category,
        G.name_zh.label("keeper"),
        scope.protects_household(H.id).label("protected"),
    )
    .join(File, F.household_id == H.id)
    .outerjoin(Organisation, G.id == F.organisation_id)
)
_PEOPLE = select(M.name, M.former_name, M.valid_from, M.valid_to, M.left_on)


async def open_notice(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    places: Sequence[NoticePlace],
    channels: Sequence[ObjectionChannel],
    working_days: int | None,
    now: dt.datetime,
) -> int:
    """The household stands on PUBLIC_NOTICE, and its notice is up from today on; returns the notice's key.

    It is up for as many whole working days after today as are said, or as the parameter of that division says, which is
    the least. Raises Forbidden, Conflict or NotDone.
    """
    _check(places, channels)
    today = days.today(now)
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.PUBLISH, now, expected_version=expected_version
    )
    household = await _noticed(connection, vault, moved, today)
    last = workdays.add(today, _working_days(working_days, today, household.division_code))
    notice = PublicNotice.of(
        household,
        "GS-" + "".join(secrets.choice(LETTERS) for _ in range(7)),
        dict.fromkeys(places),
        dict.fromkeys(channels),
        today,
        last,
        identity.name,
    )
    published = dataclasses.asdict(notice)
    added = await connection.execute(
        insert(Notice)
        .values(
            **published | {"places": list(notice.places), "channels": list(notice.channels)},
            household_id=moved.household_id,
            file_id=moved.file_id,
            transition_id=moved.transition_id,
            digest=vault.digest("notices.digest", json.dumps(published, sort_keys=True, default=str)),
            state=NoticeState.OPEN,
            opened_by=viewer.user_id,
            opened_at=now,
            version=1,
        )
        .returning(N.id)
    )
    notice_id = int(added.scalar_one())
    detail = {"notice": notice_id, "form": notice.form, "from": str(today), "to": str(last)}
    await audit.record(connection, viewer.user_id, "notice.opened", ("Household", moved.household_id), now, detail)
    await outbox.append(connection, "notice", notice_id, now)
    return notice_id


def _check(places: Sequence[NoticePlace], channels: Sequence[ObjectionChannel]) -> None:
    if not places:
        raise NotDone(
            UserErrorCode.REQUIRED, ("input", "places"), "请选择公示地点。", "Say where the notice is put up."
        )
    if not channels:
        raise NotDone(
            UserErrorCode.REQUIRED, ("input", "channels"), "请选择异议受理方式。", "Say how somebody may object."
        )


def _working_days(given: int | None, today: dt.date, division_code: str) -> int:
    least = policy.whole(WORKING_DAYS, today, division_code)
    chosen = least if given is None else given
    if not least <= chosen <= MOST_WORKING_DAYS:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "workingDays"),
            f"公示期为 {least} 至 {MOST_WORKING_DAYS} 个工作日。",
            f"A notice is up for {least} to {MOST_WORKING_DAYS} working days.",
        )
    return chosen


async def _noticed(connection: AsyncConnection, vault: Vault, moved: Moved, today: dt.date) -> Noticed:
    """The household as the register has it on that day, opened; it goes no further than the notice's constructor."""
    of_file = _HOUSEHOLD.where(H.id == moved.household_id, F.id == moved.file_id)
    household = (await connection.execute(of_file, {"today": today})).one()
    applicant = await guard.applicant(connection, moved.household_id, moved.file_id, today)
    assert applicant is not None, "NOTICE_READY has seen one"
    people = (await connection.execute(_PEOPLE.where(M.household_id == moved.household_id))).all()
    names = [
        name
        for row in people
        for name in (vault.open("members.name", row.name), vault.open("members.former_name", row.former_name))
    ]
    address = vault.open("households.address", household.address) or vault.open("members.address", applicant.address)
    return Noticed(
        name=vault.open("members.name", applicant.name),
        id_number=vault.open("members.id_number", applicant.id_number),
        born=applicant.birth_date,
        address=address,
        division_code=household.division_code,
        names=tuple(name for name in names if name),
        people=sum(stands(row.valid_from, row.valid_to, row.left_on, today) for row in people),
        tier=Tier(household.tier) if household.tier else None,
        category=HardshipCategory(household.category) if household.category else None,
        keeper=household.keeper,
        protected=household.protected,
    )


async def take_down(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """What is no longer to be up is down, and says nothing of anybody any more; how many notices that were.

    Nobody saw them since: who reads checks the day, the stage and the protection for themselves (loaders/notices).
    """
    ended = N.to_day < days.today(now)
    left, protected = not_(STANDS), and_(N.form == NoticeForm.NAMED, scope.protects_household(H.id))
    because = case((ended, TakenDown.ENDED), (left, TakenDown.LEFT_STAGE), else_=TakenDown.PROTECTED)
    due = (
        select(N.id, N.household_id, because.label("because"))
        .join(Household, H.id == N.household_id)
        .join(Transition, T.id == N.transition_id)
        .where(N.state == NoticeState.OPEN, or_(ended, left, protected))
        .order_by(N.id)
        .limit(BATCH)
    )
    nothing: dict[str, Any] = dict.fromkeys(OF_SOMEBODY)
    done = 0
    for row in (await connection.execute(due, {"today": days.today(now)})).all():
        taken = update(Notice).where(N.id == row.id, N.state == NoticeState.OPEN)
        told = {"state": NoticeState.TAKEN_DOWN, "taken_down_at": now, "taken_down_because": row.because}
        if not (await connection.execute(taken.values(**nothing, **told, version=N.version + 1))).rowcount:
            continue
        done += 1
        detail = {"notice": row.id, "because": row.because}
        await audit.record(connection, None, "notice.taken_down", ("Household", row.household_id), now, detail)
        await outbox.append(connection, "notice", row.id, now)
    return done
