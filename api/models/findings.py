"""Findings, whom they speak of, and what people concluded about them.

A finding belongs to whoever answers for its household, and is found again by its `reference`, whatever scan raises it; `state` is what the last review, `review_id`, made
of it (no foreign key: reviews point here already). `queue_place` is where it stands in its county's queue, `queue_worth` what it counts for there; null until it is ranked
(services/queue). It is `opened_on` when it is put before the reviewers of the division `opened_for`. `withdrawn_because` to `withdrawn_at` tell which scan did not
raise it again and why, `withdrawn_from` where it stood then: a lead that somebody has closed keeps its conclusion all the same. `withdrawals` counts how
often that was so.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures

LIVE = "state NOT IN ('CLOSED', 'WITHDRAWN')"
"""Leads that still wait for a conclusion: literally, so that the index of these answers."""


class Finding(Base):
    """The record of a lead: a question that a rule raised about a household, never an answer."""

    __tablename__ = "findings"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("state <> 'CLOSED' OR review_id IS NOT NULL", name="closed_by_review"),
        CheckConstraint("state <> 'WITHDRAWN' OR withdrawn_because IS NOT NULL", name="withdrawn_because"),
        CheckConstraint("withdrawn_because IS NULL OR (state <> 'OPEN' AND withdrawals > 0)", name="withdrawn"),
        CheckConstraint(
            "(withdrawn_because IS NULL) = (withdrawn_scan_id IS NULL) AND (withdrawn_because IS NULL) = (withdrawn_at IS NULL)",
            name="withdrawn_by",
        ),
        CheckConstraint("(withdrawn_because IS NULL) = (withdrawn_from IS NULL)", name="withdrawn_from"),
        Index("ix_findings_severity_rank_id", "severity_rank", "id"),
        Index("ix_findings_raised_on", "raised_on", "household_id", "rule_id"),
        Index("ix_findings_id_household_id", "id", "household_id", "rule_id"),
        Index("ix_findings_household_id_severity_rank_id", "household_id", "severity_rank", "id"),
        Index(
            "ix_findings_queue_place_id", "queue_place", "id", postgresql_where=text(LIVE), sqlite_where=text(LIVE)
        ),
    )

    id: Mapped[PrimaryKey]
    reference: Mapped[Exact] = mapped_column(unique=True)
    evidence_hash: Mapped[str]
    rule_id: Mapped[str]
    rule_version: Mapped[str]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    severity: Mapped[str]
    severity_rank: Mapped[int]
    basis: Mapped[str | None]
    grade: Mapped[str | None]
    state: Mapped[str]
    review_id: Mapped[int | None] = mapped_column()
    amount_low_fen: Mapped[int | None]
    amount_high_fen: Mapped[int | None]
    period_start: Mapped[dt.date | None]
    period_end: Mapped[dt.date | None]
    evidence: Mapped[Structures]
    exceptions: Mapped[Structures]
    explanation_zh: Mapped[str]
    explanation_en: Mapped[str]
    first_scan_id: Mapped[int] = mapped_column(ForeignKey("scans.id"))
    last_scan_id: Mapped[int] = mapped_column(ForeignKey("scans.id"), index=True)
    raised_on: Mapped[dt.date]
    queue_worth: Mapped[int | None]
    queue_place: Mapped[int | None]
    opened_on: Mapped[dt.date | None]
    opened_for: Mapped[Exact | None]
    withdrawn_because: Mapped[str | None]
    withdrawn_from: Mapped[str | None]
    withdrawn_scan_id: Mapped[int | None] = mapped_column(ForeignKey("scans.id"), index=True)
    withdrawn_at: Mapped[Moment | None]
    withdrawals: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int]


class FindingPerson(Base):
    """A person whom a finding speaks of."""

    __tablename__ = "finding_persons"

    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)


class Review(Base):
    """What one person concluded about a finding on the evidence of that day; never changed, only followed by another.

    What may weigh on a household rests on a `Conclusion` that this reviewer confirmed; an error of ours names its entry
    in the register of such errors.
    """

    __tablename__ = "reviews"

    id: Mapped[PrimaryKey]
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[str]
    note: Mapped[Sealed]
    decision_document: Mapped[str | None]
    evidence_hash: Mapped[str]
    reviewed_at: Mapped[Moment]
    conclusion_id: Mapped[int | None] = mapped_column(ForeignKey("conclusions.id"))
    official_error_id: Mapped[int | None] = mapped_column(ForeignKey("official_errors.id"))
