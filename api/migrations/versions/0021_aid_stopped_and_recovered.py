"""Aid stopped, reduced and recovered: what is proposed, the notice, what was decided; recoveries; errors of ours (F-3, F-34)."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'PROPOSED'")
ERASED = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = OLD.household_id)"

TABLES = ("official_errors", "recovery_entries", "recoveries", "stops", "aid_notices", "stop_proposals")
"""Children first."""

KEPT = {
    "stops": "id, household_id, proposal_id, grant_id, enrolment_id, kind, from_month, last_month, amount_fen, notice_id,"
    " delivered_on, working_days, wait_until, answered_on, proposed_by, decided_by, decision_id, decided_on, floor,"
    " left_fen, line_fen, referral_id, created_at",
    "recoveries": "id, household_id, stop_id, kind, total_fen, most_fen, cause, opened_at",
    "recovery_entries": "id, recovery_id, household_id, total_fen, most_fen, cause, number, previous_number, kind, month,"
    " before_fen, amount_fen, left_fen, cap_fen, paid_on, user_id, entered_at",
}
"""Tables whose rows are never changed, and the columns of which that is true; a sealed one is sealed anew with a new key."""

MONTH_BEFORE = {
    "sqlite": "date(NEW.from_month, '-1 month')",
    "postgresql": "(NEW.from_month - INTERVAL '1 month')::date",
}
STANDS = (
    "SELECT 1 FROM decisions, grants, stop_proposals WHERE stop_proposals.id = NEW.proposal_id"
    " AND stop_proposals.state = 'PROPOSED' AND decisions.id = NEW.decision_id AND length(decisions.reason) > 0"
    " AND grants.id = NEW.grant_id AND grants.enrolment_id = NEW.enrolment_id"
    " AND grants.household_id = NEW.household_id AND NEW.last_month = {month_before}"
    " AND NOT EXISTS (SELECT 1 FROM objections WHERE objections.household_id = NEW.household_id"
    " AND objections.state = 'OPEN')"
    " AND (NEW.floor = 'REACHED' OR EXISTS (SELECT 1 FROM referrals WHERE referrals.id = NEW.referral_id"
    " AND referrals.due_on >= NEW.decided_on))"
)
"""What the keys of a row cannot tell: the decision has a reason, nobody's objection waits (F-32), the referral's day is not over."""

OF_A_GRANT = "OLD.source_record LIKE 'GRANT:%'"
WORSE = (
    "NEW.household_id <> OLD.household_id OR NEW.programme_code <> OLD.programme_code"
    " OR NEW.source_record <> OLD.source_record OR NEW.start_month IS NULL OR NEW.start_month > OLD.start_month"
    " OR (NEW.end_month IS NOT NULL AND (OLD.end_month IS NULL OR NEW.end_month < OLD.end_month)"
    " AND NOT EXISTS (SELECT 1 FROM stops WHERE stops.enrolment_id = OLD.id AND stops.kind = 'STOP_AID'"
    " AND stops.last_month = NEW.end_month))"
    " OR (OLD.amount_fen IS NOT NULL AND (NEW.amount_fen IS NULL OR NEW.amount_fen < OLD.amount_fen)"
    " AND NOT EXISTS (SELECT 1 FROM stops WHERE stops.enrolment_id = OLD.id AND stops.kind = 'REDUCE_AID'"
    " AND stops.amount_fen = NEW.amount_fen))"
)
"""Whether an enrolment that was granted would end earlier, or be worth less, without a decision (F-2, F-3)."""
LOWERED = "household_id, programme_code, source_record, start_month, end_month, amount_fen"
TOLD = "delivered_on, working_days, wait_until, document_no, proposal_id, household_id, recorded_by, recorded_at"

STOPPED = (
    "EXISTS (SELECT 1 FROM stops WHERE stops.grant_id = NEW.grant_id AND stops.kind = 'STOP_AID'"
    " AND stops.from_month <= NEW.month)"
)

ALWAYS = "1 = 1"
NOT_READY = "aid is not taken away before all that stands before it does"
NO_DECISION = "aid that was granted is not taken away without a decision"
TOLD_ONCE = "what a household was told, and answered, is not changed"


def upgrade() -> None:
    """One step forwards."""
    op.create_index("uq_referrals_id_household_id", "referrals", ["id", "household_id"], unique=True)
    _proposals()
    _notices()
    _stops()
    _recoveries()
    _entries()
    _errors()
    for name, table, event, when, told in _rules():
        _trigger(name, table, event, when, told)


def _proposals() -> None:
    op.create_table(
        "stop_proposals",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_month", sa.Date(), nullable=False),
        sa.Column("to_month", sa.Date(), nullable=True),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closing", sa.LargeBinary(), nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_stop_proposals_version"),
        sa.CheckConstraint(
            "(kind = 'STOP_AID' AND amount_fen = 0 AND to_month IS NULL AND cause IS NULL) OR (kind = 'REDUCE_AID' AND amount_fen > 0 AND to_month IS NULL AND cause IS NULL) OR (kind = 'RECOVER_AID' AND amount_fen > 0 AND to_month IS NOT NULL AND to_month >= from_month AND cause IS NOT NULL)",
            name="ck_stop_proposals_kind",
        ),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'DECIDED', 'REJECTED', 'WITHDRAWN')", name="ck_stop_proposals_state"
        ),
        sa.CheckConstraint(
            "(state IN ('REJECTED', 'WITHDRAWN')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closing IS NULL)",
            name="ck_stop_proposals_closed",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_stop_proposals_household_id_households"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_stop_proposals_file_id_files"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_stop_proposals_grant_id_grants"),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name="fk_stop_proposals_proposed_by_users"),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name="fk_stop_proposals_closed_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_stop_proposals"),
        sa.UniqueConstraint(
            "id",
            "household_id",
            "grant_id",
            "kind",
            "from_month",
            "amount_fen",
            "proposed_by",
            name="uq_stop_proposals_what",
        ),
        sa.UniqueConstraint("id", "household_id", name="uq_stop_proposals_id_household_id"),
    )
    op.create_index("ix_stop_proposals_grant_id", "stop_proposals", ["grant_id"])
    op.create_index("ix_stop_proposals_household_id", "stop_proposals", ["household_id"])
    op.create_index("ix_stop_proposals_state_id", "stop_proposals", ["state", "id"])
    op.create_index(
        "uq_stop_proposals_waiting",
        "stop_proposals",
        ["grant_id"],
        unique=True,
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )


def _notices() -> None:
    op.create_table(
        "aid_notices",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("proposal_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("document_no", CODE, nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("working_days", KEY, nullable=False),
        sa.Column("wait_until", sa.Date(), nullable=False),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer_recorded_by", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_aid_notices_version"),
        sa.CheckConstraint("length(document_no) > 0 AND length(facts) > 0", name="ck_aid_notices_document"),
        sa.CheckConstraint("working_days >= 10 AND wait_until > delivered_on", name="ck_aid_notices_days"),
        sa.CheckConstraint(
            "(answered_on IS NULL) = (answer IS NULL) AND (answered_on IS NULL) = (answer_recorded_by IS NULL)",
            name="ck_aid_notices_answered",
        ),
        sa.CheckConstraint(
            "answered_on IS NULL OR answered_on >= delivered_on", name="ck_aid_notices_answered_after"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id", "household_id"],
            ["stop_proposals.id", "stop_proposals.household_id"],
            name="fk_aid_notices_proposal",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_aid_notices_household_id_households"),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_aid_notices_recorded_by_users"),
        sa.ForeignKeyConstraint(["answer_recorded_by"], ["users.id"], name="fk_aid_notices_answer_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_aid_notices"),
        sa.UniqueConstraint("proposal_id", name="uq_aid_notices_proposal_id"),
        sa.UniqueConstraint(
            "id", "proposal_id", "delivered_on", "working_days", "wait_until", name="uq_aid_notices_delivered"
        ),
        sa.UniqueConstraint("id", "answered_on", name="uq_aid_notices_answered"),
    )
    op.create_index("ix_aid_notices_household_id", "aid_notices", ["household_id"])


def _stops() -> None:
    op.create_table(
        "stops",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("proposal_id", KEY, nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("notice_id", KEY, nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("working_days", KEY, nullable=False),
        sa.Column("wait_until", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("floor", sa.String(), nullable=False),
        sa.Column("left_fen", KEY, nullable=True),
        sa.Column("line_fen", KEY, nullable=True),
        sa.Column("referral_id", KEY, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('STOP_AID', 'REDUCE_AID', 'RECOVER_AID')", name="ck_stops_kind"),
        sa.CheckConstraint("amount_fen >= 0 AND (kind = 'STOP_AID') = (amount_fen = 0)", name="ck_stops_amount"),
        sa.CheckConstraint("last_month < from_month", name="ck_stops_last_month"),
        sa.CheckConstraint("decided_by <> proposed_by", name="ck_stops_second_officer"),
        sa.CheckConstraint("delivered_on <= decided_on", name="ck_stops_told"),
        sa.CheckConstraint(
            "(answered_on IS NOT NULL AND answered_on <= decided_on) OR decided_on > wait_until",
            name="ck_stops_heard",
        ),
        sa.CheckConstraint(
            "(floor = 'REACHED' AND left_fen IS NOT NULL AND line_fen IS NOT NULL AND left_fen >= line_fen) OR (floor IN ('BELOW', 'UNKNOWN') AND referral_id IS NOT NULL)",
            name="ck_stops_floor",
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id", "household_id", "grant_id", "kind", "from_month", "amount_fen", "proposed_by"],
            [
                "stop_proposals.id",
                "stop_proposals.household_id",
                "stop_proposals.grant_id",
                "stop_proposals.kind",
                "stop_proposals.from_month",
                "stop_proposals.amount_fen",
                "stop_proposals.proposed_by",
            ],
            name="fk_stops_proposal",
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "household_id", "kind"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_stops_decision",
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "decided_by"], ["decisions.id", "decisions.user_id"], name="fk_stops_decided_by"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "proposal_id", "delivered_on", "working_days", "wait_until"],
            [
                "aid_notices.id",
                "aid_notices.proposal_id",
                "aid_notices.delivered_on",
                "aid_notices.working_days",
                "aid_notices.wait_until",
            ],
            name="fk_stops_notice",
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "answered_on"], ["aid_notices.id", "aid_notices.answered_on"], name="fk_stops_answer"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id", "household_id"], ["referrals.id", "referrals.household_id"], name="fk_stops_referral"
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_stops_household_id_households"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_stops_grant_id_grants"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_stops_enrolment_id_enrolments"),
        sa.PrimaryKeyConstraint("id", name="pk_stops"),
        sa.UniqueConstraint("proposal_id", name="uq_stops_proposal_id"),
        sa.UniqueConstraint("decision_id", name="uq_stops_decision_id"),
        sa.UniqueConstraint("id", "household_id", "kind", "amount_fen", name="uq_stops_what"),
    )
    op.create_index("ix_stops_enrolment_id", "stops", ["enrolment_id"])
    op.create_index("ix_stops_grant_id_from_month", "stops", ["grant_id", "from_month"])
    op.create_index("ix_stops_household_id", "stops", ["household_id"])


def _recoveries() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("stop_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("total_fen", KEY, nullable=False),
        sa.Column("most_fen", KEY, nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind = 'RECOVER_AID'", name="ck_recoveries_decided"),
        sa.CheckConstraint(
            "total_fen > 0 AND most_fen >= 0 AND most_fen * 2 <= total_fen", name="ck_recoveries_instalments"
        ),
        sa.ForeignKeyConstraint(
            ["stop_id", "household_id", "kind", "total_fen"],
            ["stops.id", "stops.household_id", "stops.kind", "stops.amount_fen"],
            name="fk_recoveries_stop",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_recoveries_household_id_households"),
        sa.PrimaryKeyConstraint("id", name="pk_recoveries"),
        sa.UniqueConstraint("stop_id", name="uq_recoveries_stop_id"),
        sa.UniqueConstraint("id", "household_id", "total_fen", "most_fen", "cause", name="uq_recoveries_terms"),
    )
    op.create_index("ix_recoveries_household_id", "recoveries", ["household_id"])


def _entries() -> None:
    op.create_table(
        "recovery_entries",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("recovery_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("total_fen", KEY, nullable=False),
        sa.Column("most_fen", KEY, nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("previous_number", KEY, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("before_fen", KEY, nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("left_fen", KEY, nullable=False),
        sa.Column("cap_fen", KEY, nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "amount_fen >= 0 AND left_fen >= 0 AND left_fen = before_fen - amount_fen",
            name="ck_recovery_entries_adds_up",
        ),
        sa.CheckConstraint(
            "(kind = 'OPENED' AND number = 1 AND previous_number IS NULL AND amount_fen = 0 AND before_fen = total_fen) OR (kind <> 'OPENED' AND number > 1 AND previous_number IS NOT NULL AND previous_number = number - 1 AND amount_fen > 0)",
            name="ck_recovery_entries_follows",
        ),
        sa.CheckConstraint(
            "(kind = 'INSTALMENT' AND month IS NOT NULL AND paid_on IS NOT NULL AND cap_fen IS NOT NULL AND amount_fen <= cap_fen AND amount_fen <= most_fen AND cause <> 'OFFICIAL_ERROR') OR (kind = 'OPENED' AND month IS NULL AND reason IS NULL) OR (kind = 'WAIVED' AND month IS NULL AND reason IS NOT NULL AND left_fen = 0)",
            name="ck_recovery_entries_kind",
        ),
        sa.ForeignKeyConstraint(
            ["recovery_id", "household_id", "total_fen", "most_fen", "cause"],
            [
                "recoveries.id",
                "recoveries.household_id",
                "recoveries.total_fen",
                "recoveries.most_fen",
                "recoveries.cause",
            ],
            name="fk_recovery_entries_recovery",
        ),
        sa.ForeignKeyConstraint(
            ["recovery_id", "previous_number", "before_fen"],
            ["recovery_entries.recovery_id", "recovery_entries.number", "recovery_entries.left_fen"],
            name="fk_recovery_entries_previous",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_recovery_entries_household_id_households"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_entries_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_entries"),
        sa.UniqueConstraint("recovery_id", "number", "left_fen", name="uq_recovery_entries_left"),
        sa.UniqueConstraint("recovery_id", "month", name="uq_recovery_entries_month"),
    )
    op.create_index("ix_recovery_entries_household_id", "recovery_entries", ["household_id"])
    op.create_index("uq_recovery_entries_number", "recovery_entries", ["recovery_id", "number"], unique=True)


def _errors() -> None:
    op.create_table(
        "official_errors",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=True),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("discovered_on", sa.Date(), nullable=False),
        sa.Column("decision_id", KEY, nullable=True),
        sa.Column("grant_id", KEY, nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("remedy", sa.LargeBinary(), nullable=True),
        sa.Column("put_right_on", sa.Date(), nullable=True),
        sa.Column("put_right_by", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_official_errors_version"),
        sa.CheckConstraint(
            "(put_right_on IS NULL) = (remedy IS NULL) AND (put_right_on IS NULL) = (put_right_by IS NULL)",
            name="ck_official_errors_put_right",
        ),
        sa.CheckConstraint("put_right_on IS NULL OR put_right_on >= discovered_on", name="ck_official_errors_days"),
        sa.CheckConstraint("month IS NULL OR grant_id IS NOT NULL", name="ck_official_errors_payment"),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_official_errors_household_id_households"
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_official_errors_decision_id_decisions"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_official_errors_grant_id_grants"),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_official_errors_recorded_by_users"),
        sa.ForeignKeyConstraint(["put_right_by"], ["users.id"], name="fk_official_errors_put_right_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_official_errors"),
    )
    op.create_index("ix_official_errors_decision_id", "official_errors", ["decision_id"])
    op.create_index(
        "ix_official_errors_division_code_discovered_on", "official_errors", ["division_code", "discovered_on"]
    )
    op.create_index("ix_official_errors_grant_id", "official_errors", ["grant_id"])
    op.create_index("ix_official_errors_household_id", "official_errors", ["household_id"])


Rule = tuple[str, str, str, str, str]
"""A trigger: its name, its table, before what, when it refuses, and what is said then."""


def _rules() -> Iterator[Rule]:
    month_before = MONTH_BEFORE[op.get_bind().dialect.name]
    stands = STANDS.format(month_before=month_before)
    yield "stops_stand", "stops", "INSERT", f"NOT EXISTS ({stands})", NOT_READY
    yield "order_months_stopped", "order_months", "INSERT", STOPPED, "nothing is ordered after aid was stopped"
    yield "enrolments_granted", "enrolments", f"UPDATE OF {LOWERED}", f"{OF_A_GRANT} AND ({WORSE})", NO_DECISION
    yield "enrolments_granted_kept", "enrolments", "DELETE", f"{OF_A_GRANT} AND {ERASED}", NO_DECISION
    yield "aid_notices_told", "aid_notices", f"UPDATE OF {TOLD}", ALWAYS, TOLD_ONCE
    yield "aid_notices_answered", "aid_notices", "UPDATE OF answered_on", "OLD.answered_on IS NOT NULL", TOLD_ONCE
    for name, columns in KEPT.items():
        yield f"{name}_kept", name, f"UPDATE OF {columns}", ALWAYS, f"{name} are only added"
        yield f"{name}_never_deleted", name, "DELETE", ERASED, f"{name} are never deleted"


def _trigger(name: str, table: str, event: str, when: str, told: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{told}'); END"
        )
        return
    refusal = f"RAISE EXCEPTION '{told}' USING ERRCODE = 'integrity_constraint_violation';"
    row = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION jiekun_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {when} THEN {refusal} END IF; RETURN {row}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION jiekun_{name}()")


def downgrade() -> None:
    """One step back; the tables take their triggers with them."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, *_ in _rules():
        if table not in TABLES:
            op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("uq_referrals_id_household_id", table_name="referrals")
    if not sqlite:
        for name, *_ in _rules():
            op.execute(f"DROP FUNCTION jiekun_{name}()")
