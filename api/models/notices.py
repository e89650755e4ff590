"""Public notices and objections. A notice's row holds what was published and nothing else, and that only while it is up.

The database has the forms of domain/notices for itself: what could find somebody is refused there too. `digest` tells
whether a copy that somebody kept is what was published.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.notices import HIDDEN_DIGITS, OF_SOMEBODY
from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures

NO_DIGIT = " AND ".join(f"street NOT LIKE '%{digit}%'" for digit in range(10))
NOTHING = " AND ".join(f"{name} IS NULL" for name in OF_SOMEBODY)


class Notice(Base):
    """A household's notice, from its first day to the end of its last; `transition_id` is the move that published it."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("to_day > from_day", name="days"),
        CheckConstraint("applicant = '*' OR applicant LIKE '_*'", name="applicant"),
        CheckConstraint(f"id_number LIKE '____{'*' * HIDDEN_DIGITS}'", name="id_number"),
        CheckConstraint(f"length(street) <= 20 AND {NO_DIGIT}", name="street"),
        CheckConstraint("(state = 'TAKEN_DOWN') = (taken_down_at IS NOT NULL)", name="taken_down"),
        CheckConstraint(f"(state = 'OPEN' AND form = 'NAMED') OR ({NOTHING})", name="says_nothing"),
        Index("ix_notices_household_id", "household_id"),
        Index("ix_notices_file_id", "file_id"),
        Index("ix_notices_state_to_day", "state", "to_day"),
    )

    id: Mapped[PrimaryKey]
    number: Mapped[Exact] = mapped_column(unique=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    transition_id: Mapped[int] = mapped_column(ForeignKey("transitions.id"), unique=True)
    form: Mapped[str]
    division_code: Mapped[Exact]
    places: Mapped[Structures]
    channels: Mapped[Structures]
    from_day: Mapped[dt.date]
    to_day: Mapped[dt.date]
    applicant: Mapped[str | None]
    id_number: Mapped[str | None]
    street: Mapped[str | None]
    people: Mapped[int | None]
    tier: Mapped[str | None]
    category: Mapped[str | None]
    keeper: Mapped[str | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    taken_down_at: Mapped[Moment | None]
    taken_down_because: Mapped[str | None]
    opened_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    opened_at: Mapped[Moment]
    version: Mapped[int]


class Objection(Base):
    """What somebody holds against a notice, a decision or anything else about a household, and what a person answered.

    Whoever took it down does not answer it, and no machine does.
    """

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(
            "objector <> 'ANONYMOUS' OR (objector_name IS NULL AND objector_contact IS NULL)", name="unknown"
        ),
        CheckConstraint(
            "(state = 'OPEN' AND outcome IS NULL AND answer IS NULL AND answered_by IS NULL AND answered_at IS NULL) OR "
            "(state = 'ANSWERED' AND outcome IS NOT NULL AND answer IS NOT NULL AND answered_by IS NOT NULL "
            "AND answered_at IS NOT NULL)",
            name="answered",
        ),
        CheckConstraint("answered_by <> received_by", name="another_officer"),
        CheckConstraint("answered_by_kind = 'PERSON'", name="by_a_person"),
        CheckConstraint("(answered_by IS NULL) = (answered_by_kind IS NULL)", name="answered_by_kind"),
        ForeignKeyConstraint(
            ["answered_by", "answered_by_kind"], ["users.id", "users.kind"], name="fk_objections_officer"
        ),
        Index("ix_objections_household_id_state", "household_id", "state"),
        Index("ix_objections_state_due_on", "state", "due_on"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"), index=True)
    finding_id: Mapped[int | None] = mapped_column(ForeignKey("findings.id"), index=True)
    stage: Mapped[str]
    objector: Mapped[str]
    objector_name: Mapped[Sealed | None]
    objector_contact: Mapped[Sealed | None]
    grounds: Mapped[Structures]
    text: Mapped[Sealed]
    received_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    received_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    raised_at: Mapped[Moment]
    escalated_at: Mapped[Moment | None]
    state: Mapped[str]
    outcome: Mapped[str | None]
    answer: Mapped[Sealed | None]
    answered_by: Mapped[int | None]
    answered_by_kind: Mapped[str | None]
    answered_at: Mapped[Moment | None]
    version: Mapped[int]
