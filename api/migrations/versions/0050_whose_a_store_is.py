"""By which name a store is this installation's, and which folders are about to go from it."""

import sqlalchemy as sa
from alembic import op

from api.database import Key

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

EXACT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "installations",
        sa.Column("id", Key, sa.Identity(), nullable=False),
        sa.Column("name", EXACT, nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installations_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    op.create_table(
        "leaving_folders",
        sa.Column("id", Key, sa.Identity(), nullable=False),
        sa.Column("folder", EXACT, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_folders")),
        sa.UniqueConstraint("folder", name=op.f("uq_leaving_folders_folder")),
    )


def downgrade() -> None:
    """One step back."""
    op.drop_table("leaving_folders")
    op.drop_table("installations")
