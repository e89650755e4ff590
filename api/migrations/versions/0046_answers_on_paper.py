"""What a department without an account answered on paper, with the paper's number and day."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

INQUIRIES, ANSWERS = "inquiries", "verification_answers"
OF_INQUIRIES = (
    "(paper IS NULL) = (said_on IS NULL) AND (paper IS NULL OR (asked_of = 'DEPARTMENT' AND state = 'ANSWERED'))"
)


def upgrade() -> None:
    """One step forwards."""
    with op.batch_alter_table(INQUIRIES) as table:
        table.add_column(sa.Column("paper", sa.String(), nullable=True))
        table.add_column(sa.Column("said_on", sa.Date(), nullable=True))
        table.create_check_constraint(op.f(f"ck_{INQUIRIES}_paper"), OF_INQUIRIES)
    with op.batch_alter_table(ANSWERS) as table:
        table.add_column(sa.Column("paper", sa.String(), nullable=True))
        table.create_check_constraint(op.f(f"ck_{ANSWERS}_paper"), "paper IS NULL OR origin = 'DEPARTMENT'")


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table(ANSWERS) as table:
        table.drop_constraint(op.f(f"ck_{ANSWERS}_paper"), type_="check")
        table.drop_column("paper")
    with op.batch_alter_table(INQUIRIES) as table:
        table.drop_constraint(op.f(f"ck_{INQUIRIES}_paper"), type_="check")
        table.drop_column("said_on")
        table.drop_column("paper")
