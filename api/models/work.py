"""Jobs to be done, events to be told, what was done by whom, and what must not be done twice."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Structure


class Job(Base):
    """Work for a worker, enqueued in the transaction that asks for it; held by lease, so that none is lost."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_run_after_id", "state", "run_after", "id"),)

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    subject: Mapped[int]
    state: Mapped[str]
    attempts: Mapped[int]
    run_after: Mapped[Moment]
    leased_until: Mapped[Moment | None]
    worker: Mapped[str | None]
    created_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]


class OutboxEvent(Base):
    """Something that happened, told after the transaction in which it happened; ids only, nothing personal."""

    __tablename__ = "outbox"

    id: Mapped[PrimaryKey]
    topic: Mapped[str]
    subject: Mapped[int]
    happened_at: Mapped[Moment]


class AuditEvent(Base):
    """Who did what to what, in the transaction that did it; each row carries the hash of the one before.

    `household_id` is the household that it is about, read off the subject and the detail when it is written; it is not
    hashed, names one that may have been erased since, and is what acts are found by.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index("ix_audit_events_subject_type_subject", "subject_type", "subject"),
        Index("ix_audit_events_user_id", "user_id"),
        Index("ix_audit_events_happened_at", "happened_at"),
        Index("ix_audit_events_household_id", "household_id", "id"),
    )

    id: Mapped[PrimaryKey]
    number: Mapped[int] = mapped_column(unique=True)
    happened_at: Mapped[Moment]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    subject_type: Mapped[str]
    subject: Mapped[int]
    detail: Mapped[Structure]
    household_id: Mapped[int | None]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class IdempotencyKey(Base):
    """A request already carried out: asked again, it is answered with what it made; ids and hashes only.

    `audit_event_id` is the row of the audit that tells so, where the act changed anything.
    """

    __tablename__ = "idempotency_keys"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[int]
    audit_event_id: Mapped[int | None] = mapped_column(ForeignKey("audit_events.id"))
    created_at: Mapped[Moment] = mapped_column(index=True)
