"""Rules that are set aside where their leads hardly ever prove right (F-18); households drawn to be looked at blind (F-19); pairs that people judged."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structure

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


class BlindDraw(Base):
    """Of a county's households without a lead some were drawn by chance in a quarter, and beside them some that have one."""

    __tablename__ = "blind_draws"
    __table_args__ = (
        CheckConstraint("cases >= drawn AND drawn >= 0 AND beside >= 0", name="counts"),
        UniqueConstraint("division_code", "quarter"),
    )

    id: Mapped[PrimaryKey]
    division_code: Mapped[Exact]
    quarter: Mapped[dt.date]
    seed: Mapped[str]
    cases: Mapped[int]
    drawn: Mapped[int]
    beside: Mapped[int]
    drawn_at: Mapped[Moment]


class BlindCase(Base):
    """A household that somebody looks at without knowing whether a rule raised a lead about it: `has_lead` is shown to nobody."""

    __tablename__ = "blind_cases"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewer_id IS NULL)"
            " AND (verdict IS NULL) = (note IS NULL)",
            name="reviewed",
        ),
        UniqueConstraint("draw_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    draw_id: Mapped[int] = mapped_column(ForeignKey("blind_draws.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    has_lead: Mapped[bool]
    verdict: Mapped[str | None]
    note: Mapped[Sealed | None]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reviewed_at: Mapped[Moment | None]
    version: Mapped[int]


class PairJudgement(Base):
    """What somebody said about a pair on which a lead rests: one person, or two; never changed, only followed by another.

    How the pair's fields compared is kept with it, since links are a scan's and go with it.
    """

    __tablename__ = "pair_judgements"
    __table_args__ = (
        Index("ix_pair_judgements_member_id_source_record_id_id", "member_id", "source", "record_id", "id"),
    )

    id: Mapped[PrimaryKey]
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    source: Mapped[str]
    record_id: Mapped[str]
    levels: Mapped[Structure]
    weight_bits: Mapped[float] = mapped_column(Float)
    rarity_bits: Mapped[float] = mapped_column(Float)
    model: Mapped[str]
    same: Mapped[bool]
    judged_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    judged_at: Mapped[Moment]
