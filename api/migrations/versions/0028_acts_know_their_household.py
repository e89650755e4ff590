"""An act knows the household that it is about, so that a million of them are counted without looking each one up."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLE, COLUMN, INDEX = "audit_events", "household_id", "ix_audit_events_household_id"
BEFORE = "ix_audit_events_household"
HOUSEHOLD = {
    "postgresql": "CAST(detail ->> 'household' AS BIGINT)",
    "sqlite": "CAST(json_extract(detail, '$.' || 'household') AS INTEGER)",
}


def upgrade() -> None:
    """One step forwards: what was done before is told of which household it was, where that can still be known."""
    named = HOUSEHOLD[op.get_bind().dialect.name]
    op.add_column(TABLE, sa.Column(COLUMN, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.execute(
        f"UPDATE {TABLE} SET {COLUMN} = CASE WHEN subject_type = 'Household' THEN subject"
        f" WHEN {named} IS NOT NULL THEN {named}"
        " WHEN subject_type = 'Finding' THEN (SELECT findings.household_id FROM findings WHERE findings.id = subject)"
        " WHEN subject_type = 'Person' THEN (SELECT members.household_id FROM members WHERE members.id = subject) END"
    )
    op.create_index(INDEX, TABLE, [COLUMN, "id"])
    op.drop_index(BEFORE, table_name=TABLE)


def downgrade() -> None:
    """One step back."""
    op.create_index(BEFORE, TABLE, [sa.text(f"({HOUSEHOLD[op.get_bind().dialect.name]})")])
    op.drop_index(INDEX, table_name=TABLE)
    op.drop_column(TABLE, COLUMN)
