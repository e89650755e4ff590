"""The household's life: humans behind memberships, files, moves and decisions; what is there already was taken over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")

STAGES = (
    "APPLIED", "UNDER_REVIEW", "PUBLIC_NOTICE", "RECORDED", "RELIEVED", "GRADUATED", "DEREGISTERED", "REFUSED", "WITHDRAWN",
)  # fmt: skip
MOVES = (
    ("NOTHING", "APPLY", "APPLIED", False),
    *(("NOTHING", "TAKE_OVER", stage, False) for stage in STAGES),
    ("APPLIED", "TAKE_OVER", "RECORDED", False),
    ("DEREGISTERED", "TAKE_OVER", "RECORDED", False),
    ("DEREGISTERED", "TAKE_OVER", "APPLIED", False),
    ("APPLIED", "TAKE_OVER", "DEREGISTERED", True),
    ("RECORDED", "TAKE_OVER", "DEREGISTERED", True),
    *((ended, "APPLY", "APPLIED", False) for ended in ("REFUSED", "WITHDRAWN", "DEREGISTERED", "GRADUATED")),
    ("APPLIED", "ACCEPT", "UNDER_REVIEW", False),
    ("UNDER_REVIEW", "PUBLISH", "PUBLIC_NOTICE", False),
    ("PUBLIC_NOTICE", "RECORD", "RECORDED", False),
    ("UNDER_REVIEW", "RETURN", "APPLIED", False),
    ("PUBLIC_NOTICE", "RETURN", "UNDER_REVIEW", False),
    *((pending, "WITHDRAW", "WITHDRAWN", False) for pending in ("APPLIED", "UNDER_REVIEW", "PUBLIC_NOTICE")),
    *((judged, "REFUSE", "REFUSED", True) for judged in ("UNDER_REVIEW", "PUBLIC_NOTICE")),
    *((active, "REVERIFY", active, False) for active in ("RECORDED", "RELIEVED")),
    *((active, "REPORT_CHANGE", active, False) for active in ("RECORDED", "RELIEVED")),
    *((active, "GRADUATE", "GRADUATED", True) for active in ("RECORDED", "RELIEVED")),
    *((active, "DEREGISTER", "DEREGISTERED", True) for active in ("RECORDED", "RELIEVED")),
    ("RECORDED", "RELIEVE", "RELIEVED", False),
    ("RELIEVED", "FALL_BACK", "RECORDED", False),
    ("GRADUATED", "FALL_BACK", "RECORDED", False),
    *((ended, "REINSTATE", "RECORDED", False) for ended in ("GRADUATED", "DEREGISTERED")),
)
OPEN = sa.text("closed_on IS NULL")
LISTED = sa.text("until IS NULL AND NOT disputed")

FOLLOWS = (
    "(NEW.transition_number = OLD.transition_number AND NEW.stage = OLD.stage)"
    " OR NEW.transition_number = OLD.transition_number + 1"
)
KEPT = {
    "transitions": "id, household_id, number, previous_number, file_id, from_stage, action, to_stage, adverse, user_id,"
    " decision_id, evidence, effective_on, happened_at",
    "decisions": "id, household_id, file_id, kind, proposed_by, user_id, user_kind, document_no, evidence, made_at",
}
"""Tables whose rows are never changed, and the columns of which that is true; a sealed one is sealed anew with a new key."""


def upgrade() -> None:
    """One step forwards."""
    _tables()
    _columns()
    _what_is_there()
    _bonds()
    _triggers()


def _tables() -> None:
    op.create_table(
        "people",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("protected_since", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("number_index", "name_index", name="uq_people_number_index_name_index"),
    )
    moves = op.create_table(
        "stage_moves",
        sa.Column("from_stage", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("to_stage", sa.String(), nullable=False),
        sa.Column("adverse", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("from_stage", "action", "to_stage", "adverse", name="pk_stage_moves"),
    )
    names = ("from_stage", "action", "to_stage", "adverse")
    op.bulk_insert(moves, [dict(zip(names, move, strict=True)) for move in MOVES])
    op.create_table(
        "files",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("subject_member_id", KEY, nullable=True),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closing", sa.String(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("previous_id", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_files_version"),
        sa.CheckConstraint("(closed_on IS NULL) = (closing IS NULL)", name="ck_files_closing"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_files_household_id_households"),
        sa.ForeignKeyConstraint(["subject_member_id"], ["members.id"], name="fk_files_subject_member_id_members"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_files_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["previous_id"], ["files.id"], name="fk_files_previous_id_files"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("number", name="uq_files_number"),
    )
    op.create_index("uq_files_open", "files", ["household_id"], unique=True, postgresql_where=OPEN, sqlite_where=OPEN)
    for column in ("household_id", "organisation_id", "next_review_on"):
        op.create_index(f"ix_files_{column}", "files", [column])
    op.create_table(
        "file_people",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_people_file_id_files"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_file_people_person_id_people"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_file_people_member_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_file_people"),
        sa.UniqueConstraint("file_id", "member_id", "since", name="uq_file_people_file_id_member_id_since"),
    )
    op.create_index(
        "uq_file_people_listed",
        "file_people",
        ["person_id"],
        unique=True,
        postgresql_where=LISTED,
        sqlite_where=LISTED,
    )
    op.create_index("ix_file_people_member_id", "file_people", ["member_id"])
    with op.batch_alter_table("users") as table:
        table.create_unique_constraint("uq_users_id_kind", ["id", "kind"])
    op.create_table(
        "decisions",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("proposed_by", KEY, nullable=True),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("user_kind", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("document_no", sa.String(), nullable=True),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("user_kind = 'PERSON'", name="ck_decisions_by_a_person"),
        sa.CheckConstraint("proposed_by IS NULL OR proposed_by <> user_id", name="ck_decisions_second_officer"),
        sa.CheckConstraint(
            "kind NOT IN ('GRADUATE', 'DEREGISTER') OR proposed_by IS NOT NULL", name="ck_decisions_proposed"
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_decisions_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_decisions_file_id_files"),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name="fk_decisions_proposed_by_users"),
        sa.ForeignKeyConstraint(["user_id", "user_kind"], ["users.id", "users.kind"], name="fk_decisions_officer"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("id", "household_id", "kind", name="uq_decisions_id_household_id_kind"),
    )
    op.create_index("ix_decisions_household_id", "decisions", ["household_id"])
    op.create_table(
        "transitions",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("previous_number", KEY, nullable=True),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("from_stage", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("to_stage", sa.String(), nullable=False),
        sa.Column("adverse", sa.Boolean(), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("decision_id", KEY, nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(number = 1 AND previous_number IS NULL AND from_stage = 'NOTHING') OR "
            "(number > 1 AND previous_number IS NOT NULL AND previous_number = number - 1)",
            name="ck_transitions_follows",
        ),
        sa.CheckConstraint("NOT adverse OR decision_id IS NOT NULL", name="ck_transitions_decided"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_transitions_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_transitions_file_id_files"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_transitions_user_id_users"),
        sa.ForeignKeyConstraint(
            ["from_stage", "action", "to_stage", "adverse"],
            ["stage_moves.from_stage", "stage_moves.action", "stage_moves.to_stage", "stage_moves.adverse"],
            name="fk_transitions_move",
        ),
        sa.ForeignKeyConstraint(
            ["household_id", "previous_number", "from_stage"],
            ["transitions.household_id", "transitions.number", "transitions.to_stage"],
            name="fk_transitions_previous",
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "household_id", "action"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_transitions_decision",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
        sa.UniqueConstraint("household_id", "number", "to_stage", name="uq_transitions_household_id_number_to_stage"),
    )
    op.create_index("uq_transitions_number", "transitions", ["household_id", "number"], unique=True)
    op.create_index("ix_transitions_file_id", "transitions", ["file_id"])


def _columns() -> None:
    op.add_column("households", sa.Column("transition_number", KEY, nullable=True))
    op.add_column("households", sa.Column("organisation_id", KEY, nullable=True))
    op.add_column("households", sa.Column("form", sa.LargeBinary(), nullable=True))
    op.add_column("members", sa.Column("person_id", KEY, nullable=True))
    op.add_column("members", sa.Column("form", sa.LargeBinary(), nullable=True))


def _what_is_there() -> None:
    """Everybody becomes a human, every household gets its file and the move by which it was taken over."""
    for statement in (
        "INSERT INTO people (number_index, name_index, created_at)"
        " SELECT DISTINCT id_number_index, name_index, CURRENT_TIMESTAMP FROM members"
        " WHERE id_number_index IS NOT NULL AND name_index IS NOT NULL",
        "UPDATE members SET person_id = (SELECT people.id FROM people"
        " WHERE people.number_index = members.id_number_index AND people.name_index = members.name_index)",
    ):
        op.execute(statement)
    connection = op.get_bind()
    nameless = connection.execute(
        sa.text("SELECT id, id_number_index, name_index FROM members WHERE person_id IS NULL ORDER BY id")
    ).all()
    for member, number, name in nameless:
        added = connection.execute(
            sa.text(
                "INSERT INTO people (number_index, name_index, created_at) VALUES (:number, :name, CURRENT_TIMESTAMP)"
                " RETURNING id"
            ),
            {"number": number, "name": name},
        ).scalar_one()
        connection.execute(
            sa.text("UPDATE members SET person_id = :person WHERE id = :member"), {"person": added, "member": member}
        )
    today = "date('now')" if connection.dialect.name == "sqlite" else "CURRENT_DATE"
    for statement in (
        "INSERT INTO files (household_id, number, applied_on, opened_on, closed_on, closing, version, created_at)"
        " SELECT id, reference, applied_on, file_opened_on, file_closed_on,"
        " CASE WHEN file_closed_on IS NULL THEN NULL ELSE 'AS_REGISTERED' END, 1, updated_at FROM households",
        "UPDATE files SET subject_member_id = (SELECT min(members.id) FROM members"
        " WHERE members.household_id = files.household_id AND members.relation = 'HEAD' AND members.left_on IS NULL)",
        "INSERT INTO file_people (file_id, person_id, member_id, since, disputed)"
        " SELECT file_id, person_id, member_id, since, place > 1 FROM (SELECT files.id AS file_id, members.person_id,"
        " members.id AS member_id, coalesce(members.valid_from, files.opened_on, files.applied_on) AS since,"
        " row_number() OVER (PARTITION BY members.person_id ORDER BY files.id, members.id) AS place"
        " FROM members JOIN files ON files.household_id = members.household_id"
        " WHERE files.closed_on IS NULL AND members.left_on IS NULL) AS listed",
        "INSERT INTO transitions (household_id, number, file_id, from_stage, action, to_stage, adverse, evidence,"
        " effective_on, happened_at) SELECT households.id, 1, files.id, 'NOTHING', 'TAKE_OVER', households.stage, false,"
        f" '[]', coalesce(households.file_closed_on, households.file_opened_on, households.applied_on, {today}),"
        " households.updated_at FROM households JOIN files ON files.household_id = households.id",
        "UPDATE households SET transition_number = 1",
    ):
        op.execute(statement)


def _bonds() -> None:
    with op.batch_alter_table("households") as table:
        table.alter_column("transition_number", existing_type=KEY, nullable=False)
        table.create_foreign_key(
            "fk_households_organisation_id_organisations", "organisations", ["organisation_id"], ["id"]
        )
        table.create_foreign_key(
            "fk_households_stage",
            "transitions",
            ["id", "transition_number", "stage"],
            ["household_id", "number", "to_stage"],
            deferrable=True,
            initially="DEFERRED",
        )
        table.create_index("ix_households_organisation_id", ["organisation_id"])
    with op.batch_alter_table("members") as table:
        table.alter_column("person_id", existing_type=KEY, nullable=False)
        table.create_foreign_key("fk_members_person_id_people", "people", ["person_id"], ["id"])
        table.create_index("ix_members_person_id", ["person_id"])


def _triggers() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER households_follow BEFORE UPDATE OF stage, transition_number ON households"
            f" WHEN NOT ({FOLLOWS}) BEGIN SELECT RAISE(ABORT, 'a household follows its moves one by one'); END"
        )
        op.execute(
            "CREATE TRIGGER households_begin BEFORE INSERT ON households WHEN NEW.transition_number <> 1"
            " BEGIN SELECT RAISE(ABORT, 'a household begins with its first move'); END"
        )
        for name, columns in KEPT.items():
            op.execute(
                f"CREATE TRIGGER {name}_kept BEFORE UPDATE OF {columns} ON {name}"
                f" BEGIN SELECT RAISE(ABORT, '{name} are only added'); END"
            )
            op.execute(
                f"CREATE TRIGGER {name}_never_deleted BEFORE DELETE ON {name}"
                f" BEGIN SELECT RAISE(ABORT, '{name} are never deleted'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION jiekun_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER households_follow BEFORE UPDATE OF stage, transition_number ON households FOR EACH ROW"
        f" WHEN (NOT ({FOLLOWS})) EXECUTE FUNCTION jiekun_refuse('a household follows its moves one by one')"
    )
    op.execute(
        "CREATE TRIGGER households_begin BEFORE INSERT ON households FOR EACH ROW WHEN (NEW.transition_number <> 1)"
        " EXECUTE FUNCTION jiekun_refuse('a household begins with its first move')"
    )
    for name, columns in KEPT.items():
        op.execute(
            f"CREATE TRIGGER {name}_kept BEFORE UPDATE OF {columns} ON {name} FOR EACH ROW"
            f" EXECUTE FUNCTION jiekun_refuse('{name} are only added')"
        )
        op.execute(
            f"CREATE TRIGGER {name}_never_deleted BEFORE DELETE ON {name} FOR EACH ROW"
            f" EXECUTE FUNCTION jiekun_refuse('{name} are never deleted')"
        )


def downgrade() -> None:
    """One step back; a household that was refused or withdrew is deregistered again."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger, name in (
        ("households_follow", "households"),
        ("households_begin", "households"),
        *((f"{name}_kept", name) for name in KEPT),
        *((f"{name}_never_deleted", name) for name in KEPT),
    ):
        op.execute(f"DROP TRIGGER {trigger}" if sqlite else f"DROP TRIGGER {trigger} ON {name}")
    if not sqlite:
        op.execute("DROP FUNCTION jiekun_refuse()")
    with op.batch_alter_table("members") as table:
        table.drop_index("ix_members_person_id")
        table.drop_constraint("fk_members_person_id_people", type_="foreignkey")
        table.drop_column("form")
        table.drop_column("person_id")
    with op.batch_alter_table("households") as table:
        table.drop_index("ix_households_organisation_id")
        table.drop_constraint("fk_households_stage", type_="foreignkey")
        table.drop_constraint("fk_households_organisation_id_organisations", type_="foreignkey")
        table.drop_column("form")
        table.drop_column("organisation_id")
        table.drop_column("transition_number")
    op.execute("UPDATE households SET stage = 'DEREGISTERED' WHERE stage IN ('REFUSED', 'WITHDRAWN')")
    op.drop_table("transitions")
    op.drop_table("decisions")
    with op.batch_alter_table("users") as table:
        table.drop_constraint("uq_users_id_kind", type_="unique")
    op.drop_table("file_people")
    op.drop_table("files")
    op.drop_table("stage_moves")
    op.drop_table("people")
