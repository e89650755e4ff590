"""What has to be done for households, and to whom they are sent: tasks and referrals."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structure


class Task(Base):
    """Something that somebody has to do for a household by a day; `reference` is the same for the same occasion.

    `detail` holds codes and keys, and nothing personal; `note` is why a person cancelled it.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(state = 'OPEN') = (done_at IS NULL)", name="done"),
        Index("ix_tasks_state_due_on_id", "state", "due_on", "id", "household_id"),
        Index("ix_tasks_assigned_to_state_due_on", "assigned_to", "state", "due_on"),
    )

    id: Mapped[PrimaryKey]
    reference: Mapped[Exact] = mapped_column(unique=True)
    kind: Mapped[str]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[dt.date]
    state: Mapped[str]
    detail: Mapped[Structure]
    note: Mapped[Sealed | None]
    created_at: Mapped[Moment]
    done_at: Mapped[Moment | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]


class Referral(Base):
    """A household, or somebody in it, sent to an organisation for a programme; answered by that organisation.

    One that draws on what a donor pledged names the pledge, which names no household.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(state = 'CLOSED') = (outcome IS NOT NULL)", name="outcome"),
        CheckConstraint("(state = 'OPEN') = (answered_at IS NULL)", name="answered"),
        Index("ix_referrals_organisation_id_state_id", "organisation_id", "state", "id"),
        Index("uq_referrals_id_household_id", "id", "household_id", unique=True),
        Index("ix_referrals_pledge_id", "pledge_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programmes.code"))
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("donation_pledges.id"))
    note: Mapped[Sealed]
    state: Mapped[str]
    outcome: Mapped[str | None]
    answer: Mapped[Sealed | None]
    due_on: Mapped[dt.date]
    referred_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    referred_at: Mapped[Moment]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[Moment | None]
    version: Mapped[int]
