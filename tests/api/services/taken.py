"""What is left where aid was taken away: a grant, a proposal that was rejected after all, a recovery that was waived, an error of ours."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.clocks import months_after
from api.models import (
    AidNotice,
    Claim,
    Cost,
    Decision,
    Enrolment,
    File,
    Grant,
    Member,
    OfficialError,
    Organisation,
    Recovery,
    RecoveryEntry,
    Referral,
    Stop,
    StopProposal,
    User,
    table,
)
from api.models.base import Base
from api.sealing import Vault


async def taken(
    connection: AsyncConnection, vault: Vault, household_id: int, member_id: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """One of each, somebody's words in them; their keys by the names of their types. The grant lasts a year from this month."""

    async def add(model: type[Base], **values: Any) -> int:
        made = insert(model).values(**values).returning(table(model).c.id)
        return int((await connection.execute(made)).scalar_one())

    def seal(column: str, words: str) -> bytes | None:
        return vault.seal(column, words)

    file_id = await connection.scalar(
        select(File.id).where(File.household_id == household_id, File.closed_on.is_(None))
    )
    other = await connection.scalar(select(User.id).where(User.id != user_id, User.kind == "PERSON").limit(1))
    person = await connection.scalar(select(Member.person_id).where(Member.id == member_id))
    today = days.today(now)
    month, of = today.replace(day=1), {"household_id": household_id}
    last = months_after(month, 11)
    officers = {
        "proposed_by": user_id,
        "user_id": other,
        "user_kind": "PERSON",
        "reason": seal("decisions.reason", "x"),
    }
    decided: dict[str, Any] = {**of, **officers, "file_id": file_id, "evidence": [], "made_at": now}
    terms = {"programme_code": "LIVING_SUBSIDY", "amount_fen": 300_00}
    cost = await add(
        Cost, **of, member_id=member_id, reference="发票-王大力", incurred_on=today, cost_fen=900_00, covered_fen=0,
        recorded_by=user_id, created_at=now,
    )  # fmt: skip
    grant = await add(
        Grant, **of, **terms, cost_id=cost, file_id=file_id, member_id=member_id, division_code="410502", first_month=month,
        last_month=last, period="MONTH", state="PROPOSED", reason=seal("grants.reason", "王大力家庭困难"),
        proposed_by=user_id, version=1, created_at=now,
    )  # fmt: skip
    for place in range(12):
        await add(
            Claim, grant_id=grant, person_id=person, month=months_after(month, place), cell=f"LIVING_SUBSIDY#{cost}"
        )
    enrolment = await add(
        Enrolment,
        **of,
        **terms,
        member_id=member_id,
        source_record=f"GRANT:{grant}",
        start_month=month,
        end_month=last,
    )
    made = {"state": "GRANTED", "decided_as": "GRANT", "decided_by": other, "enrolment_id": enrolment}
    decision = await add(Decision, **decided, kind="GRANT")
    await connection.execute(update(Grant).where(Grant.id == grant).values(**made, decision_id=decision))
    what = {**of, "grant_id": grant, "kind": "RECOVER_AID", "from_month": month, "amount_fen": 300_00}
    proposal = await add(
        StopProposal, **what, file_id=file_id, to_month=month, cause="UNCLEAR", state="PROPOSED", version=1,
        statement=seal("stop_proposals.statement", "王大力多领一月"), proposed_by=user_id, proposed_at=now,
    )  # fmt: skip
    told = {
        "delivered_on": today,
        "working_days": 10,
        "wait_until": today + dt.timedelta(days=20),
        "answered_on": today,
    }
    notice = await add(
        AidNotice, **of, **told, proposal_id=proposal, document_no="告〔2026〕1号", delivery="POST",
        facts=seal("aid_notices.facts", "王大力已就业"), answer=seal("aid_notices.answer", "王大力不同意"),
        recorded_by=user_id, recorded_at=now, answer_recorded_by=user_id, version=2,
    )  # fmt: skip
    police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
    referral = await add(
        Referral, **of, organisation_id=police, note=seal("referrals.note", "请协助"), state="OPEN", due_on=today,
        referred_by=user_id, referred_at=now, version=1,
    )  # fmt: skip
    stop = await add(
        Stop, **what, **told, proposal_id=proposal, enrolment_id=enrolment, notice_id=notice,
        last_month=months_after(month, -1), proposed_by=user_id, decided_by=other,
        decision_id=await add(Decision, **decided, kind="RECOVER_AID"), decided_on=today, floor="UNKNOWN",
        referral_id=referral, created_at=now,
    )  # fmt: skip
    closed = {"state": "REJECTED", "closing": seal("stop_proposals.closing", "王大力没有错"), "closed_by": other}
    await connection.execute(update(StopProposal).where(StopProposal.id == proposal).values(**closed))
    whole = {**of, "total_fen": 300_00, "most_fen": 25_00, "cause": "UNCLEAR"}
    recovery = await add(Recovery, **whole, stop_id=stop, kind="RECOVER_AID", opened_at=now)
    entry = {**whole, "recovery_id": recovery, "before_fen": 300_00, "user_id": other, "entered_at": now}
    await add(RecoveryEntry, **entry, number=1, kind="OPENED", amount_fen=0, left_fen=300_00)
    await add(
        RecoveryEntry, **entry, number=2, previous_number=1, kind="WAIVED", amount_fen=300_00, left_fen=0,
        reason=seal("recovery_entries.reason", "王大力患病"),
    )  # fmt: skip
    error = await add(
        OfficialError, **of, division_code="410502", kind="PAID_TWICE", what=seal("official_errors.what", "王大力领了两次"),
        discovered_on=today, grant_id=grant, month=month, recorded_by=user_id, recorded_at=now,
        remedy=seal("official_errors.remedy", "王大力已获知"), put_right_on=today, put_right_by=other, version=2,
    )  # fmt: skip
    return {"Grant": grant, "StopProposal": proposal, "Recovery": recovery, "OfficialError": error}
