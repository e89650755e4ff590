"""Rules that are set aside in a county, since their leads there hardly ever prove right (F-18)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed

RUNNING = "restored_at IS NULL"


class RuleShadow(Base):
    """A rule is in the shadow in a county since a moment: it runs and counts, and its new leads are shown to nobody who reviews.

    One person says why it may come back, and another agrees: then it is `restored`. What it was set aside upon stays.
    """

    __tablename__ = "rule_shadows"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("confirmed >= 0 AND confirmed <= reviewed", name="counts"),
        CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (reason IS NULL)",
            name="approved",
        ),
        CheckConstraint(
            "(restored_by IS NULL) = (restored_at IS NULL)"
            " AND (restored_by IS NULL OR (approved_by IS NOT NULL AND approved_by <> restored_by))",
            name="restored_by_two",
        ),
        Index(
            "uq_rule_shadows_running",
            "rule_id",
            "division_code",
            unique=True,
            postgresql_where=text(RUNNING),
            sqlite_where=text(RUNNING),
        ),
    )

    id: Mapped[PrimaryKey]
    rule_id: Mapped[Exact]
    division_code: Mapped[Exact]
    reviewed: Mapped[int]
    confirmed: Mapped[int]
    since: Mapped[Moment]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[Moment | None]
    reason: Mapped[Sealed | None]
    restored_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    restored_at: Mapped[Moment | None]
    version: Mapped[int]
