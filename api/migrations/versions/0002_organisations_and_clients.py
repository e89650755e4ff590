"""Organisations, clients and how people sign in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "organisations",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_organisations_version"),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("code", name="uq_organisations_code"),
    )
    op.create_index("ix_organisations_division_code", "organisations", ["division_code"])

    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="PERSON"))
        table.add_column(sa.Column("organisation_id", KEY, nullable=True))
        table.add_column(sa.Column("version", KEY, nullable=False, server_default="1"))
        table.create_foreign_key(
            "fk_users_organisation_id_organisations", "organisations", ["organisation_id"], ["id"]
        )
        table.create_check_constraint("ck_users_version", "version > 0")
        table.create_index("ix_users_organisation_id", ["organisation_id"])
    with op.batch_alter_table("users") as table:
        table.alter_column("kind", server_default=None)
        table.alter_column("version", server_default=None)

    op.create_table(
        "identities",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("issuer", CODE, nullable=False),
        sa.Column("subject", CODE, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identities_issuer_subject"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])

    op.create_table(
        "clients",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("client_id", CODE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("trusted_only", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_clients_version"),
        sa.CheckConstraint("(kind = 'SERVICE') = (user_id IS NOT NULL)", name="ck_clients_service_has_user"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_clients_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_clients_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("client_id", name="uq_clients_client_id"),
        sa.UniqueConstraint("user_id", name="uq_clients_user_id"),
    )
    op.create_index("ix_clients_organisation_id", "clients", ["organisation_id"])

    op.create_table(
        "client_secrets",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("client_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_client_secrets_client_id_clients"),
        sa.PrimaryKeyConstraint("id", name="pk_client_secrets"),
        sa.UniqueConstraint("digest", name="uq_client_secrets_digest"),
    )
    op.create_index("ix_client_secrets_client_id", "client_secrets", ["client_id"])

    with op.batch_alter_table("tokens") as table:
        table.add_column(sa.Column("client_id", KEY, nullable=True))
        table.create_foreign_key("fk_tokens_client_id_clients", "clients", ["client_id"], ["id"])
        table.create_index("ix_tokens_client_id", ["client_id"])


def downgrade() -> None:
    """One step back."""
    with op.batch_alter_table("tokens") as table:
        table.drop_index("ix_tokens_client_id")
        table.drop_constraint("fk_tokens_client_id_clients", type_="foreignkey")
        table.drop_column("client_id")
    op.drop_table("client_secrets")
    op.drop_table("clients")
    op.drop_table("identities")
    with op.batch_alter_table("users") as table:
        table.drop_index("ix_users_organisation_id")
        table.drop_constraint("fk_users_organisation_id_organisations", type_="foreignkey")
        table.drop_constraint("ck_users_version", type_="check")
        table.drop_column("version")
        table.drop_column("organisation_id")
        table.drop_column("kind")
    op.drop_table("organisations")
