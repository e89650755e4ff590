"""What is to be done for a household: plans in versions, their measures, and how far each is."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed

NOW = text("until IS NULL")


class Plan(Base):
    """What is to be done for a household: one version of its plan, in force from a day to before the next (一户一策)."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("until IS NULL OR until >= since", name="until"),
        UniqueConstraint("household_id", "number"),
        Index("uq_plans_current", "household_id", unique=True, postgresql_where=NOW, sqlite_where=NOW),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), index=True)
    number: Mapped[int]
    goal: Mapped[Sealed]
    since: Mapped[dt.date]
    until: Mapped[dt.date | None]
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[Moment]


class PlannedMeasure(Base):
    """One measure of a plan: what is done, by which organisation, by when; `continues_id` is the same in an earlier version."""

    __tablename__ = "planned_measures"
    __table_args__ = (CheckConstraint("version > 0", name="version"), UniqueConstraint("plan_id", "place"))

    id: Mapped[PrimaryKey]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    place: Mapped[int]
    measure: Mapped[str]
    what: Mapped[Sealed]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    due_on: Mapped[dt.date]
    state: Mapped[str]
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("planned_measures.id"))
    version: Mapped[int]


class Progress(Base):
    """How far a planned measure was on a day; only ever added."""

    __tablename__ = "progress"

    id: Mapped[PrimaryKey]
    measure_id: Mapped[int] = mapped_column(ForeignKey("planned_measures.id"), index=True)
    state: Mapped[str]
    note: Mapped[Sealed]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[Moment]
