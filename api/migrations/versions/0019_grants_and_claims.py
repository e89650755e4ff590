"""Grants of aid, the months they take up, and the bills they help to pay; no grant without an active file (F-37)."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
ERASED = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = OLD.household_id)"
FOR_ONCE = sa.text("state = 'GRANTED' AND once_for IS NOT NULL")
PROPOSED = sa.text("state = 'PROPOSED'")

ACTIVE = (
    "SELECT 1 FROM households JOIN files ON files.household_id = households.id WHERE households.id = NEW.household_id"
    " AND households.stage IN ('RECORDED', 'RELIEVED') AND files.id = NEW.file_id AND files.closed_on IS NULL"
)
"""Whether the household's file is active and the one that the grant names."""

CLAIMED = (
    "SELECT COUNT(DISTINCT month) FROM claims WHERE grant_id = NEW.id AND month BETWEEN NEW.first_month AND"
    " NEW.last_month AND cell = NEW.programme_code || COALESCE('#' || NEW.cost_id, '')"
)
MONTHS = {
    "sqlite": "(strftime('%Y', NEW.last_month) - strftime('%Y', NEW.first_month)) * 12"
    " + strftime('%m', NEW.last_month) - strftime('%m', NEW.first_month) + 1",
    "postgresql": "(EXTRACT(YEAR FROM NEW.last_month) - EXTRACT(YEAR FROM NEW.first_month)) * 12"
    " + EXTRACT(MONTH FROM NEW.last_month) - EXTRACT(MONTH FROM NEW.first_month) + 1",
}
DECIDED = (
    "id, household_id, file_id, programme_code, division_code, cause_id, cost_id, once_for, first_month,"
    " last_month, period, amount_fen, state, proposed_by, decision_id, decided_as, decided_by, enrolment_id, version,"
    " created_at"
)
"""What is not changed once a grant was decided: all but the reason, which is sealed anew, and whose it was, which is forgotten."""

COVER = "UPDATE costs SET covered_fen = covered_fen"
SHARES = (
    ("added", "INSERT", f"{COVER} + NEW.amount_fen WHERE id = NEW.cost_id"),
    ("changed", "UPDATE OF amount_fen", f"{COVER} + NEW.amount_fen - OLD.amount_fen WHERE id = NEW.cost_id"),
    ("removed", "DELETE", f"{COVER} - OLD.amount_fen WHERE id = OLD.cost_id"),
)
SHARE = (
    "INSERT INTO cost_shares (cost_id, programme_code, grant_id, amount_fen)"
    " VALUES (NEW.cost_id, NEW.programme_code, NEW.id, NEW.amount_fen)"
)


def upgrade() -> None:
    """One step forwards."""
    op.create_index("uq_decisions_id_user_id", "decisions", ["id", "user_id"], unique=True)
    _costs()
    _grants()
    _claims()
    if op.get_bind().dialect.name == "sqlite":
        _triggers_of_sqlite()
    else:
        _triggers_of_postgresql()


def _costs() -> None:
    op.create_table(
        "costs",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("incurred_on", sa.Date(), nullable=False),
        sa.Column("cost_fen", KEY, nullable=False),
        sa.Column("covered_fen", KEY, nullable=False),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("cost_fen > 0", name="ck_costs_cost"),
        sa.CheckConstraint("covered_fen BETWEEN 0 AND cost_fen", name="ck_costs_covered"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_costs_household_id_households"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_costs_member_id_members"),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_costs_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_costs"),
        sa.UniqueConstraint("household_id", "reference", name="uq_costs_household_id_reference"),
    )
    op.create_index("ix_costs_member_id", "costs", ["member_id"])


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("programme_code", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("cause_id", KEY, nullable=True),
        sa.Column("cost_id", KEY, nullable=True),
        sa.Column("once_for", CODE, nullable=True),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=True),
        sa.Column("decided_as", sa.String(), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("enrolment_id", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_grants_version"),
        sa.CheckConstraint("amount_fen > 0", name="ck_grants_amount"),
        sa.CheckConstraint("last_month >= first_month", name="ck_grants_months"),
        sa.CheckConstraint("period IN ('MONTH', 'QUARTER', 'ONCE')", name="ck_grants_period"),
        sa.CheckConstraint("state IN ('PROPOSED', 'GRANTED', 'REFUSED', 'WITHDRAWN')", name="ck_grants_state"),
        sa.CheckConstraint(
            "(state = 'GRANTED' AND decided_as IS NOT NULL AND decided_as = 'GRANT' AND enrolment_id IS NOT NULL) OR "
            "(state = 'REFUSED' AND decided_as IS NOT NULL AND decided_as = 'REFUSE_GRANT' AND enrolment_id IS NULL) OR "
            "(state IN ('PROPOSED', 'WITHDRAWN') AND decided_as IS NULL AND enrolment_id IS NULL)",
            name="ck_grants_decided",
        ),
        sa.CheckConstraint(
            "(decided_as IS NULL) = (decision_id IS NULL) AND (decided_as IS NULL) = (decided_by IS NULL)",
            name="ck_grants_decision",
        ),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="ck_grants_second_officer"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_grants_household_id_households"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_grants_file_id_files"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_grants_member_id_members"),
        sa.ForeignKeyConstraint(["programme_code"], ["programmes.code"], name="fk_grants_programme_code_programmes"),
        sa.ForeignKeyConstraint(["cause_id"], ["causes.id"], name="fk_grants_cause_id_causes"),
        sa.ForeignKeyConstraint(["cost_id"], ["costs.id"], name="fk_grants_cost_id_costs"),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name="fk_grants_proposed_by_users"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_grants_enrolment_id_enrolments"),
        sa.ForeignKeyConstraint(
            ["decision_id", "household_id", "decided_as"],
            ["decisions.id", "decisions.household_id", "decisions.kind"],
            name="fk_grants_decision",
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "decided_by"], ["decisions.id", "decisions.user_id"], name="fk_grants_decided_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.UniqueConstraint("enrolment_id", name="uq_grants_enrolment_id"),
    )
    op.create_index(
        "uq_grants_once_for", "grants", ["programme_code", "once_for"], unique=True,
        postgresql_where=FOR_ONCE, sqlite_where=FOR_ONCE,
    )  # fmt: skip
    op.create_index("ix_grants_household_id_first_month", "grants", ["household_id", "first_month"])
    op.create_index("ix_grants_programme_code_last_month", "grants", ["programme_code", "last_month"])
    op.create_index(
        "ix_grants_proposed", "grants", ["division_code", "id"], postgresql_where=PROPOSED, sqlite_where=PROPOSED
    )
    for column in ("file_id", "member_id", "cause_id", "cost_id"):
        op.create_index(f"ix_grants_{column}", "grants", [column])


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("cell", CODE, nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_claims_grant_id_grants"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_claims_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_claims"),
        sa.UniqueConstraint("person_id", "month", "cell", name="uq_claims_person_id_month_cell"),
    )
    op.create_index("ix_claims_grant_id_month", "claims", ["grant_id", "month"])
    op.create_table(
        "cost_shares",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("cost_id", KEY, nullable=False),
        sa.Column("programme_code", sa.String(), nullable=False),
        sa.Column("grant_id", KEY, nullable=True),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="ck_cost_shares_amount"),
        sa.ForeignKeyConstraint(["cost_id"], ["costs.id"], name="fk_cost_shares_cost_id_costs"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programmes.code"], name="fk_cost_shares_programme_code_programmes"
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_cost_shares_grant_id_grants"),
        sa.PrimaryKeyConstraint("id", name="pk_cost_shares"),
        sa.UniqueConstraint("grant_id", name="uq_cost_shares_grant_id"),
    )
    op.create_index("ix_cost_shares_cost_id", "cost_shares", ["cost_id"])


BEGUN, DONE = "a grant begins as a proposal", "a grant that was decided is not changed"
NO_FILE, UNCLAIMED = "no grant without an active file", "a grant takes up its months first"
FOR_ANOTHER = "OLD.state <> 'PROPOSED' AND NEW.member_id IS NOT NULL"
GRANTED = "NEW.state = 'GRANTED' AND OLD.state <> 'GRANTED'"


def _triggers_of_sqlite() -> None:
    for name, event, when, told in (
        ("grants_begin", "INSERT", "NEW.state <> 'PROPOSED'", BEGUN),
        ("grants_of_a_file", "INSERT", f"NOT EXISTS ({ACTIVE})", NO_FILE),
        ("grants_decided", f"UPDATE OF {DECIDED}", "OLD.state <> 'PROPOSED'", DONE),
        ("grants_for_whom", "UPDATE OF member_id", FOR_ANOTHER, DONE),
        ("grants_granted", "UPDATE OF state", f"{GRANTED} AND NOT EXISTS ({ACTIVE})", NO_FILE),
        ("grants_claimed", "UPDATE OF state", f"{GRANTED} AND ({CLAIMED}) <> {MONTHS['sqlite']}", UNCLAIMED),
        ("grants_never_deleted", "DELETE", ERASED, "grants are never deleted"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON grants WHEN {when} BEGIN SELECT RAISE(ABORT, '{told}'); END"
        )
    op.execute(
        f"CREATE TRIGGER grants_of_a_bill AFTER UPDATE OF state ON grants WHEN {GRANTED} AND NEW.cost_id IS NOT NULL"
        f" BEGIN {SHARE}; END"
    )
    for name, event, effect in SHARES:
        op.execute(f"CREATE TRIGGER cost_shares_{name} AFTER {event} ON cost_shares BEGIN {effect}; END")


def _triggers_of_postgresql() -> None:
    _function(
        "grants_of_a_file",
        f"PERFORM 1 FROM ({ACTIVE} FOR SHARE OF households) AS active; IF NOT FOUND THEN {_refusal(NO_FILE)} END IF;",
    )
    _function("grants_claimed", f"IF ({CLAIMED}) <> {MONTHS['postgresql']} THEN {_refusal(UNCLAIMED)} END IF;")
    _function("grants_of_a_bill", f"{SHARE};")
    _function("grants_never_deleted", f"IF {ERASED} THEN {_refusal('grants are never deleted')} END IF;", "OLD")
    for name, _, effect in SHARES:
        _function(f"cost_shares_{name}", f"{effect};", "OLD" if name == "removed" else "NEW")
    for name, when, told in (
        ("begin BEFORE INSERT", "NEW.state <> 'PROPOSED'", BEGUN),
        (f"decided BEFORE UPDATE OF {DECIDED}", "OLD.state <> 'PROPOSED'", DONE),
        ("for_whom BEFORE UPDATE OF member_id", FOR_ANOTHER, DONE),
    ):
        op.execute(
            f"CREATE TRIGGER grants_{name} ON grants FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION jiekun_refuse('{told}')"
        )
    for name, when, function in (
        ("of_a_file BEFORE INSERT", "", "grants_of_a_file"),
        ("granted BEFORE UPDATE OF state", f" WHEN ({GRANTED})", "grants_of_a_file"),
        ("claimed BEFORE UPDATE OF state", f" WHEN ({GRANTED})", "grants_claimed"),
        ("of_a_bill AFTER UPDATE OF state", f" WHEN ({GRANTED} AND NEW.cost_id IS NOT NULL)", "grants_of_a_bill"),
        ("never_deleted BEFORE DELETE", "", "grants_never_deleted"),
    ):
        op.execute(f"CREATE TRIGGER grants_{name} ON grants FOR EACH ROW{when} EXECUTE FUNCTION jiekun_{function}()")
    for name, event, _ in SHARES:
        op.execute(
            f"CREATE TRIGGER cost_shares_{name} AFTER {event} ON cost_shares FOR EACH ROW"
            f" EXECUTE FUNCTION jiekun_cost_shares_{name}()"
        )


FUNCTIONS = (
    "grants_of_a_file", "grants_claimed", "grants_of_a_bill", "grants_never_deleted",
    *(f"cost_shares_{name}" for name, _, _ in SHARES),
)  # fmt: skip


def _function(name: str, body: str, row: str = "NEW") -> None:
    op.execute(
        f"CREATE FUNCTION jiekun_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {row}; END $$"
    )


def _refusal(told: str) -> str:
    return f"RAISE EXCEPTION '{told}' USING ERRCODE = 'integrity_constraint_violation';"


def downgrade() -> None:
    """One step back; the tables take their triggers with them."""
    op.drop_table("cost_shares")
    op.drop_table("claims")
    op.drop_table("grants")
    op.drop_table("costs")
    if op.get_bind().dialect.name != "sqlite":
        for name in FUNCTIONS:
            op.execute(f"DROP FUNCTION jiekun_{name}()")
    op.drop_index("uq_decisions_id_user_id", table_name="decisions")
