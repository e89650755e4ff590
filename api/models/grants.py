"""Aid that one officer proposed and another granted: for whom, which months, how much; and what nobody else may have beside it.

A grant lives from its first to its last month and ends by itself; what ends or lowers it before is a decision of its own.
`Claim` is how the database keeps two grants apart that exclude one another: both would claim the same person's month.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed

GRANTED = text("state = 'GRANTED' AND once_for IS NOT NULL")
PROPOSED = text("state = 'PROPOSED'")


class Grant(Base):
    """A part in a programme as it was proposed, and what became of the proposal.

    Months are their first days. `amount_fen` is a period's: a month's, a quarter's, or the one sum of a grant given once.
    `once_for` names what it may be given for only once (a cause in a year, a life), where the programme is of that kind;
    `cost_id` the bill that it helps to pay. It begins as a proposal, for a household whose file is active, and once it
    was decided nothing of it changes: triggers refuse that.
    A grant that was made is an enrolment of the household (`enrolment_id`), which is how everything else meets it.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("last_month >= first_month", name="months"),
        CheckConstraint("period IN ('MONTH', 'QUARTER', 'ONCE')", name="period"),
        CheckConstraint("state IN ('PROPOSED', 'GRANTED', 'REFUSED', 'WITHDRAWN')", name="state"),
        CheckConstraint(
            "(state = 'GRANTED' AND decided_as IS NOT NULL AND decided_as = 'GRANT' AND enrolment_id IS NOT NULL) OR "
            "(state = 'REFUSED' AND decided_as IS NOT NULL AND decided_as = 'REFUSE_GRANT' AND enrolment_id IS NULL) OR "
            "(state IN ('PROPOSED', 'WITHDRAWN') AND decided_as IS NULL AND enrolment_id IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(decided_as IS NULL) = (decision_id IS NULL) AND (decided_as IS NULL) = (decided_by IS NULL)",
            name="decision",
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="second_officer"),
        ForeignKeyConstraint(
            ["decision_id", "household_id", "decided_as"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_grants_decision",
        ),
        ForeignKeyConstraint(
            ["decision_id", "decided_by"], ["decisions.id", "decisions.user_id"], name="fk_grants_decided_by"
        ),
        Index(
            "uq_grants_once_for",
            "programme_code",
            "once_for",
            unique=True,
            postgresql_where=GRANTED,
            sqlite_where=GRANTED,
        ),
        Index("ix_grants_household_id_first_month", "household_id", "first_month"),
        Index("ix_grants_file_id", "file_id"),
        Index("ix_grants_programme_code_last_month", "programme_code", "last_month"),
        Index("ix_grants_cost_id", "cost_id"),
        Index("ix_grants_proposed", "division_code", "id", postgresql_where=PROPOSED, sqlite_where=PROPOSED),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    programme_code: Mapped[str] = mapped_column(ForeignKey("programmes.code"))
    division_code: Mapped[Exact]
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("causes.id"), index=True)
    cost_id: Mapped[int | None] = mapped_column(ForeignKey("costs.id"))
    once_for: Mapped[Exact | None]
    first_month: Mapped[dt.date]
    last_month: Mapped[dt.date]
    period: Mapped[str]
    amount_fen: Mapped[int]
    state: Mapped[str]
    reason: Mapped[Sealed]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decision_id: Mapped[int | None]
    decided_as: Mapped[str | None]
    decided_by: Mapped[int | None]
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"), unique=True)
    version: Mapped[int]
    created_at: Mapped[Moment]


class Claim(Base):
    """A person's month that a grant takes up in one cell of the matrix.

    `cell` is the programme itself (nobody has one programme twice in a month; of bills, once a bill: `MEDICAL_AID#17`) or
    the excluded pair, the lesser code first: `DIBAO+TEKUN`. A grant that ends early lets go of the months that are left.
    """

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("person_id", "month", "cell"),
        Index("ix_claims_grant_id_month", "grant_id", "month"),
    )

    id: Mapped[PrimaryKey]
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    month: Mapped[dt.date]
    cell: Mapped[Exact]


class Cost(Base):
    """A bill that several programmes help to pay, by its reference: together they never pay more than it came to.

    `covered_fen` is the sum of its shares; triggers keep it, so that two who grant at once cannot pass the cost either.
    """

    __tablename__ = "costs"
    __table_args__ = (
        CheckConstraint("cost_fen > 0", name="cost"),
        CheckConstraint("covered_fen BETWEEN 0 AND cost_fen", name="covered"),
        UniqueConstraint("household_id", "reference"),
        Index("ix_costs_member_id", "member_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reference: Mapped[Exact]
    incurred_on: Mapped[dt.date]
    cost_fen: Mapped[int]
    covered_fen: Mapped[int]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Moment]


class CostShare(Base):
    """What one programme pays of a bill: a grant of ours, or what the bill itself says that somebody else paid."""

    __tablename__ = "cost_shares"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        Index("ix_cost_shares_cost_id", "cost_id"),
    )

    id: Mapped[PrimaryKey]
    cost_id: Mapped[int] = mapped_column(ForeignKey("costs.id"))
    programme_code: Mapped[str] = mapped_column(ForeignKey("programmes.code"))
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), unique=True)
    amount_fen: Mapped[int]
