"""The store for departments' files, as far as the database knows of it: by which name it is ours, and what is to go from it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class Installation(Base):
    """The name, random, under which this database's installation owns a store; one that is restored gets another."""

    __tablename__ = "installations"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[PrimaryKey]
    name: Mapped[Exact]
    named_at: Mapped[Moment]


class LeavingFolder(Base):
    """A folder in the store that no row names any more, and none will again: it goes, and then this row."""

    __tablename__ = "leaving_folders"

    id: Mapped[PrimaryKey]
    folder: Mapped[Exact] = mapped_column(unique=True)
    since: Mapped[Moment]
