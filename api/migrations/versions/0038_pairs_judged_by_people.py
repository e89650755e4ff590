"""What people said of pairs: one person, or two."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INDEX = "ix_pair_judgements_member_id_source_record_id_id"


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "pair_judgements",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("levels", JSON, nullable=False),
        sa.Column("weight_bits", sa.Float(), nullable=False),
        sa.Column("rarity_bits", sa.Float(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("judged_by", KEY, nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_pair_judgements_finding_id_findings"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_pair_judgements_member_id_members"),
        sa.ForeignKeyConstraint(["judged_by"], ["users.id"], name="fk_pair_judgements_judged_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_pair_judgements"),
    )
    op.create_index("ix_pair_judgements_finding_id", "pair_judgements", ["finding_id"])
    op.create_index(INDEX, "pair_judgements", ["member_id", "source", "record_id", "id"])


def downgrade() -> None:
    """One step back."""
    op.drop_table("pair_judgements")
