"""What was corrected of a household itself stands beside what was corrected of its members."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "member_changes"


def upgrade() -> None:
    """One step forwards."""
    _of_a_member(nullable=True)


def downgrade() -> None:
    """One step back: what was corrected stays so, and nobody knows by whom, or what it was before."""
    op.execute(f"DELETE FROM {TABLE} WHERE member_id IS NULL")
    _of_a_member(nullable=False)


def _of_a_member(*, nullable: bool) -> None:
    with op.batch_alter_table(TABLE) as table:
        table.alter_column("member_id", existing_type=KEY, nullable=nullable)
