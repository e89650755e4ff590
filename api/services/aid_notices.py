"""A household is told on paper of what is proposed, and answers: who recorded that, when, and under which document."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import workdays
from api.domain import casework, days
from api.domain.permissions import Viewer
from api.domain.stops import LEAST_WORKING_DAYS, Delivery
from api.matching import policy
from api.models import AidNotice, StopProposal
from api.sealing import Vault
from api.services import audit, stops
from api.services.stop_requests import invalid

ANSWER_DAYS = "stop.answer_working_days"
LONGEST_NUMBER = 64


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    facts: str,
    document_no: str,
    delivery: Delivery,
    delivered_on: dt.date,
    now: dt.datetime,
) -> int:
    """The household was given the facts on that day, and has until then to answer; the proposal's key. Raises NotDone."""
    found = await stops.waiting(connection, viewer, proposal_id, expected_version)
    if await connection.scalar(select(AidNotice.id).where(AidNotice.proposal_id == found.id)) is not None:
        raise invalid("proposalId", "该提议的告知书已登记。", "The notice of this proposal is recorded already.")
    casework.past(delivered_on, days.today(now), "deliveredOn")
    if delivered_on < days.today(found.proposed_at):
        raise invalid("deliveredOn", "不能早于提出之日。", "It is not before the proposal was made.")
    number = casework.words(document_no, "documentNo", most=LONGEST_NUMBER)
    allowed = max(policy.whole(ANSWER_DAYS, delivered_on, found.division_code), LEAST_WORKING_DAYS)
    await connection.execute(
        insert(AidNotice).values(
            proposal_id=found.id,
            household_id=found.household_id,
            document_no=number,
            facts=vault.seal("aid_notices.facts", casework.words(facts, "facts")),
            delivery=delivery,
            delivered_on=delivered_on,
            working_days=allowed,
            wait_until=workdays.add(delivered_on, allowed),
            recorded_by=viewer.user_id,
            recorded_at=now,
            version=1,
        )
    )
    return await _told(connection, viewer, "stop.notice_recorded", found.id, found.household_id, found.version, now)


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    answered_on: dt.date,
    words: str,
    now: dt.datetime,
) -> int:
    """What the household answered, in its own words; the proposal's key. Raises NotDone."""
    found = await stops.waiting(connection, viewer, proposal_id, expected_version)
    statement = select(AidNotice.id, AidNotice.delivered_on, AidNotice.answered_on, AidNotice.version)
    notice = (await connection.execute(statement.where(AidNotice.proposal_id == found.id))).one_or_none()
    if notice is None:
        raise invalid("proposalId", "该提议尚无告知书。", "There is no notice of this proposal yet.")
    if notice.answered_on is not None:
        raise invalid("proposalId", "答复已登记。", "The answer is recorded already.")
    casework.past(answered_on, days.today(now), "answeredOn")
    if answered_on < notice.delivered_on:
        raise invalid("answeredOn", "不能早于送达之日。", "It is not before the notice was delivered.")
    values = {
        "answer": vault.seal("aid_notices.answer", casework.words(words, "answer")),
        "answered_on": answered_on,
        "answer_recorded_by": viewer.user_id,
        "version": notice.version + 1,
    }
    await connection.execute(update(AidNotice).where(AidNotice.id == notice.id).values(**values))
    return await _told(connection, viewer, "stop.answered", found.id, found.household_id, found.version, now)


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    version: int,
    now: dt.datetime,
) -> int:
    grown = update(StopProposal).where(StopProposal.id == key).values(version=version + 1)
    await connection.execute(grown)
    await audit.record(connection, viewer.user_id, action, ("StopProposal", key), now, {"household": household_id})
    return key
