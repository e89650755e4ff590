"""Answers that departments gave by a list, one a person and kind of data."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class ListedAnswer(Base):
    """The last word of a source on somebody: that there is a record, that there is none, or that it cannot say."""

    __tablename__ = "listed_answers"
    __table_args__ = (UniqueConstraint("member_id", "source"),)

    id: Mapped[PrimaryKey]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    source: Mapped[Exact]
    answer: Mapped[str]
    answered_on: Mapped[dt.date]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    pushed_at: Mapped[Moment]
