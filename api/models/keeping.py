"""How a file is kept: of which tier and category it is since when, and which union handed it to which."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Recognition(Base):
    """A file is of this tier and category from a day on, until a later row says otherwise; only ever added.

    `transition_id` is the move that brought it, and with it the decision, if there was one; `method` that by which the
    category was found. What an officer decided bears their account, and no machine decides (F-2); the rest was proposed,
    carried over from the file before, or told by another register.
    """

    __tablename__ = "recognitions"
    __table_args__ = (
        CheckConstraint(
            "(decided_by IS NULL) = (user_kind IS NULL) AND (user_kind IS NULL OR user_kind = 'PERSON')",
            name="by_a_person",
        ),
        ForeignKeyConstraint(["decided_by", "user_kind"], ["users.id", "users.kind"], name="fk_recognitions_officer"),
        Index("ix_recognitions_file_id", "file_id"),
        Index("ix_recognitions_household_id", "household_id"),
        Index("ix_recognitions_transition_id", "transition_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    tier: Mapped[str | None]
    category: Mapped[str | None]
    method: Mapped[str | None]
    since: Mapped[dt.date]
    transition_id: Mapped[int | None] = mapped_column(ForeignKey("transitions.id"))
    decided_by: Mapped[int | None]
    user_kind: Mapped[str | None]
    recorded_at: Mapped[Moment]


class FileTransfer(Base):
    """A file was handed to another union, its household to another division with it, or not."""

    __tablename__ = "file_transfers"

    id: Mapped[PrimaryKey]
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), index=True)
    from_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    to_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    from_division_code: Mapped[Exact]
    to_division_code: Mapped[Exact]
    reason: Mapped[Sealed]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    transferred_on: Mapped[dt.date]
    transferred_at: Mapped[Moment]
