"""Why a household is in hardship, and what became of each cause on which day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed, Structures

PENDING = text("resolved_on IS NULL")
MAIN = text("resolved_on IS NULL AND main")


class Cause(Base):
    """A cause of hardship that a file names; of those that are not resolved, four have a place and one may be the main one.

    What became of it and when is told by its events, `resolution_id` being the one that resolved it (no foreign key:
    events point here already). `note` says what it is in words.
    """

    __tablename__ = "causes"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("place BETWEEN 0 AND 3", name="place"),
        CheckConstraint("(resolved_on IS NULL) = (resolution_id IS NULL)", name="resolution"),
        CheckConstraint("resolved_on IS NULL OR resolved_on >= since", name="resolved_on"),
        Index("uq_causes_place", "file_id", "place", unique=True, postgresql_where=PENDING, sqlite_where=PENDING),
        Index("uq_causes_cause", "file_id", "cause", unique=True, postgresql_where=PENDING, sqlite_where=PENDING),
        Index("uq_causes_main", "file_id", unique=True, postgresql_where=MAIN, sqlite_where=MAIN),
        Index("ix_causes_file_id", "file_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    cause: Mapped[str]
    place: Mapped[int]
    main: Mapped[bool]
    since: Mapped[dt.date]
    note: Mapped[Sealed | None]
    resolved_on: Mapped[dt.date | None]
    resolution_id: Mapped[int | None]
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
    main: Mapped[bool]
    effective_on: Mapped[dt.date]
    statement: Mapped[Sealed | None]
    evidence: Mapped[Structures]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    happened_at: Mapped[Moment]
