"""Scans, and the links each found between people and department records."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Structure, Structures


class Scan(Base):
    """One run of the matcher over a division's households and the latest feeds.

    `division_from` and `division_to` are the division's range of codes; `stage` to `unit` tell the progress. `leads` counts what
    became of leads: new, raised again, changed, withdrawn.
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
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    failure: Mapped[str | None]
    created_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]


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
