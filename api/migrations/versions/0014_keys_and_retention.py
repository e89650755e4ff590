"""Keys with versions, how far each was replaced, and what was deleted because its time was over.

Moves and decisions are never deleted, but for a household whose erasure is written down (F-26).
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
KEPT = ("transitions", "decisions")
ERASED = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = OLD.household_id)"


def upgrade() -> None:
    """One step forwards."""
    op.add_column("key_checks", sa.Column("version", KEY, nullable=True))
    op.add_column("key_checks", sa.Column("created_at", MOMENT, nullable=True))
    op.add_column("key_checks", sa.Column("retired_at", MOMENT, nullable=True))
    op.execute("UPDATE key_checks SET version = 1, created_at = CURRENT_TIMESTAMP")
    with op.batch_alter_table("key_checks") as table:
        table.alter_column("version", existing_type=KEY, nullable=False)
        table.alter_column("created_at", existing_type=MOMENT, nullable=False)
        table.create_unique_constraint("uq_key_checks_version", ["version"])
        table.create_check_constraint("ck_key_checks_version", "version > 0")
    op.create_table(
        "resealings",
        sa.Column("table_name", CODE, nullable=False),
        sa.Column("goal", sa.LargeBinary(), nullable=False),
        sa.Column("done_key", KEY, nullable=False),
        sa.Column("changed", KEY, nullable=False),
        sa.Column("stuck", KEY, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("table_name", name="pk_resealings"),
    )
    op.create_table(
        "erasures",
        sa.Column("household_id", KEY, autoincrement=False, nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("household_id", name="pk_erasures"),
    )
    op.create_table(
        "chain_cuts",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("chain", CODE, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("cut_at", MOMENT, nullable=False),
        sa.CheckConstraint("number > 0", name="ck_chain_cuts_number"),
        sa.PrimaryKeyConstraint("id", name="pk_chain_cuts"),
    )
    for name in KEPT:
        _never_deleted(name, ERASED)


def _never_deleted(name: str, unless: str | None) -> None:
    """Nobody deletes a row of this table, or nobody of whom the condition holds."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    trigger = f"{name}_never_deleted"
    op.execute(f"DROP TRIGGER {trigger}" if sqlite else f"DROP TRIGGER {trigger} ON {name}")
    if sqlite:
        when = f" WHEN {unless}" if unless else ""
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE DELETE ON {name}{when}"
            f" BEGIN SELECT RAISE(ABORT, '{name} are never deleted'); END"
        )
    elif unless is None:
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE DELETE ON {name} FOR EACH ROW"
            f" EXECUTE FUNCTION jiekun_refuse('{name} are never deleted')"
        )
    else:  # PostgreSQL's WHEN takes no query
        op.execute(
            f"CREATE FUNCTION jiekun_{trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {unless} THEN"
            f" RAISE EXCEPTION '{name} are never deleted' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            " RETURN OLD; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION jiekun_{trigger}()"
        )


def downgrade() -> None:
    """One step back; of several keys, what was sealed with the first can still be opened."""
    for name in KEPT:
        _never_deleted(name, None)
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"DROP FUNCTION jiekun_{name}_never_deleted()")
    op.drop_table("chain_cuts")
    op.drop_table("erasures")
    op.drop_table("resealings")
    op.execute("DELETE FROM key_checks WHERE version <> 1")
    with op.batch_alter_table("key_checks") as table:
        table.drop_constraint("uq_key_checks_version", type_="unique")
        table.drop_constraint("ck_key_checks_version", type_="check")
        table.drop_column("retired_at")
        table.drop_column("created_at")
        table.drop_column("version")
