"""Funds by source, and the ledger in which every fen of theirs is told.

An entry is one row that takes money from one account of a fund to another, so that the ledger balances by construction;
rows are only ever added. The balances of a fund are kept by the database as entries come, and none is ever below zero.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class Fund(Base):
    """Money of one source for a division and a year: what came in, and where it stands."""

    __tablename__ = "funds"
    __table_args__ = (
        UniqueConstraint("source", "division_code", "year"),
        CheckConstraint(
            "source IN ('CENTRAL', 'PROVINCIAL', 'MUNICIPAL', 'COUNTY', 'UNION', 'SOCIAL')", name="source"
        ),
        CheckConstraint("available_fen >= 0", name="available"),
        CheckConstraint("committed_fen >= 0", name="committed"),
        CheckConstraint("paid_fen >= 0", name="paid"),
        CheckConstraint("allocated_fen = available_fen + committed_fen + paid_fen", name="balanced"),
        Index("ix_funds_division_code", "division_code"),
    )

    id: Mapped[PrimaryKey]
    source: Mapped[str]
    division_code: Mapped[Exact]
    year: Mapped[int]
    allocated_fen: Mapped[int]
    available_fen: Mapped[int]
    committed_fen: Mapped[int]
    paid_fen: Mapped[int]
    created_at: Mapped[Moment]


class FundEntry(Base):
    """Money that went from the account `credit` of a fund to its account `debit`; only ever added.

    `reference` tells the one occasion, such as an order's settlement. It and `order_id` name orders by what stays when
    they are erased with their household: the ledger holds nothing personal.
    """

    __tablename__ = "fund_entries"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "(kind = 'ALLOCATED' AND credit = 'OUTSIDE' AND debit = 'AVAILABLE') OR "
            "(kind = 'TAKEN_BACK' AND credit = 'AVAILABLE' AND debit = 'OUTSIDE') OR "
            "(kind = 'COMMITTED' AND credit = 'AVAILABLE' AND debit = 'COMMITTED') OR "
            "(kind = 'RELEASED' AND credit = 'COMMITTED' AND debit = 'AVAILABLE') OR "
            "(kind = 'SETTLED' AND credit = 'COMMITTED' AND debit = 'PAID') OR "
            "(kind IN ('RETURNED', 'RECOVERED') AND credit = 'PAID' AND debit = 'AVAILABLE')",
            name="accounts",
        ),
        CheckConstraint("(kind IN ('ALLOCATED', 'TAKEN_BACK')) = (order_id IS NULL)", name="order"),
        Index("ix_fund_entries_fund_id_id", "fund_id", "id"),
        Index("ix_fund_entries_order_id", "order_id"),
    )

    id: Mapped[PrimaryKey]
    fund_id: Mapped[int] = mapped_column(ForeignKey("funds.id"))
    kind: Mapped[str]
    credit: Mapped[str]
    debit: Mapped[str]
    amount_fen: Mapped[int]
    reference: Mapped[Exact] = mapped_column(unique=True)
    order_id: Mapped[int | None]
    document_no: Mapped[str | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    happened_at: Mapped[Moment]
