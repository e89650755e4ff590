"""What a repeated request did is found in the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One step forwards."""
    with op.batch_alter_table("idempotency_keys") as table:
        table.add_column(sa.Column("audit_event_id", KEY, nullable=True))
        table.create_foreign_key(
            "fk_idempotency_keys_audit_event_id_audit_events", "audit_events", ["audit_event_id"], ["id"]
        )


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table("idempotency_keys") as table:
        table.drop_constraint("fk_idempotency_keys_audit_event_id_audit_events", type_="foreignkey")
        table.drop_column("audit_event_id")
