"""Batches that departments send over HTTP, their receipts, answers by list, and whose a feed is."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One step forwards."""
    with op.batch_alter_table("feeds") as feeds:
        feeds.add_column(sa.Column("organisation_id", KEY, nullable=True))
        feeds.add_column(sa.Column("division_code", CODE, nullable=False, server_default="000000"))
        feeds.create_foreign_key(
            "fk_feeds_organisation_id_organisations", "organisations", ["organisation_id"], ["id"]
        )
        feeds.create_index("ix_feeds_organisation_id", ["organisation_id"])
    op.create_table(
        "uploads",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", KEY, nullable=False),
        sa.Column("sha256", CODE, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("batch", CODE, nullable=False),
        sa.Column("supersedes", JSON, nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("folder", CODE, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("done", KEY, nullable=True),
        sa.Column("total", KEY, nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("rows_in", KEY, nullable=True),
        sa.Column("rows_accepted", KEY, nullable=True),
        sa.Column("rows_set_aside", KEY, nullable=True),
        sa.Column("checks", JSON, nullable=False),
        sa.Column("figures", JSON, nullable=True),
        sa.Column("refusal", JSON, nullable=True),
        sa.Column("feed_id", KEY, nullable=True),
        sa.CheckConstraint("size > 0", name="ck_uploads_size"),
        sa.CheckConstraint("rows_in = rows_accepted + rows_set_aside", name="ck_uploads_rows"),
        sa.CheckConstraint(
            "(state = 'ACCEPTED') = (rows_accepted IS NOT NULL AND refusal IS NULL)", name="ck_uploads_accepted"
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_uploads_feed_id_feeds"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_uploads_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_uploads_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("folder", name="uq_uploads_folder"),
    )
    op.create_index("ix_uploads_feed_id", "uploads", ["feed_id"])
    op.create_index("ix_uploads_source_batch", "uploads", ["source", "batch"])
    op.create_index("ix_uploads_organisation_id_state", "uploads", ["organisation_id", "state"])
    op.create_table(
        "receipts",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("upload_id", KEY, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="fk_receipts_upload_id_uploads"),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("number", name="uq_receipts_number"),
        sa.UniqueConstraint("upload_id", name="uq_receipts_upload_id"),
    )
    op.create_table(
        "listed_answers",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("pushed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_listed_answers_member_id_members"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_listed_answers_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_listed_answers"),
        sa.UniqueConstraint("member_id", "source", name="uq_listed_answers_member_id_source"),
    )
    op.create_index("ix_listed_answers_organisation_id", "listed_answers", ["organisation_id"])


def downgrade() -> None:
    """One step back: feeds that were sent so stay, as if they had been imported."""
    op.drop_table("listed_answers")
    op.drop_table("receipts")
    op.drop_table("uploads")
    with op.batch_alter_table("feeds") as feeds:
        feeds.drop_index("ix_feeds_organisation_id")
        feeds.drop_constraint("fk_feeds_organisation_id_organisations", type_="foreignkey")
        feeds.drop_column("division_code")
        feeds.drop_column("organisation_id")
