"""Organisations over time, measures and clearance."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
ALWAYS = dt.date(1, 1, 1)
HELD, RUNNING = sa.text("valid_to IS NULL"), sa.text("ended_on IS NULL")
MAY_BE_CLEARED = "NOT cleared OR (role IN ('CASEWORKER', 'REVIEWER') AND kind = 'PERSON')"
LASTS = "valid_to IS NULL OR valid_from IS NULL OR valid_to > valid_from"


def upgrade() -> None:
    """One step forwards."""
    op.add_column("organisations", sa.Column("level", sa.String(), nullable=True))
    op.add_column("organisations", sa.Column("valid_from", sa.Date(), nullable=True))
    # in the words of both databases: SQLite takes a check with a new column, and none afterwards
    op.execute(
        f"ALTER TABLE organisations ADD COLUMN valid_to DATE CONSTRAINT ck_organisations_lasts CHECK ({LASTS})"
    )
    op.execute(
        "ALTER TABLE users ADD COLUMN cleared BOOLEAN DEFAULT FALSE NOT NULL "
        f"CONSTRAINT ck_users_cleared CHECK ({MAY_BE_CLEARED})"
    )
    _names()
    _tree()
    _roles()
    _protections()


def _names() -> None:
    op.create_table(
        "organisation_names",
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_names_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "valid_from", name="pk_organisation_names"),
    )
    op.execute(
        sa.text(
            "INSERT INTO organisation_names (organisation_id, valid_from, name_zh, name_en) "
            "SELECT id, :always, name_zh, name_en FROM organisations"
        ).bindparams(sa.bindparam("always", ALWAYS, sa.Date()))
    )


def _tree() -> None:
    op.create_table(
        "organisation_places",
        sa.Column("organisation_id", KEY, autoincrement=False, nullable=False),
        sa.Column("depth", KEY, nullable=False),
        sa.Column("parent_id", KEY, nullable=True),
        sa.Column("parent_depth", KEY, nullable=True),
        sa.CheckConstraint(
            "(parent_id IS NULL AND parent_depth IS NULL AND depth = 0) OR "
            "(parent_id IS NOT NULL AND parent_depth IS NOT NULL AND parent_depth >= 0 AND depth = parent_depth + 1)",
            name="ck_organisation_places_one_below",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_places_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id", "parent_depth"],
            ["organisation_places.organisation_id", "organisation_places.depth"],
            name="fk_organisation_places_parent",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation_places"),
        sa.UniqueConstraint("organisation_id", "depth", name="uq_organisation_places_organisation_id_depth"),
    )
    op.create_index("ix_organisation_places_parent_id", "organisation_places", ["parent_id"])
    op.execute("INSERT INTO organisation_places (organisation_id, depth) SELECT id, 0 FROM organisations")


def _roles() -> None:
    op.create_table(
        "measure_roles",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_measure_roles_version"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="ck_measure_roles_lasts"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_measure_roles_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_measure_roles"),
    )
    op.create_index("ix_measure_roles_division_code_role", "measure_roles", ["division_code", "role"])
    op.create_index("ix_measure_roles_organisation_id", "measure_roles", ["organisation_id"])
    op.create_index(
        "uq_measure_roles_held",
        "measure_roles",
        ["role", "division_code", "organisation_id"],
        unique=True,
        postgresql_where=HELD,
        sqlite_where=HELD,
    )


def _protections() -> None:
    op.create_table(
        "protections",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("protected_by", KEY, nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ending_reason", sa.LargeBinary(), nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (ended_by IS NULL) AND (ended_on IS NULL) = (ending_reason IS NULL)",
            name="ck_protections_ended",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_protections_person_id_people"),
        sa.ForeignKeyConstraint(["protected_by"], ["users.id"], name="fk_protections_protected_by_users"),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name="fk_protections_ended_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_protections"),
    )
    op.create_index("ix_protections_person_id", "protections", ["person_id"])
    op.create_index(
        "uq_protections_running",
        "protections",
        ["person_id"],
        unique=True,
        postgresql_where=RUNNING,
        sqlite_where=RUNNING,
    )


def downgrade() -> None:
    """One step back."""
    for table in ("protections", "measure_roles", "organisation_places", "organisation_names"):
        op.drop_table(table)
    op.drop_column("users", "cleared")
    for column in ("valid_to", "valid_from", "level"):
        op.drop_column("organisations", column)
