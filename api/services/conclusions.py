"""What may weigh on a household is proposed by one officer and confirmed by another, after it was heard (F-3, F-6, F-32).

It touches no aid: whoever would stop any goes through the gate of stops, with a notice and a decision of its own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import conclusions, days, review
from api.domain.accounts import UserKind
from api.domain.conclusions import WEIGHING, ConclusionState, Standing
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.review import Outcome
from api.models import Conclusion, table
from api.sealing import Vault
from api.services import decisions, inquiries, lead_notices, leads, reviews
from api.services.guards import notices
from api.services.leads import Found

C = table(Conclusion).c


async def propose(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    outcome: Outcome,
    reason: str,
    decision_document: str | None,
    now: dt.datetime,
) -> int:
    """A conclusion that waits for another officer; it changes nothing. The lead's key. Raises ReviewHeld, and NotDone."""
    found, today = await leads.mine(connection, viewer, finding_id, expected_version, now), days.today(now)
    if outcome not in WEIGHING:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "outcome"),
            "此结论由一名工作人员作出，请直接复核。",
            "One officer concludes so: review the finding.",
        )
    leads.still_raised(found, ("input",))
    review.check(found.rule_id, outcome, reason, decision_document)
    if await _waiting(connection, found) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "findingId"),
            "该疑点已有一项待确认的结论。",
            "A conclusion on this finding waits already.",
        )
    notice = await _check(connection, viewer, found, viewer.user_id, None, today)
    values = {
        "household_id": found.household_id,
        "finding_id": found.id,
        "evidence_hash": found.evidence_hash,
        "outcome": outcome,
        "decision_document": (decision_document or "").strip() or None,
        "reason": vault.seal("conclusions.reason", reason.strip()),
        "proposed_by": viewer.user_id,
        "proposed_at": now,
        "proposed_on": today,
        "notice_id": notice.id,
        "delivered_on": notice.delivered_on,
        "wait_until": notice.wait_until,
        "answered_on": notice.answered_on,
        "state": ConclusionState.PROPOSED,
    }
    added = await connection.execute(insert(Conclusion).values(**values).returning(C.id))
    await leads.changed(connection, found)
    detail = {"conclusion": int(added.scalar_one()), "outcome": outcome.value}
    return await leads.told(
        connection, viewer, "finding.conclusion_proposed", found.id, found.household_id, now, detail
    )


async def confirm(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """Another officer concludes so too, all that stands before looked at again: the lead is closed by it; its key.

    Raises ReviewHeld, and NotDone.
    """
    found, today = await leads.held(connection, viewer, finding_id, expected_version, now), days.today(now)
    leads.still_raised(found, ("input",))
    waiting = await _proposed(connection, found)
    if waiting.evidence_hash != found.evidence_hash:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "findingId"),
            "提出之后证据已变化，请撤回后重新告知。",
            "The evidence has changed since: withdraw it, and tell the household anew.",
        )
    review.check(found.rule_id, Outcome(waiting.outcome), reason, waiting.decision_document)
    await _check(connection, viewer, found, waiting.proposed_by, viewer.user_id, today)
    confirmed = {
        "state": ConclusionState.CONFIRMED,
        "confirmed_by": viewer.user_id,
        "confirmed_by_kind": UserKind.PERSON,
        "confirmed_at": now,
    }
    await connection.execute(update(Conclusion).where(C.id == waiting.id).values(**confirmed))
    detail = {"conclusion": waiting.id, "outcome": waiting.outcome, "proposed_by": waiting.proposed_by}
    await leads.told(connection, viewer, "finding.conclusion_confirmed", found.id, found.household_id, now, detail)
    concluded = reviews.Concluded(
        Outcome(waiting.outcome), reason, waiting.decision_document, conclusion_id=waiting.id
    )
    return await reviews.add(connection, vault, viewer, found, concluded, now)


async def give_up(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The conclusion is withdrawn by whoever proposed it, or rejected by another; the lead's key. Raises NotDone."""
    found = await leads.held(connection, viewer, finding_id, expected_version, now)
    waiting = await _proposed(connection, found)
    sealed = vault.seal("conclusions.closing", decisions.checked_reason(reason))
    state = ConclusionState.WITHDRAWN if waiting.proposed_by == viewer.user_id else ConclusionState.REJECTED
    closed = {"state": state, "closing": sealed, "closed_by": viewer.user_id}
    await connection.execute(update(Conclusion).where(C.id == waiting.id).values(**closed))
    await leads.changed(connection, found)
    action, detail = f"finding.conclusion_{state.lower()}", {"conclusion": waiting.id}
    return await leads.told(connection, viewer, action, found.id, found.household_id, now, detail)


async def _check(
    connection: AsyncConnection,
    viewer: Viewer,
    found: Found,
    proposed_by: int,
    confirmed_by: int | None,
    today: dt.date,
) -> Any:
    """The notice on which it rests. Raises ReviewHeld for what is missing before."""
    notice = await lead_notices.of_evidence(connection, found)
    standing = Standing(
        proposed_by=proposed_by,
        confirmed_by=confirmed_by,
        by_a_person=await decisions.kind_of(connection, viewer) == UserKind.PERSON,
        delivered_on=None if notice is None else notice.delivered_on,
        answered_on=None if notice is None else notice.answered_on,
        wait_until=None if notice is None else notice.wait_until,
        objections=len(await notices.waiting(connection, found.household_id)),
        doubts=await inquiries.doubts(connection, found),
    )
    conclusions.check(standing, today, found.id)
    return notice


async def _waiting(connection: AsyncConnection, found: Found) -> Row[*tuple[Any, ...]] | None:
    statement = select(C.id, C.outcome, C.decision_document, C.evidence_hash, C.proposed_by)
    theirs = statement.where(C.finding_id == found.id, C.state == ConclusionState.PROPOSED)
    return (await connection.execute(theirs)).one_or_none()


async def _proposed(connection: AsyncConnection, found: Found) -> Row[*tuple[Any, ...]]:
    waiting = await _waiting(connection, found)
    if waiting is None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "findingId"),
            "该疑点没有待确认的结论。",
            "No conclusion on this finding waits.",
        )
    return waiting
