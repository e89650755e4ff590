"""Consents and attachments."""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""


def downgrade() -> None:
    """One step back."""
