"""Households are verified: what is asked of whom about which member, and what each kind of data says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
REQUESTS, ANSWERS = "verification_requests", "verification_answers"
OPEN = sa.text("state = 'OPEN'")


def upgrade() -> None:
    """One step forwards."""
    _requests()
    _answers()


def downgrade() -> None:
    """One step back."""
    op.drop_table(ANSWERS)
    op.drop_table(REQUESTS)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}_{to.partition('.')[0]}")


def _requests() -> None:
    op.create_table(
        REQUESTS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=True),
        sa.Column("previous_id", KEY, nullable=True),
        sa.Column("objection_id", KEY, nullable=True),
        sa.Column("round", KEY, nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("requested_by", KEY, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("conclusion", sa.LargeBinary(), nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name=f"ck_{REQUESTS}_version"),
        sa.CheckConstraint("(round = 1) = (previous_id IS NULL)", name=f"ck_{REQUESTS}_round"),
        sa.CheckConstraint("(state = 'CLOSED') = (closed_at IS NOT NULL)", name=f"ck_{REQUESTS}_closed"),
        sa.CheckConstraint("(state = 'CLOSED') = (conclusion IS NOT NULL)", name=f"ck_{REQUESTS}_concluded"),
        sa.CheckConstraint("(occasion = 'OBJECTION') = (objection_id IS NOT NULL)", name=f"ck_{REQUESTS}_objection"),
        _key(REQUESTS, "household_id", "households.id"),
        _key(REQUESTS, "file_id", "files.id"),
        _key(REQUESTS, "previous_id", f"{REQUESTS}.id"),
        _key(REQUESTS, "objection_id", "objections.id"),
        _key(REQUESTS, "requested_by", "users.id"),
        _key(REQUESTS, "closed_by", "users.id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{REQUESTS}"),
    )
    op.create_index(
        f"uq_{REQUESTS}_open", REQUESTS, ["household_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index(f"ix_{REQUESTS}_household_id_id", REQUESTS, ["household_id", "id"])
    op.create_index(f"ix_{REQUESTS}_state_due_on", REQUESTS, ["state", "due_on"])


def _answers() -> None:
    op.create_table(
        ANSWERS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_by", KEY, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("version > 0", name=f"ck_{ANSWERS}_version"),
        sa.CheckConstraint("(organisation_id IS NULL) = (due_on IS NULL)", name=f"ck_{ANSWERS}_asked"),
        sa.CheckConstraint("(origin IS NULL) = (answered_at IS NULL)", name=f"ck_{ANSWERS}_answered"),
        sa.CheckConstraint("answer <> 'VALUE' OR origin IS NOT NULL", name=f"ck_{ANSWERS}_told"),
        _key(ANSWERS, "request_id", f"{REQUESTS}.id"),
        _key(ANSWERS, "household_id", "households.id"),
        _key(ANSWERS, "member_id", "members.id"),
        _key(ANSWERS, "source", "departments.code"),
        _key(ANSWERS, "organisation_id", "organisations.id"),
        _key(ANSWERS, "answered_by", "users.id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{ANSWERS}"),
    )
    op.create_index(f"uq_{ANSWERS}_of", ANSWERS, ["request_id", "member_id", "source"], unique=True)
    op.create_index(f"ix_{ANSWERS}_organisation_id_id", ANSWERS, ["organisation_id", "id"])
    op.create_index(f"ix_{ANSWERS}_household_id", ANSWERS, ["household_id"])
    op.create_index(f"ix_{ANSWERS}_member_id", ANSWERS, ["member_id"])
