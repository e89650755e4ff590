"""Scans, and the links each found between people and department records."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Structure, Structures


class Scan(Base):
    """One run of the matcher over a division's households and the latest feeds.

    `division_from` and `division_to` are the division's range of codes; `stage` to `unit` tell the progress. `leads` counts what
    became of leads: new, raised again, changed, withdrawn. `whole` is that it does not go since another, `seconds_left` how long
    it will take still, where that can be told.
    """

    __tablename__ = "scans"
    __table_args__ = (
        CheckConstraint("(status = 'CANCELLED') = (cancelled_by IS NOT NULL)", name="cancelled_by_somebody"),
        Index("ix_scans_division_code_id", "division_code", "id"),
    )

    id: Mapped[PrimaryKey]
    status: Mapped[str]
    division_code: Mapped[Exact]
    division_from: Mapped[Exact]
    division_to: Mapped[Exact]
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    as_of: Mapped[dt.date | None]
    rules: Mapped[Structures]
    stage: Mapped[str | None]
    done: Mapped[int | None]
    total: Mapped[int | None]
    unit: Mapped[str | None]
    summary: Mapped[Structure | None]
    leads: Mapped[Structure | None]
    whole: Mapped[bool] = mapped_column(server_default=false())
    seconds_left: Mapped[int | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    failure: Mapped[str | None]
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]


class ScanSchedule(Base):
    """Scans of a division that are asked for again and again, by the clock or when a batch came, until that is paused or ended.

    `next_at` is when the next is due, where the clock tells; `feed_id` the newest batch that was there when one was asked for.
    """

    __tablename__ = "scan_schedules"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("rhythm IN ('DAILY', 'WEEKLY', 'MONTHLY', 'BATCH')", name="rhythm"),
        CheckConstraint("state IN ('ACTIVE', 'PAUSED', 'ENDED')", name="state"),
        CheckConstraint("(rhythm = 'WEEKLY') = (weekday IS NOT NULL)", name="by_week"),
        CheckConstraint("(rhythm = 'MONTHLY') = (day_of_month IS NOT NULL)", name="by_month"),
        CheckConstraint("(rhythm = 'BATCH') = (hour IS NULL)", name="by_clock"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("day_of_month BETWEEN 1 AND 31", name="day_of_month"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("(next_at IS NOT NULL) = (state = 'ACTIVE' AND rhythm <> 'BATCH')", name="next"),
        Index("ix_scan_schedules_division_code_id", "division_code", "id"),
        Index("ix_scan_schedules_state_next_at", "state", "next_at"),
    )

    id: Mapped[PrimaryKey]
    division_code: Mapped[Exact]
    rules: Mapped[Structures]
    whole: Mapped[bool]
    rhythm: Mapped[str]
    weekday: Mapped[int | None]
    day_of_month: Mapped[int | None]
    hour: Mapped[int | None]
    sources: Mapped[Structures]
    state: Mapped[str]
    next_at: Mapped[Moment | None]
    feed_id: Mapped[int]
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment]
    version: Mapped[int]


class ScanOccasion(Base):
    """That a schedule asked for a scan, once for the moment at which it was due; `missed` counts those before that nobody asked for."""

    __tablename__ = "scan_occasions"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("scan_schedules.id"), primary_key=True, autoincrement=False)
    due_at: Mapped[Moment] = mapped_column(primary_key=True)
    asked_at: Mapped[Moment]
    missed: Mapped[int]
    scan_id: Mapped[int] = mapped_column(ForeignKey("scans.id"), index=True)


class ScanReceipt(Base):
    """What a scan read, by what it judged and what it wrote, by hashes, signed: the text as it is given out."""

    __tablename__ = "scan_receipts"

    scan_id: Mapped[int] = mapped_column(ForeignKey("scans.id"), primary_key=True, autoincrement=False)
    document: Mapped[str]
    made_at: Mapped[Moment]


class Link(Base):
    """A pair of a person and a record that one scan found at or above its review threshold."""

    __tablename__ = "links"
    __table_args__ = (
        Index("ix_links_member_id_scan_id", "member_id", "scan_id"),
        Index("ix_links_scan_id", "scan_id"),
    )

    id: Mapped[PrimaryKey]
    scan_id: Mapped[int] = mapped_column(ForeignKey("scans.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    source: Mapped[str]
    record_id: Mapped[str]
    party: Mapped[str]
    probability: Mapped[float] = mapped_column(Float)
    weight_bits: Mapped[float] = mapped_column(Float)
    grade: Mapped[str | None]
    decision: Mapped[str]
    levels: Mapped[Structure]
