"""The life of a lead in people's hands: who holds it, what is asked, what its household is told, and what is concluded.

`Conclusion` is the gate in the database for what may weigh on a household: it is confirmed only with a notice of its
own evidence, an answer or the days over, by another officer, a person; and no review tells of such an outcome without
one (a trigger refuses that).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Key
from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed

PROPOSED = text("state = 'PROPOSED'")


class LeadHolder(Base):
    """Who is at work on a lead, to the end of `until`: one officer by the key, and nobody where there is no row."""

    __tablename__ = "lead_holders"
    __table_args__ = (Index("ix_lead_holders_user_id", "user_id"),)

    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[Moment]
    until: Mapped[dt.date]


class LeadView(Base):
    """That an officer was shown a lead by itself, with what was compared, as it stood at a version (F-4).

    No foreign key: it is written with the audit of reads, which waits for nobody; it goes when the lead goes.
    """

    __tablename__ = "lead_views"
    __table_args__ = ({"sqlite_with_rowid": False},)

    finding_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    version: Mapped[int]
    viewed_at: Mapped[Moment]


class Inquiry(Base):
    """What is asked about a lead, and of whom; of a record that is said to be wrong, of its department (F-33).

    `paper` and `said_on` are the number and day of what a department without an account wrote, and `answered_by` took down.
    """

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("kind IN ('FACTS', 'REPAIR') AND (kind = 'REPAIR') = (reason IS NOT NULL)", name="kind"),
        CheckConstraint("kind = 'FACTS' OR (asked_of = 'DEPARTMENT' AND record_id IS NOT NULL)", name="record"),
        CheckConstraint("(asked_of = 'DEPARTMENT') = (source IS NOT NULL)", name="source"),
        CheckConstraint("(asked_of = 'COLLEAGUE') = (assigned_to IS NOT NULL)", name="assigned_to"),
        CheckConstraint(
            "(state = 'OPEN' AND answer IS NULL AND answered_by IS NULL AND answered_at IS NULL AND outcome IS NULL) OR "
            "(state = 'ANSWERED' AND answer IS NOT NULL AND answered_by IS NOT NULL AND answered_at IS NOT NULL "
            "AND (kind = 'REPAIR') = (outcome IS NOT NULL))",
            name="answered",
        ),
        Index("ix_inquiries_finding_id", "finding_id"),
        Index("ix_inquiries_household_id", "household_id"),
        Index("ix_inquiries_source_state", "source", "state"),
        Index("ix_inquiries_assigned_to", "assigned_to"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"))
    kind: Mapped[str]
    asked_of: Mapped[str]
    source: Mapped[Exact | None]
    record_id: Mapped[Exact | None]
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]
    evidence_hash: Mapped[str]
    question: Mapped[Sealed]
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Moment]
    due_on: Mapped[dt.date]
    state: Mapped[str]
    outcome: Mapped[str | None]
    answer: Mapped[Sealed | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[Moment | None]
    paper: Mapped[str | None]
    said_on: Mapped[dt.date | None]
    version: Mapped[int]


class LeadNotice(Base):
    """That a household was told of a lead, word for word, and what it answered (F-14).

    `working_days` is how long it had to answer when it was told, `wait_until` the last of those days.
    """

    __tablename__ = "lead_notices"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(document_no) > 0", name="document"),
        CheckConstraint("working_days >= 10 AND wait_until > delivered_on", name="days"),
        CheckConstraint(
            "(answered_on IS NULL) = (answer IS NULL) AND (answered_on IS NULL) = (answer_recorded_by IS NULL)",
            name="answered",
        ),
        CheckConstraint("answered_on IS NULL OR answered_on >= delivered_on", name="answered_after"),
        UniqueConstraint("finding_id", "evidence_hash", name="uq_lead_notices_finding_id_evidence_hash"),
        UniqueConstraint(
            "id", "finding_id", "evidence_hash", "delivered_on", "wait_until", name="uq_lead_notices_delivered"
        ),
        UniqueConstraint("id", "answered_on", name="uq_lead_notices_answered"),
        Index("ix_lead_notices_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"))
    evidence_hash: Mapped[str]
    document_no: Mapped[Exact]
    text_zh: Mapped[Sealed]
    text_en: Mapped[Sealed]
    delivery: Mapped[str]
    delivered_on: Mapped[dt.date]
    working_days: Mapped[int]
    wait_until: Mapped[dt.date]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
    answer: Mapped[Sealed | None]
    answered_on: Mapped[dt.date | None]
    answer_recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]


class Conclusion(Base):
    """A conclusion that may weigh on a household: one officer proposes it, another confirms it, after it was heard.

    The keys make that real: the notice is of this lead on this evidence, its days and its answer are the notice's, and
    whoever confirms is a person and not who proposed.
    """

    __tablename__ = "conclusions"
    __table_args__ = (
        CheckConstraint("state IN ('PROPOSED', 'CONFIRMED', 'REJECTED', 'WITHDRAWN', 'LAPSED')", name="state"),
        CheckConstraint("outcome IN ('CLAIMANT_ERROR', 'DECEPTION_CONFIRMED')", name="outcome"),
        CheckConstraint(
            "outcome <> 'DECEPTION_CONFIRMED' OR (decision_document IS NOT NULL AND length(decision_document) > 0)",
            name="document",
        ),
        CheckConstraint("confirmed_by <> proposed_by", name="second_officer"),
        CheckConstraint("confirmed_by_kind = 'PERSON'", name="by_a_person"),
        CheckConstraint("delivered_on <= proposed_on", name="told"),
        CheckConstraint(
            "(answered_on IS NOT NULL AND answered_on <= proposed_on) OR proposed_on > wait_until", name="heard"
        ),
        CheckConstraint(
            "(state = 'CONFIRMED') = (confirmed_by IS NOT NULL) AND (confirmed_by IS NULL) = (confirmed_by_kind IS NULL) "
            "AND (confirmed_by IS NULL) = (confirmed_at IS NULL)",
            name="confirmed",
        ),
        CheckConstraint(
            "(state IN ('REJECTED', 'WITHDRAWN')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closing IS NULL)",
            name="closed",
        ),
        CheckConstraint("(state = 'LAPSED') = (lapsed_because IS NOT NULL)", name="lapsed"),
        ForeignKeyConstraint(
            ["notice_id", "finding_id", "evidence_hash", "delivered_on", "wait_until"],
            [
                f"lead_notices.{column}"
                for column in ("id", "finding_id", "evidence_hash", "delivered_on", "wait_until")
            ],
            name="fk_conclusions_notice",
        ),
        ForeignKeyConstraint(
            ["notice_id", "answered_on"],
            ["lead_notices.id", "lead_notices.answered_on"],
            name="fk_conclusions_answer",
        ),
        ForeignKeyConstraint(
            ["confirmed_by", "confirmed_by_kind"], ["users.id", "users.kind"], name="fk_conclusions_officer"
        ),
        Index("uq_conclusions_waiting", "finding_id", unique=True, postgresql_where=PROPOSED, sqlite_where=PROPOSED),
        Index("ix_conclusions_finding_id", "finding_id"),
        Index("ix_conclusions_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"))
    evidence_hash: Mapped[str]
    outcome: Mapped[str]
    decision_document: Mapped[str | None]
    reason: Mapped[Sealed]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[Moment]
    proposed_on: Mapped[dt.date]
    notice_id: Mapped[int]
    delivered_on: Mapped[dt.date]
    wait_until: Mapped[dt.date]
    answered_on: Mapped[dt.date | None]
    state: Mapped[str]
    confirmed_by: Mapped[int | None]
    confirmed_by_kind: Mapped[str | None]
    confirmed_at: Mapped[Moment | None]
    closing: Mapped[Sealed | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lapsed_because: Mapped[str | None]
