"""Organisations over time: what they were called, under whom they stand, and which of the policy's roles they hold.

Names change with reform, and measures bind to roles: so an old decision still says who answered for what on its day.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey

HELD = text("valid_to IS NULL")


class OrganisationName(Base):
    """What an organisation is called from a day on, until the next name begins; the first one always was."""

    __tablename__ = "organisation_names"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]


class OrganisationPlace(Base):
    """Where an organisation stands in the tree, and how far below the top.

    A parent stands exactly one higher, which the database holds each row to; so no chain of parents comes back to where
    it began. It is held to it when a transaction ends, in which a whole branch may move.
    """

    __tablename__ = "organisation_places"
    __table_args__ = (
        UniqueConstraint("organisation_id", "depth"),
        CheckConstraint(
            "(parent_id IS NULL AND parent_depth IS NULL AND depth = 0) OR "
            "(parent_id IS NOT NULL AND parent_depth IS NOT NULL AND parent_depth >= 0 AND depth = parent_depth + 1)",
            name="one_below",
        ),
        ForeignKeyConstraint(
            ["parent_id", "parent_depth"],
            ["organisation_places.organisation_id", "organisation_places.depth"],
            name="fk_organisation_places_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_organisation_places_parent_id", "parent_id"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    depth: Mapped[int]
    parent_id: Mapped[int | None]
    parent_depth: Mapped[int | None]


class RoleAssignment(Base):
    """An organisation holds a role of the policy's measures in a division, from a day to before another."""

    __tablename__ = "measure_roles"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="lasts"),
        Index("ix_measure_roles_division_code_role", "division_code", "role"),
        Index("ix_measure_roles_organisation_id", "organisation_id"),
        Index(
            "uq_measure_roles_held",
            "role",
            "division_code",
            "organisation_id",
            unique=True,
            postgresql_where=HELD,
            sqlite_where=HELD,
        ),
    )

    id: Mapped[PrimaryKey]
    role: Mapped[str]
    division_code: Mapped[Exact]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    version: Mapped[int]
    created_at: Mapped[Moment]
