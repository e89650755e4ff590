"""By what households are counted stands in one narrow row a file, which triggers keep: whoever counts a city joins nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
FILLED_IN = sa.text("form IS NOT NULL")
LOOKED_FOR = sa.text("followed OR worker_id IS NULL")
FACTS = (
    "INSERT INTO file_facts (file_id, household_id, division_code, target_group, worker_id, sex, birth_date, begun_on, closed_on,"
    " followed) SELECT files.id, files.household_id, households.division_code, households.target_group,"
    " files.subject_member_id, members.sex, members.birth_date, coalesce(files.opened_on, files.applied_on), files.closed_on,"
    " EXISTS (SELECT 1 FROM files AS later WHERE later.household_id = files.household_id AND later.id > files.id)"
    " FROM files JOIN households ON households.id = files.household_id"
    " LEFT JOIN members ON members.id = files.subject_member_id"
)
OF_WORKER = "(SELECT {} FROM members WHERE members.id = NEW.subject_member_id)"
RULES = {
    "files_begun": (
        "INSERT ON files",
        (),
        f"{FACTS} WHERE files.id = NEW.id;"
        " UPDATE file_facts SET followed = true WHERE household_id = NEW.household_id AND file_id < NEW.id;",
    ),
    "files_counted": (
        "UPDATE OF subject_member_id, applied_on, opened_on, closed_on ON files",
        ("subject_member_id", "applied_on", "opened_on", "closed_on"),
        "UPDATE file_facts SET worker_id = NEW.subject_member_id, begun_on = coalesce(NEW.opened_on, NEW.applied_on),"
        f" closed_on = NEW.closed_on, sex = {OF_WORKER.format('sex')}, birth_date = {OF_WORKER.format('birth_date')}"
        " WHERE file_id = NEW.id;",
    ),
    "households_counted": (
        "UPDATE OF division_code, target_group ON households",
        ("division_code", "target_group"),
        "UPDATE file_facts SET division_code = NEW.division_code, target_group = NEW.target_group WHERE household_id = NEW.id;",
    ),
    "members_counted": (
        "UPDATE OF sex, birth_date ON members",
        ("sex", "birth_date"),
        "UPDATE file_facts SET sex = NEW.sex, birth_date = NEW.birth_date WHERE worker_id = NEW.id;",
    ),
}
"""What follows what: by trigger, the event, whose change it is about, and what is done."""


def upgrade() -> None:
    """One step forwards: the files that there are have their row."""
    op.create_table(
        "file_facts",
        sa.Column("file_id", KEY, autoincrement=False, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("target_group", sa.String(), nullable=True),
        sa.Column("worker_id", KEY, nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("birth_date", "begun_on", "closed_on")),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_facts_file_id_files", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_file_facts_household_id_households"),
        sa.ForeignKeyConstraint(["worker_id"], ["members.id"], name="fk_file_facts_worker_id_members"),
        sa.PrimaryKeyConstraint("file_id", name="pk_file_facts"),
    )
    op.execute(FACTS)
    op.create_index("ix_file_facts_household_id_file_id", "file_facts", ["household_id", "file_id"])
    op.create_index("ix_file_facts_worker_id", "file_facts", ["worker_id"])
    op.create_index(
        "ix_file_facts_looked_for", "file_facts", ["file_id"], postgresql_where=LOOKED_FOR, sqlite_where=LOOKED_FOR
    )
    op.create_index("ix_members_form", "members", ["id"], postgresql_where=FILLED_IN, sqlite_where=FILLED_IN)
    for name, (event, of, done) in RULES.items():
        if op.get_bind().dialect.name == "sqlite":
            when = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in of)
            op.execute(f"CREATE TRIGGER {name} AFTER {event}{f' WHEN {when}' if of else ''} BEGIN {done} END")
            continue
        when = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in of)
        op.execute(
            f"CREATE FUNCTION jiekun_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {done} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW{f' WHEN ({when})' if of else ''} EXECUTE FUNCTION jiekun_{name}()"
        )


def downgrade() -> None:
    """One step back."""
    for name, (event, _, _) in RULES.items():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
            continue
        op.execute(f"DROP TRIGGER {name} ON {event.split()[-1]}")
        op.execute(f"DROP FUNCTION jiekun_{name}()")
    op.drop_index("ix_members_form", "members")
    op.drop_table("file_facts")
