"""Clocks and categories of files."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""


def downgrade() -> None:
    """One step back."""
