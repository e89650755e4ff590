"""Of which tier and category a file was when: from what stands, from what was decided, and from the audit of what was changed.

Recognitions are only added, as moves and decisions are, and are deleted with a household that is erased alone (F-26).
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
COLUMNS = (
    "id, household_id, file_id, tier, category, method, since, transition_id, decided_by, user_kind, recorded_at"
)
ERASED = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = OLD.household_id)"
OF_2016 = frozenset({"DIBAO", "DIBAO_MARGIN", "MIGRANT_WORKER", "AUXILIARY"})
OF_2020 = frozenset({"DEEP", "RELATIVE"})
METHODS_CHANGED = dt.date(2020, 1, 1)
CHINA = dt.timedelta(hours=8)

FILES = sa.text(
    "SELECT files.id, files.household_id, files.tier, files.category, files.created_at,"
    " coalesce(files.opened_on, files.applied_on) AS since,"
    " (SELECT min(transitions.id) FROM transitions WHERE transitions.file_id = files.id) AS transition_id FROM files"
    " WHERE files.tier IS NOT NULL OR files.category IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM file_categories WHERE file_categories.file_id = files.id) ORDER BY files.id"
).columns(since=sa.Date(), created_at=MOMENT)
DECIDED = sa.text(
    "SELECT file_categories.file_id, file_categories.method, file_categories.category, file_categories.since,"
    " file_categories.decided_by, file_categories.user_kind, file_categories.decided_at,"
    " (SELECT max(transitions.id) FROM transitions WHERE transitions.file_id = file_categories.file_id"
    " AND transitions.happened_at = file_categories.decided_at) AS transition_id"
    " FROM file_categories ORDER BY file_categories.id"
).columns(since=sa.Date(), decided_at=MOMENT)
CHANGED = sa.text(
    "SELECT audit_events.detail, transitions.id AS transition_id, transitions.file_id,"
    " transitions.effective_on AS since, transitions.happened_at AS decided_at, decisions.user_id AS decided_by"
    " FROM transitions JOIN decisions ON decisions.id = transitions.decision_id"
    " JOIN audit_events ON audit_events.subject_type = 'Household' AND audit_events.subject = transitions.household_id"
    " AND audit_events.action = 'file.kept_otherwise' AND audit_events.happened_at = transitions.happened_at"
    " ORDER BY transitions.id"
).columns(since=sa.Date(), decided_at=MOMENT)


def upgrade() -> None:
    """One step forwards."""
    added = op.create_table(
        "recognitions",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("transition_id", KEY, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("user_kind", sa.String(), nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (user_kind IS NULL) AND (user_kind IS NULL OR user_kind = 'PERSON')",
            name="ck_recognitions_by_a_person",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_recognitions_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_recognitions_file_id_files"),
        sa.ForeignKeyConstraint(
            ["transition_id"], ["transitions.id"], name="fk_recognitions_transition_id_transitions"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by", "user_kind"], ["users.id", "users.kind"], name="fk_recognitions_officer"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recognitions"),
    )
    for column in ("file_id", "household_id", "transition_id"):
        op.create_index(f"ix_recognitions_{column}", "recognitions", [column])
    told = _told(op.get_bind())
    for start in range(0, len(told), 1_000):
        op.bulk_insert(added, told[start : start + 1_000])
    op.drop_table("file_categories")
    _triggers()


def _told(connection: sa.Connection) -> list[dict[str, Any]]:
    """Each file from its first day on, and after each decision; the first as what was decided first says that it was before."""
    later: dict[int, list[dict[str, Any]]] = {}
    first: dict[int, dict[str, Any]] = {}
    for row in connection.execute(CHANGED).mappings():
        detail = row["detail"] if isinstance(row["detail"], Mapping) else json.loads(row["detail"])
        told = {name: detail[name] for name in ("tier", "category") if name in detail}
        before = first.setdefault(row["file_id"], {})
        for name, (old, _) in told.items():
            before.setdefault(name, old)
        step = {"since": row["since"], "at": row["decided_at"], "transition_id": row["transition_id"]}
        by = {"decided_by": row["decided_by"], "user_kind": "PERSON"}
        later.setdefault(row["file_id"], []).append(step | by | {name: new for name, (_, new) in told.items()})
    for row in connection.execute(DECIDED).mappings():
        steps = later.setdefault(row["file_id"], [])
        same = [each for each in steps if each["transition_id"] == row["transition_id"] is not None]
        step = same[0] if same else {}
        if not same:
            step |= {"since": row["since"], "at": row["decided_at"], "transition_id": row["transition_id"]}
            step |= {"decided_by": row["decided_by"], "user_kind": row["user_kind"]}
            steps.append(step)
        step |= {"category": row["category"], "method": row["method"]}
    found = []
    for row in connection.execute(FILES).mappings():
        steps = sorted(later.get(row["id"], []), key=lambda each: each["at"])
        stands = {name: row[name] for name in ("tier", "category")} | first.get(row["id"], {})
        since = row["since"] or (row["created_at"] + CHINA).date()
        begins = {"since": since, "at": row["created_at"], "transition_id": row["transition_id"]}
        begins |= {"method": _method(stands["category"], since)}
        of = {"household_id": row["household_id"], "file_id": row["id"]}
        stands |= {"method": begins["method"]}
        for step in steps if steps and steps[0]["since"] <= since else [begins, *steps]:
            stands |= {"decided_by": None, "user_kind": None} | {key: step[key] for key in step if key != "at"}
            if stands["tier"] is not None or stands["category"] is not None:
                found.append({**of, **stands, "recorded_at": step["at"]})
    return found


def _method(category: str | None, day: dt.date) -> str | None:
    """By which a category was found that nobody dated: the method that alone knows it, or else that of the day."""
    if category is None:
        return None
    if category in OF_2016 or (category not in OF_2020 and day < METHODS_CHANGED):
        return "A2016"
    return "B2020"


def _triggers() -> None:
    kept, never = "recognitions are only added", "recognitions are never deleted"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER recognitions_kept BEFORE UPDATE OF {COLUMNS} ON recognitions"
            f" BEGIN SELECT RAISE(ABORT, '{kept}'); END"
        )
        op.execute(
            f"CREATE TRIGGER recognitions_never_deleted BEFORE DELETE ON recognitions WHEN {ERASED}"
            f" BEGIN SELECT RAISE(ABORT, '{never}'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER recognitions_kept BEFORE UPDATE OF {COLUMNS} ON recognitions FOR EACH ROW"
        f" EXECUTE FUNCTION jiekun_refuse('{kept}')"
    )
    op.execute(
        f"CREATE FUNCTION jiekun_recognitions_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {ERASED}"
        f" THEN RAISE EXCEPTION '{never}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        " RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER recognitions_never_deleted BEFORE DELETE ON recognitions FOR EACH ROW"
        " EXECUTE FUNCTION jiekun_recognitions_never_deleted()"
    )


def downgrade() -> None:
    """One step back; of tiers, only the present one is known then."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "file_categories",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("user_kind", sa.String(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint("user_kind = 'PERSON'", name="ck_file_categories_by_a_person"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_file_categories_file_id_files"),
        sa.ForeignKeyConstraint(
            ["decided_by", "user_kind"], ["users.id", "users.kind"], name="fk_file_categories_officer"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_file_categories"),
    )
    op.create_index("ix_file_categories_file_id_since", "file_categories", ["file_id", "since"])
    op.execute(
        "INSERT INTO file_categories (file_id, method, category, since, decided_by, user_kind, decided_at)"
        " SELECT file_id, method, category, since, decided_by, user_kind, recorded_at FROM recognitions"
        " WHERE category IS NOT NULL AND method IS NOT NULL AND decided_by IS NOT NULL ORDER BY id"
    )
    for trigger in ("recognitions_kept", "recognitions_never_deleted"):
        op.execute(f"DROP TRIGGER {trigger}" if sqlite else f"DROP TRIGGER {trigger} ON recognitions")
    if not sqlite:
        op.execute("DROP FUNCTION jiekun_recognitions_never_deleted()")
    op.drop_table("recognitions")
