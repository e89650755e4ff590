"""A notice can be made, it has been up for all its days, and nobody's objection waits for an answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.notices import TakenDown
from api.domain.objections import PROVED, ObjectionState
from api.domain.people import Relation
from api.models import File, Household, Member, Notice, Objection, Transition, table
from api.models.standing import stands
from api.services.guards.case import Case

F, H, M, N, T = (table(each).c for each in (File, Household, Member, Notice, Transition))
OBJ = table(Objection).c


async def applicant(
    connection: AsyncConnection, household_id: int, file_id: int | None, today: dt.date
) -> Row[*tuple[Any, ...]] | None:
    """In whose name the file is: whom it says, or the head of the household; None where nobody there is known to be it."""
    subject = select(F.subject_member_id).where(F.id == file_id).scalar_subquery()
    found = (
        select(M.id, M.name, M.id_number, M.birth_date, M.address)
        .where(M.household_id == household_id, stands(today), or_(M.id == subject, M.relation == Relation.HEAD))
        .order_by(case((M.id == subject, 0), else_=1), M.id)
        .limit(1)
    )
    return (await connection.execute(found)).one_or_none()


async def ready(connection: AsyncConnection, case_: Case, now: dt.datetime) -> None:
    """Whoever applies is known, and so is their age: a child is never named, and an unknown age is no adult's."""
    found = await applicant(connection, case_.household_id, case_.file_id, days.today(now))
    if found is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            "公示前须登记申请人（档案主体或户主）。",
            "Who applies, or is the head of the household, must be registered before a notice.",
        )
    if found.birth_date is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            "公示前须登记申请人的出生日期：未满十四周岁的不公示姓名，不详的不能视为成年。",
            "The applicant's birth date must be registered before a notice: no child is named, and an unknown age is no adult's.",
        )


async def over(connection: AsyncConnection, case_: Case, now: dt.datetime) -> None:
    """The notice by which this stage was entered has been up for all its days."""
    entered = and_(T.id == N.transition_id, T.number == H.transition_number)
    found = select(N.to_day, N.taken_down_because)
    found = found.join(Household, H.id == N.household_id).join(Transition, entered)
    notice = (await connection.execute(found.where(N.household_id == case_.household_id))).one_or_none()
    if notice is None or notice.taken_down_because == TakenDown.PROTECTED:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            "该户没有有效的公示；请退回审核后重新公示。",
            "The household has no notice that counts: return it to the review and publish it again.",
        )
    if days.today(now) <= notice.to_day:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            f"公示至 {notice.to_day} 止，期满后方可录入。",
            f"The notice is up until {notice.to_day}: the household is recorded after that day.",
        )


async def no_open_objection(connection: AsyncConnection, case_: Case, now: dt.datetime) -> None:
    """While an objection is open the household is not recorded, and nothing adverse happens (F-32)."""
    await all_answered(connection, case_.household_id)


async def all_answered(connection: AsyncConnection, household_id: int) -> None:
    """No objection about the household waits for its answer. Raises NotDone."""
    if await waiting(connection, household_id):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            "有异议尚未答复；答复之前不得进行此步骤。",
            "An objection has not been answered: this step waits until it is.",
        )


async def waiting(connection: AsyncConnection, household_id: int) -> list[str]:
    """The objections about a household that wait for an answer, such as `Objection:3`."""
    statement = (
        select(OBJ.id).where(OBJ.household_id == household_id, OBJ.state == ObjectionState.OPEN).order_by(OBJ.id)
    )
    return [f"Objection:{key}" for key in (await connection.scalars(statement)).all()]


async def no_objection(connection: AsyncConnection, case_: Case, now: dt.datetime) -> None:
    """None is open, and none has proved right since the notice was opened: that leads back to the review."""
    await no_open_objection(connection, case_, now)
    opened = select(func.max(N.opened_at)).where(N.household_id == case_.household_id).scalar_subquery()
    proved = select(func.count()).where(
        OBJ.household_id == case_.household_id, OBJ.outcome.in_(PROVED), OBJ.answered_at >= opened
    )
    if (await connection.execute(proved)).scalar_one():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            "公示期间有异议成立；请退回审核，核实后重新公示。",
            "An objection has proved right since the notice was opened: return the household to the review first.",
        )
