"""A scan may be cancelled by somebody; a lead that a later scan does not raise again is withdrawn, for a reason that is named."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
QUEUE = "ix_findings_queue_place_id"
CANCELLED = "(status = 'CANCELLED') = (cancelled_by IS NOT NULL)"
WITHDRAWN = {
    "withdrawn_because": "state <> 'WITHDRAWN' OR withdrawn_because IS NOT NULL",
    "withdrawn": "withdrawn_because IS NULL OR (state <> 'OPEN' AND withdrawals > 0)",
    "withdrawn_by": "(withdrawn_because IS NULL) = (withdrawn_scan_id IS NULL)"
    " AND (withdrawn_because IS NULL) = (withdrawn_at IS NULL)",
}


def upgrade() -> None:
    """One step forwards."""
    with op.batch_alter_table("scans") as table:
        table.add_column(sa.Column("leads", JSON, nullable=True))
        table.add_column(sa.Column("cancelled_by", KEY, nullable=True))
        table.create_foreign_key("fk_scans_cancelled_by_users", "users", ["cancelled_by"], ["id"])
        table.create_check_constraint("ck_scans_cancelled_by_somebody", CANCELLED)
    op.drop_index(QUEUE, "findings")
    with op.batch_alter_table("findings") as table:
        table.add_column(sa.Column("withdrawn_because", sa.String(), nullable=True))
        table.add_column(sa.Column("withdrawn_scan_id", KEY, nullable=True))
        table.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("withdrawals", KEY, nullable=False, server_default=sa.text("0")))
        table.create_foreign_key("fk_findings_withdrawn_scan_id_scans", "scans", ["withdrawn_scan_id"], ["id"])
        table.create_index("ix_findings_withdrawn_scan_id", ["withdrawn_scan_id"])
        for name, condition in WITHDRAWN.items():
            table.create_check_constraint(f"ck_findings_{name}", condition)
    _queue("state NOT IN ('CLOSED', 'WITHDRAWN')")


def downgrade() -> None:
    """One step back: a lead that was withdrawn is open again, and a scan that was cancelled has failed."""
    op.execute(
        "UPDATE findings SET state = 'OPEN', withdrawn_because = NULL, withdrawn_scan_id = NULL, withdrawn_at = NULL"
        " WHERE state = 'WITHDRAWN'"
    )
    op.execute(
        "UPDATE scans SET status = 'FAILED', failure = 'cancelled', cancelled_by = NULL WHERE status = 'CANCELLED'"
    )
    op.drop_index(QUEUE, "findings")
    with op.batch_alter_table("findings") as table:
        for name in WITHDRAWN:
            table.drop_constraint(f"ck_findings_{name}", type_="check")
        table.drop_index("ix_findings_withdrawn_scan_id")
        table.drop_constraint("fk_findings_withdrawn_scan_id_scans", type_="foreignkey")
        for name in ("withdrawals", "withdrawn_at", "withdrawn_scan_id", "withdrawn_because"):
            table.drop_column(name)
    _queue("state <> 'CLOSED'")
    with op.batch_alter_table("scans") as table:
        table.drop_constraint("ck_scans_cancelled_by_somebody", type_="check")
        table.drop_constraint("fk_scans_cancelled_by_users", type_="foreignkey")
        table.drop_column("cancelled_by")
        table.drop_column("leads")


def _queue(live: str) -> None:
    """Leads that still wait for a conclusion, by their place."""
    where = sa.text(live)
    op.create_index(QUEUE, "findings", ["queue_place", "id"], postgresql_where=where, sqlite_where=where)
