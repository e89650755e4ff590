"""A feed names its accepted rows that are kept as Parquet; of what came before there are none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """One step forwards."""
    with op.batch_alter_table("feeds") as table:
        table.add_column(sa.Column("kept", JSON, nullable=True))


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table("feeds") as table:
        table.drop_column("kept")
