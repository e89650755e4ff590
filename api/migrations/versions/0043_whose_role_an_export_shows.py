"""An export keeps in which role it was asked for: what it shows goes by it, and in another it is not handed out."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One step forwards: of those that are there, the role of now is the only one that is known."""
    with op.batch_alter_table("exports") as table:
        table.add_column(sa.Column("role", sa.String(), nullable=True))
    op.execute("UPDATE exports SET role = (SELECT users.role FROM users WHERE users.id = exports.user_id)")
    with op.batch_alter_table("exports") as table:
        table.alter_column("role", existing_type=sa.String(), nullable=False)


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table("exports") as table:
        table.drop_column("role")
