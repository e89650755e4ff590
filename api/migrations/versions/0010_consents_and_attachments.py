"""Consents and attachments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")

REFERENCES = {
    "attachment_id": "attachments",
    "guardian_id": "members",
    "recorded_by": "users",
    "withdrawn_by": "users",
}
CHECKS = {
    "version": "version > 0",
    "recorded": "(recorded_at IS NULL) = (recorded_by IS NULL)",
    "recorded_whole": "recorded_at IS NULL OR (source IS NOT NULL AND purpose IS NOT NULL)",
    "withdrawn": "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
    "withdrawn_on": "withdrawn_at IS NULL OR withdrawn_on IS NOT NULL",
    "one_guardian": "guardian_id IS NULL OR guardian_name IS NULL",
}


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "attachments",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", KEY, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("stored", CODE, nullable=False),
        sa.Column("uploaded_by", KEY, nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name="ck_attachments_size"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_attachments_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_attachments_file_id_files"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_attachments_member_id_members"),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name="fk_attachments_uploaded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.UniqueConstraint("stored", name="uq_attachments_stored"),
    )
    for column in ("household_id", "file_id", "member_id"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])

    op.create_table(
        "emergency_exceptions",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name="ck_emergency_exceptions_time"),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_emergency_exceptions_household_id_households"
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_emergency_exceptions_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_emergency_exceptions"),
    )
    op.create_index("ix_emergency_exceptions_household_id", "emergency_exceptions", ["household_id"])

    with op.batch_alter_table("authorisations") as table:
        table.add_column(sa.Column("withdrawal_reason", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("withdrawn_by", KEY, nullable=True))
        table.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("attachment_id", KEY, nullable=True))
        table.add_column(sa.Column("guardian_id", KEY, nullable=True))
        table.add_column(sa.Column("guardian_name", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("recorded_by", KEY, nullable=True))
        table.add_column(sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("version", KEY, nullable=False, server_default="1"))
        for column, of in REFERENCES.items():
            table.create_foreign_key(f"fk_authorisations_{column}_{of}", of, [column], ["id"])
        for name, condition in CHECKS.items():
            table.create_check_constraint(f"ck_authorisations_{name}", condition)
        table.create_index("ix_authorisations_attachment_id", ["attachment_id"])
    with op.batch_alter_table("authorisations") as table:
        table.alter_column("version", server_default=None)
    # where no consent names a source, each means all of them; beside one that does, it would mean none any more
    op.execute(
        "UPDATE authorisations SET source = 'ALL' WHERE source IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM authorisations WHERE source IS NOT NULL)"
    )


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table("authorisations") as table:
        table.drop_index("ix_authorisations_attachment_id")
        for name in CHECKS:
            table.drop_constraint(f"ck_authorisations_{name}", type_="check")
        for column, of in REFERENCES.items():
            table.drop_constraint(f"fk_authorisations_{column}_{of}", type_="foreignkey")
        for column in ("withdrawal_reason", "withdrawn_at", "guardian_name", "recorded_at", "version", *REFERENCES):
            table.drop_column(column)
    op.drop_table("emergency_exceptions")
    op.drop_table("attachments")
