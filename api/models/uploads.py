"""Batches that departments send over HTTP, and the receipts that they get for them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Structure, Structures


class Upload(Base):
    """One file that a department announced, by its hash; `folder` is where its bytes lie, as long as they are kept.

    `stage` to `unit` tell how far its check is, `checks` what came of it, `figures` what later batches are held against,
    `refusal` why it was not taken over.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("rows_in = rows_accepted + rows_set_aside", name="rows"),
        CheckConstraint("(state = 'ACCEPTED') = (rows_accepted IS NOT NULL AND refusal IS NULL)", name="accepted"),
        Index("ix_uploads_source_batch", "source", "batch"),
        Index("ix_uploads_organisation_id_state", "organisation_id", "state"),
    )

    id: Mapped[PrimaryKey]
    source: Mapped[Exact]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    division_code: Mapped[Exact]
    department: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    client: Mapped[str]
    name: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[Exact]
    as_of: Mapped[dt.date]
    kind: Mapped[str]
    batch: Mapped[Exact]
    supersedes: Mapped[Structures]
    mapping: Mapped[Structure]
    folder: Mapped[Exact] = mapped_column(unique=True)
    state: Mapped[str]
    begun_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    received_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    stage: Mapped[str | None]
    done: Mapped[int | None]
    total: Mapped[int | None]
    unit: Mapped[str | None]
    rows_in: Mapped[int | None]
    rows_accepted: Mapped[int | None]
    rows_set_aside: Mapped[int | None]
    checks: Mapped[Structures]
    figures: Mapped[Structure | None]
    refusal: Mapped[Structure | None]
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feeds.id"), index=True)


class Receipt(Base):
    """The numbered acknowledgement of a batch that was checked; `digest` is that of all it says."""

    __tablename__ = "receipts"

    id: Mapped[PrimaryKey]
    number: Mapped[int] = mapped_column(unique=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), unique=True)
    digest: Mapped[Exact]
    issued_at: Mapped[Moment]
