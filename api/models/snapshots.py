"""Snapshots of the files of a division as they stood on a day, in coded facts alone, and goals that are set for one.

A snapshot is sealed when it is taken: from then on triggers keep its rows as they are, and its digest tells whether anybody
got round them. One thing may change: a row forgets which file it was, when that is erased (F-26); no figure needs it.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey

MONTHLY = text("kind = 'MONTHLY'")


class Snapshot(Base):
    """The files that were in force in a division on a day, and those that ended between the day it looks back to and then.

    `rows` and `digest` are known when it is sealed. What is taken every month, nobody takes.
    """

    __tablename__ = "snapshots"
    __table_args__ = (
        CheckConstraint("kind IN ('BASELINE', 'MONTHLY')", name="kind"),
        CheckConstraint("since < as_of", name="since"),
        CheckConstraint("(kind = 'MONTHLY') = (taken_by IS NULL)", name="taken_by"),
        CheckConstraint("(digest IS NULL) = (rows IS NULL)", name="sealed"),
        Index(
            "uq_snapshots_monthly",
            "division_code",
            "as_of",
            unique=True,
            postgresql_where=MONTHLY,
            sqlite_where=MONTHLY,
        ),
        Index("ix_snapshots_division_code_as_of", "division_code", "as_of"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    division_code: Mapped[Exact]
    since: Mapped[dt.date]
    as_of: Mapped[dt.date]
    rows: Mapped[int | None]
    digest: Mapped[str | None]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    taken_at: Mapped[Moment]


class SnapshotRow(Base):
    """One file as it stood: codes and days, and nobody's name; `file_id` is null where the file was erased since.

    `first_aid` and `last_aid` are months, the first since the file was opened. `returned_on` tells when hardship came back
    and led to this file or back into it, `came_back_on` when the household came back after this file had ended. `able` is
    whether the last test of it said that it can graduate; null where there was none, or none that could tell.
    """

    __tablename__ = "snapshot_rows"
    __table_args__ = (
        Index("ix_snapshot_rows_snapshot_id_division_code", "snapshot_id", "division_code"),
        Index("ix_snapshot_rows_file_id", "file_id"),
    )

    id: Mapped[PrimaryKey]
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    division_code: Mapped[Exact]
    stage: Mapped[str]
    closing: Mapped[str | None]
    tier: Mapped[str | None]
    category: Mapped[str | None]
    target_group: Mapped[str | None]
    cause: Mapped[str | None]
    sex: Mapped[str | None]
    age_band: Mapped[str | None]
    applied_on: Mapped[dt.date | None]
    opened_on: Mapped[dt.date]
    exited_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    returned_on: Mapped[dt.date | None]
    came_back_on: Mapped[dt.date | None]
    reviewed_on: Mapped[dt.date | None]
    visited_on: Mapped[dt.date | None]
    first_aid: Mapped[dt.date | None]
    last_aid: Mapped[dt.date | None]
    contact_officer: Mapped[bool]
    able: Mapped[bool | None]


class Target(Base):
    """So much of a baseline by a day, as a document says; never changed: a later goal is another row."""

    __tablename__ = "targets"
    __table_args__ = (
        CheckConstraint("kind IN ('RELIEVED_OR_GRADUATED', 'ABLE_GRADUATED')", name="kind"),
        CheckConstraint("percent BETWEEN 1 AND 100", name="percent"),
        UniqueConstraint("snapshot_id", "kind", "due_on"),
    )

    id: Mapped[PrimaryKey]
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"))
    kind: Mapped[str]
    percent: Mapped[int]
    due_on: Mapped[dt.date]
    document_no: Mapped[str]
    set_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[Moment]
