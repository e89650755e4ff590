"""Funds with their ledger, cycles of payments and their orders; nothing is paid unapproved, or without an active file (F-37)."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
LIVE = sa.text("live")
REPAID = sa.text("state NOT IN ('HELD', 'CANCELLED')")

TABLES = (
    "payment_checks",
    "bank_answers",
    "order_months",
    "payment_orders",
    "payment_cycles",
    "fund_entries",
    "funds",
)
"""Children first."""


def upgrade() -> None:
    """One step forwards."""
    _funds()
    _cycles()
    _orders()
    _answers()
    with op.batch_alter_table("payments") as table:
        table.add_column(sa.Column("order_id", KEY, nullable=True))
        table.create_foreign_key("fk_payments_order_id_payment_orders", "payment_orders", ["order_id"], ["id"])
        table.create_index("ix_payments_order_id", ["order_id"])
    _balances()
    for name, table_name, event, refusals in _rules():
        _trigger(name, table_name, event, refusals)


def _funds() -> None:
    op.create_table(
        "funds",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("year", KEY, nullable=False),
        sa.Column("allocated_fen", KEY, nullable=False),
        sa.Column("available_fen", KEY, nullable=False),
        sa.Column("committed_fen", KEY, nullable=False),
        sa.Column("paid_fen", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "source IN ('CENTRAL', 'PROVINCIAL', 'MUNICIPAL', 'COUNTY', 'UNION', 'SOCIAL')", name="ck_funds_source"
        ),
        sa.CheckConstraint("available_fen >= 0", name="ck_funds_available"),
        sa.CheckConstraint("committed_fen >= 0", name="ck_funds_committed"),
        sa.CheckConstraint("paid_fen >= 0", name="ck_funds_paid"),
        sa.CheckConstraint("allocated_fen = available_fen + committed_fen + paid_fen", name="ck_funds_balanced"),
        sa.PrimaryKeyConstraint("id", name="pk_funds"),
        sa.UniqueConstraint("source", "division_code", "year", name="uq_funds_source_division_code_year"),
    )
    op.create_index("ix_funds_division_code", "funds", ["division_code"])
    op.create_table(
        "fund_entries",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("fund_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("order_id", KEY, nullable=True),
        sa.Column("document_no", sa.String(), nullable=True),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="ck_fund_entries_amount"),
        sa.CheckConstraint(
            "(kind = 'ALLOCATED' AND credit = 'OUTSIDE' AND debit = 'AVAILABLE') OR "
            "(kind = 'TAKEN_BACK' AND credit = 'AVAILABLE' AND debit = 'OUTSIDE') OR "
            "(kind = 'COMMITTED' AND credit = 'AVAILABLE' AND debit = 'COMMITTED') OR "
            "(kind = 'RELEASED' AND credit = 'COMMITTED' AND debit = 'AVAILABLE') OR "
            "(kind = 'SETTLED' AND credit = 'COMMITTED' AND debit = 'PAID') OR "
            "(kind IN ('RETURNED', 'RECOVERED') AND credit = 'PAID' AND debit = 'AVAILABLE')",
            name="ck_fund_entries_accounts",
        ),
        sa.CheckConstraint(
            "(kind IN ('ALLOCATED', 'TAKEN_BACK')) = (order_id IS NULL)", name="ck_fund_entries_order"
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name="fk_fund_entries_fund_id_funds"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_fund_entries_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_fund_entries"),
        sa.UniqueConstraint("reference", name="uq_fund_entries_reference"),
    )
    op.create_index("ix_fund_entries_fund_id_id", "fund_entries", ["fund_id", "id"])
    op.create_index("ix_fund_entries_order_id", "fund_entries", ["order_id"])


def _cycles() -> None:
    op.create_table(
        "payment_cycles",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fund_id", KEY, nullable=False),
        sa.Column("programme_code", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seed", CODE, nullable=False),
        sa.Column("drawn_up_by", KEY, nullable=False),
        sa.Column("drawn_up_at", MOMENT, nullable=False),
        sa.Column("approved_by", KEY, nullable=True),
        sa.Column("approved_by_kind", sa.String(), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("settled_by", KEY, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("reconciled_at", MOMENT, nullable=True),
        sa.Column("cancelled_by", KEY, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("cancelled_because", sa.LargeBinary(), nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_payment_cycles_version"),
        sa.CheckConstraint("kind IN ('REGULAR', 'REPAYMENT')", name="ck_payment_cycles_kind"),
        sa.CheckConstraint(
            "state IN ('DRAWN_UP', 'APPROVED', 'SETTLED', 'RECONCILED', 'CANCELLED')", name="ck_payment_cycles_state"
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> drawn_up_by", name="ck_payment_cycles_second_officer"
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by_kind = 'PERSON'", name="ck_payment_cycles_by_a_person"
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_by_kind IS NULL)",
            name="ck_payment_cycles_approval",
        ),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'SETTLED', 'RECONCILED') OR approved_by IS NOT NULL",
            name="ck_payment_cycles_approved",
        ),
        sa.CheckConstraint("state <> 'DRAWN_UP' OR approved_by IS NULL", name="ck_payment_cycles_drawn_up"),
        sa.CheckConstraint(
            "(state IN ('SETTLED', 'RECONCILED')) = (settled_by IS NOT NULL) AND "
            "(settled_by IS NULL) = (settled_at IS NULL)",
            name="ck_payment_cycles_settled",
        ),
        sa.CheckConstraint(
            "(state = 'RECONCILED') = (reconciled_at IS NOT NULL)", name="ck_payment_cycles_reconciled"
        ),
        sa.CheckConstraint(
            "(state = 'CANCELLED') = (cancelled_by IS NOT NULL) AND (state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND "
            "(state = 'CANCELLED') = (cancelled_because IS NOT NULL)",
            name="ck_payment_cycles_cancelled",
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.id"], name="fk_payment_cycles_fund_id_funds"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programmes.code"], name="fk_payment_cycles_programme_code_programmes"
        ),
        sa.ForeignKeyConstraint(["drawn_up_by"], ["users.id"], name="fk_payment_cycles_drawn_up_by_users"),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name="fk_payment_cycles_settled_by_users"),
        sa.ForeignKeyConstraint(["cancelled_by"], ["users.id"], name="fk_payment_cycles_cancelled_by_users"),
        sa.ForeignKeyConstraint(
            ["approved_by", "approved_by_kind"], ["users.id", "users.kind"], name="fk_payment_cycles_approval"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payment_cycles"),
    )
    op.create_index("ix_payment_cycles_fund_id", "payment_cycles", ["fund_id"])
    op.create_index("ix_payment_cycles_division_code_id", "payment_cycles", ["division_code", "id"])
    op.create_index("ix_payment_cycles_state_id", "payment_cycles", ["state", "id"])


def _orders() -> None:
    op.create_table(
        "payment_orders",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_because", sa.String(), nullable=True),
        sa.Column("payee_name", sa.LargeBinary(), nullable=True),
        sa.Column("payee_account", sa.LargeBinary(), nullable=True),
        sa.Column("payee_bank", sa.LargeBinary(), nullable=True),
        sa.Column("repays_id", KEY, nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("returned_because", sa.LargeBinary(), nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_payment_orders_version"),
        sa.CheckConstraint("amount_fen > 0", name="ck_payment_orders_amount"),
        sa.CheckConstraint(
            "state IN ('DRAWN_UP', 'HELD', 'SETTLED', 'PAID', 'RETURNED', 'CANCELLED')",
            name="ck_payment_orders_state",
        ),
        sa.CheckConstraint("state <> 'HELD' OR held_because IS NOT NULL", name="ck_payment_orders_held"),
        sa.CheckConstraint(
            "(state IN ('PAID', 'RETURNED')) = (answered_on IS NOT NULL)", name="ck_payment_orders_answered"
        ),
        sa.CheckConstraint(
            "state IN ('HELD', 'CANCELLED') OR (payee_account IS NOT NULL AND payee_name IS NOT NULL)",
            name="ck_payment_orders_payee",
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["payment_cycles.id"], name="fk_payment_orders_cycle_id_payment_cycles"
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_payment_orders_grant_id_grants"),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_payment_orders_household_id_households"
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name="fk_payment_orders_enrolment_id_enrolments"
        ),
        sa.ForeignKeyConstraint(
            ["repays_id"], ["payment_orders.id"], name="fk_payment_orders_repays_id_payment_orders"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payment_orders"),
        sa.UniqueConstraint("reference", name="uq_payment_orders_reference"),
        sa.UniqueConstraint("cycle_id", "grant_id", name="uq_payment_orders_cycle_id_grant_id"),
    )
    op.create_index(
        "uq_payment_orders_repays_id", "payment_orders", ["repays_id"], unique=True, postgresql_where=REPAID,
        sqlite_where=REPAID,
    )  # fmt: skip
    op.create_index("ix_payment_orders_cycle_id_state", "payment_orders", ["cycle_id", "state"])
    for column in ("household_id", "grant_id", "enrolment_id"):
        op.create_index(f"ix_payment_orders_{column}", "payment_orders", [column])
    op.create_table(
        "order_months",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name="ck_order_months_amount"),
        sa.ForeignKeyConstraint(["order_id"], ["payment_orders.id"], name="fk_order_months_order_id_payment_orders"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_order_months_grant_id_grants"),
        sa.PrimaryKeyConstraint("id", name="pk_order_months"),
        sa.UniqueConstraint("order_id", "month", name="uq_order_months_order_id_month"),
    )
    op.create_index("ix_order_months_grant_id", "order_months", ["grant_id"])
    op.create_index(
        "uq_order_months_live", "order_months", ["grant_id", "month"], unique=True, postgresql_where=LIVE,
        sqlite_where=LIVE,
    )  # fmt: skip


def _answers() -> None:
    op.create_table(
        "bank_answers",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("cycle_id", KEY, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("paid", KEY, nullable=False),
        sa.Column("returned", KEY, nullable=False),
        sa.Column("unchanged", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["payment_cycles.id"], name="fk_bank_answers_cycle_id_payment_cycles"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_bank_answers_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_answers"),
        sa.UniqueConstraint("cycle_id", "sha256", name="uq_bank_answers_cycle_id_sha256"),
    )
    op.create_table(
        "payment_checks",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("checked_by", KEY, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_payment_checks_version"),
        sa.CheckConstraint(
            "outcome IN ('RECEIVED', 'NOT_RECEIVED', 'AMOUNT_DIFFERS', 'NOT_REACHED')",
            name="ck_payment_checks_outcome",
        ),
        sa.CheckConstraint("(outcome IS NULL) = (checked_at IS NULL)", name="ck_payment_checks_checked"),
        sa.CheckConstraint("(outcome IS NULL) = (checked_by IS NULL)", name="ck_payment_checks_checked_by"),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_orders.id"], name="fk_payment_checks_order_id_payment_orders"
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name="fk_payment_checks_checked_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_checks"),
        sa.UniqueConstraint("order_id", name="uq_payment_checks_order_id"),
    )


ACCOUNTS = {"available_fen": "AVAILABLE", "committed_fen": "COMMITTED", "paid_fen": "PAID"}


def _goes(row: str, account: str) -> str:
    """What an entry adds to an account."""
    return (
        f"CASE WHEN {row}debit = '{account}' THEN {row}amount_fen"
        f" WHEN {row}credit = '{account}' THEN -{row}amount_fen ELSE 0 END"
    )


def _balances() -> None:
    """What entries do to the balances of their fund, which a CHECK keeps from falling below zero."""
    if op.get_bind().dialect.name == "sqlite":
        changed = ", ".join(f"{column} = {column} + {_goes('NEW.', account)}" for column, account in ACCOUNTS.items())
        op.execute(
            "CREATE TRIGGER fund_entries_balance AFTER INSERT ON fund_entries BEGIN"
            f" UPDATE funds SET allocated_fen = allocated_fen - {_goes('NEW.', 'OUTSIDE')}, {changed}"
            " WHERE id = NEW.fund_id; END"
        )
        return
    sums = ", ".join(f"SUM({_goes('', account)}) AS {column}" for column, account in ACCOUNTS.items())
    changed = ", ".join(f"{column} = funds.{column} + moved.{column}" for column in ACCOUNTS)
    op.execute(
        "CREATE FUNCTION jiekun_fund_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" UPDATE funds SET allocated_fen = funds.allocated_fen - moved.outside, {changed} FROM"
        f" (SELECT fund_id, SUM({_goes('', 'OUTSIDE')}) AS outside, {sums} FROM added GROUP BY fund_id) AS moved"
        " WHERE funds.id = moved.fund_id; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER fund_entries_balance AFTER INSERT ON fund_entries REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION jiekun_fund_entries_balance()"
    )
    op.execute(
        "CREATE TRIGGER funds_kept BEFORE UPDATE OF allocated_fen, available_fen, committed_fen, paid_fen ON funds FOR EACH ROW WHEN (pg_trigger_depth() < 1)"
        " EXECUTE FUNCTION jiekun_refuse('the balances of a fund follow its entries')"
    )


def _pairs(*allowed: str) -> str:
    """Whether the state goes on as it may not."""
    ways = " OR ".join(
        f"(OLD.state = '{before}' AND NEW.state = '{after}')"
        for before, after in (each.split(">") for each in allowed)
    )
    return f"NEW.state <> OLD.state AND NOT ({ways})"


def _differ(*columns: str) -> str:
    return " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns)


def _cycle_of(order: str) -> str:
    return f"SELECT state FROM payment_cycles WHERE id = {order}"


def _told(kind: str) -> str:
    """Whether the ledger tells nothing of it."""
    return (
        f"NEW.state = '{kind}' AND OLD.state <> '{kind}' AND NOT EXISTS (SELECT 1 FROM fund_entries WHERE"
        f" order_id = NEW.id AND kind = '{kind}' AND amount_fen = NEW.amount_fen)"
    )


INACTIVE = (
    "NOT EXISTS (SELECT 1 FROM households JOIN files ON files.household_id = households.id"
    " JOIN grants ON grants.file_id = files.id"
    " WHERE households.id = NEW.household_id AND households.stage IN ('RECORDED', 'RELIEVED')"
    " AND grants.id = NEW.grant_id AND files.closed_on IS NULL)"
)
"""Whether the grant's own file is not the household's active one."""

OPENED = {"sqlite": "DATE(files.opened_on, 'start of month')", "postgresql": "DATE_TRUNC('month', files.opened_on)"}
"""The month in which a file was opened."""

KEPT = "NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.household_id = {household})"
OF_ORDER = "(SELECT household_id FROM payment_orders WHERE id = OLD.order_id)"
OF_GRANT = "(SELECT 1 FROM grants WHERE enrolment_id = NEW.enrolment_id)"
GRANTED = (
    "SELECT 1 FROM grants WHERE id = NEW.grant_id AND state = 'GRANTED' AND household_id = NEW.household_id"
    " AND enrolment_id = NEW.enrolment_id"
)
SUM = "(SELECT SUM(amount_fen) FROM order_months WHERE order_id = NEW.id)"
NOBODY = "1 = 1"

Rule = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""A trigger: its name, its table, before what, and by condition what is said where it holds."""


def _rules() -> Iterator[Rule]:
    yield "fund_entries_kept", "fund_entries", "UPDATE", ((NOBODY, "entries are only added"),)
    yield "fund_entries_never_deleted", "fund_entries", "DELETE", ((NOBODY, "entries are only added"),)
    yield "funds_never_deleted", "funds", "DELETE", ((NOBODY, "funds are never deleted"),)
    yield (
        "funds_begin", "funds", "INSERT",
        (("NEW.allocated_fen <> 0 OR NEW.available_fen <> 0", "a fund begins with nothing"),),
    )  # fmt: skip
    yield (
        "payment_cycles_begin", "payment_cycles", "INSERT",
        (("NEW.state <> 'DRAWN_UP'", "a cycle begins drawn up"),),
    )  # fmt: skip
    yield (
        "payment_cycles_follow", "payment_cycles", "UPDATE",
        (
            (
                _pairs("DRAWN_UP>APPROVED", "DRAWN_UP>CANCELLED", "APPROVED>CANCELLED", "APPROVED>SETTLED",
                       "SETTLED>RECONCILED"),
                "a cycle is drawn up, approved and settled in this order",
            ),
            (
                _differ("kind", "fund_id", "programme_code", "division_code", "month", "seed", "drawn_up_by"),
                "a cycle stays what was drawn up",
            ),
        ),
    )  # fmt: skip
    yield "payment_cycles_never_deleted", "payment_cycles", "DELETE", ((NOBODY, "cycles are never deleted"),)
    yield (
        "payment_orders_begin", "payment_orders", "INSERT",
        (
            ("NEW.state NOT IN ('DRAWN_UP', 'HELD')", "an order begins drawn up"),
            (f"({_cycle_of('NEW.cycle_id')}) <> 'DRAWN_UP'", "the cycle takes no orders any more"),
            (f"NOT EXISTS ({GRANTED})", "an order needs a grant"),
            (f"NEW.state = 'DRAWN_UP' AND {INACTIVE}", "no payment without an active file"),
        ),
    )  # fmt: skip
    yield (
        "payment_orders_follow", "payment_orders", "UPDATE",
        (
            (
                _pairs("DRAWN_UP>HELD", "DRAWN_UP>CANCELLED", "DRAWN_UP>SETTLED", "SETTLED>PAID", "SETTLED>RETURNED",
                       "PAID>RETURNED", "HELD>CANCELLED"),
                "an order is settled once and answered after it",
            ),
            (
                f"NEW.state = 'SETTLED' AND OLD.state <> 'SETTLED' AND ({_cycle_of('NEW.cycle_id')}) <> 'SETTLED'",
                "no payment of an unapproved cycle",
            ),
            (
                f"NEW.state = 'SETTLED' AND OLD.state <> 'SETTLED' AND {INACTIVE}",
                "no payment without an active file",
            ),
            (
                f"NEW.state = 'SETTLED' AND OLD.state <> 'SETTLED' AND COALESCE({SUM}, 0) <> NEW.amount_fen",
                "an order is the sum of its months",
            ),
            (_told("SETTLED"), "the ledger tells of every payment"),
            (_told("RETURNED"), "the ledger tells of every return"),
            (
                _differ("cycle_id", "reference", "grant_id", "household_id", "enrolment_id", "amount_fen"),
                "an order stays what was drawn up",
            ),
        ),
    )  # fmt: skip
    yield (
        "payment_orders_never_deleted", "payment_orders", "DELETE",
        ((KEPT.format(household="OLD.household_id"), "orders are never deleted"),),
    )  # fmt: skip
    yield (
        "order_months_begin", "order_months", "INSERT",
        (
            (
                "NOT EXISTS (SELECT 1 FROM payment_orders JOIN grants ON grants.id = payment_orders.grant_id"
                " WHERE payment_orders.id = NEW.order_id AND payment_orders.grant_id = NEW.grant_id"
                " AND payment_orders.state = 'DRAWN_UP'"
                " AND NEW.month BETWEEN grants.first_month AND grants.last_month)",
                "an order pays months of its grant",
            ),
            (
                "EXISTS (SELECT 1 FROM grants JOIN files ON files.id = grants.file_id WHERE grants.id = NEW.grant_id"
                f" AND NEW.month < {OPENED[op.get_bind().dialect.name]})",
                "no payment of a month before the file was opened",
            ),
        ),
    )  # fmt: skip
    yield (
        "order_months_follow", "order_months", "UPDATE",
        (
            (
                f"{_differ('order_id', 'grant_id', 'month', 'amount_fen')} OR (NEW.live AND NOT OLD.live)",
                "months of an order are only let go",
            ),
            (
                "EXISTS (SELECT 1 FROM payment_orders WHERE id = NEW.order_id"
                " AND state IN ('DRAWN_UP', 'SETTLED', 'PAID'))",
                "an order that stands keeps its months",
            ),
        ),
    )  # fmt: skip
    yield (
        "order_months_never_deleted", "order_months", "DELETE",
        ((KEPT.format(household=OF_ORDER), "orders are never deleted"),),
    )  # fmt: skip
    yield (
        "payments_begin", "payments", "INSERT",
        (
            (f"NEW.order_id IS NULL AND EXISTS {OF_GRANT}", "a grant is paid by an order"),
            (
                "NEW.order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM order_months JOIN payment_orders"
                " ON payment_orders.id = order_months.order_id WHERE payment_orders.id = NEW.order_id"
                " AND payment_orders.enrolment_id = NEW.enrolment_id AND payment_orders.state = 'SETTLED'"
                " AND order_months.month = NEW.month AND order_months.amount_fen = NEW.amount_fen)",
                "what was paid is what was settled",
            ),
        ),
    )  # fmt: skip
    yield (
        "payments_kept", "payments", "UPDATE",
        (("OLD.order_id IS NOT NULL OR NEW.order_id IS NOT NULL", "what an order paid is not changed"),),
    )  # fmt: skip
    yield (
        "payments_never_deleted", "payments", "DELETE",
        (
            (
                "OLD.order_id IS NOT NULL AND EXISTS (SELECT 1 FROM payment_orders WHERE id = OLD.order_id"
                f" AND state <> 'RETURNED') AND {KEPT.format(household=OF_ORDER)}",
                "what an order paid goes by a return alone",
            ),
        ),
    )  # fmt: skip


def _trigger(name: str, table_name: str, event: str, refusals: tuple[tuple[str, str], ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        cases = " ".join(f"SELECT RAISE(ABORT, '{told}') WHERE {condition};" for condition, told in refusals)
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table_name} BEGIN {cases} END")
        return
    cases = " ".join(
        f"IF {condition} THEN RAISE EXCEPTION '{told}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        for condition, told in refusals
    )
    row = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION jiekun_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {cases} RETURN {row}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table_name} FOR EACH ROW EXECUTE FUNCTION jiekun_{name}()")


def downgrade() -> None:
    """One step back; what orders paid stays paid, as other aid does."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table_name, _, _ in _rules():
        if table_name == "payments":
            op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table_name}")
    with op.batch_alter_table("payments") as table:
        table.drop_index("ix_payments_order_id")
        table.drop_constraint("fk_payments_order_id_payment_orders", type_="foreignkey")
        table.drop_column("order_id")
    for table_name in TABLES:
        op.drop_table(table_name)
    if not sqlite:
        for name, _, _, _ in _rules():
            op.execute(f"DROP FUNCTION jiekun_{name}()")
        op.execute("DROP FUNCTION jiekun_fund_entries_balance()")
