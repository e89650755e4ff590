"""Households, and the people in them.

A member is one person in one household: somebody in two households has two rows, as in the register they come from.
Money is in fen. What a register tells beyond these columns is kept in `others`, sealed, and goes back to the matcher.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures

ALONE = text("left_on IS NULL AND valid_to IS NULL AND NOT overlapping")
STANDING = ("household_id", "valid_from", "valid_to", "left_on")
"""What an index has behind a column so that who is in a household is counted by it alone."""

FILLED_IN = text("form IS NOT NULL")
HIDDEN = text("protected_since IS NOT NULL")


class Household(Base):
    """The unit of recognition, calculation and aid; `reference` is its number in the register.

    It stands where its last move led, the one of `transition_number`. `digest` is a keyed hash of what the register
    said, so that the same said again changes nothing. `form` holds the national form's fields beyond our columns, and
    `form_fields` which of them are filled in. `entitlements_on` is the day on which it was last looked at for aid that it
    does not receive; none where that is to be done.
    """

    __tablename__ = "households"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index("ix_households_division_code_stage", "division_code", "stage"),
        Index("ix_households_updated_at", "updated_at"),
        Index("ix_households_id_division_code", "id", "division_code", "stage", "target_group"),
        ForeignKeyConstraint(
            ["id", "transition_number", "stage"],
            ["transitions.household_id", "transitions.number", "transitions.to_stage"],
            name="fk_households_stage",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
    )

    id: Mapped[PrimaryKey]
    reference: Mapped[Exact] = mapped_column(unique=True)
    division_code: Mapped[Exact]
    stage: Mapped[str]
    transition_number: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    target_group: Mapped[str | None]
    programme_code: Mapped[str | None]
    residence: Mapped[str | None]
    applied_on: Mapped[dt.date | None]
    file_opened_on: Mapped[dt.date | None]
    file_closed_on: Mapped[dt.date | None]
    declared_monthly_income_fen: Mapped[int | None]
    declared_deposits_fen: Mapped[int | None]
    declared_vehicles: Mapped[int | None]
    declared_homes: Mapped[int | None]
    declared_businesses: Mapped[int | None]
    address: Mapped[Sealed | None]
    phone: Mapped[Sealed | None]
    phone_index: Mapped[Sealed | None] = mapped_column(index=True)
    payee_account: Mapped[Sealed | None]
    payee_name: Mapped[Sealed | None]
    others: Mapped[Sealed | None]
    form: Mapped[Sealed | None]
    form_fields: Mapped[Structures | None]
    entitlements_on: Mapped[dt.date | None]
    digest: Mapped[Sealed]
    version: Mapped[int]
    updated_at: Mapped[Moment]


class Human(Base):
    """Somebody, whichever households they are and were in: found by the normal forms of number and name together.

    One number under two names is two people until a person has found out more (P02); without a number that can be
    read, every membership is somebody else. `protected_since` hides where they are and who handles them (F-29).
    """

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("number_index", "name_index"),
        Index("ix_people_protected", "id", postgresql_where=HIDDEN, sqlite_where=HIDDEN),
    )

    id: Mapped[PrimaryKey]
    number_index: Mapped[Sealed | None]
    name_index: Mapped[Sealed | None]
    protected_since: Mapped[dt.date | None]
    created_at: Mapped[Moment]


class Member(Base):
    """One person in one household; `reference` is the person's number in the register.

    From `valid_from` on, and to before `valid_to`; `left_on` is the day on which the register no longer listed the person;
    what was found out before stays theirs. Nobody is in two households at a time, but for whom a register itself lists
    so (`overlapping`: custody is shared, and a register may err). `id_kind` says which document `id_number` is of.
    """

    __tablename__ = "members"
    __table_args__ = (
        Index("uq_members_alone", "person_id", unique=True, postgresql_where=ALONE, sqlite_where=ALONE),
        Index("ix_members_form", "id", postgresql_where=FILLED_IN, sqlite_where=FILLED_IN),
        Index("ix_members_declared_employment", "declared_employment", *STANDING),
        Index("ix_members_birth_date", "birth_date", "declared_employment", *STANDING),
    )

    id: Mapped[PrimaryKey]
    reference: Mapped[Exact] = mapped_column(unique=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    relation: Mapped[str | None]
    name: Mapped[Sealed | None]
    name_index: Mapped[Sealed | None] = mapped_column(index=True)
    former_name: Mapped[Sealed | None]
    former_name_index: Mapped[Sealed | None] = mapped_column(index=True)
    id_kind: Mapped[str | None]
    id_number: Mapped[Sealed | None]
    id_number_index: Mapped[Sealed | None] = mapped_column(index=True)
    sex: Mapped[str | None]
    birth_date: Mapped[dt.date | None]
    phone: Mapped[Sealed | None]
    phone_index: Mapped[Sealed | None] = mapped_column(index=True)
    address: Mapped[Sealed | None]
    division_code: Mapped[Exact | None]
    declared_marital_status: Mapped[str | None]
    declared_monthly_income_fen: Mapped[int | None]
    declared_employment: Mapped[str | None]
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
    overlapping: Mapped[bool] = mapped_column(server_default=false())
    authorised_until: Mapped[dt.date | None]
    left_on: Mapped[dt.date | None]
    others: Mapped[Sealed | None]
    form: Mapped[Sealed | None]
    form_fields: Mapped[Structures | None]
    digest: Mapped[Sealed | None]
