"""Public notices and objections."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""


def downgrade() -> None:
    """One step back."""
