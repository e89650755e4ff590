"""Lists of a cycle that were taken for the bank, each with its number; a second one says why."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME, TABLE, TOLD = "bank_lists_kept", "bank_lists", "lists are only added"
ORDERS = {
    "postgresql": "CAST(detail ->> 'orders' AS BIGINT)",
    "sqlite": "CAST(json_extract(detail, '$.orders') AS INTEGER)",
}


def upgrade() -> None:
    """One step forwards: a list that the audit knows was taken before is the first, and another takes a reason."""
    op.create_table(
        TABLE,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("orders", KEY, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0 AND (number = 1) = (reason IS NULL)", name="ck_bank_lists_again"),
        sa.ForeignKeyConstraint(["cycle_id"], ["payment_cycles.id"], name="fk_bank_lists_cycle_id_payment_cycles"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_bank_lists_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_lists"),
        sa.UniqueConstraint("cycle_id", "number", name="uq_bank_lists_cycle_id_number"),
    )
    op.execute(
        f"INSERT INTO {TABLE} (cycle_id, number, orders, user_id, taken_at)"
        f" SELECT subject, 1, COALESCE({ORDERS[op.get_bind().dialect.name]}, 0), user_id, happened_at"
        " FROM audit_events WHERE subject IN (SELECT id FROM payment_cycles) AND id IN (SELECT MIN(id) FROM audit_events"
        " WHERE action = 'cycle.listed' AND subject_type = 'PaymentCycle' AND user_id IS NOT NULL GROUP BY subject)"
        " ORDER BY id"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {NAME} BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{TOLD}'); END")
        return
    op.execute(
        f"CREATE TRIGGER {NAME} BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION jiekun_refuse('{TOLD}')"
    )


def downgrade() -> None:
    """One step back."""
    op.drop_table(TABLE)
