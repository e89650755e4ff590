"""Who is or was protected, why, and by whom (F-29); `people.protected_since` is what hiding goes by."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed

RUNNING = text("ended_on IS NULL")


class Protection(Base):
    """One time of protection of one person; why it began and why it ended are sealed."""

    __tablename__ = "protections"
    __table_args__ = (
        CheckConstraint(
            "(ended_on IS NULL) = (ended_by IS NULL) AND (ended_on IS NULL) = (ending_reason IS NULL)", name="ended"
        ),
        Index("uq_protections_running", "person_id", unique=True, postgresql_where=RUNNING, sqlite_where=RUNNING),
        Index("ix_protections_person_id", "person_id"),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    since: Mapped[dt.date]
    reason: Mapped[Sealed]
    protected_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ended_on: Mapped[dt.date | None]
    ending_reason: Mapped[Sealed | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment]
