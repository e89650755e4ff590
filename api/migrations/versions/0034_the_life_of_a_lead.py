"""The life of a lead: who holds it, what is asked, what its household is told, and conclusions by two officers (F-3, F-14, F-33)."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'PROPOSED'")
ERASED = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = OLD.household_id)"

TABLES = ("conclusions", "lead_notices", "inquiries", "lead_views", "lead_holders")
"""Children first."""

LINKS = (
    ("reviews", "conclusion_id", "conclusions"),
    ("reviews", "official_error_id", "official_errors"),
    ("objections", "finding_id", "findings"),
)
"""Columns that are new, each with the table that it points to."""

CONFIRMED = (
    "EXISTS (SELECT 1 FROM conclusions WHERE conclusions.id = NEW.conclusion_id AND conclusions.state = 'CONFIRMED'"
    " AND conclusions.finding_id = NEW.finding_id AND conclusions.outcome = NEW.outcome"
    " AND conclusions.evidence_hash = NEW.evidence_hash AND conclusions.confirmed_by = NEW.reviewer_id)"
)
ALONE = f"NEW.outcome IN ('CLAIMANT_ERROR', 'DECEPTION_CONFIRMED') AND NOT {CONFIRMED}"
"""Whether a review would tell of what may weigh on a household without two officers having concluded it."""

WAITED_FOR = (
    "NEW.state = 'CONFIRMED' AND (EXISTS (SELECT 1 FROM objections WHERE objections.household_id = NEW.household_id"
    " AND objections.state = 'OPEN') OR EXISTS (SELECT 1 FROM inquiries WHERE inquiries.finding_id = NEW.finding_id"
    " AND inquiries.evidence_hash = NEW.evidence_hash AND inquiries.kind = 'REPAIR'"
    " AND (inquiries.outcome IS NULL OR inquiries.outcome <> 'STANDS')))"
)
"""Whether an objection waits (F-32), or a record behind the lead is doubted that its department has not found right (F-33)."""

TOLD = (
    "household_id, finding_id, evidence_hash, document_no, delivery, delivered_on, working_days, wait_until,"
    " recorded_by, recorded_at"
)
PROPOSED = (
    "household_id, finding_id, evidence_hash, outcome, decision_document, proposed_by, proposed_at, proposed_on,"
    " notice_id, delivered_on, wait_until, answered_on"
)
ALWAYS = "1 = 1"
TWO = "what may weigh on a household is concluded by two officers"
HEARD = "nothing adverse is concluded while somebody waits to be answered"
KEPT = "what a household was told, and answered, is not changed"
ENDED = "a conclusion that was confirmed or given up is not changed"

Rule = tuple[str, str, str, str, str]
"""A trigger: its name, its table, before what, when it refuses, and what is said then."""


def upgrade() -> None:
    """One step forwards."""
    _lead_holders()
    _lead_views()
    _inquiries()
    _lead_notices()
    _conclusions()
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table, column, parent in LINKS:  # no rebuilding of a table that triggers of others read
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} {key}"
            f" CONSTRAINT fk_{table}_{column}_{parent} REFERENCES {parent} (id)"
        )
    op.create_index("ix_objections_finding_id", "objections", ["finding_id"])
    for rule in _rules():
        _trigger(*rule)


def _lead_holders() -> None:
    op.create_table(
        "lead_holders",
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_lead_holders_finding_id_findings"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lead_holders_user_id_users"),
        sa.PrimaryKeyConstraint("finding_id", name="pk_lead_holders"),
    )
    op.create_index("ix_lead_holders_user_id", "lead_holders", ["user_id"])


def _lead_views() -> None:
    op.create_table(
        "lead_views",
        sa.Column("finding_id", KEY, autoincrement=False, nullable=False),
        sa.Column("user_id", KEY, autoincrement=False, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("viewed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("finding_id", "user_id", name="pk_lead_views"),
        sqlite_with_rowid=False,
    )


def _inquiries() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_of", sa.String(), nullable=False),
        sa.Column("source", CODE, nullable=True),
        sa.Column("record_id", CODE, nullable=True),
        sa.Column("assigned_to", KEY, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("(asked_of = 'COLLEAGUE') = (assigned_to IS NOT NULL)", name="ck_inquiries_assigned_to"),
        sa.CheckConstraint("(asked_of = 'DEPARTMENT') = (source IS NOT NULL)", name="ck_inquiries_source"),
        sa.CheckConstraint(
            "(state = 'OPEN' AND answer IS NULL AND answered_by IS NULL AND answered_at IS NULL AND outcome IS NULL) OR (state = 'ANSWERED' AND answer IS NOT NULL AND answered_by IS NOT NULL AND answered_at IS NOT NULL AND (kind = 'REPAIR') = (outcome IS NOT NULL))",
            name="ck_inquiries_answered",
        ),
        sa.CheckConstraint(
            "kind = 'FACTS' OR (asked_of = 'DEPARTMENT' AND record_id IS NOT NULL)", name="ck_inquiries_record"
        ),
        sa.CheckConstraint(
            "kind IN ('FACTS', 'REPAIR') AND (kind = 'REPAIR') = (reason IS NOT NULL)", name="ck_inquiries_kind"
        ),
        sa.CheckConstraint("version > 0", name="ck_inquiries_version"),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name="fk_inquiries_answered_by_users"),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name="fk_inquiries_asked_by_users"),
        sa.ForeignKeyConstraint(["assigned_to"], ["users.id"], name="fk_inquiries_assigned_to_users"),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_inquiries_finding_id_findings"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_inquiries_household_id_households"),
        sa.PrimaryKeyConstraint("id", name="pk_inquiries"),
    )
    op.create_index("ix_inquiries_assigned_to", "inquiries", ["assigned_to"])
    op.create_index("ix_inquiries_finding_id", "inquiries", ["finding_id"])
    op.create_index("ix_inquiries_household_id", "inquiries", ["household_id"])
    op.create_index("ix_inquiries_source_state", "inquiries", ["source", "state"])


def _lead_notices() -> None:
    op.create_table(
        "lead_notices",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("document_no", CODE, nullable=False),
        sa.Column("text_zh", sa.LargeBinary(), nullable=False),
        sa.Column("text_en", sa.LargeBinary(), nullable=False),
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
        sa.CheckConstraint(
            "(answered_on IS NULL) = (answer IS NULL) AND (answered_on IS NULL) = (answer_recorded_by IS NULL)",
            name="ck_lead_notices_answered",
        ),
        sa.CheckConstraint(
            "answered_on IS NULL OR answered_on >= delivered_on", name="ck_lead_notices_answered_after"
        ),
        sa.CheckConstraint("length(document_no) > 0", name="ck_lead_notices_document"),
        sa.CheckConstraint("version > 0", name="ck_lead_notices_version"),
        sa.CheckConstraint("working_days >= 10 AND wait_until > delivered_on", name="ck_lead_notices_days"),
        sa.ForeignKeyConstraint(
            ["answer_recorded_by"], ["users.id"], name="fk_lead_notices_answer_recorded_by_users"
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_lead_notices_finding_id_findings"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_lead_notices_household_id_households"),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_lead_notices_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_lead_notices"),
        sa.UniqueConstraint("finding_id", "evidence_hash", name="uq_lead_notices_finding_id_evidence_hash"),
        sa.UniqueConstraint("id", "answered_on", name="uq_lead_notices_answered"),
        sa.UniqueConstraint(
            "id", "finding_id", "evidence_hash", "delivered_on", "wait_until", name="uq_lead_notices_delivered"
        ),
    )
    op.create_index("ix_lead_notices_household_id", "lead_notices", ["household_id"])


def _conclusions() -> None:
    op.create_table(
        "conclusions",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("decision_document", sa.String(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("notice_id", KEY, nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("wait_until", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_by_kind", sa.String(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("closing", sa.LargeBinary(), nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.CheckConstraint(
            "(state = 'CONFIRMED') = (confirmed_by IS NOT NULL) AND (confirmed_by IS NULL) = (confirmed_by_kind IS NULL) AND (confirmed_by IS NULL) = (confirmed_at IS NULL)",
            name="ck_conclusions_confirmed",
        ),
        sa.CheckConstraint(
            "(state IN ('REJECTED', 'WITHDRAWN')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closing IS NULL)",
            name="ck_conclusions_closed",
        ),
        sa.CheckConstraint("confirmed_by_kind = 'PERSON'", name="ck_conclusions_by_a_person"),
        sa.CheckConstraint(
            "outcome <> 'DECEPTION_CONFIRMED' OR (decision_document IS NOT NULL AND length(decision_document) > 0)",
            name="ck_conclusions_document",
        ),
        sa.CheckConstraint("outcome IN ('CLAIMANT_ERROR', 'DECEPTION_CONFIRMED')", name="ck_conclusions_outcome"),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'CONFIRMED', 'REJECTED', 'WITHDRAWN')", name="ck_conclusions_state"
        ),
        sa.CheckConstraint(
            "(answered_on IS NOT NULL AND answered_on <= proposed_on) OR proposed_on > wait_until",
            name="ck_conclusions_heard",
        ),
        sa.CheckConstraint("confirmed_by <> proposed_by", name="ck_conclusions_second_officer"),
        sa.CheckConstraint("delivered_on <= proposed_on", name="ck_conclusions_told"),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name="fk_conclusions_closed_by_users"),
        sa.ForeignKeyConstraint(
            ["confirmed_by", "confirmed_by_kind"], ["users.id", "users.kind"], name="fk_conclusions_officer"
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_conclusions_finding_id_findings"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_conclusions_household_id_households"),
        sa.ForeignKeyConstraint(
            ["notice_id", "answered_on"],
            ["lead_notices.id", "lead_notices.answered_on"],
            name="fk_conclusions_answer",
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "finding_id", "evidence_hash", "delivered_on", "wait_until"],
            [
                "lead_notices.id",
                "lead_notices.finding_id",
                "lead_notices.evidence_hash",
                "lead_notices.delivered_on",
                "lead_notices.wait_until",
            ],
            name="fk_conclusions_notice",
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name="fk_conclusions_proposed_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_conclusions"),
    )
    op.create_index("ix_conclusions_finding_id", "conclusions", ["finding_id"])
    op.create_index("ix_conclusions_household_id", "conclusions", ["household_id"])
    op.create_index(
        "uq_conclusions_waiting",
        "conclusions",
        ["finding_id"],
        unique=True,
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )


def _rules() -> Iterator[Rule]:
    yield "reviews_two_officers", "reviews", "INSERT", ALONE, TWO
    yield "reviews_two_officers_kept", "reviews", "UPDATE OF outcome, conclusion_id", ALONE, TWO
    yield "conclusions_proposed", "conclusions", "INSERT", "NEW.state <> 'PROPOSED'", TWO
    yield "conclusions_heard", "conclusions", "UPDATE OF state", WAITED_FOR, HEARD
    yield "conclusions_ended", "conclusions", "UPDATE OF state", "OLD.state <> 'PROPOSED'", ENDED
    yield "conclusions_kept", "conclusions", f"UPDATE OF {PROPOSED}", ALWAYS, ENDED
    yield "conclusions_never_deleted", "conclusions", "DELETE", ERASED, "conclusions are never deleted"
    yield "lead_notices_told", "lead_notices", f"UPDATE OF {TOLD}", ALWAYS, KEPT
    yield "lead_notices_answered", "lead_notices", "UPDATE OF answered_on", "OLD.answered_on IS NOT NULL", KEPT
    yield "lead_notices_never_deleted", "lead_notices", "DELETE", ERASED, "notices are never deleted"


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
    op.drop_index("ix_objections_finding_id", table_name="objections")
    for table, column, _ in LINKS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in TABLES:
        op.drop_table(table)
    if not sqlite:
        for name, *_ in _rules():
            op.execute(f"DROP FUNCTION jiekun_{name}()")
