"""Rules are set aside in a county where their leads hardly ever prove right (F-18)."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
RUNNING = sa.text("restored_at IS NULL")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "rule_shadows",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("rule_id", CODE, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("reviewed", KEY, nullable=False),
        sa.Column("confirmed", KEY, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("approved_by", KEY, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("restored_by", KEY, nullable=True),
        sa.Column("restored_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_rule_shadows_version"),
        sa.CheckConstraint("confirmed >= 0 AND confirmed <= reviewed", name="ck_rule_shadows_counts"),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (reason IS NULL)",
            name="ck_rule_shadows_approved",
        ),
        sa.CheckConstraint(
            "(restored_by IS NULL) = (restored_at IS NULL)"
            " AND (restored_by IS NULL OR (approved_by IS NOT NULL AND approved_by <> restored_by))",
            name="ck_rule_shadows_restored_by_two",
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name="fk_rule_shadows_approved_by_users"),
        sa.ForeignKeyConstraint(["restored_by"], ["users.id"], name="fk_rule_shadows_restored_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_shadows"),
    )
    op.create_index(
        "uq_rule_shadows_running",
        "rule_shadows",
        ["rule_id", "division_code"],
        unique=True,
        postgresql_where=RUNNING,
        sqlite_where=RUNNING,
    )


def downgrade() -> None:
    """One step back."""
    op.drop_table("rule_shadows")
