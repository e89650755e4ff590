"""What a department without an account answered on paper, with the paper's number and day."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

INQUIRIES, ANSWERS = "inquiries", "verification_answers"


def upgrade() -> None:
    """One step forwards."""
    op.add_column(INQUIRIES, sa.Column("paper", sa.String(), nullable=True))  # not rebuilt: triggers read it
    op.add_column(INQUIRIES, sa.Column("said_on", sa.Date(), nullable=True))
    with op.batch_alter_table(ANSWERS) as table:
        table.add_column(sa.Column("paper", sa.String(), nullable=True))
        table.create_check_constraint(op.f(f"ck_{ANSWERS}_paper"), "paper IS NULL OR origin = 'DEPARTMENT'")


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table(ANSWERS) as table:
        table.drop_constraint(op.f(f"ck_{ANSWERS}_paper"), type_="check")
        table.drop_column("paper")
    op.drop_column(INQUIRIES, "said_on")
    op.drop_column(INQUIRIES, "paper")
