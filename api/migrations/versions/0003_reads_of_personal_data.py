"""Who read whose data: a row an operation, sealed by a chain of hashes; and alarms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
KEYS = sa.String().with_variant(ARRAY(sa.BigInteger()), "postgresql")
UNSEALED = sa.text("number IS NULL")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "reads",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("codes", JSON, nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("whole", KEY, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("searches", JSON, nullable=False),
        sa.Column("people", KEYS, nullable=False),
        sa.Column("households", KEYS, nullable=False),
        sa.Column("number", KEY, nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.CheckConstraint("(number IS NULL) = (hash IS NULL)", name="ck_reads_sealed"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reads_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_reads"),
        sa.UniqueConstraint("number", name="uq_reads_number"),
    )
    op.create_index("ix_reads_user_id_read_at", "reads", ["user_id", "read_at"])
    op.create_index("ix_reads_division_code_id", "reads", ["division_code", "id"])
    op.create_index("ix_reads_unsealed", "reads", ["id"], postgresql_where=UNSEALED, sqlite_where=UNSEALED)

    op.create_table(
        "read_subjects",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("read_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["read_id"], ["reads.id"], name="fk_read_subjects_read_id_reads"),
        sa.PrimaryKeyConstraint("kind", "key", "read_id", name="pk_read_subjects"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_read_subjects_read_id", "read_subjects", ["read_id"])

    op.create_table(
        "alarms",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", KEY, nullable=False),
        sa.Column("threshold", KEY, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", KEY, nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="ck_alarms_acknowledged"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_alarms_user_id_users"),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["users.id"], name="fk_alarms_acknowledged_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    op.create_index("ix_alarms_division_code_id", "alarms", ["division_code", "id"])
    op.create_index("ix_alarms_user_id_kind_window_to", "alarms", ["user_id", "kind", "window_to"])


def downgrade() -> None:
    """One step back."""
    for name in ("alarms", "read_subjects", "reads"):
        op.drop_table(name)
