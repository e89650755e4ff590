"""What was done is found in the audit: by what it was done to, by the household that is its, by whom, and when."""

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
OF_HOUSEHOLD = "ix_audit_events_household"
HOUSEHOLD = {
    "postgresql": "CAST(detail ->> 'household' AS BIGINT)",
    "sqlite": "CAST(json_extract(detail, '$.' || 'household') AS INTEGER)",
}


def upgrade() -> None:
    """One step forwards."""
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns)
    op.create_index(OF_HOUSEHOLD, TABLE, [sa.text(f"({HOUSEHOLD[op.get_bind().dialect.name]})")])


def downgrade() -> None:
    """One step back."""
    op.drop_index(OF_HOUSEHOLD, table_name=TABLE)
    for name in reversed(INDEXES):
        op.drop_index(name, table_name=TABLE)
