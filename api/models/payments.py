"""Payments in cycles: drawn up by one officer, approved by another, settled, and answered by the bank.

An order pays a household for months of a grant. Which months it has taken stands in `order_months`, where no two orders
that are alive have the same one. How each goes on is held by triggers too (F-37).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed

ALIVE = text("live")
REPAID = text("state NOT IN ('HELD', 'CANCELLED')")


class PaymentCycle(Base):
    """The payments of one programme from one fund in one month; `seed` draws the recipients who are asked afterwards."""

    __tablename__ = "payment_cycles"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("kind IN ('REGULAR', 'REPAYMENT')", name="kind"),
        CheckConstraint("state IN ('DRAWN_UP', 'APPROVED', 'SETTLED', 'RECONCILED', 'CANCELLED')", name="state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> drawn_up_by", name="second_officer"),
        CheckConstraint("approved_by IS NULL OR approved_by_kind = 'PERSON'", name="by_a_person"),
        CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_by_kind IS NULL)",
            name="approval",
        ),
        CheckConstraint(
            "state NOT IN ('APPROVED', 'SETTLED', 'RECONCILED') OR approved_by IS NOT NULL", name="approved"
        ),
        CheckConstraint("state <> 'DRAWN_UP' OR approved_by IS NULL", name="drawn_up"),
        CheckConstraint(
            "(state IN ('SETTLED', 'RECONCILED')) = (settled_by IS NOT NULL) AND "
            "(settled_by IS NULL) = (settled_at IS NULL)",
            name="settled",
        ),
        CheckConstraint("(state = 'RECONCILED') = (reconciled_at IS NOT NULL)", name="reconciled"),
        CheckConstraint(
            "(state = 'CANCELLED') = (cancelled_by IS NOT NULL) AND (state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND "
            "(state = 'CANCELLED') = (cancelled_because IS NOT NULL)",
            name="cancelled",
        ),
        ForeignKeyConstraint(
            ["approved_by", "approved_by_kind"], ["users.id", "users.kind"], name="fk_payment_cycles_approval"
        ),
        Index("ix_payment_cycles_fund_id", "fund_id"),
        Index("ix_payment_cycles_division_code_id", "division_code", "id"),
        Index("ix_payment_cycles_state_id", "state", "id"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    fund_id: Mapped[int] = mapped_column(ForeignKey("funds.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programmes.code"))
    division_code: Mapped[Exact]
    month: Mapped[dt.date]
    state: Mapped[str]
    seed: Mapped[Exact]
    drawn_up_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    drawn_up_at: Mapped[Moment]
    approved_by: Mapped[int | None]
    approved_by_kind: Mapped[str | None]
    approved_at: Mapped[Moment | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[Moment | None]
    reconciled_at: Mapped[Moment | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    cancelled_at: Mapped[Moment | None]
    cancelled_because: Mapped[Sealed | None]
    version: Mapped[int]


class PaymentOrder(Base):
    """What a household is to be paid in a cycle for months of a grant, to the account that it had when it was drawn up.

    `repays_id` is the order that the bank returned, which this one pays again.
    """

    __tablename__ = "payment_orders"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state IN ('DRAWN_UP', 'HELD', 'SETTLED', 'PAID', 'RETURNED', 'CANCELLED')", name="state"),
        CheckConstraint("state <> 'HELD' OR held_because IS NOT NULL", name="held"),
        CheckConstraint("(state IN ('PAID', 'RETURNED')) = (answered_on IS NOT NULL)", name="answered"),
        CheckConstraint(
            "state IN ('HELD', 'CANCELLED') OR (payee_account IS NOT NULL AND payee_name IS NOT NULL)", name="payee"
        ),
        UniqueConstraint("cycle_id", "grant_id"),
        Index("uq_payment_orders_repays_id", "repays_id", unique=True, postgresql_where=REPAID, sqlite_where=REPAID),
        Index("ix_payment_orders_cycle_id_state", "cycle_id", "state"),
        Index("ix_payment_orders_household_id", "household_id"),
        Index("ix_payment_orders_id_household_id", "id", "household_id"),
        Index("ix_payment_orders_state_id", "state", "id", "household_id"),
        Index("ix_payment_orders_grant_id", "grant_id"),
    )

    id: Mapped[PrimaryKey]
    cycle_id: Mapped[int] = mapped_column(ForeignKey("payment_cycles.id"))
    reference: Mapped[Exact] = mapped_column(unique=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"), index=True)
    amount_fen: Mapped[int]
    state: Mapped[str]
    held_because: Mapped[str | None]
    payee_name: Mapped[Sealed | None]
    payee_account: Mapped[Sealed | None]
    payee_bank: Mapped[Sealed | None]
    repays_id: Mapped[int | None] = mapped_column(ForeignKey("payment_orders.id"))
    answered_on: Mapped[dt.date | None]
    returned_because: Mapped[Sealed | None]
    version: Mapped[int]


class OrderMonth(Base):
    """A month of a grant that an order pays, and how much; `live` while no other order may pay it."""

    __tablename__ = "order_months"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        UniqueConstraint("order_id", "month"),
        Index("uq_order_months_live", "grant_id", "month", unique=True, postgresql_where=ALIVE, sqlite_where=ALIVE),
    )

    id: Mapped[PrimaryKey]
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_orders.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), index=True)
    month: Mapped[dt.date]
    amount_fen: Mapped[int]
    live: Mapped[bool]


class BankList(Base):
    """That somebody took the list of a cycle for the bank, and how often it was taken before; one taken again says why."""

    __tablename__ = "bank_lists"
    __table_args__ = (
        CheckConstraint("number > 0 AND (number = 1) = (reason IS NULL)", name="again"),
        UniqueConstraint("cycle_id", "number"),
    )

    id: Mapped[PrimaryKey]
    cycle_id: Mapped[int] = mapped_column(ForeignKey("payment_cycles.id"))
    number: Mapped[int]
    orders: Mapped[int]
    reason: Mapped[Sealed | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    taken_at: Mapped[Moment]


class BankAnswer(Base):
    """A file in which the bank answered a cycle's orders, by its hash: the same one is taken in once."""

    __tablename__ = "bank_answers"
    __table_args__ = (UniqueConstraint("cycle_id", "sha256"),)

    id: Mapped[PrimaryKey]
    cycle_id: Mapped[int] = mapped_column(ForeignKey("payment_cycles.id"))
    sha256: Mapped[str]
    paid: Mapped[int]
    returned: Mapped[int]
    unchanged: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    received_at: Mapped[Moment]


class PaymentCheck(Base):
    """What a recipient who was drawn by chance says of a payment, when somebody else than who drew it up has asked."""

    __tablename__ = "payment_checks"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("outcome IN ('RECEIVED', 'NOT_RECEIVED', 'AMOUNT_DIFFERS', 'NOT_REACHED')", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (checked_at IS NULL)", name="checked"),
        CheckConstraint("(outcome IS NULL) = (checked_by IS NULL)", name="checked_by"),
    )

    id: Mapped[PrimaryKey]
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_orders.id"), unique=True)
    outcome: Mapped[str | None]
    note: Mapped[Sealed | None]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[Moment | None]
    version: Mapped[int]
