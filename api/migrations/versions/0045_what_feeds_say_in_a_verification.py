"""An answer of a verification says why nothing is known, and how old the feed is that was looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

ANSWERS = "verification_answers"
UNKNOWN = "because IS NULL OR answer IN ('NO_ANSWER', 'NOT_ASKED')"


def upgrade() -> None:
    """One step forwards: of what was answered before, nobody wrote down why nothing was known."""
    with op.batch_alter_table(ANSWERS) as table:
        table.add_column(sa.Column("because", sa.String(), nullable=True))
        table.add_column(sa.Column("feed_as_of", sa.Date(), nullable=True))
        table.create_check_constraint(op.f(f"ck_{ANSWERS}_because"), UNKNOWN)


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table(ANSWERS) as table:
        table.drop_constraint(op.f(f"ck_{ANSWERS}_because"), type_="check")
        table.drop_column("feed_as_of")
        table.drop_column("because")
