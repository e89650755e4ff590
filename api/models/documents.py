"""Documents that clients have registered: what a front end or a department's machine may ask."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class TrustedDocument(Base):
    """One document's text, registered for one client, or for every client where `client` is empty."""

    __tablename__ = "trusted_documents"
    __table_args__ = (UniqueConstraint("client", "digest", name="uq_trusted_documents_client"),)

    id: Mapped[PrimaryKey]
    client: Mapped[Exact]
    digest: Mapped[Exact]
    text: Mapped[str]
    registered_at: Mapped[Moment]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
