"""Webhooks, and the messages that were sent to them or wait."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "webhooks",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", MOMENT, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("disabled_because", sa.String(), nullable=True),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("position", KEY, nullable=False),
        sa.Column("registered_by", KEY, nullable=True),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_webhooks_version"),
        sa.CheckConstraint("(state = 'DISABLED') = (disabled_because IS NOT NULL)", name="ck_webhooks_because"),
        sa.CheckConstraint("(disabled_because IS NULL) = (disabled_at IS NULL)", name="ck_webhooks_disabled"),
        sa.CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="ck_webhooks_previous"),
        sa.ForeignKeyConstraint(["registered_by"], ["users.id"], name="fk_webhooks_registered_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_division_code_id", "webhooks", ["division_code", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("webhook_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("subject", KEY, nullable=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", KEY, nullable=False),
        sa.Column("first_tried_at", MOMENT, nullable=True),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("status", KEY, nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("milliseconds", KEY, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.CheckConstraint("(state = 'WAITING') = (next_at IS NOT NULL)", name="ck_webhook_deliveries_waiting"),
        sa.CheckConstraint(
            "(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name="ck_webhook_deliveries_delivered"
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id_webhooks"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_webhook_deliveries_webhook_id_event_id"),
    )
    op.create_index("ix_webhook_deliveries_webhook_id_state", "webhook_deliveries", ["webhook_id", "state", "id"])
    op.create_index("ix_webhook_deliveries_queued_at", "webhook_deliveries", ["queued_at"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
