"""What departments' data say was asked before a household is published, where the policy of its division asks for it.

A round counts that an officer closed, whatever it concluded, and one that a department has kept waiting beyond its day: a
department's silence holds nobody up. What no consent allows to be asked is the business of consents.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.consent import NINE
from api.domain.errors import NotDone, UserErrorCode
from api.domain.lifecycle import Action
from api.domain.verifications import VerificationState
from api.matching import consents, policy
from api.models import Department, Transition, VerificationRequest, table
from api.services.guards.case import Case

D, R, T = (table(each).c for each in (Department, VerificationRequest, Transition))
BEFORE = {Action.PUBLISH: "verification.before_notice", Action.REVERIFY: "verification.before_reverification"}
"""By which parameter a move asks for a round: 1 where it does, 0 where it does not."""

LOOKED_AT = (Action.RECORD, Action.REVERIFY, Action.TAKE_OVER, Action.FALL_BACK, Action.REINSTATE)
"""Since when a household on file was not looked at: since the last of these."""


async def verified(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """Since it applied, or was looked at last, each of the nine kinds of data that departments keep was asked and told, or is late."""
    today = days.today(now)
    if not policy.whole(BEFORE[case.action], today, case.division_code):
        return
    begun = R.file_id == case.file_id
    if case.action is Action.REVERIFY:
        last = select(func.max(T.happened_at)).where(T.household_id == case.household_id, T.action.in_(LOOKED_AT))
        begun = or_(last.scalar_subquery().is_(None), R.requested_at >= last.scalar_subquery())
    done = or_(R.state == VerificationState.CLOSED, R.due_on < today)
    rounds = select(R.sources, R.state, R.due_on, done.label("done")).where(
        R.household_id == case.household_id, begun
    )
    found = (await connection.execute(rounds.order_by(R.id))).all()
    kept = set((await connection.scalars(select(D.code))).all()) & consents.sources() & set(NINE)
    lacking = kept.difference(*(row.sources for row in found if row.done))
    if not lacking:
        return
    waits = [row.due_on for row in found if not row.done]
    until = max(waits) if waits else None
    zh = (
        f"正在进行的一轮核对办结后，或答复期限（{until}）届满后即可继续。"
        if until
        else "请先发起核对（requestVerification）并办结。"
    )
    en = (
        f"Close the round that is open (closeVerification), or go on after {until}, when departments are late."
        if until
        else "Ask for a round (requestVerification) and close it."
    )
    names = "、".join(sorted(lacking))
    raise NotDone(
        UserErrorCode.REQUIRED,
        ("input",),
        f"须先核对家庭经济状况（{names}）。{zh}",
        f"Verify what departments' data say first ({names.replace('、', ', ')}). {en}",
    )
