"""Organisations, their users and programs, and what each is known by: tokens, secrets, identities elsewhere."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Structures


class Organisation(Base):
    """A trade union, a department that keeps data, or another that takes part; `sources` are a department's data.

    The name is the one of today; those of other days, and where it stands in the tree, are in models/organisations.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to > valid_from", name="lasts"),
    )

    id: Mapped[PrimaryKey]
    code: Mapped[Exact] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str | None]
    division_code: Mapped[Exact] = mapped_column(index=True)
    sources: Mapped[Structures]
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
    active: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[Moment]


class User(Base):
    """Somebody who works with the service; or, of the kind SERVICE, a department's machine at work.

    Whoever is `cleared` is told where protected persons are: only somebody whose role sees identities can be.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("NOT cleared OR (role IN ('CASEWORKER', 'REVIEWER') AND kind = 'PERSON')", name="cleared"),
        UniqueConstraint("id", "kind"),
    )

    id: Mapped[PrimaryKey]
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    kind: Mapped[str]
    role: Mapped[str]
    division_code: Mapped[Exact]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    cleared: Mapped[bool]
    active: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[Moment]


class Identity(Base):
    """Who a user is at an identity provider: the subject of the tokens that an issuer signs."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    issuer: Mapped[Exact]
    subject: Mapped[Exact]
    created_at: Mapped[Moment]


class Client(Base):
    """A registered program: a department's machine, which acts as its own user, or an application that people use."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(kind = 'SERVICE') = (user_id IS NOT NULL)", name="service_has_user"),
    )

    id: Mapped[PrimaryKey]
    client_id: Mapped[Exact] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    trusted_only: Mapped[bool]
    active: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[Moment]


class ClientSecret(Base):
    """What a machine proves itself by; only its digest is kept. Two may be good at a time, so that one can follow another."""

    __tablename__ = "client_secrets"

    id: Mapped[PrimaryKey]
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class Token(Base):
    """A bearer token of a user, given to them or to a program of theirs; only its digest is kept, and 256 random bits
    need no salt."""

    __tablename__ = "tokens"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
