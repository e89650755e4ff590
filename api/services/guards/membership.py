"""When who is in a household, in whose name its file is and where it belongs stay as they are, until something is done first.

For steps that hold the household already: what is read here is read afterwards.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.stages import Stage
from api.models import File, Household, Member, table
from api.models.standing import stands
from api.services.guards import notices

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


async def may_leave(connection: AsyncConnection, household_id: int, member_id: int, now: dt.datetime) -> None:
    """The file that is not closed is neither in this member's name nor left with nobody, and no objection waits.

    Raises NotDone: a file is not ended by ending its members one by one (F-2).
    """
    today = days.today(now)
    file_id = await connection.scalar(select(F.id).where(F.household_id == household_id, F.closed_on.is_(None)))
    if file_id is None:
        return
    await notices.all_answered(connection, household_id)
    others = select(func.count()).where(M.household_id == household_id, M.id != member_id, stands(today))
    if not (await connection.execute(others)).scalar_one():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "personId"),
            "此人是该户最后一名成员，档案未结不得终止或迁移；请先撤回申请，或提议注销档案（deregisterFile）。",
            "The last one in a household with an open file does not leave it: withdraw the application, or propose to "
            "close the file (deregisterFile) first.",
        )
    named = await notices.applicant(connection, household_id, file_id, today)
    if named is not None and named.id == member_id:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "personId"),
            "此人是档案主体（未登记主体的为户主）；请先将档案改由其他成员为主体（changeSubject）。",
            "The file is in this person's name, or they are the head where it is in nobody's: put it in another "
            "member's name (changeSubject) first.",
        )
