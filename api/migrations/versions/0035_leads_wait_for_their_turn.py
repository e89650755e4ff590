"""Leads stand in a queue, and are opened as reviewers can look at them (F-21)."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INDEX = "ix_findings_queue_place_id"
LIVE = sa.text("state <> 'CLOSED'")


def upgrade() -> None:
    """One step forwards: what people looked at already was opened when it was raised, for whoever answers for its county."""
    for column in (
        sa.Column("queue_worth", WHOLE, nullable=True),
        sa.Column("queue_place", WHOLE, nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("opened_for", CODE, nullable=True),
    ):
        op.add_column("findings", column)
    op.execute(
        "UPDATE findings SET opened_on = raised_on, opened_for = "
        "(SELECT division_code FROM households WHERE households.id = findings.household_id) WHERE state <> 'OPEN'"
    )
    op.create_index(INDEX, "findings", ["queue_place", "id"], postgresql_where=LIVE, sqlite_where=LIVE)


def downgrade() -> None:
    """One step back."""
    op.drop_index(INDEX, table_name="findings")
    for column in ("opened_for", "opened_on", "queue_place", "queue_worth"):
        op.drop_column("findings", column)
