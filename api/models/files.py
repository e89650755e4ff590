"""Files from application to exit, the moves of a household's life, and the decisions that stand behind them.

Moves and decisions are only ever added: triggers refuse to change one. Each move begins where the one before it ended,
and makes a step that the table of moves knows; the household stands where its last move led (F-37).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures

DUE = text("coalesce(due_on, '9999-12-30')")
LOOKED_FOR = text("followed OR worker_id IS NULL")
OPEN = text("closed_on IS NULL")
LISTED = text("until IS NULL AND NOT disputed")


class File(Base):
    """A household's file, from its application on: one household has one that is not closed.

    `subject_member_id` is the worker in whose name it is; `previous_id` the file that a return to hardship follows.
    """

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(closed_on IS NULL) = (closing IS NULL)", name="closing"),
        Index("uq_files_open", "household_id", unique=True, postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_files_household_id", "household_id"),
        Index("ix_files_next_review_on", "next_review_on"),
        Index("ix_files_due_on_id", "due_on", "id"),
        Index("ix_files_due", DUE, "id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    number: Mapped[Exact] = mapped_column(unique=True)
    subject_member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    tier: Mapped[str | None]
    category: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    applied_on: Mapped[dt.date | None]
    opened_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    closing: Mapped[str | None]
    next_review_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    version: Mapped[int]
    created_at: Mapped[Moment]


class FileFact(Base):
    """By what the household of a file is counted, in one narrow row: triggers keep it as files, members and households are.

    `worker_id` is in whose name the file is, with their sex and day of birth; `begun_on` when it was opened, or else applied
    for; `followed` tells that the household has, or had, a later file.
    """

    __tablename__ = "file_facts"
    __table_args__ = (
        Index("ix_file_facts_household_id_file_id", "household_id", "file_id"),
        Index("ix_file_facts_looked_for", "file_id", postgresql_where=LOOKED_FOR, sqlite_where=LOOKED_FOR),
    )

    file_id: Mapped[int] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    division_code: Mapped[Exact]
    target_group: Mapped[str | None]
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    sex: Mapped[str | None]
    birth_date: Mapped[dt.date | None]
    begun_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    followed: Mapped[bool]


class FilePerson(Base):
    """Somebody whom a file counts, from a day to before another: nobody is counted in two at a time.

    What another register says otherwise is kept as `disputed`, and counts nowhere until a person has decided.
    """

    __tablename__ = "file_people"
    __table_args__ = (
        Index("uq_file_people_listed", "person_id", unique=True, postgresql_where=LISTED, sqlite_where=LISTED),
        UniqueConstraint("file_id", "member_id", "since"),
        Index("ix_file_people_member_id", "member_id"),
        Index("ix_file_people_person_id", "person_id"),
    )

    id: Mapped[PrimaryKey]
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    since: Mapped[dt.date | None]
    until: Mapped[dt.date | None]
    disputed: Mapped[bool]


class StageMove(Base):
    """The table of moves (domain/lifecycle) as the database keeps it."""

    __tablename__ = "stage_moves"

    from_stage: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    to_stage: Mapped[str] = mapped_column(primary_key=True)
    adverse: Mapped[bool] = mapped_column(primary_key=True)


class Transition(Base):
    """One move of a household: who made it, when, why, and on which evidence."""

    __tablename__ = "transitions"
    __table_args__ = (
        UniqueConstraint("household_id", "number", "to_stage"),
        CheckConstraint(
            "(number = 1 AND previous_number IS NULL AND from_stage = 'NOTHING') OR "
            "(number > 1 AND previous_number IS NOT NULL AND previous_number = number - 1)",
            name="follows",
        ),
        CheckConstraint("NOT adverse OR decision_id IS NOT NULL", name="decided"),
        ForeignKeyConstraint(
            ["from_stage", "action", "to_stage", "adverse"],
            ["stage_moves.from_stage", "stage_moves.action", "stage_moves.to_stage", "stage_moves.adverse"],
            name="fk_transitions_move",
        ),
        ForeignKeyConstraint(
            ["household_id", "previous_number", "from_stage"],
            ["transitions.household_id", "transitions.number", "transitions.to_stage"],
            name="fk_transitions_previous",
        ),
        ForeignKeyConstraint(
            ["decision_id", "household_id", "action"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_transitions_decision",
        ),
        Index("uq_transitions_number", "household_id", "number", unique=True),
        Index("ix_transitions_file_id", "file_id"),
        Index("ix_transitions_happened_at", "happened_at"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    number: Mapped[int]
    previous_number: Mapped[int | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    from_stage: Mapped[str]
    action: Mapped[str]
    to_stage: Mapped[str]
    adverse: Mapped[bool]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decision_id: Mapped[int | None]
    reason: Mapped[Sealed | None]
    evidence: Mapped[Structures]
    effective_on: Mapped[dt.date]
    happened_at: Mapped[Moment]


class Decision(Base):
    """What an officer decided, who is a person and no machine; where two are needed, not the one who proposed it.

    `kind` is the action of the life cycle that it allows, or what it decides of aid.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("id", "household_id", "kind"),
        CheckConstraint("user_kind = 'PERSON'", name="by_a_person"),
        CheckConstraint("proposed_by IS NULL OR proposed_by <> user_id", name="second_officer"),
        CheckConstraint("kind NOT IN ('GRADUATE', 'DEREGISTER') OR proposed_by IS NOT NULL", name="proposed"),
        ForeignKeyConstraint(["user_id", "user_kind"], ["users.id", "users.kind"], name="fk_decisions_officer"),
        Index("uq_decisions_id_user_id", "id", "user_id", unique=True),
        Index("ix_decisions_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    kind: Mapped[str]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    user_id: Mapped[int]
    user_kind: Mapped[str]
    reason: Mapped[Sealed]
    document_no: Mapped[str | None]
    evidence: Mapped[Structures]
    made_at: Mapped[Moment]
