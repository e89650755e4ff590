"""Scans may be asked for again and again, once an occasion; whether one goes since another, and how long it will take still."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
SCHEDULES = {
    "version": "version > 0",
    "rhythm": "rhythm IN ('DAILY', 'WEEKLY', 'MONTHLY', 'BATCH')",
    "state": "state IN ('ACTIVE', 'PAUSED', 'ENDED')",
    "by_week": "(rhythm = 'WEEKLY') = (weekday IS NOT NULL)",
    "by_month": "(rhythm = 'MONTHLY') = (day_of_month IS NOT NULL)",
    "by_clock": "(rhythm = 'BATCH') = (hour IS NULL)",
    "weekday": "weekday BETWEEN 1 AND 7",
    "day_of_month": "day_of_month BETWEEN 1 AND 31",
    "hour": "hour BETWEEN 0 AND 23",
    "next": "(next_at IS NOT NULL) = (state = 'ACTIVE' AND rhythm <> 'BATCH')",
}


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "scan_schedules",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("rhythm", sa.String(), nullable=False),
        sa.Column("weekday", KEY, nullable=True),
        sa.Column("day_of_month", KEY, nullable=True),
        sa.Column("hour", KEY, nullable=True),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("created_by", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", KEY, nullable=False),
        *(sa.CheckConstraint(condition, name=f"ck_scan_schedules_{name}") for name, condition in SCHEDULES.items()),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_scan_schedules_created_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_scan_schedules"),
    )
    op.create_index("ix_scan_schedules_division_code_id", "scan_schedules", ["division_code", "id"])
    op.create_index("ix_scan_schedules_state_next_at", "scan_schedules", ["state", "next_at"])
    op.create_table(
        "scan_occasions",
        sa.Column("schedule_id", KEY, autoincrement=False, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("missed", KEY, nullable=False),
        sa.Column("scan_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["scan_schedules.id"], name="fk_scan_occasions_schedule_id_scan_schedules"
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_scan_occasions_scan_id_scans"),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name="pk_scan_occasions"),
    )
    op.create_index("ix_scan_occasions_scan_id", "scan_occasions", ["scan_id"])
    op.add_column("scans", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("scans", sa.Column("seconds_left", KEY, nullable=True))


def downgrade() -> None:
    """One step back."""
    op.drop_column("scans", "seconds_left")
    op.drop_column("scans", "whole")
    op.drop_table("scan_occasions")
    op.drop_table("scan_schedules")
