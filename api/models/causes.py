"""Why a household is in hardship, and what became of each cause on which day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed, Structures

PENDING = text("resolved_on IS NULL")


class Cause(Base):
    """A cause of hardship that a file names: rank 0 is the main one, 1 to 3 stand beside it.

    A resolved one leaves its rank to others. What became of it and when is told by its changes, `resolution_id` being
    the one that resolved it (no foreign key: changes point here already). `note` says what OTHER is.
    """

    __tablename__ = "causes"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("rank BETWEEN 0 AND 3", name="rank"),
        CheckConstraint("(resolved_on IS NULL) = (resolution_id IS NULL)", name="resolution"),
        CheckConstraint("resolved_on IS NULL OR resolved_on >= since", name="resolved_on"),
        Index("uq_causes_rank", "file_id", "rank", unique=True, postgresql_where=PENDING, sqlite_where=PENDING),
        Index("uq_causes_cause", "file_id", "cause", unique=True, postgresql_where=PENDING, sqlite_where=PENDING),
        Index("ix_causes_file_id", "file_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    cause: Mapped[str]
    rank: Mapped[int]
    since: Mapped[dt.date]
    note: Mapped[Sealed | None]
    resolved_on: Mapped[dt.date | None]
    resolution_id: Mapped[int | None] = mapped_column()
    version: Mapped[int]


class CauseEvent(Base):
    """What became of a cause on a day, who said so, and on which evidence; only ever added."""

    __tablename__ = "cause_events"
    __table_args__ = (
        CheckConstraint("change <> 'RESOLVED' OR statement IS NOT NULL", name="statement"),
        Index("ix_cause_events_cause_id_effective_on_id", "cause_id", "effective_on", "id"),
    )

    id: Mapped[PrimaryKey]
    cause_id: Mapped[int] = mapped_column(ForeignKey("causes.id"))
    change: Mapped[str]
    rank: Mapped[int]
    effective_on: Mapped[dt.date]
    statement: Mapped[Sealed | None]
    evidence: Mapped[Structures]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    happened_at: Mapped[Moment]
