"""Exports: what somebody asked to have as a file, how far it is, and until when it may be taken; the file lies beside."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Export(Base):
    """A list as a file, sealed on the disk; `filter` may name somebody, and is sealed too.

    `parts` so many parts lie on the disk, with `rows` rows, and `cursor` is behind the last. `role` and `division_code` are the
    requester's when it was asked for, and what it shows goes by them; `named` is whether the request named its purpose.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("(status IN ('SUCCEEDED', 'FAILED')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("(status = 'SUCCEEDED') = (sha256 IS NOT NULL)", name="succeeded"),
        Index("ix_exports_division_code_id", "division_code", "id"),
        Index("ix_exports_user_id_status", "user_id", "status"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    format: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    division_code: Mapped[Exact]
    role: Mapped[str]
    purpose: Mapped[str]
    named: Mapped[bool]
    filter: Mapped[Sealed | None]
    status: Mapped[str]
    rows: Mapped[int]
    parts: Mapped[int]
    cursor: Mapped[str | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    failure: Mapped[str | None]
    times_taken: Mapped[int]
    requested_at: Mapped[Moment]
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
