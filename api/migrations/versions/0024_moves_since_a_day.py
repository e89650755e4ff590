"""Moves are found by when they were entered: what became of files that were frozen."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""
    op.create_index("ix_transitions_happened_at", "transitions", ["happened_at"])


def downgrade() -> None:
    """One step back."""
    op.drop_index("ix_transitions_happened_at", "transitions")
