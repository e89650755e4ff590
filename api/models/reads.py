"""Who read whose data, for what, and which fields of it; and the alarms that too much reading raises (F-28).

A read is written before its answer leaves, and never changed: sealing only adds its number in the chain, the hash of
the one before, and its own. Whom it is about stands in the row itself, as keys, and once it is sealed by person and
household too, so that somebody's readers are found by an index. No value is kept, no document, no word of a client's.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Key, Keys
from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures

UNSEALED = text("number IS NULL")


class Read(Base):
    """One operation that showed something of people, or was refused.

    `role` and `division_code` are the reader's at that moment; `document` is a keyed digest of the document and the
    operation in it; `whole` is of how many people identifying values were shown unmasked.
    """

    __tablename__ = "reads"
    __table_args__ = (
        CheckConstraint("(number IS NULL) = (hash IS NULL)", name="sealed"),
        Index("ix_reads_user_id_read_at", "user_id", "read_at"),
        Index("ix_reads_division_code_id", "division_code", "id"),
        Index("ix_reads_unsealed", "id", postgresql_where=UNSEALED, sqlite_where=UNSEALED),
    )

    id: Mapped[PrimaryKey]
    read_at: Mapped[Moment]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    division_code: Mapped[Exact]
    client: Mapped[str | None]
    request_id: Mapped[str]
    document: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str]
    outcome: Mapped[str]
    codes: Mapped[Structures]
    identity: Mapped[str]
    whole: Mapped[int]
    fields: Mapped[Structures]
    searches: Mapped[Structures]
    people: Mapped[list[int]] = mapped_column(Keys())
    households: Mapped[list[int]] = mapped_column(Keys())
    number: Mapped[int | None] = mapped_column(unique=True)
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]


class ReadSubject(Base):
    """A person or a household, by its `kind` (domain/reads), that a sealed read is about.

    No foreign key to either: who read about somebody is told even after the rows about them are gone.
    """

    __tablename__ = "read_subjects"
    __table_args__ = (Index("ix_read_subjects_read_id", "read_id"), {"sqlite_with_rowid": False})

    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    key: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    read_id: Mapped[int] = mapped_column(ForeignKey("reads.id"), primary_key=True)


class Alarm(Base):
    """Somebody saw the identities of more people in a time than is ordinary for their role; it stops nobody."""

    __tablename__ = "alarms"
    __table_args__ = (
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
        Index("ix_alarms_division_code_id", "division_code", "id"),
        Index("ix_alarms_user_id_kind_window_to", "user_id", "kind", "window_to"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    division_code: Mapped[Exact]
    window_from: Mapped[Moment]
    window_to: Mapped[Moment]
    people: Mapped[int]
    threshold: Mapped[int]
    raised_at: Mapped[Moment]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    acknowledged_at: Mapped[Moment | None]
    note: Mapped[Sealed | None]
