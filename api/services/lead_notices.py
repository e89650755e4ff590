"""A household is told of a lead, word for word what is kept, and answers: who recorded that, when, and how it was delivered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope, workdays
from api.domain import casework, conclusions, days
from api.domain.conclusions import ReviewItem
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.review import FindingState
from api.domain.stops import LEAST_WORKING_DAYS, Delivery
from api.loaders.findings import FINDINGS
from api.matching import lead_notices, policy
from api.matching.lead_notices import Days, NoticeText
from api.models import LeadNotice, table
from api.sealing import Vault
from api.services import leads
from api.services.aid_notices import LONGEST_NUMBER
from api.services.leads import Found
from api.services.objections import WORKING_DAYS as OBJECTION_DAYS
from api.services.retention.leads import REDUCED_ZH

ANSWER_DAYS = "review.answer_working_days"
N = table(LeadNotice).c
_NOTICES = select(N.id, N.delivered_on, N.answered_on, N.wait_until, N.version)


@dataclass(frozen=True, slots=True)
class Previewed:
    """A notice as it would be kept, and whose it is."""

    household_id: int
    zh: str
    en: str


async def preview(
    connection: AsyncConnection,
    viewer: Viewer,
    finding_id: int | None,
    delivered_on: dt.date | None,
    now: dt.datetime,
) -> Previewed | None:
    """The notice as it is kept if it is delivered on that day; None where the viewer sees no such lead, or not all of it."""
    today = days.today(now)
    statement = FINDINGS.where(leads.F.id == finding_id)
    found = (await connection.execute(statement, {**scope.of(viewer), "today": today})).one_or_none()
    if found is None or (found.protected and not viewer.cleared):
        return None
    text = _text(found, _days(found, delivered_on or today))
    return Previewed(found.household_id, text.zh, text.en)


async def notify(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    document_no: str,
    delivery: Delivery,
    delivered_on: dt.date,
    now: dt.datetime,
) -> int:
    """The household was told on that day, and has until then to answer; the lead, in inquiry now, by its key.

    Raises NotDone, and ReviewHeld where the notice would tell what is hidden from the viewer (F-29).
    """
    found, today = await leads.mine(connection, viewer, finding_id, expected_version, now), days.today(now)
    if found.protected and not viewer.cleared:
        raise conclusions.held(ReviewItem.CLEARANCE, found.id)
    if found.state == FindingState.CLOSED or found.explanation_zh == REDUCED_ZH:
        raise leads.closed()
    if await of_evidence(connection, found) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "findingId"),
            "就现有证据的告知书已登记。",
            "The notice on this evidence is recorded already.",
        )
    casework.past(delivered_on, today, "deliveredOn")
    if delivered_on < found.raised_on:
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("deliveredOn"),
            "不能早于疑点提出之日。",
            "It is not before the finding was raised.",
        )
    allowed = _days(found, delivered_on)
    text = _text(found, allowed)
    await connection.execute(
        insert(LeadNotice).values(
            household_id=found.household_id,
            finding_id=found.id,
            evidence_hash=found.evidence_hash,
            document_no=casework.words(document_no, "documentNo", most=LONGEST_NUMBER),
            text_zh=vault.seal("lead_notices.text_zh", text.zh),
            text_en=vault.seal("lead_notices.text_en", text.en),
            delivery=delivery,
            delivered_on=delivered_on,
            working_days=allowed.working_days,
            wait_until=allowed.wait_until,
            recorded_by=viewer.user_id,
            recorded_at=now,
            version=1,
        )
    )
    await leads.into_inquiry(connection, found)
    detail = {"delivery": delivery.value, "wait_until": str(allowed.wait_until)}
    return await leads.told(connection, viewer, "finding.notified", found.id, found.household_id, now, detail)


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    answered_on: dt.date,
    words: str,
    now: dt.datetime,
) -> int:
    """What the household answered to the notice that it was given last, in its own words, by any clerk; the lead's key.

    That the lead has come to rest on other evidence since takes no answer from it. Raises NotDone.
    """
    found = await leads.held(connection, viewer, finding_id, expected_version, now)
    notice = await of_evidence(connection, found) or await _last(connection, found)
    if notice is None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "findingId"), "尚无告知书。", "There is no notice to be answered yet."
        )
    if notice.answered_on is not None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "findingId"), "答复已登记。", "The answer is recorded already."
        )
    casework.past(answered_on, days.today(now), "answeredOn")
    if answered_on < notice.delivered_on:
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("answeredOn"),
            "不能早于送达之日。",
            "It is not before the notice was delivered.",
        )
    values = {
        "answer": vault.seal("lead_notices.answer", casework.words(words, "answer")),
        "answered_on": answered_on,
        "answer_recorded_by": viewer.user_id,
        "version": notice.version + 1,
    }
    await connection.execute(update(LeadNotice).where(N.id == notice.id).values(**values))
    await leads.changed(connection, found)
    return await leads.told(connection, viewer, "finding.answered", found.id, found.household_id, now)


async def of_evidence(connection: AsyncConnection, found: Found) -> Found | None:
    """The notice of the lead on the evidence that it rests on today."""
    theirs = _NOTICES.where(N.finding_id == found.id, N.evidence_hash == found.evidence_hash)
    return (await connection.execute(theirs)).one_or_none()


async def _last(connection: AsyncConnection, found: Found) -> Found | None:
    latest = _NOTICES.where(N.finding_id == found.id).order_by(N.id.desc()).limit(1)
    return (await connection.execute(latest)).one_or_none()


def _days(found: Found, delivered_on: dt.date) -> Days:
    division = found.division_code
    allowed = max(policy.whole(ANSWER_DAYS, delivered_on, division), LEAST_WORKING_DAYS)
    objection = policy.whole(OBJECTION_DAYS, delivered_on, division)
    return Days(delivered_on, allowed, workdays.add(delivered_on, allowed), objection)


def _text(found: Found, allowed: Days) -> NoticeText:
    return lead_notices.notice(found.rule_id, found.explanation_zh, found.explanation_en, allowed)
