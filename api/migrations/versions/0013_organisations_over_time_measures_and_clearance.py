"""Organisations over time, measures and clearance."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""


def downgrade() -> None:
    """One step back."""
