"""Programmes of aid, who is enrolled in them, and what was paid."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, PrimaryKey


class Programme(Base):
    """A programme of the policy's list of measures, by its code."""

    __tablename__ = "programmes"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str]
    position: Mapped[int]


class Enrolment(Base):
    """A household's, or one of its people's, part in a programme; months are their first days.

    `source_record` is the record of the aid register it was taken from, or FILE for the programme that the household's
    own file names.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        Index("ix_enrolments_household_id_start_month", "household_id", "start_month"),
        Index("ix_enrolments_programme_code", "programme_code", "household_id", "start_month", "end_month"),
        UniqueConstraint("household_id", "source_record"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programmes.code"))
    agency: Mapped[str | None]
    start_month: Mapped[dt.date | None]
    end_month: Mapped[dt.date | None]
    amount_fen: Mapped[int | None]
    cause: Mapped[str | None]
    source_record: Mapped[str]


class Payment(Base):
    """What was paid for one month of an enrolment; of a grant of ours by an order, and gone if the bank returns that."""

    __tablename__ = "payments"
    __table_args__ = (UniqueConstraint("enrolment_id", "month"),)

    id: Mapped[PrimaryKey]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    month: Mapped[dt.date]
    amount_fen: Mapped[int]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_orders.id"), index=True)
