"""What was done is found in the audit, by what it was done to, whose household, by whom and when; so are the protected."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = "audit_events"
INDEXES = {
    "ix_audit_events_subject_type_subject": ["subject_type", "subject"],
    "ix_audit_events_user_id": ["user_id"],
    "ix_audit_events_happened_at": ["happened_at"],
}
PROTECTED, HIDDEN = "ix_people_protected", sa.text("protected_since IS NOT NULL")
OF_HOUSEHOLD = "ix_audit_events_household"
HOUSEHOLD = {
    "postgresql": "CAST(detail ->> 'household' AS BIGINT)",
    "sqlite": "CAST(json_extract(detail, '$.' || 'household') AS INTEGER)",
}


def upgrade() -> None:
    """One step forwards."""
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns)
    op.create_index(PROTECTED, "people", ["id"], postgresql_where=HIDDEN, sqlite_where=HIDDEN)
    op.create_index(OF_HOUSEHOLD, TABLE, [sa.text(f"({HOUSEHOLD[op.get_bind().dialect.name]})")])


def downgrade() -> None:
    """One step back."""
    op.drop_index(OF_HOUSEHOLD, table_name=TABLE)
    op.drop_index(PROTECTED, table_name="people")
    for name in reversed(INDEXES):
        op.drop_index(name, table_name=TABLE)
