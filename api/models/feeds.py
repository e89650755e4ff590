"""Departments and the feeds they sent; the rows stay in files outside the database (F-26)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.divisions import COUNTRY
from api.models.base import Base, Exact, Moment, PrimaryKey, Structure, Structures


class Department(Base):
    """A kind of department data, under the code by which the matcher knows its contract."""

    __tablename__ = "departments"

    code: Mapped[str] = mapped_column(primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    agency_zh: Mapped[str | None]


class Feed(Base):
    """What a department sent at one time: files in a folder of ours, and how they are to be read (`mapping`).

    `kept` are its accepted rows as Parquet in the same folder, a file a table: name, table, rows, bytes, SHA-256, and the contract
    that they were held against; None where scans read the files themselves.

    What an organisation sent itself is its own, and its division's; what was imported is everybody's (`organisation_id`
    is None).
    """

    __tablename__ = "feeds"
    __table_args__ = (Index("ix_feeds_department_code_id", "department_code", "id"),)

    id: Mapped[PrimaryKey]
    department_code: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    folder: Mapped[str]
    files: Mapped[Structures]
    mapping: Mapped[Structure]
    as_of: Mapped[dt.date | None]
    complete: Mapped[bool]
    rows: Mapped[int]
    kept: Mapped[Structure | None]
    received_at: Mapped[Moment]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    division_code: Mapped[Exact] = mapped_column(server_default=COUNTRY)


class FeedIndex(Base):
    """The feeds in use prepared for look-ups, in a folder of their own; the latest that is ready is the one that is asked.

    `feeds` tells of which feeds it was made, as a hash; `ready_at` is null until it is whole.
    """

    __tablename__ = "feed_indexes"

    id: Mapped[PrimaryKey]
    feeds: Mapped[str]
    folder: Mapped[str]
    sources: Mapped[Structures]
    as_of: Mapped[dt.date | None]
    failure: Mapped[str | None]
    asked_at: Mapped[Moment]
    ready_at: Mapped[Moment | None]
