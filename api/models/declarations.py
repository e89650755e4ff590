"""What people declared and when, what was corrected of memberships, and the names that other systems have for us.

Rows of declarations and of changes are only ever added: a later one takes an earlier one's place, and tells what was
said before.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures


class Declaration(Base):
    """One thing that a household, or one member of it, declared on a day: an amount in fen, a count, or a word.

    Neither `amount` nor `word` is the declaration that it is not known, which is not zero.
    """

    __tablename__ = "declarations"
    __table_args__ = (
        CheckConstraint("amount IS NULL OR word IS NULL", name="one_value"),
        Index("ix_declarations_household_id_item", "household_id", "item", "declared_on"),
        Index("ix_declarations_member_id_item", "member_id", "item", "declared_on"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    item: Mapped[str]
    amount: Mapped[int | None]
    word: Mapped[str | None]
    declared_on: Mapped[dt.date]
    source: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]


class MemberChange(Base):
    """What a person did with a membership and why: added, moved, ended, corrected.

    `before` holds what the corrected `fields` were, as JSON. Without `member_id` it is the household itself that was
    corrected.
    """

    __tablename__ = "member_changes"

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str]
    fields: Mapped[Structures]
    before: Mapped[Sealed | None]
    reason: Mapped[Sealed | None]
    effective_on: Mapped[dt.date]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    happened_at: Mapped[Moment]


class ExternalReference(Base):
    """The number under which another system knows a household, or one of its members."""

    __tablename__ = "external_references"
    __table_args__ = (UniqueConstraint("system", "kind", "reference"),)

    id: Mapped[PrimaryKey]
    system: Mapped[str]
    kind: Mapped[str]
    reference: Mapped[Exact]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    created_at: Mapped[Moment]
