"""Donors, what they pledge, and what came of it; money that came is an entry of the ledger (models/funds).

How much of a pledge came, and what that makes of its state, is kept by the database as receipts come. Nothing here
refers to a household, and nobody who gives is told of one.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Donor(Base):
    """Who gives: an organisation or a person, who may want to stay unnamed, or not have said who they are.

    `organisation_id` is the donor's own entry where it works with the service too: no household is sent to it on
    what it gave itself.
    """

    __tablename__ = "donors"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("kind IN ('ORGANISATION', 'PERSON')", name="kind"),
        CheckConstraint("anonymous OR name IS NOT NULL", name="named"),
        CheckConstraint("organisation_id IS NULL OR kind = 'ORGANISATION'", name="organisation"),
        Index("ix_donors_division_code_id", "division_code", "id"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    name: Mapped[Sealed | None]
    contact: Mapped[Sealed | None]
    anonymous: Mapped[bool]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    division_code: Mapped[Exact]
    registered_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    registered_at: Mapped[Moment]
    version: Mapped[int]


class DonationPledge(Base):
    """What a donor promised, for what and until when; it may be withdrawn, and what came stays."""

    __tablename__ = "donation_pledges"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(
            "(kind = 'MONEY' AND amount_fen > 0 AND goods IS NULL) OR "
            "(kind = 'IN_KIND' AND amount_fen IS NULL AND goods IS NOT NULL AND received_fen = 0)",
            name="kind",
        ),
        CheckConstraint("state IN ('PLEDGED', 'PARTLY_RECEIVED', 'RECEIVED', 'WITHDRAWN', 'LAPSED')", name="state"),
        CheckConstraint("received_fen >= 0 AND (amount_fen IS NULL OR received_fen <= amount_fen)", name="received"),
        CheckConstraint(
            "kind <> 'MONEY' OR state NOT IN ('PLEDGED', 'PARTLY_RECEIVED', 'RECEIVED') OR "
            "state = CASE WHEN received_fen = 0 THEN 'PLEDGED' WHEN received_fen = amount_fen THEN 'RECEIVED' "
            "ELSE 'PARTLY_RECEIVED' END",
            name="came",
        ),
        Index("ix_donation_pledges_donor_id", "donor_id"),
        Index("ix_donation_pledges_division_code_id", "division_code", "id"),
        Index("ix_donation_pledges_state_until", "state", "until"),
    )

    id: Mapped[PrimaryKey]
    donor_id: Mapped[int] = mapped_column(ForeignKey("donors.id"))
    kind: Mapped[str]
    amount_fen: Mapped[int | None]
    goods: Mapped[Sealed | None]
    division_code: Mapped[Exact]
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programmes.code"))
    measure: Mapped[str | None]
    until: Mapped[dt.date]
    received_fen: Mapped[int]
    state: Mapped[str]
    closing: Mapped[Sealed | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
    version: Mapped[int]


class DonationReceipt(Base):
    """That some of a pledge came, on which day, under which receipt; of money, by which entry of the ledger. Only ever added.

    `receipt_no` is the number of the receipt by which the donor deducts it from taxable income; each is given once.
    """

    __tablename__ = "donation_receipts"
    __table_args__ = (
        CheckConstraint("(amount_fen IS NULL) = (fund_entry_id IS NULL)", name="entry"),
        CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="amount"),
        Index("ix_donation_receipts_pledge_id", "pledge_id"),
    )

    id: Mapped[PrimaryKey]
    pledge_id: Mapped[int] = mapped_column(ForeignKey("donation_pledges.id"))
    amount_fen: Mapped[int | None]
    complete: Mapped[bool]
    received_on: Mapped[dt.date]
    receipt_no: Mapped[Exact] = mapped_column(unique=True)
    fund_entry_id: Mapped[int | None] = mapped_column(ForeignKey("fund_entries.id"), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    received_at: Mapped[Moment]
