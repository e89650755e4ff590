"""What is given back of what was paid wrongly, as a ledger; and errors of ours, each with how it was put right.

A ledger's entry begins with what the one before left, and leaves what it takes off: so it always adds up. None takes
more than the month can bear or than one instalment of several, none takes anything where the error was ours, and
interest, or withholding from aid, has no row to stand in (F-34).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Recovery(Base):
    """What a household gives back, by a decision; `most_fen` is the most that is due of a month, half of all at most."""

    __tablename__ = "recoveries"
    __table_args__ = (
        CheckConstraint("kind = 'RECOVER_AID'", name="decided"),
        CheckConstraint("total_fen > 0 AND most_fen >= 0 AND most_fen * 2 <= total_fen", name="instalments"),
        ForeignKeyConstraint(
            ["stop_id", "household_id", "kind", "total_fen"],
            ["stops.id", "stops.household_id", "stops.kind", "stops.amount_fen"],
            name="fk_recoveries_stop",
        ),
        UniqueConstraint("stop_id", name="uq_recoveries_stop_id"),
        UniqueConstraint("id", "household_id", "total_fen", "most_fen", "cause", name="uq_recoveries_terms"),
        Index("ix_recoveries_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    stop_id: Mapped[int]
    kind: Mapped[str]
    total_fen: Mapped[int]
    most_fen: Mapped[int]
    cause: Mapped[str]
    opened_at: Mapped[Moment]


class RecoveryEntry(Base):
    """What changed what is left of a recovery: it was opened, an instalment was paid in, or what was left was waived."""

    __tablename__ = "recovery_entries"
    __table_args__ = (
        CheckConstraint("amount_fen >= 0 AND left_fen >= 0 AND left_fen = before_fen - amount_fen", name="adds_up"),
        CheckConstraint(
            "(kind = 'OPENED' AND number = 1 AND previous_number IS NULL AND amount_fen = 0 AND before_fen = total_fen) OR "
            "(kind <> 'OPENED' AND number > 1 AND previous_number IS NOT NULL AND previous_number = number - 1 "
            "AND amount_fen > 0)",
            name="follows",
        ),
        CheckConstraint(
            "(kind = 'INSTALMENT' AND month IS NOT NULL AND paid_on IS NOT NULL AND cap_fen IS NOT NULL "
            "AND amount_fen <= cap_fen AND amount_fen <= most_fen AND cause <> 'OFFICIAL_ERROR') OR "
            "(kind = 'OPENED' AND month IS NULL AND reason IS NULL) OR "
            "(kind = 'WAIVED' AND month IS NULL AND reason IS NOT NULL AND left_fen = 0)",
            name="kind",
        ),
        ForeignKeyConstraint(
            ["recovery_id", "household_id", "total_fen", "most_fen", "cause"],
            [f"recoveries.{column}" for column in ("id", "household_id", "total_fen", "most_fen", "cause")],
            name="fk_recovery_entries_recovery",
        ),
        ForeignKeyConstraint(
            ["recovery_id", "previous_number", "before_fen"],
            ["recovery_entries.recovery_id", "recovery_entries.number", "recovery_entries.left_fen"],
            name="fk_recovery_entries_previous",
        ),
        UniqueConstraint("recovery_id", "number", "left_fen", name="uq_recovery_entries_left"),
        UniqueConstraint("recovery_id", "month", name="uq_recovery_entries_month"),
        Index("uq_recovery_entries_number", "recovery_id", "number", unique=True),
        Index("ix_recovery_entries_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    recovery_id: Mapped[int]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    total_fen: Mapped[int]
    most_fen: Mapped[int]
    cause: Mapped[str]
    number: Mapped[int]
    previous_number: Mapped[int | None]
    kind: Mapped[str]
    month: Mapped[dt.date | None]
    before_fen: Mapped[int]
    amount_fen: Mapped[int]
    left_fen: Mapped[int]
    cap_fen: Mapped[int | None]
    paid_on: Mapped[dt.date | None]
    reason: Mapped[Sealed | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[Moment]


class OfficialError(Base):
    """An error of ours: what it was, when it came out, and how it was put right; of a household, or of nobody.

    It may name the decision that was wrong, or the grant's month that was paid wrongly.
    """

    __tablename__ = "official_errors"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(
            "(put_right_on IS NULL) = (remedy IS NULL) AND (put_right_on IS NULL) = (put_right_by IS NULL)",
            name="put_right",
        ),
        CheckConstraint("put_right_on IS NULL OR put_right_on >= discovered_on", name="days"),
        Index("ix_official_errors_household_id", "household_id"),
        Index("ix_official_errors_division_code_discovered_on", "division_code", "discovered_on"),
        Index("ix_official_errors_decision_id", "decision_id"),
        CheckConstraint("month IS NULL OR grant_id IS NOT NULL", name="payment"),
        Index("ix_official_errors_grant_id", "grant_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"))
    division_code: Mapped[Exact]
    kind: Mapped[str]
    what: Mapped[Sealed]
    discovered_on: Mapped[dt.date]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"))
    month: Mapped[dt.date | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
    remedy: Mapped[Sealed | None]
    put_right_on: Mapped[dt.date | None]
    put_right_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]
