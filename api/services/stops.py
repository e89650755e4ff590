"""Aid is stopped, reduced or recovered: proposed by one officer, decided by another, and only with all that stands before (F-3).

No finding is read here, and nothing that a register tells: neither a lead nor a death that matched stops aid (F-5).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import accounts, casework, days, stops
from api.domain.accounts import UserKind
from api.domain.casework import ReferralState
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.objections import ObjectionState
from api.domain.permissions import Viewer
from api.domain.recoveries import RecoveryCause
from api.domain.stops import Standing, StopKind, StopState
from api.loaders import effects, incomes
from api.loaders.effects import Asked, Effect
from api.models import (
    AidNotice,
    Claim,
    Enrolment,
    Grant,
    Household,
    Objection,
    Payment,
    Recovery,
    Referral,
    Stop,
    StopProposal,
    User,
)
from api.sealing import Vault
from api.services import audit, cases, decisions, recoveries

_PROPOSAL = scope.narrow(
    select(StopProposal, Household.division_code).join(Household, Household.id == StopProposal.household_id),
    Household.division_code,
)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Asking:
    """What is proposed: of a stop its first month, of a reduction what a period is then, of a recovery the sum and its months."""

    kind: StopKind
    from_month: dt.date
    to_month: dt.date | None = None
    amount_fen: int | None = None
    cause: RecoveryCause | None = None


async def previewed(
    run: incomes.Run, grant_id: int | None, asking: Asking, today: dt.date
) -> tuple[Any, Effect] | None:
    """The grant, and what the change would come to; None where the viewer sees no such grant. Raises NotDone."""
    found = await effects.grant(run, grant_id or 0)
    if found is None:
        return None
    checked = await _checked(run, found, asking, today)
    return found, await effects.effect(run, found, _asked(checked), today)


async def propose(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    grant_id: int | None,
    asking: Asking,
    statement: str,
    now: dt.datetime,
) -> int:
    """A proposal that waits: the household is told of it next; its key. It changes nothing. Raises NotDone."""
    await cases.hold(connection, viewer, select(Grant.household_id).where(Grant.id == grant_id).scalar_subquery())
    run = incomes.running(connection, viewer)
    found = await effects.grant(run, grant_id or 0)
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "grantId"), "没有此项救助。", "There is no such grant.")
    checked = await _checked(run, found, asking, days.today(now))
    waiting = select(StopProposal.id).where(
        StopProposal.grant_id == found.id, StopProposal.state == StopState.PROPOSED
    )
    if await connection.scalar(waiting) is not None:
        raise _invalid("grantId", "此项救助已有一项待决定的提议。", "A proposal for this grant waits already.")
    if checked.kind is StopKind.RECOVER_AID:
        await _not_twice(connection, run, found, checked)
    added = await connection.execute(
        insert(StopProposal)
        .values(
            household_id=found.household_id,
            file_id=found.file_id,
            grant_id=found.id,
            kind=checked.kind,
            from_month=checked.from_month,
            to_month=checked.to_month,
            amount_fen=checked.amount_fen,
            cause=checked.cause,
            statement=vault.seal("stop_proposals.statement", casework.words(statement, "statement")),
            proposed_by=viewer.user_id,
            proposed_at=now,
            state=StopState.PROPOSED,
            version=1,
        )
        .returning(StopProposal.id)
    )
    key = int(added.scalar_one())
    return await _told(connection, viewer, "stop.proposed", key, found.household_id, found.id, checked.kind, now)


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The proposal is given up, by whoever proposed it or another officer; its key. Raises NotDone."""
    found = await waiting(connection, viewer, proposal_id, expected_version)
    sealed = vault.seal("stop_proposals.closing", decisions.checked_reason(reason))
    mine = found.proposed_by == viewer.user_id
    state = StopState.WITHDRAWN if mine else StopState.REJECTED
    closed = {"state": state, "closing": sealed, "closed_by": viewer.user_id, "version": found.version + 1}
    await connection.execute(update(StopProposal).where(StopProposal.id == found.id).values(**closed))
    action, of = f"stop.{state.lower()}", (found.household_id, found.grant_id)
    return await _told(connection, viewer, action, found.id, *of, StopKind(found.kind), now)


async def decide(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    reason: str,
    document_no: str | None,
    referral_id: int | None,
    now: dt.datetime,
) -> int:
    """What was proposed is decided and done, its effect reckoned once more; the proposal's key.

    Raises StopHeld for what is missing before, and NotDone.
    """
    found, today = await waiting(connection, viewer, proposal_id, expected_version), days.today(now)
    run = incomes.running(connection, viewer)
    grant = await effects.grant(run, found.grant_id)
    assert grant is not None, "its household is held"
    asking = Asking(
        StopKind(found.kind), found.from_month, found.to_month, found.amount_fen or None,
        RecoveryCause(found.cause) if found.cause else None,
    )  # fmt: skip
    await _not_paid_yet(connection, grant, asking, today)
    effect = await effects.effect(run, grant, _asked(asking), today)
    notice = (await connection.execute(select(AidNotice).where(AidNotice.proposal_id == found.id))).one_or_none()
    referral = await _referral(connection, found.household_id, referral_id)
    await _check(connection, viewer, found, notice, effect, referral, reason, today)
    decision_id = await decisions.decide(
        connection,
        vault,
        viewer,
        found.household_id,
        found.file_id,
        asking.kind,
        reason,
        now,
        proposed_by=found.proposed_by,
        document_no=document_no,
        evidence=[f"StopProposal:{found.id}"],
    )
    assert notice is not None
    last_month = months_after(found.from_month, -1)
    added = await connection.execute(
        insert(Stop)
        .values(
            household_id=found.household_id,
            proposal_id=found.id,
            grant_id=found.grant_id,
            enrolment_id=grant.enrolment_id,
            kind=found.kind,
            from_month=found.from_month,
            last_month=last_month,
            amount_fen=found.amount_fen,
            notice_id=notice.id,
            delivered_on=notice.delivered_on,
            working_days=notice.working_days,
            wait_until=notice.wait_until,
            answered_on=notice.answered_on,
            proposed_by=found.proposed_by,
            decided_by=viewer.user_id,
            decision_id=decision_id,
            decided_on=today,
            floor=effect.floor,
            left_fen=effect.left.head.low,
            line_fen=effect.line,
            referral_id=referral.id if referral is not None else None,
            created_at=now,
        )
        .returning(Stop.id)
    )
    stop_id = int(added.scalar_one())
    if asking.kind is StopKind.STOP_AID:
        released = delete(Claim).where(Claim.grant_id == found.grant_id, Claim.month >= found.from_month)
        await connection.execute(released)
        ended = update(Enrolment).where(Enrolment.id == grant.enrolment_id)
        await connection.execute(ended.values(end_month=last_month))
    if asking.kind is StopKind.RECOVER_AID:
        assert asking.cause is not None
        await recoveries.begin(connection, vault, viewer, found, stop_id, asking.cause, reason, now)
    decided = update(StopProposal).where(StopProposal.id == found.id)
    await connection.execute(decided.values(state=StopState.DECIDED, version=found.version + 1))
    of = (found.household_id, found.grant_id)
    return await _told(connection, viewer, "stop.decided", found.id, *of, asking.kind, now, decision_id)


async def waiting(
    connection: AsyncConnection, viewer: Viewer, proposal_id: int | None, expected_version: int
) -> Found:
    """The proposal that nobody has decided, as it is once its household is held. Raises NotDone."""
    of = select(StopProposal.household_id).where(StopProposal.id == proposal_id).scalar_subquery()
    await cases.hold(connection, viewer, of)
    statement = _PROPOSAL.where(StopProposal.id == proposal_id)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "proposalId"), "没有此提议。", "There is no such proposal.")
    accounts.unchanged(found.version, expected_version, "提议", "proposal")
    if found.state != StopState.PROPOSED:
        raise _invalid("proposalId", "该提议已有结果。", "The proposal has been decided or given up.")
    return found


async def _check(
    connection: AsyncConnection,
    viewer: Viewer,
    found: Found,
    notice: Any,
    effect: Effect,
    referral: Any,
    reason: str,
    today: dt.date,
) -> None:
    objecting = select(func.count()).where(
        Objection.household_id == found.household_id, Objection.state == ObjectionState.OPEN
    )
    kind = await connection.scalar(select(User.kind).where(User.id == viewer.user_id))
    stops.check(
        Standing(
            proposed_by=found.proposed_by,
            decided_by=viewer.user_id,
            by_a_person=kind == UserKind.PERSON,
            reason=reason,
            delivered_on=None if notice is None else notice.delivered_on,
            answered_on=None if notice is None else notice.answered_on,
            wait_until=None if notice is None else notice.wait_until,
            floor=effect.floor,
            referred_until=None if referral is None else referral.due_on,
            objections=int(await connection.scalar(objecting) or 0),
        ),
        today,
    )


async def _referral(connection: AsyncConnection, household_id: int, referral_id: int | None) -> Any:
    if referral_id is None:
        return None
    statement = select(Referral.id, Referral.due_on).where(
        Referral.id == referral_id, Referral.household_id == household_id, Referral.state != ReferralState.CLOSED
    )
    found = (await connection.execute(statement)).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "referralId"),
            "该户没有此项未办结的转介。",
            "The household has no such referral that is open.",
        )
    return found


async def _checked(run: incomes.Run, grant: Any, asking: Asking, today: dt.date) -> Asking:
    """The same, whole, if it can be asked of this grant. Raises NotDone."""
    if grant.enrolment_id is None:
        raise _invalid("grantId", "此项救助尚未给予。", "The grant was not made.")
    if not grant.first_month <= asking.from_month <= grant.last_month:
        raise _invalid("fromMonth", "该月不在救助期内。", "The grant does not have this month.")
    if asking.kind is StopKind.RECOVER_AID:
        return _recovery(asking, await effects.paid(run, grant.id))
    if asking.from_month <= today.replace(day=1):
        raise _invalid(
            "fromMonth",
            "只能从以后的月份起停发或减发。",
            "Aid is stopped or reduced from a month to come.",
        )
    if asking.kind is StopKind.STOP_AID:
        return Asking(asking.kind, asking.from_month, amount_fen=0)
    if asking.amount_fen is None or not 0 < asking.amount_fen < grant.amount_fen:
        raise _invalid(
            "amount",
            "减发后的金额须低于现金额且大于零。",
            "What is left of it is less than the grant's amount, and more than nothing.",
        )
    return Asking(asking.kind, asking.from_month, amount_fen=asking.amount_fen)


def _recovery(asking: Asking, paid: Any) -> Asking:
    to_month = asking.to_month or asking.from_month
    most = sum(int(row.amount_fen) for row in paid if asking.from_month <= row.month <= to_month)
    if asking.amount_fen is None or not 1 < asking.amount_fen <= most:
        raise _invalid(
            "amount",
            "追回金额不得超过这些月份实际发放的金额。",
            "No more is recovered than what was paid in these months.",
        )
    return Asking(
        asking.kind, asking.from_month, to_month, asking.amount_fen, asking.cause or RecoveryCause.OFFICIAL_ERROR
    )


async def _not_twice(connection: AsyncConnection, run: incomes.Run, grant: Any, asking: Asking) -> None:
    """What is recovered in all is no more than what was paid (F-10). Raises NotDone."""
    before = select(func.coalesce(func.sum(Recovery.total_fen), 0)).join(Stop, Stop.id == Recovery.stop_id)
    recovered = int(await connection.scalar(before.where(Stop.grant_id == grant.id)) or 0)
    given = sum(int(row.amount_fen) for row in await effects.paid(run, grant.id))
    if recovered + (asking.amount_fen or 0) > given:
        raise _invalid(
            "amount",
            "连同已决定追回的金额，超过实际发放的金额。",
            "With what is being recovered already it is more than what was paid.",
        )


async def _not_paid_yet(connection: AsyncConnection, grant: Any, asking: Asking, today: dt.date) -> None:
    """Nothing that was paid is stopped: a month that has passed, or was paid, is only recovered. Raises NotDone."""
    if asking.kind is StopKind.RECOVER_AID:
        return
    paid = select(func.count()).where(Payment.enrolment_id == grant.enrolment_id, Payment.month >= asking.from_month)
    if asking.from_month < today.replace(day=1) or await connection.scalar(paid):
        raise _invalid(
            "proposalId",
            "所提月份已过或已发放，请撤回后另提以后的月份。",
            "The month has passed or was paid: withdraw the proposal, and propose a later one.",
        )


def _asked(asking: Asking) -> Asked:
    return Asked(asking.from_month, None if asking.kind is StopKind.RECOVER_AID else asking.amount_fen or 0)


def _invalid(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    grant_id: int,
    kind: StopKind,
    now: dt.datetime,
    decision_id: int | None = None,
) -> int:
    detail = {"household": household_id, "grant": grant_id, "kind": kind.value, "decision": decision_id}
    await audit.record(connection, viewer.user_id, action, ("StopProposal", key), now, detail)
    await outbox.append(connection, "household", household_id, now)
    return key
