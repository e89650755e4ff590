"""Income by month, tests of it, proposals and watches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
PENDING = sa.text("state = 'OPEN'")


def upgrade() -> None:
    """One step forwards."""
    _incomes()
    _assessments()
    _proposals()
    _watches()


def _incomes() -> None:
    op.create_table(
        "income_months",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("year", KEY, nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("programme_code", sa.String(), nullable=True),
        sa.Column("amount_fen", KEY, nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", KEY, nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.CheckConstraint("(month IS NULL) <> (year IS NULL)", name="ck_income_months_period"),
        sa.CheckConstraint("(answer = 'VALUE') = (amount_fen IS NOT NULL)", name="ck_income_months_amount"),
        sa.CheckConstraint("(answer = 'VALUE') = (kind IS NOT NULL)", name="ck_income_months_kind"),
        sa.CheckConstraint("year IS NULL OR answer IN ('VALUE', 'NOT_ASKED')", name="ck_income_months_year"),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="ck_income_months_not_below_zero"),
        sa.CheckConstraint(
            "(programme_code IS NOT NULL) = (kind IS NOT NULL AND kind = 'AID')", name="ck_income_months_programme"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_income_months_member_id_members"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programmes.code"], name="fk_income_months_programme_code_programmes"
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_income_months_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_income_months"),
    )
    op.create_index("ix_income_months_member_id_month", "income_months", ["member_id", "month"])


def _assessments() -> None:
    op.create_table(
        "exit_assessments",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("graduation", sa.String(), nullable=False),
        sa.Column("relief", sa.String(), nullable=False),
        sa.Column("causes", KEY, nullable=False),
        sa.Column("open_causes", KEY, nullable=False),
        sa.Column("tests", JSON, nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("assessed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_exit_assessments_household_id_households"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_exit_assessments_file_id_files"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_exit_assessments_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_exit_assessments"),
    )
    op.create_index("ix_exit_assessments_household_id", "exit_assessments", ["household_id"])


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("closing", sa.String(), nullable=True),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("assessment_id", KEY, nullable=True),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decision_id", KEY, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("rejection", sa.LargeBinary(), nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_proposals_version"),
        sa.CheckConstraint("(state = 'OPEN') = (decided_at IS NULL)", name="ck_proposals_decided"),
        sa.CheckConstraint("(state = 'OPEN') = (decided_by IS NULL)", name="ck_proposals_decided_by"),
        sa.CheckConstraint("(state = 'APPROVED') = (decision_id IS NOT NULL)", name="ck_proposals_decision"),
        sa.CheckConstraint("(state = 'REJECTED') = (rejection IS NOT NULL)", name="ck_proposals_rejection"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="ck_proposals_second_officer"),
        sa.CheckConstraint("(action = 'RELIEVE') = (closing IS NULL)", name="ck_proposals_closing"),
        sa.ForeignKeyConstraint(
            ["decision_id", "household_id", "action"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_proposals_decision",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_proposals_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_proposals_file_id_files"),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["exit_assessments.id"], name="fk_proposals_assessment_id_exit_assessments"
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name="fk_proposals_proposed_by_users"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name="fk_proposals_decided_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index(
        "uq_proposals_open", "proposals", ["file_id"], unique=True, postgresql_where=PENDING, sqlite_where=PENDING
    )
    op.create_index("ix_proposals_household_id", "proposals", ["household_id"])
    op.create_index("ix_proposals_state_id", "proposals", ["state", "id"])


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("months", KEY, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("done_by", KEY, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_watches_version"),
        sa.CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name="ck_watches_done"),
        sa.CheckConstraint("(outcome IS NULL) = (note IS NULL)", name="ck_watches_note"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_watches_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_watches_file_id_files"),
        sa.ForeignKeyConstraint(["done_by"], ["users.id"], name="fk_watches_done_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("file_id", "months", "due_on", name="uq_watches_file_id_months_due_on"),
    )
    op.create_index("ix_watches_household_id", "watches", ["household_id"])
    op.create_index("ix_watches_due_on_id", "watches", ["due_on", "id"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("watches")
    op.drop_table("proposals")
    op.drop_table("exit_assessments")
    op.drop_table("income_months")
