"""Donors, their pledges and what came of them; what came is reckoned by the database, and referrals may draw on a pledge."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)

TABLES = ("donation_receipts", "donation_pledges", "donors")
"""Children first."""


def upgrade() -> None:
    """One step forwards."""
    _donors()
    _pledges()
    _receipts()
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(  # SQLite would make the table anew, of which triggers tell
        f"ALTER TABLE referrals ADD COLUMN pledge_id {kind}"
        " CONSTRAINT fk_referrals_pledge_id_donation_pledges REFERENCES donation_pledges (id)"
    )
    op.create_index("ix_referrals_pledge_id", "referrals", ["pledge_id"])
    _came()
    for name, table_name, event, refusals in _rules():
        _trigger(name, table_name, event, refusals)


def _donors() -> None:
    op.create_table(
        "donors",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("registered_by", KEY, nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_donors_version"),
        sa.CheckConstraint("kind IN ('ORGANISATION', 'PERSON')", name="ck_donors_kind"),
        sa.CheckConstraint("anonymous OR name IS NOT NULL", name="ck_donors_named"),
        sa.CheckConstraint("organisation_id IS NULL OR kind = 'ORGANISATION'", name="ck_donors_organisation"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_donors_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["registered_by"], ["users.id"], name="fk_donors_registered_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_donors"),
    )
    op.create_index("ix_donors_division_code_id", "donors", ["division_code", "id"])


def _pledges() -> None:
    op.create_table(
        "donation_pledges",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("donor_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=True),
        sa.Column("goods", sa.LargeBinary(), nullable=True),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("programme_code", sa.String(), nullable=True),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("received_fen", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closing", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name="ck_donation_pledges_version"),
        sa.CheckConstraint(
            "(kind = 'MONEY' AND amount_fen > 0 AND goods IS NULL) OR "
            "(kind = 'IN_KIND' AND amount_fen IS NULL AND goods IS NOT NULL AND received_fen = 0)",
            name="ck_donation_pledges_kind",
        ),
        sa.CheckConstraint(
            "state IN ('PLEDGED', 'PARTLY_RECEIVED', 'RECEIVED', 'WITHDRAWN', 'LAPSED')",
            name="ck_donation_pledges_state",
        ),
        sa.CheckConstraint(
            "received_fen >= 0 AND (amount_fen IS NULL OR received_fen <= amount_fen)",
            name="ck_donation_pledges_received",
        ),
        sa.CheckConstraint(
            "kind <> 'MONEY' OR state NOT IN ('PLEDGED', 'PARTLY_RECEIVED', 'RECEIVED') OR "
            "state = CASE WHEN received_fen = 0 THEN 'PLEDGED' WHEN received_fen = amount_fen THEN 'RECEIVED' "
            "ELSE 'PARTLY_RECEIVED' END",
            name="ck_donation_pledges_came",
        ),
        sa.ForeignKeyConstraint(["donor_id"], ["donors.id"], name="fk_donation_pledges_donor_id_donors"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programmes.code"], name="fk_donation_pledges_programme_code_programmes"
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name="fk_donation_pledges_recorded_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_donation_pledges"),
    )
    op.create_index("ix_donation_pledges_donor_id", "donation_pledges", ["donor_id"])
    op.create_index("ix_donation_pledges_division_code_id", "donation_pledges", ["division_code", "id"])
    op.create_index("ix_donation_pledges_state_until", "donation_pledges", ["state", "until"])


def _receipts() -> None:
    op.create_table(
        "donation_receipts",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("pledge_id", KEY, nullable=False),
        sa.Column("amount_fen", KEY, nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("receipt_no", CODE, nullable=False),
        sa.Column("fund_entry_id", KEY, nullable=True),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.CheckConstraint("(amount_fen IS NULL) = (fund_entry_id IS NULL)", name="ck_donation_receipts_entry"),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="ck_donation_receipts_amount"),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["donation_pledges.id"], name="fk_donation_receipts_pledge_id_donation_pledges"
        ),
        sa.ForeignKeyConstraint(
            ["fund_entry_id"], ["fund_entries.id"], name="fk_donation_receipts_fund_entry_id_fund_entries"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_donation_receipts_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_donation_receipts"),
        sa.UniqueConstraint("receipt_no", name="uq_donation_receipts_receipt_no"),
        sa.UniqueConstraint("fund_entry_id", name="uq_donation_receipts_fund_entry_id"),
    )
    op.create_index("ix_donation_receipts_pledge_id", "donation_receipts", ["pledge_id"])


CAME = (
    "UPDATE donation_pledges SET received_fen = received_fen + COALESCE(NEW.amount_fen, 0), state = CASE WHEN"
    " (kind = 'MONEY' AND received_fen + NEW.amount_fen = amount_fen) OR (kind = 'IN_KIND' AND NEW.complete)"
    " THEN 'RECEIVED' ELSE 'PARTLY_RECEIVED' END WHERE id = NEW.pledge_id;"
)


def _came() -> None:
    """What a receipt does to its pledge."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER donation_receipts_came AFTER INSERT ON donation_receipts BEGIN {CAME} END")
        return
    op.execute(
        "CREATE FUNCTION jiekun_donation_receipts_came() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {CAME} RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER donation_receipts_came AFTER INSERT ON donation_receipts FOR EACH ROW"
        " EXECUTE FUNCTION jiekun_donation_receipts_came()"
    )


NOBODY = "1 = 1"
OPEN = "('PLEDGED', 'PARTLY_RECEIVED')"
ENTRY = (
    "SELECT 1 FROM fund_entries JOIN funds ON funds.id = fund_entries.fund_id"
    " WHERE fund_entries.id = NEW.fund_entry_id AND fund_entries.kind = 'ALLOCATED' AND funds.source = 'SOCIAL'"
    " AND fund_entries.amount_fen = NEW.amount_fen"
)
CAME_BY_RECEIPTS = (
    "(SELECT COALESCE(SUM(amount_fen), 0) FROM donation_receipts WHERE pledge_id = NEW.id) <> NEW.received_fen"
)

Rule = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""A trigger: its name, its table, before what, and by condition what is said where it holds."""


def _rules() -> Iterator[Rule]:
    yield (
        "donation_pledges_begin", "donation_pledges", "INSERT",
        (("NEW.state <> 'PLEDGED' OR NEW.received_fen <> 0", "a pledge begins with nothing"),),
    )  # fmt: skip
    yield (
        "donation_pledges_follow", "donation_pledges", "UPDATE",
        (
            (f"NEW.state <> OLD.state AND OLD.state NOT IN {OPEN}", "a pledge that ended stays as it is"),
            (
                "NEW.donor_id <> OLD.donor_id OR NEW.kind <> OLD.kind OR NEW.until <> OLD.until"
                " OR NEW.division_code <> OLD.division_code OR COALESCE(NEW.amount_fen, 0) <> COALESCE(OLD.amount_fen, 0)",
                "a pledge stays what was promised",
            ),
            (CAME_BY_RECEIPTS, "what came of a pledge follows its receipts"),
        ),
    )  # fmt: skip
    yield "donation_pledges_never_deleted", "donation_pledges", "DELETE", ((NOBODY, "pledges are never deleted"),)
    yield (
        "donation_receipts_begin", "donation_receipts", "INSERT",
        (
            (
                f"NOT EXISTS (SELECT 1 FROM donation_pledges WHERE id = NEW.pledge_id AND state IN {OPEN}"
                " AND (kind = 'MONEY') = (NEW.amount_fen IS NOT NULL))",
                "nothing more comes of this pledge",
            ),
            (f"NEW.amount_fen IS NOT NULL AND NOT EXISTS ({ENTRY})", "the ledger tells of all money that came"),
        ),
    )  # fmt: skip
    yield "donation_receipts_kept", "donation_receipts", "UPDATE", ((NOBODY, "receipts are only added"),)
    yield "donation_receipts_never_deleted", "donation_receipts", "DELETE", ((NOBODY, "receipts are only added"),)


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
    """One step back; money that came stays in its fund."""
    op.drop_index("ix_referrals_pledge_id", "referrals")
    op.execute("ALTER TABLE referrals DROP COLUMN pledge_id")
    for table_name in TABLES:
        op.drop_table(table_name)
    if op.get_bind().dialect.name != "sqlite":
        for name, _, _, _ in _rules():
            op.execute(f"DROP FUNCTION jiekun_{name}()")
        op.execute("DROP FUNCTION jiekun_donation_receipts_came()")
