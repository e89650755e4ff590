"""Requests that departments' data be looked at for a household, each answer by person and source, and live checks."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed, Structures


class VerificationRequest(Base):
    """One round of verification of a household; a later round names the one before, which stays as it was."""

    __tablename__ = "verification_requests"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(round = 1) = (previous_id IS NULL)", name="round"),
        CheckConstraint("(state = 'CLOSED') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(state = 'CLOSED') = (conclusion IS NOT NULL)", name="concluded"),
        CheckConstraint("(occasion = 'OBJECTION') = (objection_id IS NOT NULL)", name="objection"),
        Index(
            "uq_verification_requests_open",
            "household_id",
            unique=True,
            sqlite_where=text("state = 'OPEN'"),
            postgresql_where=text("state = 'OPEN'"),
        ),
        Index("ix_verification_requests_household_id_id", "household_id", "id"),
        Index("ix_verification_requests_state_due_on", "state", "due_on"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("verification_requests.id"))
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objections.id"))
    round: Mapped[int]
    occasion: Mapped[str]
    state: Mapped[str]
    sources: Mapped[Structures]
    reason: Mapped[Sealed | None]
    due_on: Mapped[dt.date]
    requested_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[Moment]
    conclusion: Mapped[Sealed | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[Moment | None]
    version: Mapped[int]


class VerificationAnswer(Base):
    """What one kind of data says of one person in one round; `organisation_id`, `due_on` and `subject` where a department is asked.

    `paper` is the number of what a department without an account wrote, and `answered_by` took down.
    `because` says why nothing is known, `feed_as_of` up to which day the feed in use spoke when it was looked at last.
    """

    __tablename__ = "verification_answers"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(organisation_id IS NULL) = (due_on IS NULL)", name="asked"),
        CheckConstraint("(origin IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint("answer <> 'VALUE' OR origin IS NOT NULL", name="told"),
        CheckConstraint("because IS NULL OR answer IN ('NO_ANSWER', 'NOT_ASKED')", name="because"),
        CheckConstraint("paper IS NULL OR origin = 'DEPARTMENT'", name="paper"),
        Index("uq_verification_answers_of", "request_id", "member_id", "source", unique=True),
        Index("ix_verification_answers_organisation_id_id", "organisation_id", "id"),
        Index("ix_verification_answers_household_id", "household_id"),
        Index("ix_verification_answers_member_id", "member_id"),
    )

    id: Mapped[PrimaryKey]
    request_id: Mapped[int] = mapped_column(ForeignKey("verification_requests.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    source: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    answer: Mapped[str]
    origin: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    subject: Mapped[Sealed | None]
    due_on: Mapped[dt.date | None]
    as_of: Mapped[dt.date | None]
    because: Mapped[str | None]
    feed_as_of: Mapped[dt.date | None]
    note: Mapped[Sealed | None]
    paper: Mapped[str | None]
    asked_at: Mapped[Moment]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[Moment | None]
    version: Mapped[int]


class HouseholdCheck(Base):
    """What the last check of a round found in an index: links, leads and coverage, and of which facts (`content`)."""

    __tablename__ = "household_checks"

    id: Mapped[PrimaryKey]
    request_id: Mapped[int] = mapped_column(ForeignKey("verification_requests.id"), unique=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    feed_index: Mapped[int]
    as_of: Mapped[dt.date]
    checked_at: Mapped[Moment]
    mark: Mapped[str]
    content: Mapped[Sealed]


class ApplicantCheck(Base):
    """That somebody asked for what a check found of one person of a round."""

    __tablename__ = "applicant_checks"
    __table_args__ = (
        Index("ix_applicant_checks_user_id_asked_at", "user_id", "asked_at"),
        Index("ix_applicant_checks_request_id", "request_id"),
        Index("ix_applicant_checks_household_id", "household_id"),
        Index("ix_applicant_checks_member_id", "member_id"),
    )

    id: Mapped[PrimaryKey]
    request_id: Mapped[int] = mapped_column(ForeignKey("verification_requests.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Moment]
