"""Clocks and keeping of files: by when a stage should be done, of which category a file was when, who handed it to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One step forwards; what is there already is due for what an application or a file on record is due for."""
    op.add_column("files", sa.Column("due_on", sa.Date(), nullable=True))
    today, year = ("CURRENT_DATE", "CURRENT_DATE + INTERVAL '12 months'")
    if op.get_bind().dialect.name == "sqlite":
        today, year = ("date('now')", "date('now', '+12 months')")
    op.execute(
        f"UPDATE files SET next_review_on = {year} WHERE closed_on IS NULL AND opened_on IS NOT NULL"
        " AND next_review_on IS NULL"
    )
    op.execute(
        f"UPDATE files SET due_on = CASE WHEN opened_on IS NULL THEN {today} ELSE next_review_on END"
        " WHERE closed_on IS NULL"
    )
    op.create_index("ix_files_due_on_id", "files", ["due_on", "id"])
    op.create_index("ix_households_updated_at", "households", ["updated_at"])
    op.create_table(
        "file_categories",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("user_kind", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("user_kind = 'PERSON'", name="ck_file_categories_by_a_person"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_categories_file_id_files"),
        sa.ForeignKeyConstraint(
            ["decided_by", "user_kind"], ["users.id", "users.kind"], name="fk_file_categories_officer"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_file_categories"),
    )
    op.create_index("ix_file_categories_file_id_since", "file_categories", ["file_id", "since"])

    op.create_table(
        "file_transfers",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("from_organisation_id", KEY, nullable=True),
        sa.Column("to_organisation_id", KEY, nullable=False),
        sa.Column("from_division_code", CODE, nullable=False),
        sa.Column("to_division_code", CODE, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("transferred_on", sa.Date(), nullable=False),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_transfers_file_id_files"),
        sa.ForeignKeyConstraint(
            ["from_organisation_id"],
            ["organisations.id"],
            name="fk_file_transfers_from_organisation_id_organisations",
        ),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"], ["organisations.id"], name="fk_file_transfers_to_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_file_transfers_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_file_transfers"),
    )
    op.create_index("ix_file_transfers_file_id", "file_transfers", ["file_id"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("file_transfers")
    op.drop_table("file_categories")
    op.drop_index("ix_households_updated_at", "households")
    with op.batch_alter_table("files") as table:
        table.drop_index("ix_files_due_on_id")
        table.drop_column("due_on")
