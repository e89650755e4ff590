"""Documents that clients have registered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "trusted_documents",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("client", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_trusted_documents_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_trusted_documents"),
        sa.UniqueConstraint("client", "digest", name="uq_trusted_documents_client"),
    )


def downgrade() -> None:
    """One step back."""
    op.drop_table("trusted_documents")
