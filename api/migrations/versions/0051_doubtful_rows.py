"""Rows of batches that could not be read go back to the department that sent them, to be mended by a day."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
ROWS, KINDS = "doubtful_rows", "doubtful_kinds"
CHECKS = {
    "state": "state IN ('OPEN', 'CORRECTED', 'CONFIRMED')",
    "ended": "(state = 'OPEN') = (ended_at IS NULL)",
    "corrected": "(state = 'CORRECTED') = (ended_upload_id IS NOT NULL)",
    "confirmed": "(state = 'CONFIRMED') = (answered_by IS NOT NULL) AND (state = 'CONFIRMED') = (answer IS NOT NULL)",
    "version": "version > 0",
}
REFERENCES = {
    "organisation_id": "organisations",
    "first_upload_id": "uploads",
    "upload_id": "uploads",
    "ended_upload_id": "uploads",
    "answered_by": "users",
}
INDEXES = (
    ("organisation_id", "source", "state"),
    ("division_code", "id"),
    ("upload_id", "state"),
    ("brought_at",),
    ("first_upload_id",),
    ("ended_upload_id",),
)


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        ROWS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("first_upload_id", KEY, nullable=False),
        sa.Column("upload_id", KEY, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("row_number", KEY, nullable=False),
        sa.Column("column_name", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("brought_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_upload_id", KEY, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        *(sa.CheckConstraint(condition, name=f"ck_{ROWS}_{name}") for name, condition in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{ROWS}_{column}_{target}")
            for column, target in REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{ROWS}"),
    )
    for columns in INDEXES:
        op.create_index(f"ix_{ROWS}_{'_'.join(columns)}", ROWS, list(columns))
    op.create_table(
        KINDS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("upload_id", KEY, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("column_name", sa.String(), nullable=True),
        sa.Column("lines", KEY, nullable=False),
        sa.Column("listed", KEY, nullable=False),
        sa.CheckConstraint("listed >= 0 AND lines > 0 AND listed <= lines", name=f"ck_{KINDS}_lines"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=f"fk_{KINDS}_upload_id_uploads"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{KINDS}"),
    )
    op.create_index(f"ix_{KINDS}_upload_id", KINDS, ["upload_id"])


def downgrade() -> None:
    """One step back."""
    op.drop_table(KINDS)
    op.drop_table(ROWS)
