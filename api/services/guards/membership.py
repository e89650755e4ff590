"""When who is in a household, in whose name its file is and where it belongs stay as they are, until something is done first.

For steps that hold the household already: what is read here is read afterwards.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.lifecycle import Action
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import File, Household, Member, table
from api.services.guards import notices
from api.services.guards.case import Case

F, H, M = table(File).c, table(Household).c, table(Member).c


async def not_on_notice(connection: AsyncConnection, household_id: int) -> None:
    """The household is not on public notice: recorded is who was read there, and where. Raises NotDone."""
    stage = (await connection.execute(select(H.stage).where(H.id == household_id))).scalar_one()
    if stage == Stage.PUBLIC_NOTICE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            "该户正在公示，档案主体、家庭成员和所属区划不得变更；请先退回审核，变更后重新公示。",
            "The household is on public notice: in whose name its file is, who is in it and where it belongs do not "
            "change. Send it back to review first, and publish it again afterwards.",
        )


async def may_leave(
    connection: AsyncConnection, viewer: Viewer, household_id: int, member_id: int, now: dt.datetime
) -> None:
    """The file that is not closed is neither in this member's name nor left with nobody, and no objection waits.

    Raises NotDone: a file is not ended by ending its members one by one (F-2).
    """
    today = days.today(now)
    of_household = select(H.stage, H.division_code, F.id.label("file_id")).where(H.id == household_id)
    found = (
        await connection.execute(of_household.outerjoin(File, (F.household_id == H.id) & F.closed_on.is_(None)))
    ).one()
    if found.file_id is None:
        return
    case = Case(
        household_id, found.file_id, Stage(found.stage), found.division_code, Action.REPORT_CHANGE, viewer, None
    )
    await notices.no_open_objection(connection, case, now)
    others = select(func.count()).where(
        M.household_id == household_id,
        M.id != member_id,
        or_(M.valid_from.is_(None), M.valid_from <= today),
        or_(M.valid_to.is_(None), M.valid_to > today),
        or_(M.left_on.is_(None), M.left_on > today),
    )
    if not (await connection.execute(others)).scalar_one():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "personId"),
            "此人是该户最后一名成员，档案未结不得终止或迁移；请先撤回申请，或提议注销档案（deregisterFile）。",
            "The last one in a household with an open file does not leave it: withdraw the application, or propose to "
            "close the file (deregisterFile) first.",
        )
    named = await notices.applicant(connection, case, today)
    if named is not None and named.id == member_id:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "personId"),
            "此人是档案主体（未登记主体的为户主）；请先将档案改由其他成员为主体（changeSubject）。",
            "The file is in this person's name, or they are the head where it is in nobody's: put it in another "
            "member's name (changeSubject) first.",
        )
