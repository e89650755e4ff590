"""What each adult let be looked up, and what an officer allowed in an emergency (F-23)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Sealed, Structures


class Authorisation(Base):
    """A person's consent to be looked up in sources, named in one cell, or in ALL, for a purpose and a time.

    One that came with another register has no `recorded_at`: what that register says next takes its place, unless
    it was withdrawn here. A guardian signs for a ward: somebody of the register, or somebody else by name.
    """

    __tablename__ = "authorisations"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(recorded_at IS NULL) = (recorded_by IS NULL)", name="recorded"),
        CheckConstraint("recorded_at IS NULL OR (source IS NOT NULL AND purpose IS NOT NULL)", name="recorded_whole"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_on IS NOT NULL", name="withdrawn_on"),
        CheckConstraint("guardian_id IS NULL OR guardian_name IS NULL", name="one_guardian"),
    )

    id: Mapped[PrimaryKey]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    source: Mapped[str | None]
    purpose: Mapped[str | None]
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
    withdrawn_on: Mapped[dt.date | None]
    withdrawal_reason: Mapped[Sealed | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[Moment | None]
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"), index=True)
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    guardian_name: Mapped[Sealed | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment | None]
    version: Mapped[int] = mapped_column(default=1)


class EmergencyException(Base):
    """An officer let a household be looked up without its consent: where, for what, why, and until which day."""

    __tablename__ = "emergency_exceptions"
    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="time"),)

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    sources: Mapped[Structures]
    purpose: Mapped[str]
    reason: Mapped[Sealed]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
