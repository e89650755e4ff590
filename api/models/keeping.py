"""How a file is kept: of which category it is since when, and which union handed it to which."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class FileCategory(Base):
    """A file is of this category from a day on, until another row says otherwise; no machine decides it (F-2)."""

    __tablename__ = "file_categories"
    __table_args__ = (
        CheckConstraint("user_kind = 'PERSON'", name="by_a_person"),
        ForeignKeyConstraint(
            ["decided_by", "user_kind"], ["users.id", "users.kind"], name="fk_file_categories_officer"
        ),
        Index("ix_file_categories_file_id_since", "file_id", "since"),
    )

    id: Mapped[PrimaryKey]
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    method: Mapped[str]
    category: Mapped[str]
    since: Mapped[dt.date]
    decided_by: Mapped[int]
    user_kind: Mapped[str]
    decided_at: Mapped[Moment]


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
