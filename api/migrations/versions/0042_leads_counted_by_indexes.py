"""Whose leads were raised and reviewed is counted by indexes: a lead's own row is wide with what it rests on."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_findings_raised_on": ("raised_on", "household_id", "rule_id"),
    "ix_findings_id_household_id": ("id", "household_id", "rule_id"),
}


def upgrade() -> None:
    """One step forwards."""
    for name, columns in INDEXES.items():
        op.create_index(name, "findings", [*columns])


def downgrade() -> None:
    """One step back."""
    for name in INDEXES:
        op.drop_index(name, "findings")
