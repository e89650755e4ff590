"""Users, each with a role and a division, and the tokens by which they are known."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey


class User(Base):
    """Somebody who works with the service."""

    __tablename__ = "users"

    id: Mapped[PrimaryKey]
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[str]
    division_code: Mapped[Exact]
    active: Mapped[bool]
    created_at: Mapped[Moment]


class Token(Base):
    """A bearer token; only its digest is kept, and 256 random bits need no salt."""

    __tablename__ = "tokens"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
