"""The keys that this database was sealed with, as far as a database may know them, and how far each was replaced."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class KeyCheck(Base):
    """Words sealed with one version of the key, so that another key under that version is noticed before it is used.

    `retired_at` is when nothing needed that key any more.
    """

    __tablename__ = "key_checks"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    id: Mapped[PrimaryKey]
    version: Mapped[int] = mapped_column(unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
    retired_at: Mapped[Moment | None]


class Resealing(Base):
    """How far a table is sealed with what seals now: rows up to `done_key` are; `goal` names suite and key.

    A pass that was interrupted goes on there; one with another goal begins anew.
    """

    __tablename__ = "resealings"

    table_name: Mapped[Exact] = mapped_column(primary_key=True)
    goal: Mapped[bytes] = mapped_column(LargeBinary)
    done_key: Mapped[int]
    changed: Mapped[int]
    stuck: Mapped[int]
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
