"""Public notices and objections; the database, too, takes no notice that could find somebody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
STREET = " AND ".join(["length(street) <= 20", *(f"street NOT LIKE '%{digit}%'" for digit in range(10))])
OF_SOMEBODY = ("applicant", "id_number", "street", "people", "tier", "category", "keeper")
SAYS_NOTHING = " AND ".join(f"{name} IS NULL" for name in OF_SOMEBODY)
ANSWERED = (
    "(state = 'OPEN' AND outcome IS NULL AND answer IS NULL AND answered_by IS NULL AND answered_at IS NULL) OR "
    "(state = 'ANSWERED' AND outcome IS NOT NULL AND answer IS NOT NULL AND answered_by IS NOT NULL "
    "AND answered_at IS NOT NULL)"
)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "notices",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("transition_id", KEY, nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("places", JSON, nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("applicant", sa.String(), nullable=True),
        sa.Column("id_number", sa.String(), nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("people", KEY, nullable=True),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("keeper", sa.String(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_down_because", sa.String(), nullable=True),
        sa.Column("opened_by", KEY, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_notices_version"),
        sa.CheckConstraint("to_day > from_day", name="ck_notices_days"),
        sa.CheckConstraint("applicant = '*' OR applicant LIKE '_*'", name="ck_notices_applicant"),
        sa.CheckConstraint("id_number LIKE '____**************'", name="ck_notices_id_number"),
        sa.CheckConstraint(STREET, name="ck_notices_street"),
        sa.CheckConstraint("(state = 'TAKEN_DOWN') = (taken_down_at IS NOT NULL)", name="ck_notices_taken_down"),
        sa.CheckConstraint(
            f"(state = 'OPEN' AND form = 'NAMED') OR ({SAYS_NOTHING})", name="ck_notices_says_nothing"
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_notices_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_notices_file_id_files"),
        sa.ForeignKeyConstraint(["transition_id"], ["transitions.id"], name="fk_notices_transition_id_transitions"),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name="fk_notices_opened_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("number", name="uq_notices_number"),
        sa.UniqueConstraint("transition_id", name="uq_notices_transition_id"),
    )
    op.create_index("ix_notices_household_id", "notices", ["household_id"])
    op.create_index("ix_notices_file_id", "notices", ["file_id"])
    op.create_index("ix_notices_state_to_day", "notices", ["state", "to_day"])

    op.create_table(
        "objections",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("notice_id", KEY, nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("objector", sa.String(), nullable=False),
        sa.Column("objector_name", sa.LargeBinary(), nullable=True),
        sa.Column("objector_contact", sa.LargeBinary(), nullable=True),
        sa.Column("grounds", JSON, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("received_by", KEY, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_by_kind", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_objections_version"),
        sa.CheckConstraint(
            "objector <> 'ANONYMOUS' OR (objector_name IS NULL AND objector_contact IS NULL)",
            name="ck_objections_unknown",
        ),
        sa.CheckConstraint(ANSWERED, name="ck_objections_answered"),
        sa.CheckConstraint("answered_by <> received_by", name="ck_objections_another_officer"),
        sa.CheckConstraint("answered_by_kind = 'PERSON'", name="ck_objections_by_a_person"),
        sa.CheckConstraint(
            "(answered_by IS NULL) = (answered_by_kind IS NULL)", name="ck_objections_answered_by_kind"
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_objections_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_objections_file_id_files"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_objections_notice_id_notices"),
        sa.ForeignKeyConstraint(["received_by"], ["users.id"], name="fk_objections_received_by_users"),
        sa.ForeignKeyConstraint(
            ["answered_by", "answered_by_kind"], ["users.id", "users.kind"], name="fk_objections_officer"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_objections"),
    )
    op.create_index("ix_objections_file_id", "objections", ["file_id"])
    op.create_index("ix_objections_notice_id", "objections", ["notice_id"])
    op.create_index("ix_objections_household_id_state", "objections", ["household_id", "state"])
    op.create_index("ix_objections_state_due_on", "objections", ["state", "due_on"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("objections")
    op.drop_table("notices")
