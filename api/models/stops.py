"""Aid that is to be stopped, reduced or recovered: what is proposed, the notice of it, and what was decided (F-3).

`Stop` is the gate in the database: a row that is only ever added, and that cannot be written without each of the five
things. Without it, no grant's enrolment ends earlier or is worth less: a trigger refuses that.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed

WAITING = text("state = 'PROPOSED'")


class StopProposal(Base):
    """What an officer proposes for a grant: from which month on, to how much a period, or which sum to recover of which months.

    It changes nothing. `amount_fen` is a period's from `from_month` on, nothing where aid is stopped; of what is to be
    recovered it is the sum, paid from `from_month` to `to_month`.
    """

    __tablename__ = "stop_proposals"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(
            "(kind = 'STOP_AID' AND amount_fen = 0 AND to_month IS NULL AND cause IS NULL) OR "
            "(kind = 'REDUCE_AID' AND amount_fen > 0 AND to_month IS NULL AND cause IS NULL) OR "
            "(kind = 'RECOVER_AID' AND amount_fen > 0 AND to_month IS NOT NULL AND to_month >= from_month "
            "AND cause IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint("state IN ('PROPOSED', 'DECIDED', 'REJECTED', 'WITHDRAWN')", name="state"),
        CheckConstraint(
            "(state IN ('REJECTED', 'WITHDRAWN')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closing IS NULL)",
            name="closed",
        ),
        UniqueConstraint(
            "id", "household_id", "grant_id", "kind", "from_month", "amount_fen", "proposed_by",
            name="uq_stop_proposals_what",
        ),
        UniqueConstraint("id", "household_id", name="uq_stop_proposals_id_household_id"),
        Index("uq_stop_proposals_waiting", "grant_id", unique=True, postgresql_where=WAITING, sqlite_where=WAITING),
        Index("ix_stop_proposals_household_id", "household_id"),
        Index("ix_stop_proposals_grant_id", "grant_id"),
        Index("ix_stop_proposals_state_id", "state", "id"),
    )  # fmt: skip

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    kind: Mapped[str]
    from_month: Mapped[dt.date]
    to_month: Mapped[dt.date | None]
    amount_fen: Mapped[int]
    cause: Mapped[str | None]
    statement: Mapped[Sealed]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[Moment]
    state: Mapped[str]
    closing: Mapped[Sealed | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]


class AidNotice(Base):
    """That a household was told of a proposal, with the facts, on paper; and that it answered.

    `working_days` is how long it had to answer when it was told, `wait_until` the last of those days.
    """

    __tablename__ = "aid_notices"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(document_no) > 0 AND length(facts) > 0", name="document"),
        CheckConstraint("working_days >= 10 AND wait_until > delivered_on", name="days"),
        CheckConstraint(
            "(answered_on IS NULL) = (answer IS NULL) AND (answered_on IS NULL) = (answer_recorded_by IS NULL)",
            name="answered",
        ),
        CheckConstraint("answered_on IS NULL OR answered_on >= delivered_on", name="answered_after"),
        ForeignKeyConstraint(
            ["proposal_id", "household_id"], ["stop_proposals.id", "stop_proposals.household_id"],
            name="fk_aid_notices_proposal",
        ),
        UniqueConstraint("proposal_id", name="uq_aid_notices_proposal_id"),
        UniqueConstraint(
            "id", "proposal_id", "delivered_on", "working_days", "wait_until", name="uq_aid_notices_delivered"
        ),
        UniqueConstraint("id", "answered_on", name="uq_aid_notices_answered"),
        Index("ix_aid_notices_household_id", "household_id"),
    )  # fmt: skip

    id: Mapped[PrimaryKey]
    proposal_id: Mapped[int]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    document_no: Mapped[Exact]
    facts: Mapped[Sealed]
    delivery: Mapped[str]
    delivered_on: Mapped[dt.date]
    working_days: Mapped[int]
    wait_until: Mapped[dt.date]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[Moment]
    answer: Mapped[Sealed | None]
    answered_on: Mapped[dt.date | None]
    answer_recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]


class Stop(Base):
    """What was decided for the worse, with all that had to stand before it; only ever added.

    The keys make each of the five things real: the notice is the proposal's own, its answer or the days over; the
    decision is this household's, of this kind, with its reason, by `decided_by`, who is not `proposed_by`; and what is
    left reaches the line, or a referral of this household has a day.
    """

    __tablename__ = "stops"
    __table_args__ = (
        CheckConstraint("kind IN ('STOP_AID', 'REDUCE_AID', 'RECOVER_AID')", name="kind"),
        CheckConstraint("amount_fen >= 0 AND (kind = 'STOP_AID') = (amount_fen = 0)", name="amount"),
        CheckConstraint("last_month < from_month", name="last_month"),
        CheckConstraint("decided_by <> proposed_by", name="second_officer"),
        CheckConstraint("delivered_on <= decided_on", name="told"),
        CheckConstraint(
            "(answered_on IS NOT NULL AND answered_on <= decided_on) OR decided_on > wait_until", name="heard"
        ),
        CheckConstraint(
            "(floor = 'REACHED' AND left_fen IS NOT NULL AND line_fen IS NOT NULL AND left_fen >= line_fen) OR "
            "(floor IN ('BELOW', 'UNKNOWN') AND referral_id IS NOT NULL)",
            name="floor",
        ),
        ForeignKeyConstraint(
            ["proposal_id", "household_id", "grant_id", "kind", "from_month", "amount_fen", "proposed_by"],
            [
                f"stop_proposals.{column}"
                for column in ("id", "household_id", "grant_id", "kind", "from_month", "amount_fen", "proposed_by")
            ],
            name="fk_stops_proposal",
        ),
        ForeignKeyConstraint(
            ["decision_id", "household_id", "kind"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_stops_decision",
        ),
        ForeignKeyConstraint(
            ["decision_id", "decided_by"], ["decisions.id", "decisions.user_id"], name="fk_stops_decided_by"
        ),
        ForeignKeyConstraint(
            ["notice_id", "proposal_id", "delivered_on", "working_days", "wait_until"],
            [
                f"aid_notices.{column}"
                for column in ("id", "proposal_id", "delivered_on", "working_days", "wait_until")
            ],
            name="fk_stops_notice",
        ),
        ForeignKeyConstraint(
            ["notice_id", "answered_on"], ["aid_notices.id", "aid_notices.answered_on"], name="fk_stops_answer"
        ),
        ForeignKeyConstraint(
            ["referral_id", "household_id"], ["referrals.id", "referrals.household_id"], name="fk_stops_referral"
        ),
        UniqueConstraint("proposal_id", name="uq_stops_proposal_id"),
        UniqueConstraint("decision_id", name="uq_stops_decision_id"),
        UniqueConstraint("id", "household_id", "kind", "amount_fen", name="uq_stops_what"),
        Index("ix_stops_grant_id_from_month", "grant_id", "from_month"),
        Index("ix_stops_enrolment_id", "enrolment_id"),
        Index("ix_stops_household_id", "household_id"),
    )

    id: Mapped[PrimaryKey]
    household_id: Mapped[int] = mapped_column(ForeignKey("households.id"))
    proposal_id: Mapped[int]
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    kind: Mapped[str]
    from_month: Mapped[dt.date]
    last_month: Mapped[dt.date]
    amount_fen: Mapped[int]
    notice_id: Mapped[int]
    delivered_on: Mapped[dt.date]
    working_days: Mapped[int]
    wait_until: Mapped[dt.date]
    answered_on: Mapped[dt.date | None]
    proposed_by: Mapped[int]
    decided_by: Mapped[int]
    decision_id: Mapped[int]
    decided_on: Mapped[dt.date]
    floor: Mapped[str]
    left_fen: Mapped[int | None]
    line_fen: Mapped[int | None]
    referral_id: Mapped[int | None]
    created_at: Mapped[Moment]
