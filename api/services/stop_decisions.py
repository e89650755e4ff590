"""A stop, a reduction or a recovery is decided: all that has to stand before is looked at again, and it is done at once (F-3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain import stops as rules
from api.domain.accounts import UserKind
from api.domain.casework import ReferralState
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.recoveries import RecoveryCause
from api.domain.stops import Standing, StopKind, StopState
from api.loaders import effects, incomes
from api.loaders.effects import Effect
from api.models import AidNotice, Claim, Enrolment, Referral, Stop, StopProposal
from api.sealing import Vault
from api.services import decisions, recoveries, stop_requests, stops
from api.services.guards import notices
from api.services.stop_requests import Asking


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
    found, today = await stops.waiting(connection, viewer, proposal_id, expected_version), days.today(now)
    run = incomes.running(connection, viewer)
    grant = await effects.grant(run, found.grant_id)
    assert grant is not None, "its household is held"
    asking = Asking(
        StopKind(found.kind), found.from_month, found.to_month, found.amount_fen or None,
        RecoveryCause(found.cause) if found.cause else None,
    )  # fmt: skip
    await stop_requests.not_paid_yet(connection, grant, asking, today)
    if asking.kind is StopKind.RECOVER_AID:
        await stop_requests.recovery(run, grant, asking, "proposalId")
    effect = await effects.effect(run, grant, stop_requests.asked(asking, today), today)
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
        await recoveries.decided(connection, vault, viewer, found, stop_id, asking.cause, now)
    decided = update(StopProposal).where(StopProposal.id == found.id)
    await connection.execute(decided.values(state=StopState.DECIDED, version=found.version + 1))
    of = (found.household_id, found.grant_id)
    return await stops.told(connection, viewer, "stop.decided", found.id, *of, asking.kind, now, decision_id)


async def _check(
    connection: AsyncConnection,
    viewer: Viewer,
    found: Any,
    notice: Any,
    effect: Effect,
    referral: Any,
    reason: str,
    today: dt.date,
) -> None:
    rules.check(
        Standing(
            proposed_by=found.proposed_by,
            decided_by=viewer.user_id,
            by_a_person=await decisions.kind_of(connection, viewer) == UserKind.PERSON,
            reason=reason,
            delivered_on=None if notice is None else notice.delivered_on,
            answered_on=None if notice is None else notice.answered_on,
            wait_until=None if notice is None else notice.wait_until,
            floor=effect.floor,
            referred_until=None if referral is None else referral.due_on,
            objections=len(await notices.waiting(connection, found.household_id)),
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
