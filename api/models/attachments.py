"""What is attached to households' files; the bytes lie sealed beside the database (api/attachments_store)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Attachment(Base):
    """A file that somebody handed in or took: `stored` is what it is called on disk, `sha256` that of its plain bytes.

    It belongs to the household's file that was current when it came; `member_id` is whose it is, where it is somebody's.
    """

    __tablename__ = "attachments"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    name: Mapped[Sealed | None]
    stored: Mapped[Exact] = mapped_column(unique=True)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[Moment]
