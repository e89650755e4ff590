"""Case work: tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "tasks",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("assigned_to", KEY, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_tasks_version"),
        sa.CheckConstraint("(state = 'OPEN') = (done_at IS NULL)", name="ck_tasks_done"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_tasks_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_tasks_file_id_files"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_tasks_member_id_members"),
        sa.ForeignKeyConstraint(["assigned_to"], ["users.id"], name="fk_tasks_assigned_to_users"),
        sa.ForeignKeyConstraint(["done_by"], ["users.id"], name="fk_tasks_done_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("reference", name="uq_tasks_reference"),
    )
    op.create_index("ix_tasks_household_id", "tasks", ["household_id"])
    op.create_index("ix_tasks_state_due_on_id", "tasks", ["state", "due_on", "id"])
    op.create_index("ix_tasks_assigned_to_state_due_on", "tasks", ["assigned_to", "state", "due_on"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("tasks")
