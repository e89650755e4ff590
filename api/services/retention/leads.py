"""Leads that were cleared keep a minimal record when their time is over: which rule, of which day, how it ended.

Reference and hash of the evidence stay, by which a lead that was cleared is not raised again; they tell nothing. What was
compared, the amounts, whom it spoke of, what its household was told and what anybody said of it are gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, skip_locked
from api.domain.retention import RetentionClass
from api.domain.review import FindingState, Outcome
from api.models import (
    Base,
    Conclusion,
    Finding,
    FindingPerson,
    Household,
    Inquiry,
    LeadNotice,
    PairJudgement,
    Review,
    table,
)
from api.sealing import Vault
from api.services.retention.clocks import moment
from api.services.retention.holds import HOLDS

LOT = 500
CLEARED = (Outcome.NO_ISSUE, Outcome.SOURCE_ERROR, Outcome.OFFICIAL_ERROR)
"""What leaves nothing against anybody; what was confirmed stays as long as the file."""

REDUCED_ZH = "保存期限已满，仅存最简记录。"
REDUCED_EN = "Its time is over: only a minimal record is kept."
SAID: Mapping[type[Base], Sequence[str]] = {
    Review: ("note",),
    Inquiry: ("question", "answer"),
    LeadNotice: ("text_zh", "text_en", "answer"),
    Conclusion: ("reason", "closing"),
}
"""What people said of a lead, and its household was told, by table and column."""


async def due(
    connection: AsyncConnection, day: dt.date, most: int | None = LOT, of: Collection[int] | None = None
) -> Sequence[int]:
    """Leads that were cleared or withdrawn and whose time is over, about households that no objection holds; of all, or `of` these."""
    columns, over = table(Finding).c, moment(day, RetentionClass.CLEARED_LEAD)
    held = HOLDS["an objection that is not answered"]
    statement = (
        select(columns.id)
        .outerjoin(Review, Review.id == columns.review_id)
        .join(Household, Household.id == columns.household_id)
        .where(
            or_(
                and_(columns.state == FindingState.CLOSED, Review.outcome.in_(CLEARED), Review.reviewed_at < over),
                and_(columns.state == FindingState.WITHDRAWN, columns.withdrawn_at < over),
            ),
            columns.explanation_zh != REDUCED_ZH,
            columns.household_id.not_in(held),
            true() if of is None else columns.id.in_(of),
        )
        .order_by(columns.id)
        .limit(most)
    )
    return (await connection.scalars(statement)).all()


async def hold(connection: AsyncConnection, findings: Collection[int]) -> Sequence[int]:
    """Those of these leads, with their households, that nobody is at work on, held until the transaction ends."""
    columns = table(Finding).c
    there = select(columns.id).join(Household, Household.id == columns.household_id).where(among(columns.id, "keys"))
    held = skip_locked(there.order_by(columns.id), connection)
    return (await connection.scalars(held, {"keys": sorted(findings)})).all()


async def reduce(connection: AsyncConnection, vault: Vault, findings: Sequence[int]) -> None:
    """Of these leads a minimal record is left."""
    there = {"findings": list(findings)}
    columns = table(Finding).c
    await connection.execute(
        update(Finding)
        .where(among(columns.id, "findings"))
        .values(
            evidence=[],
            exceptions=[],
            explanation_zh=REDUCED_ZH,
            explanation_en=REDUCED_EN,
            amount_low_fen=None,
            amount_high_fen=None,
            queue_worth=None,
            period_start=None,
            period_end=None,
            version=columns.version + 1,
        ),
        there,
    )
    spoken_of = among(table(FindingPerson).c.finding_id, "findings")
    await connection.execute(delete(FindingPerson).where(spoken_of), there)
    judged = among(table(PairJudgement).c.finding_id, "findings")
    await connection.execute(delete(PairJudgement).where(judged), there)
    for model, names in SAID.items():
        of = table(model)
        for name in names:
            empty = update(of).where(among(of.c.finding_id, "findings"), of.c[name].is_not(None))
            await connection.execute(empty.values({name: vault.seal(f"{of.name}.{name}", "")}), there)
    doubted = update(Inquiry).where(among(table(Inquiry).c.finding_id, "findings"), Inquiry.record_id.is_not(None))
    await connection.execute(doubted.values(record_id=""), there)
