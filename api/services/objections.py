"""An objection is taken down at any stage, and answered by another officer; what is late is told to the level above (F-32)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.database import skip_locked, stilled
from api.domain import accounts, days, objections
from api.domain.accounts import UserKind
from api.domain.casework import TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.objections import PROVED, Ground, ObjectionOutcome, ObjectionState, Objector
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import File, Household, Notice, Objection, User, table
from api.sealing import Vault
from api.services import audit, reviews, tasks

WORKING_DAYS = "objection.working_days"
BATCH = 200

F, H, N = (table(each).c for each in (File, Household, Notice))
OBJ = table(Objection).c

_HOUSEHOLD = scope.narrow(select(H.id, H.division_code, H.stage), H.division_code)
_OBJECTION = scope.narrow(
    select(OBJ.id, OBJ.household_id, OBJ.state, OBJ.version, OBJ.received_by, OBJ.finding_id, N.opened_by)
    .join(Household, H.id == OBJ.household_id)
    .outerjoin(Notice, N.id == OBJ.notice_id),
    H.division_code,
)


async def raise_objection(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    notice_id: int | None,
    objector: Objector,
    name: str | None,
    contact: str | None,
    grounds: Sequence[Ground],
    text: str,
    received_on: dt.date | None,
    now: dt.datetime,
    *,
    finding_id: int | None = None,
) -> int:
    """Adds an objection and the task to answer it; returns its key. Raises NotDone.

    From now on the household is neither recorded nor changed for the worse: its row is held, so that no move passes by.
    """
    today = days.today(now)
    received_on, name, contact = received_on or today, (name or "").strip() or None, (contact or "").strip() or None
    household = await _household(connection, viewer, _HOUSEHOLD.where(H.id == household_id))
    if household is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "householdId"), "没有此户。", "There is no such household.")
    objections.check(objector, name, contact, grounds, received_on, today)
    said = objections.words(text, "text")
    await _check_notice(connection, notice_id, household.id)
    last_file = select(func.max(F.id)).where(F.household_id == household.id)
    file_id = (await connection.execute(last_file)).scalar_one()
    due_on = workdays.add(received_on, policy.whole(WORKING_DAYS, received_on, household.division_code))
    added = await connection.execute(
        insert(Objection)
        .values(
            household_id=household.id,
            file_id=file_id,
            notice_id=notice_id,
            finding_id=finding_id,
            stage=household.stage,
            objector=objector,
            objector_name=vault.seal("objections.objector_name", name),
            objector_contact=vault.seal("objections.objector_contact", contact),
            grounds=list(dict.fromkeys(grounds)),
            text=vault.seal("objections.text", said),
            received_by=viewer.user_id,
            received_on=received_on,
            due_on=due_on,
            raised_at=now,
            state=ObjectionState.OPEN,
            version=1,
        )
        .returning(OBJ.id)
    )
    objection_id = int(added.scalar_one())
    await tasks.open_task(
        connection,
        TaskKind.OBJECTION_DUE,
        household.id,
        due_on,
        now,
        reference=_reference(objection_id),
        file_id=file_id,
        detail={"objection": objection_id},
    )
    detail = {"objection": objection_id, "objector": objector, "grounds": list(grounds), "due": str(due_on)}
    await audit.record(connection, viewer.user_id, "objection.raised", ("Household", household.id), now, detail)
    await outbox.append(connection, "objection", objection_id, now)
    return objection_id


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    objection_id: int | None,
    expected_version: int,
    outcome: ObjectionOutcome,
    text: str,
    now: dt.datetime,
) -> int:
    """A person who neither took the objection down nor opened the notice in question answers it; returns its key.

    Raises NotDone or Conflict. The household is held, as by whoever moves it.
    """
    of_objection = select(OBJ.household_id).where(OBJ.id == objection_id).scalar_subquery()
    await _household(connection, viewer, _HOUSEHOLD.where(H.id == of_objection))
    found = (await connection.execute(_OBJECTION.where(OBJ.id == objection_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "objectionId"), "没有此异议。", "There is no such objection."
        )
    accounts.unchanged(found.version, expected_version, "异议", "objection")
    if found.state != ObjectionState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "objectionId"), "该异议已答复。", "The objection has been answered."
        )
    kind = (await connection.execute(select(User.kind).where(User.id == viewer.user_id))).scalar_one()
    if viewer.user_id in (found.received_by, found.opened_by) or kind != UserKind.PERSON:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            (),
            "须由未受理该异议、也未发布该公示的另一名工作人员答复。",
            "Another officer answers than whoever took the objection down or opened the notice.",
        )
    written = objections.words(text, "answer")
    await connection.execute(
        update(Objection)
        .where(OBJ.id == found.id)
        .values(
            state=ObjectionState.ANSWERED,
            outcome=outcome,
            answer=vault.seal("objections.answer", written),
            answered_by=viewer.user_id,
            answered_by_kind=kind,
            answered_at=now,
            version=found.version + 1,
        )
    )
    await tasks.finish(connection, _reference(found.id), now, viewer.user_id)
    await tasks.finish(connection, _escalated(found.id), now, viewer.user_id)
    if found.finding_id is not None and outcome in PROVED:  # what was concluded of the lead is looked at anew
        await reviews.reopen(connection, vault, viewer, found.finding_id, text, now)
    detail = {"objection": found.id, "outcome": outcome}
    await audit.record(
        connection, viewer.user_id, "objection.answered", ("Household", found.household_id), now, detail
    )
    await outbox.append(connection, "objection", found.id, now)
    return int(found.id)


async def escalate(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """What was not answered in time is told once to the division above; it stays open. How many objections that were.

    Households that somebody holds wait for the next time: whoever moves one takes the locks in another order.
    """
    today = days.today(now)
    late = (
        select(OBJ.id, OBJ.household_id, OBJ.file_id, H.division_code)
        .join(Household, H.id == OBJ.household_id)
        .where(OBJ.state == ObjectionState.OPEN, OBJ.escalated_at.is_(None), OBJ.due_on < today)
        .order_by(OBJ.id)
        .limit(BATCH)
    )
    done = 0
    for row in (await connection.execute(skip_locked(late, connection))).all():
        waiting = update(Objection).where(
            OBJ.id == row.id, OBJ.state == ObjectionState.OPEN, OBJ.escalated_at.is_(None)
        )
        if not (await connection.execute(waiting.values(escalated_at=now, version=OBJ.version + 1))).rowcount:
            continue
        done += 1
        detail = {"objection": row.id, "escalated_to": int(objections.level_above(row.division_code))}
        await tasks.open_task(
            connection,
            TaskKind.OBJECTION_DUE,
            row.household_id,
            today,
            now,
            reference=_escalated(row.id),
            file_id=row.file_id,
            detail=detail,
        )
        await audit.record(connection, None, "objection.escalated", ("Household", row.household_id), now, detail)
        await outbox.append(connection, "objection", row.id, now)
    return done


async def _household(
    connection: AsyncConnection, viewer: Viewer, which: Select[*tuple[Any, ...]]
) -> Row[*tuple[Any, ...]] | None:
    """The household, held until the transaction ends; None where the viewer answers for none such.

    A scan that adds a lead of it, and holds those that it has, does not wait for whoever answers an objection to one of them.
    """
    return (await connection.execute(stilled(which, connection, table(Household)), scope.of(viewer))).one_or_none()


async def _check_notice(connection: AsyncConnection, notice_id: int | None, household_id: int) -> None:
    """Raises NotDone where a notice is named that is not this household's."""
    if notice_id is None:
        return
    owner = (await connection.execute(select(N.household_id).where(N.id == notice_id))).scalar_one_or_none()
    if owner != household_id:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "noticeId"), "没有此公示。", "There is no such notice.")


def _reference(objection_id: int) -> str:
    return f"objection:{objection_id}"


def _escalated(objection_id: int) -> str:
    return f"objection:{objection_id}:escalated"
