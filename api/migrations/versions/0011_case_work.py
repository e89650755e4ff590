"""Case work: tasks, referrals, causes of hardship, home visits, contact officers and plans."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TEXT, DAY, MOMENT, SEALED = sa.String(), sa.Date(), sa.DateTime(timezone=True), sa.LargeBinary()
PENDING, NOW = sa.text("resolved_on IS NULL"), sa.text("until IS NULL")
MAIN = sa.text("resolved_on IS NULL AND main")


def upgrade() -> None:
    """One step forwards."""
    _table(
        "tasks",
        {
            "reference": CODE, "kind": TEXT, "household_id": "households", "file_id?": "files", "member_id?": "members",
            "assigned_to?": "users", "due_on": DAY, "state": TEXT, "detail": JSON, "note?": SEALED, "created_at": MOMENT,
            "done_at?": MOMENT, "done_by?": "users", "version": KEY,
        },
        {"version": "version > 0", "done": "(state = 'OPEN') = (done_at IS NULL)"},
        [["reference"]],
        [["household_id"], ["state", "due_on", "id"], ["assigned_to", "state", "due_on"]],
    )  # fmt: skip
    _table(
        "referrals",
        {
            "household_id": "households", "member_id?": "members", "organisation_id": "organisations",
            "programme_code?": TEXT, "note": SEALED, "state": TEXT, "outcome?": TEXT, "answer?": SEALED, "due_on": DAY,
            "referred_by": "users", "referred_at": MOMENT, "answered_by?": "users", "answered_at?": MOMENT, "version": KEY,
        },
        {
            "version": "version > 0",
            "outcome": "(state = 'CLOSED') = (outcome IS NOT NULL)",
            "answered": "(state = 'OPEN') = (answered_at IS NULL)",
        },
        indexes=[["household_id"], ["organisation_id", "state", "id"]],
        further=[_reference("referrals", "programme_code", "programmes", "code")],
    )  # fmt: skip
    _table(
        "causes",
        {
            "household_id": "households", "file_id": "files", "cause": TEXT, "place": KEY, "main": sa.Boolean(),
            "since": DAY, "note?": SEALED, "resolved_on?": DAY, "resolution_id?": KEY, "version": KEY,
        },
        {
            "version": "version > 0",
            "place": "place BETWEEN 0 AND 3",
            "resolution": "(resolved_on IS NULL) = (resolution_id IS NULL)",
            "resolved_on": "resolved_on IS NULL OR resolved_on >= since",
        },
        indexes=[["household_id"], ["file_id"]],
    )  # fmt: skip
    _one("uq_causes_place", "causes", ["file_id", "place"], PENDING)
    _one("uq_causes_main", "causes", ["file_id"], MAIN)
    _one("uq_causes_cause", "causes", ["file_id", "cause"], PENDING)
    _table(
        "cause_events",
        {
            "cause_id": "causes", "change": TEXT, "main": sa.Boolean(), "effective_on": DAY, "statement?": SEALED, "evidence": JSON,
            "user_id?": "users", "happened_at": MOMENT,
        },
        {"statement": "change <> 'RESOLVED' OR statement IS NOT NULL"},
        indexes=[["cause_id", "effective_on", "id"]],
    )  # fmt: skip
    _table(
        "home_visits",
        {
            "household_id": "households", "file_id?": "files", "kind": TEXT, "visited_on": DAY, "met": SEALED,
            "findings": SEALED, "income_changed": TEXT, "causes_gone": TEXT, "to_be_closed": TEXT,
            "corrects_id?": "home_visits", "correction?": SEALED, "recorded_by": "users", "recorded_at": MOMENT,
        },
        {"correction": "(corrects_id IS NULL) = (correction IS NULL)"},
        [["corrects_id"]],
        [["household_id", "visited_on"]],
    )  # fmt: skip
    _pair("visitors", {"visit_id": "home_visits", "user_id": "users"})
    _pair("visit_photos", {"visit_id": "home_visits", "attachment_id": "attachments"})
    _table(
        "contact_officers",
        {
            "household_id": "households", "user_id": "users", "since": DAY, "until?": DAY, "assigned_by": "users",
            "assigned_at": MOMENT,
        },
        {"until": "until IS NULL OR until >= since"},
        indexes=[["user_id"], ["household_id", "since"]],
    )  # fmt: skip
    _one("uq_contact_officers_current", "contact_officers", ["household_id"], NOW)
    _table(
        "plans",
        {
            "household_id": "households", "file_id": "files", "number": KEY, "goal": SEALED, "since": DAY, "until?": DAY,
            "made_by": "users", "made_at": MOMENT,
        },
        {"number": "number > 0", "until": "until IS NULL OR until >= since"},
        [["household_id", "number"]],
        [["file_id"]],
    )  # fmt: skip
    _one("uq_plans_current", "plans", ["household_id"], NOW)
    _table(
        "planned_measures",
        {
            "plan_id": "plans", "place": KEY, "measure": TEXT, "what": SEALED, "organisation_id": "organisations",
            "due_on": DAY, "state": TEXT, "continues_id?": "planned_measures", "version": KEY,
        },
        {"version": "version > 0"},
        [["plan_id", "place"]],
        [["organisation_id"]],
    )  # fmt: skip
    _table(
        "progress",
        {"measure_id": "planned_measures", "state": TEXT, "note": SEALED, "user_id": "users", "noted_at": MOMENT},
        indexes=[["measure_id"]],
    )


def downgrade() -> None:
    """One step back."""
    for name in (
        "progress", "planned_measures", "plans", "contact_officers", "visit_photos", "visitors", "home_visits",
        "cause_events", "causes", "referrals", "tasks",
    ):  # fmt: skip
        op.drop_table(name)


def _table(
    name: str,
    columns: Mapping[str, Any],
    checks: Mapping[str, str] | None = None,
    unique: list[list[str]] | None = None,
    indexes: list[list[str]] | None = None,
    further: list[sa.ForeignKeyConstraint] | None = None,
) -> None:
    """A table with a key; a column's type, or the table whose key it holds; ? marks one that may be null."""
    op.create_table(
        name,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        *(
            sa.Column(column.rstrip("?"), KEY if isinstance(kind, str) else kind, nullable=column.endswith("?"))
            for column, kind in columns.items()
        ),
        *(sa.CheckConstraint(check, name=f"ck_{name}_{of}") for of, check in (checks or {}).items()),
        *(_reference(name, column.rstrip("?"), kind) for column, kind in columns.items() if isinstance(kind, str)),
        *(further or ()),
        *(sa.UniqueConstraint(*each, name=f"uq_{name}_{'_'.join(each)}") for each in unique or ()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    for each in indexes or ():
        op.create_index(f"ix_{name}_{'_'.join(each)}", name, each)


def _pair(name: str, columns: Mapping[str, str]) -> None:
    """A table of pairs, found from either side."""
    op.create_table(
        name,
        *(sa.Column(column, KEY, autoincrement=False, nullable=False) for column in columns),
        *(_reference(name, column, to) for column, to in columns.items()),
        sa.PrimaryKeyConstraint(*columns, name=f"pk_{name}"),
    )
    second = list(columns)[1]
    op.create_index(f"ix_{name}_{second}", name, [second])


def _one(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    """Only one row of those of which this holds."""
    op.create_index(name, table, columns, unique=True, postgresql_where=where, sqlite_where=where)


def _reference(table: str, column: str, to: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=f"fk_{table}_{column}_{to}")
