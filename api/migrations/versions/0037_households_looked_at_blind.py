"""Households that are drawn by chance and looked at without knowing whether there is a lead (F-19)."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "blind_draws",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("cases", KEY, nullable=False),
        sa.Column("drawn", KEY, nullable=False),
        sa.Column("beside", KEY, nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.CheckConstraint("cases >= drawn AND drawn >= 0 AND beside >= 0", name="ck_blind_draws_counts"),
        sa.PrimaryKeyConstraint("id", name="pk_blind_draws"),
        sa.UniqueConstraint("division_code", "quarter", name="uq_blind_draws_division_code_quarter"),
    )
    op.create_table(
        "blind_cases",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("draw_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("has_lead", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("reviewer_id", KEY, nullable=True),
        sa.Column("reviewed_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_blind_cases_version"),
        sa.CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewer_id IS NULL)"
            " AND (verdict IS NULL) = (note IS NULL)",
            name="ck_blind_cases_reviewed",
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["blind_draws.id"], name="fk_blind_cases_draw_id_blind_draws"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_blind_cases_household_id_households"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name="fk_blind_cases_reviewer_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_blind_cases"),
        sa.UniqueConstraint("draw_id", "household_id", name="uq_blind_cases_draw_id_household_id"),
    )
    op.create_index("ix_blind_cases_household_id", "blind_cases", ["household_id"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("blind_cases")
    op.drop_table("blind_draws")
