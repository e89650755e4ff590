"""A lead at work: held, told to its household, doubted before a department, and a conclusion that another officer rejected."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.models import Conclusion, Finding, Inquiry, LeadHolder, LeadNotice, Review, User
from api.sealing import Vault
from api.services import audit


async def proposed(
    connection: AsyncConnection, vault: Vault, household_id: int, finding_id: int, user_id: int, now: dt.datetime
) -> int:
    """A conclusion that may weigh on a household, which was told and answered, waits for another officer; its key."""
    today, seal = days.today(now), vault.seal
    of: dict[str, Any] = {"household_id": household_id, "finding_id": finding_id, "evidence_hash": "x"}
    told = {"delivered_on": today, "wait_until": today + dt.timedelta(days=20)}
    given = {
        **of, **told, "document_no": "核〔2026〕1号", "text_zh": seal("lead_notices.text_zh", "关于王大力家的车"),
        "text_en": seal("lead_notices.text_en", "About a car of 王大力"), "delivery": "POST", "working_days": 10,
        "recorded_by": user_id, "recorded_at": now, "answer": seal("lead_notices.answer", "王大力说车卖了"),
        "answered_on": today, "answer_recorded_by": user_id, "version": 2,
    }  # fmt: skip
    notice = (await connection.execute(insert(LeadNotice).values(**given).returning(LeadNotice.id))).scalar_one()
    waiting = {
        **of, **told, "outcome": "CLAIMANT_ERROR", "decision_document": "文处〔2026〕3号",
        "reason": seal("conclusions.reason", "王大力漏填"), "proposed_by": user_id, "proposed_at": now, "proposed_on": today,
        "notice_id": notice, "answered_on": today, "state": "PROPOSED",
    }  # fmt: skip
    added = await connection.execute(insert(Conclusion).values(**waiting).returning(Conclusion.id))
    return int(added.scalar_one())


async def concluded_by_two(
    connection: AsyncConnection,
    vault: Vault,
    household_id: int,
    finding_id: int,
    officers: tuple[int, int],
    now: dt.datetime,
) -> int:
    """The first officer proposed it, and the second confirmed it; the conclusion's key, which their review gives."""
    proposer, other = officers
    key = await proposed(connection, vault, household_id, finding_id, proposer, now)
    confirmed = {"state": "CONFIRMED", "confirmed_by": other, "confirmed_by_kind": "PERSON", "confirmed_at": now}
    await connection.execute(update(Conclusion).where(Conclusion.id == key).values(**confirmed))
    return key


async def doubted(
    connection: AsyncConnection, vault: Vault, household_id: int, finding_id: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """One of each, somebody's words in them; the keys of those that have an id, by the names of their types."""
    today, seal = days.today(now), vault.seal
    other = await connection.scalar(select(User.id).where(User.id != user_id).order_by(User.id).limit(1))
    of: dict[str, Any] = {"household_id": household_id, "finding_id": finding_id, "evidence_hash": "x"}
    held = {"finding_id": finding_id, "user_id": user_id, "claimed_at": now, "until": today + dt.timedelta(days=9)}
    await connection.execute(insert(LeadHolder).values(**held))
    asked = {
        **of, "kind": "REPAIR", "asked_of": "DEPARTMENT", "source": "vehicles", "record_id": "V-1", "reason": "SOLD",
        "question": seal("inquiries.question", "王大力早把车卖了"), "asked_by": user_id, "asked_at": now, "due_on": today,
        "state": "ANSWERED", "outcome": "CORRECTED", "answer": seal("inquiries.answer", "王大力已过户"),
        "answered_by": other, "answered_at": now, "version": 2,
    }  # fmt: skip
    inquiry = (await connection.execute(insert(Inquiry).values(**asked).returning(Inquiry.id))).scalar_one()
    await proposed(connection, vault, household_id, finding_id, user_id, now)
    closing = seal("conclusions.closing", "王大力没有漏填")
    rejected = {"state": "REJECTED", "closing": closing, "closed_by": other}
    await connection.execute(update(Conclusion).where(Conclusion.finding_id == finding_id).values(**rejected))
    last = select(Review.id).where(Review.finding_id == finding_id).order_by(Review.id.desc()).limit(1)
    review_id = await connection.scalar(last)
    if review_id is None:
        review = {
            "reviewer_id": user_id,
            "outcome": "NEEDS_INQUIRY",
            "note": seal("reviews.note", "x"),
            "reviewed_at": now,
        }
        said = {"finding_id": finding_id, "evidence_hash": "x"}
        review_id = await connection.scalar(insert(Review).values(**review, **said).returning(Review.id))
    await connection.execute(update(Finding).where(Finding.id == finding_id).values(review_id=review_id))
    about = {"household": household_id}
    await audit.record(connection, user_id, "finding.claimed", ("Finding", finding_id), now, about)
    return {"Inquiry": inquiry}
