"""Declarations by day, changes of memberships, other systems' references; documents and overlaps of members."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
ALONE = sa.text("left_on IS NULL AND valid_to IS NULL AND NOT overlapping")

DECLARED = {
    "households": {
        "MONTHLY_INCOME": "declared_monthly_income_fen",
        "DEPOSITS": "declared_deposits_fen",
        "VEHICLES": "declared_vehicles",
        "HOMES": "declared_homes",
        "BUSINESSES": "declared_businesses",
    },
    "members": {
        "MONTHLY_INCOME": "declared_monthly_income_fen",
        "EMPLOYMENT": "declared_employment",
        "MARITAL_STATUS": "declared_marital_status",
    },
}
WORDS = ("EMPLOYMENT", "MARITAL_STATUS")


def upgrade() -> None:
    """One step forwards; what was declared so far was declared with the application, or when it was last taken over."""
    _tables()
    op.create_index("ix_file_people_person_id", "file_people", ["person_id"])
    op.add_column("households", sa.Column("form_fields", JSON, nullable=True))
    op.add_column("members", sa.Column("form_fields", JSON, nullable=True))
    op.add_column("members", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.add_column("members", sa.Column("id_kind", sa.String(), nullable=True))
    op.add_column("members", sa.Column("overlapping", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE members SET overlapping = true WHERE left_on IS NULL AND person_id IN (SELECT person_id FROM members"
        " WHERE left_on IS NULL GROUP BY person_id HAVING count(*) > 1)"
    )
    op.create_index(
        "uq_members_alone", "members", ["person_id"], unique=True, postgresql_where=ALONE, sqlite_where=ALONE
    )
    day = "CAST(households.updated_at AS date)"
    if op.get_bind().dialect.name == "sqlite":
        day = "date(households.updated_at)"
    for name, items in DECLARED.items():
        of = "households.id, NULL" if name == "households" else "households.id, members.id"
        tables = "households" if name == "households" else "members JOIN households ON households.id = household_id"
        for item, column in items.items():
            value = f"NULL, {name}.{column}" if item in WORDS else f"{name}.{column}, NULL"
            op.execute(
                "INSERT INTO declarations (household_id, member_id, item, amount, word, declared_on, source, recorded_at)"
                f" SELECT {of}, '{item}', {value}, coalesce(households.applied_on, {day}), 'REGISTER',"
                f" households.updated_at FROM {tables} WHERE {name}.{column} IS NOT NULL"
            )


def _tables() -> None:
    op.create_table(
        "declarations",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("amount", KEY, nullable=True),
        sa.Column("word", sa.String(), nullable=True),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount IS NULL OR word IS NULL", name="ck_declarations_one_value"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_declarations_household_id_households"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_declarations_member_id_members"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_declarations_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_declarations"),
    )
    for of in ("household_id", "member_id"):
        op.create_index(f"ix_declarations_{of}_item", "declarations", [of, "item", "declared_on"])
    op.create_table(
        "member_changes",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_member_changes_household_id_households"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_member_changes_member_id_members"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_member_changes_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_member_changes"),
    )
    for of in ("household_id", "member_id"):
        op.create_index(f"ix_member_changes_{of}", "member_changes", [of])
    op.create_table(
        "external_references",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_external_references_household_id_households"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_external_references_member_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_external_references"),
        sa.UniqueConstraint("system", "kind", "reference", name="uq_external_references_system_kind_reference"),
    )
    for of in ("household_id", "member_id"):
        op.create_index(f"ix_external_references_{of}", "external_references", [of])


def downgrade() -> None:
    """One step back; the columns of households and members keep what was declared last."""
    op.drop_index("ix_file_people_person_id", "file_people")
    op.drop_index("uq_members_alone", "members")
    with op.batch_alter_table("members") as table:
        for column in ("overlapping", "id_kind", "digest", "form_fields"):
            table.drop_column(column)
    op.drop_column("households", "form_fields")
    for name in ("external_references", "member_changes", "declarations"):
        op.drop_table(name)
