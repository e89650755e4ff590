"""Receipts of scans, signed and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "scan_receipts",
        sa.Column("scan_id", KEY, autoincrement=False, nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_scan_receipts_scan_id_scans"),
        sa.PrimaryKeyConstraint("scan_id", name="pk_scan_receipts"),
    )


def downgrade() -> None:
    """One step back."""
    op.drop_table("scan_receipts")
