"""Doubtful rows of batches: where something stands that could not be read, why, and by when it is to be mended."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class DoubtfulRow(Base):
    """A row of a batch, or a value in it, that is doubted: told by its place alone, as its department has the file.

    `upload_id` is the batch in which it was brought last, at `brought_at`; `first_upload_id` the one that brought it first, from which its
    `due_on` is reckoned. `digest` is of its record's own name, by which a later batch is held against it; null where it has none.
    """

    __tablename__ = "doubtful_rows"
    __table_args__ = (
        CheckConstraint("state IN ('OPEN', 'CORRECTED', 'CONFIRMED')", name="state"),
        CheckConstraint("(state = 'OPEN') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'CORRECTED') = (ended_upload_id IS NOT NULL)", name="corrected"),
        CheckConstraint(
            "(state = 'CONFIRMED') = (answered_by IS NOT NULL) AND (state = 'CONFIRMED') = (answer IS NOT NULL)",
            name="confirmed",
        ),
        CheckConstraint("version > 0", name="version"),
        Index("ix_doubtful_rows_organisation_id_source_state", "organisation_id", "source", "state"),
        Index("ix_doubtful_rows_division_code_id", "division_code", "id"),
        Index("ix_doubtful_rows_upload_id_state", "upload_id", "state"),
        Index("ix_doubtful_rows_brought_at", "brought_at"),
    )

    id: Mapped[PrimaryKey]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    division_code: Mapped[Exact]
    source: Mapped[Exact]
    first_upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), index=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    file: Mapped[str]
    row_number: Mapped[int]
    column_name: Mapped[str | None]
    reason: Mapped[str]
    digest: Mapped[Sealed | None]
    told_at: Mapped[Moment]
    brought_at: Mapped[Moment]
    due_on: Mapped[dt.date]
    state: Mapped[str]
    ended_at: Mapped[Moment | None]
    ended_upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    answer: Mapped[Sealed | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]


class DoubtfulKind(Base):
    """How many lines of a batch were doubted for one reason in one column, and how many of these are listed as doubtful rows."""

    __tablename__ = "doubtful_kinds"
    __table_args__ = (
        CheckConstraint("listed >= 0 AND lines > 0 AND listed <= lines", name="lines"),
        Index("ix_doubtful_kinds_upload_id", "upload_id"),
    )

    id: Mapped[PrimaryKey]
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"))
    reason: Mapped[str]
    column_name: Mapped[str | None]
    lines: Mapped[int]
    listed: Mapped[int]
