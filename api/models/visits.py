"""Who looks after a household, and what was found at home: contact officers and home visits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed

NOW = text("until IS NULL")


class HomeVisit(Base):
    """A visit to a household, and what it found; never changed: a correction is another row that names it.

    The three questions are those of a re-verification (domain.md A7).
    """

    __tablename__ = "home_visits"
    __table_args__ = (
        CheckConstraint("(corrects_id IS NULL) = (correction IS NULL)", name="correction"),
        Index("ix_home_visits_household_id_visited_on", "household_id", "visited_on"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    kind: Mapped[str]
    visited_on: Mapped[dt.date]
    met: Mapped[Sealed]
    findings: Mapped[Sealed]
    income_changed: Mapped[str]
    causes_gone: Mapped[str]
    to_be_closed: Mapped[str]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("home_visits.id"), unique=True)
    correction: Mapped[Sealed | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]


class Visitor(Base):
    """Somebody of ours who made a home visit."""

    __tablename__ = "visitors"

    visit_id: Mapped[int] = mapped_column(ForeignKey("home_visits.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)


class VisitPhoto(Base):
    """A photograph taken at a home visit."""

    __tablename__ = "visit_photos"

    visit_id: Mapped[int] = mapped_column(ForeignKey("home_visits.id"), primary_key=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachments.id"), primary_key=True, index=True)


class ContactOfficer(Base):
    """Who keeps in touch with a household, from a day to before another; one at a time."""

    __tablename__ = "contact_officers"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="until"),
        Index("uq_contact_officers_current", "household_id", unique=True, postgresql_where=NOW, sqlite_where=NOW),
        Index("ix_contact_officers_household_id_since", "household_id", "since"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    since: Mapped[dt.date]
    until: Mapped[dt.date | None]
    assigned_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    assigned_at: Mapped[Moment]
