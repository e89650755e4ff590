"""Clocks and categories of files: by when a stage should be done, and of which category a file was when."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

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


def downgrade() -> None:
    """One step back."""
    op.drop_table("file_categories")
    op.drop_index("ix_households_updated_at", "households")
    with op.batch_alter_table("files") as table:
        table.drop_index("ix_files_due_on_id")
        table.drop_column("due_on")
