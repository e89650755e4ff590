"""What dashboards count is counted by indexes alone: they hold whatever is asked of a row besides."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STANDING = ("household_id", "valid_from", "valid_to", "left_on")
INDEXES = {
    "ix_households_id_division_code": ("households", ("id", "division_code", "stage", "target_group")),
    "ix_members_declared_employment": ("members", ("declared_employment", *STANDING)),
    "ix_members_birth_date": ("members", ("birth_date", "declared_employment", *STANDING)),
    "ix_enrolments_programme_code": ("enrolments", ("programme_code", "household_id", "start_month", "end_month")),
    "ix_payment_orders_id_household_id": ("payment_orders", ("id", "household_id")),
    "ix_payment_orders_state_id": ("payment_orders", ("state", "id", "household_id")),
}
TASKS = ("state", "due_on", "id")


def upgrade() -> None:
    """One step forwards."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, [*columns])
    op.create_index("ix_files_due", "files", [sa.text("coalesce(due_on, '9999-12-30')"), "id"])
    op.drop_index("ix_tasks_state_due_on_id", "tasks")
    op.create_index("ix_tasks_state_due_on_id", "tasks", [*TASKS, "household_id"])


def downgrade() -> None:
    """One step back."""
    op.drop_index("ix_tasks_state_due_on_id", "tasks")
    op.create_index("ix_tasks_state_due_on_id", "tasks", [*TASKS])
    op.drop_index("ix_files_due", "files")
    for name, (table, _) in reversed(INDEXES.items()):
        op.drop_index(name, table)
