"""When a household was last looked at for aid that it may be due and does not receive."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards."""
    op.add_column("households", sa.Column("entitlements_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """One step back."""
    op.drop_column("households", "entitlements_on")
