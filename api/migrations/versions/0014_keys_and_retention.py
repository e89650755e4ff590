"""Keys and retention."""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""


def downgrade() -> None:
    """One step back."""
