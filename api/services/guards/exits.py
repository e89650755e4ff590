"""What must hold before a household leaves a file, or comes back to one: looked at again on the day of the decision."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, true
from sqlalchemy import case as case_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.exits import ExitVerdict, ProposalState, Test
from api.domain.files import Closing
from api.domain.grants import GrantPeriod, GrantState
from api.domain.lifecycle import Action
from api.domain.people import MemberChangeKind
from api.loaders import incomes
from api.matching import income, policy
from api.models import Enrolment, File, Grant, Member, MemberChange, Proposal, Transition, table
from api.models.standing import goes_on
from api.services.guards.case import Case

E, G = table(Enrolment).c, table(Grant).c
MOST_MONTHS = 36
VERIFIED = (Action.RECORD, Action.REVERIFY)
"""By which moves an officer says who is in the household."""


async def proposed(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """Another officer proposed this very move for this file, and the decision was made for that proposal."""
    found = await _proposal(connection, case)
    if found is None:
        raise _not_proposed()
    if found.closing == Closing.DECEASED:
        await nobody_left(connection, case.household_id, case.file_id, days.today(now))


async def stated(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """The proposal carries the officer's statement."""
    found = await _proposal(connection, case)
    if found is None or not found.statement:
        raise _not_proposed()


async def six_months(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """家庭人均收入连续六个月超过当地低保标准: each month against its own line; one that is not known breaks the run."""
    family, today = await tested(connection, case, now), days.today(now)
    _due(family.graduation(today) if family else None, "超过", "above")


async def lifted(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """家庭人均生活水平达到当地低保标准: aid counted, at the line or above it, for the last months."""
    family, today = await tested(connection, case, now), days.today(now)
    _due(family.relief(today) if family else None, "达到", "at")


async def aid_ended(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """No grant has a month to come: a closed file is paid nothing, so that closing it would stop aid unheard (F-3).

    Whoever died alone is given no more.
    """
    going_on = aided(days.today(now)).where(G.household_id == case.household_id).limit(1)
    if await case.once("aided", lambda: connection.scalar(going_on)) is None:
        return
    found = await _proposal(connection, case)
    if found is None or found.closing != Closing.DECEASED:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            "该户尚有以后月份还要发放的救助；请先告知、听取意见并另行决定停发（proposeStop、decideStop），再关闭档案。",
            "Aid that was granted goes on after this month: it is stopped first (proposeStop, decideStop), after the "
            "household was told and heard; then the file is closed.",
        )


def aided(today: dt.date) -> Select[int]:
    """Households of which a grant has a month to come."""
    ended = case_((E.end_month < G.last_month, E.end_month), else_=G.last_month)
    last = case_((G.period == GrantPeriod.ONCE, G.first_month), else_=ended)
    found = select(G.household_id).join(Enrolment, E.id == G.enrolment_id)
    return found.where(G.state == GrantState.GRANTED, last > today.replace(day=1))


async def watched(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """The household left hardship, and not longer ago than it is watched: it comes back without a new application."""
    graduated = select(File.closed_on).where(File.id == case.file_id, File.closing == Closing.GRADUATED)
    left_on, today = await connection.scalar(graduated), days.today(now)
    months = policy.whole("watch.fall_back_months", today, case.division_code)
    if left_on is None or today > months_after(left_on, months):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "householdId"),
            f"只有脱困后 {months} 个月跟踪期内的家庭可直接恢复建档；逾期请重新申请。",
            f"Only within {months} months after leaving hardship does a household come back so; later it applies again.",
        )


async def nobody_left(connection: AsyncConnection, household_id: int, file_id: int | None, today: dt.date) -> None:
    """Nobody but the file's subject lives in the household, nor has since it was last verified.

    Raises NotDone: a family's aid does not stop with a death, and whoever died is not mixed up with whoever lives on.
    """
    subject = select(File.subject_member_id).where(File.id == file_id).scalar_subquery()
    others = select(func.count()).where(
        Member.household_id == household_id,
        or_(subject.is_(None), Member.id != subject),
        goes_on(today),
    )
    if (await connection.execute(others)).scalar_one():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "reason"),
            "该户尚有其他家庭成员，职工死亡不等于注销：请先将档案改由其他成员为主体（changeSubject），家庭救助继续。",
            "Others live in this household: a worker's death does not end its file. Put it in another member's name "
            "(changeSubject), and aid goes on.",
        )
    verified = select(func.max(Transition.happened_at)).where(
        Transition.household_id == household_id, Transition.action.in_(VERIFIED)
    )
    since = (await connection.execute(verified)).scalar_one()
    left = select(func.count()).where(
        MemberChange.household_id == household_id,
        MemberChange.kind.in_((MemberChangeKind.ENDED, MemberChangeKind.MOVED)),
        MemberChange.member_id.in_(select(Member.id).where(Member.left_on.is_not(None))),
        true() if since is None else MemberChange.happened_at >= since,
    )
    if (await connection.execute(left)).scalar_one():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "reason"),
            "自上次核实以来已有成员离开该户，无法确认去世的是否为现档案主体；请先按现有成员复核（reverifyFile）。",
            "Somebody has left this household since it was last verified, so that it is not sure who died: verify it "
            "with those who are in it now (reverifyFile) first.",
        )


async def tested(connection: AsyncConnection, case: Case, now: dt.datetime) -> incomes.Family | None:
    """The household with what is known of the months that are tested today."""
    run, months = incomes.running(connection, case.viewer), span(days.today(now))
    return await case.once("family", lambda: incomes.family(run, case.household_id, *months))


def span(as_of: dt.date) -> tuple[dt.date, dt.date]:
    """The months that a test of that day may look at, in whichever division."""
    last = income.first_day(as_of)
    return income.add_months(last, -MOST_MONTHS), last


def _not_proposed() -> NotDone:
    return NotDone(
        UserErrorCode.INVALID,
        ("input",),
        "须先由另一名工作人员提出，并附情况说明。",
        "Another officer has to propose it first, with a statement.",
    )


async def _proposal(connection: AsyncConnection, case: Case) -> Row[*tuple[Any, ...]] | None:
    """The proposal that the decision was made for; before there is one, that which waits for it."""
    of_this = select(Proposal.closing, Proposal.statement).where(
        Proposal.file_id == case.file_id, Proposal.action == case.action
    )
    which = Proposal.state == ProposalState.OPEN
    if case.decision_id is not None:
        which = Proposal.decision_id == case.decision_id

    async def read() -> Row[*tuple[Any, ...]] | None:
        return (await connection.execute(of_this.where(which))).one_or_none()

    return await case.once(("proposal", case.action), read)


def _due(test: Test | None, zh: str, en: str) -> None:
    if test is not None and test.verdict is ExitVerdict.EXIT_DUE:
        return
    count = len(test.months) if test is not None else 0
    if test is not None and test.verdict is ExitVerdict.NOT_ABOVE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input",),
            f"最近 {count} 个月中有月份家庭人均收入未{zh}当月低保标准。",
            f"In the last {count} months there is one without an income a head {en} the line of that month.",
        )
    gaps = len(test.missing) if test is not None else 0
    raise NotDone(
        UserErrorCode.INVALID,
        ("input",),
        f"最近 {count} 个月的收入尚不能确认（缺 {gaps} 项，见 exitAssessment）；不明不作为零，也不作为已{zh}。",
        f"The last {count} months are not all known ({gaps} things are missing, see exitAssessment): unknown is neither "
        f"zero nor {en} the line.",
    )
