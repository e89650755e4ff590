"""Departments and the feeds they sent; the rows stay in files outside the database (F-26)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Moment, PrimaryKey, Structure, Structures


class Department(Base):
    """A kind of department data, under the code by which the matcher knows its contract."""

    __tablename__ = "departments"

    code: Mapped[str] = mapped_column(primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    agency_zh: Mapped[str | None]


class Feed(Base):
    """What a department sent at one time: files in a folder of ours, and how they are to be read (`mapping`)."""

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
    received_at: Mapped[Moment]
