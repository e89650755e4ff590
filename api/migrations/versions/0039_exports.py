"""Exports: lists as files, of whom, for what, and until when they may be taken."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "exports",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("filter", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rows", KEY, nullable=False),
        sa.Column("parts", KEY, nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("size", KEY, nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("times_taken", KEY, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status IN ('SUCCEEDED', 'FAILED')) = (finished_at IS NOT NULL)", name="ck_exports_finished"
        ),
        sa.CheckConstraint("(status = 'SUCCEEDED') = (sha256 IS NOT NULL)", name="ck_exports_succeeded"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_exports_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_division_code_id", "exports", ["division_code", "id"])
    op.create_index("ix_exports_user_id_status", "exports", ["user_id", "status"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("exports")
