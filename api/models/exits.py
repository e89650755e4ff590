"""Income by month, tests of it that were kept, what was proposed to end a file, and how households are watched afterwards.

Nothing is written over: what a source tells anew of a member's month supersedes what it told before, which stays.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed, Structures

PENDING = text("state = 'OPEN'")


class IncomeMonth(Base):
    """What one source told of one kind of income of a member, of a month or of a year; in force until it is superseded.

    A month is its first day. Only a VALUE has a kind and an amount: of what a source did not tell, nothing is zero.
    """

    __tablename__ = "income_months"
    __table_args__ = (
        CheckConstraint("(month IS NULL) <> (year IS NULL)", name="period"),
        CheckConstraint("(answer = 'VALUE') = (amount_fen IS NOT NULL)", name="amount"),
        CheckConstraint("(answer = 'VALUE') = (kind IS NOT NULL)", name="kind"),
        CheckConstraint("year IS NULL OR answer IN ('VALUE', 'NOT_ASKED')", name="year"),
        CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="not_below_zero"),
        CheckConstraint("(programme_code IS NOT NULL) = (kind IS NOT NULL AND kind = 'AID')", name="programme"),
        Index("ix_income_months_member_id_month", "member_id", "month"),
    )

    id: Mapped[PrimaryKey]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    month: Mapped[dt.date | None]
    year: Mapped[int | None]
    source: Mapped[str]
    answer: Mapped[str]
    kind: Mapped[str | None]
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programmes.code"))
    amount_fen: Mapped[int | None]
    evidence: Mapped[Sealed | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
    superseded_at: Mapped[Moment | None]


class ExitAssessment(Base):
    """A household's months against their lines as they stood on a day, kept as they were; only ever added."""

    __tablename__ = "exit_assessments"

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    as_of: Mapped[dt.date]
    graduation: Mapped[str]
    relief: Mapped[str]
    causes: Mapped[int]
    open_causes: Mapped[int]
    tests: Mapped[Structures]
    policy_version: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    assessed_at: Mapped[Moment]


class Proposal(Base):
    """What an officer proposes for a file that is open, with a statement; another officer approves or rejects it.

    Approved, it names the decision that was made for it; the database takes no other officer for the same one. Until
    then whoever made it may take it back; one that ended stays as it is.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("state IN ('OPEN', 'APPROVED', 'REJECTED', 'WITHDRAWN')", name="state"),
        CheckConstraint("(state IN ('APPROVED', 'REJECTED')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("(state IN ('APPROVED', 'REJECTED')) = (decided_by IS NOT NULL)", name="decided_by"),
        CheckConstraint("(state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        CheckConstraint("(state = 'APPROVED') = (decision_id IS NOT NULL)", name="decision"),
        CheckConstraint("(state IN ('REJECTED', 'WITHDRAWN')) = (rejection IS NOT NULL)", name="rejection"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="second_officer"),
        CheckConstraint("(action = 'RELIEVE') = (closing IS NULL)", name="closing"),
        ForeignKeyConstraint(
            ["decision_id", "household_id", "action"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_proposals_decision",
        ),
        Index("uq_proposals_open", "file_id", unique=True, postgresql_where=PENDING, sqlite_where=PENDING),
        Index("ix_proposals_household_id", "household_id"),
        Index("ix_proposals_state_id", "state", "id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    action: Mapped[str]
    closing: Mapped[str | None]
    statement: Mapped[Sealed]
    evidence: Mapped[Structures]
    assessment_id: Mapped[int | None] = mapped_column(ForeignKey("exit_assessments.id"))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[Moment]
    state: Mapped[str]
    decision_id: Mapped[int | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[Moment | None]
    rejection: Mapped[Sealed | None]
    withdrawn_at: Mapped[Moment | None]
    version: Mapped[int]


class Watch(Base):
    """A look at a household so many months after it left hardship, and how it was found."""

    __tablename__ = "watches"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name="done"),
        CheckConstraint("(outcome IS NULL) = (note IS NULL)", name="note"),
        UniqueConstraint("file_id", "months", "due_on"),
        Index("ix_watches_household_id", "household_id"),
        Index("ix_watches_due_on_id", "due_on", "id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    months: Mapped[int]
    due_on: Mapped[dt.date]
    outcome: Mapped[str | None]
    note: Mapped[Sealed | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    done_at: Mapped[Moment | None]
    version: Mapped[int]
