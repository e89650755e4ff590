"""Snapshots of files in coded facts, sealed when they are taken, and goals set for them; a sealed row only forgets its file (F-26)."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
MONTHLY = sa.text("kind = 'MONTHLY'")
FACTS = (
    "stage, closing, tier, category, target_group, cause, sex, age_band, applied_on, opened_on, exited_on, ended_on,"
    " returned_on, came_back_on, reviewed_on, visited_on, first_aid, last_aid, contact_officer, able"
)
KEPT, SEALED, ADDED = "snapshots are kept as they are", "a snapshot is sealed", "targets are only added"
ERASED = "EXISTS (SELECT 1 FROM files JOIN erasures ON erasures.household_id = files.household_id WHERE files.id = OLD.file_id)"


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "snapshots",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rows", KEY, nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("taken_by", KEY, nullable=True),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('BASELINE', 'MONTHLY')", name="ck_snapshots_kind"),
        sa.CheckConstraint("since < as_of", name="ck_snapshots_since"),
        sa.CheckConstraint("(kind = 'MONTHLY') = (taken_by IS NULL)", name="ck_snapshots_taken_by"),
        sa.CheckConstraint("(digest IS NULL) = (rows IS NULL)", name="ck_snapshots_sealed"),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name="fk_snapshots_taken_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index(
        "uq_snapshots_monthly", "snapshots", ["division_code", "as_of"], unique=True, postgresql_where=MONTHLY,
        sqlite_where=MONTHLY,
    )  # fmt: skip
    op.create_index("ix_snapshots_division_code_as_of", "snapshots", ["division_code", "as_of"])
    op.create_table(
        "snapshot_rows",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("snapshot_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=True)
            for name in ("closing", "tier", "category", "target_group", "cause", "sex", "age_band")
        ),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Date(), nullable=True)
            for name in (
                "exited_on", "ended_on", "returned_on", "came_back_on", "reviewed_on", "visited_on", "first_aid", "last_aid",
            )
        ),
        sa.Column("contact_officer", sa.Boolean(), nullable=False),
        sa.Column("able", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_snapshot_rows_snapshot_id_snapshots"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_snapshot_rows_file_id_files"),
        sa.PrimaryKeyConstraint("id", name="pk_snapshot_rows"),
    )  # fmt: skip
    op.create_index("ix_snapshot_rows_snapshot_id_division_code", "snapshot_rows", ["snapshot_id", "division_code"])
    op.create_index("ix_snapshot_rows_file_id", "snapshot_rows", ["file_id"])
    op.create_table(
        "targets",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("snapshot_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("percent", KEY, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("document_no", sa.String(), nullable=False),
        sa.Column("set_by", KEY, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('RELIEVED_OR_GRADUATED', 'ABLE_GRADUATED')", name="ck_targets_kind"),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name="ck_targets_percent"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_targets_snapshot_id_snapshots"),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name="fk_targets_set_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint("snapshot_id", "kind", "due_on", name="uq_targets_snapshot_id_kind_due_on"),
    )
    for name, table, event, when, told in _rules():
        _trigger(name, table, event, when, told)
    _closed()


def _rules() -> Iterator[tuple[str, str, str, str, str]]:
    """What is refused: by trigger, table, event and condition."""
    yield "snapshots_kept", "snapshots", "UPDATE", "OLD.digest IS NOT NULL", KEPT
    yield "snapshots_never_deleted", "snapshots", "DELETE", "", KEPT
    yield "snapshot_rows_kept", "snapshot_rows", f"UPDATE OF id, snapshot_id, division_code, {FACTS}", "", KEPT
    yield "snapshot_rows_never_deleted", "snapshot_rows", "DELETE", "", KEPT
    yield "targets_kept", "targets", "UPDATE", "", ADDED
    yield "targets_never_deleted", "targets", "DELETE", "", ADDED


def _trigger(name: str, table: str, event: str, when: str, told: str) -> None:
    condition = f" WHEN ({when})" if when else ""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table}{condition} BEGIN SELECT RAISE(ABORT, '{told}'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION jiekun_refuse('{told}')"
    )


def _closed() -> None:
    """A row forgets its file when that is erased, and for nothing else; a sealed snapshot takes no row more."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER snapshot_rows_forget BEFORE UPDATE OF file_id ON snapshot_rows"
            f" WHEN NOT (NEW.file_id IS NULL AND (OLD.file_id IS NULL OR {ERASED}))"
            f" BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )
        op.execute(
            "CREATE TRIGGER snapshot_rows_sealed BEFORE INSERT ON snapshot_rows"
            " WHEN EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.snapshot_id AND digest IS NOT NULL)"
            f" BEGIN SELECT RAISE(ABORT, '{SEALED}'); END"
        )
        return
    refused = "USING ERRCODE = 'integrity_constraint_violation'"
    op.execute(
        "CREATE FUNCTION jiekun_snapshot_rows_forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NOT (NEW.file_id IS NULL AND (OLD.file_id IS NULL OR {ERASED}))"
        f" THEN RAISE EXCEPTION '{KEPT}' {refused}; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER snapshot_rows_forget BEFORE UPDATE OF file_id ON snapshot_rows FOR EACH ROW"
        " EXECUTE FUNCTION jiekun_snapshot_rows_forget()"
    )
    op.execute(
        "CREATE FUNCTION jiekun_snapshot_rows_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT 1 FROM snapshots WHERE digest IS NOT NULL AND id IN (SELECT snapshot_id FROM added))"
        f" THEN RAISE EXCEPTION '{SEALED}' {refused}; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER snapshot_rows_sealed AFTER INSERT ON snapshot_rows REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION jiekun_snapshot_rows_sealed()"
    )


def downgrade() -> None:
    """One step back."""
    for name in ("targets", "snapshot_rows", "snapshots"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("forget", "sealed"):
            op.execute(f"DROP FUNCTION jiekun_snapshot_rows_{name}()")
