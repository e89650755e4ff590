"""The feeds in use prepared for look-ups, what a check of a household found in them, and who asked for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
INDEXES, HOUSEHOLDS, APPLICANTS = "feed_indexes", "household_checks", "applicant_checks"


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        INDEXES,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("feeds", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{INDEXES}"),
    )
    op.create_table(
        HOUSEHOLDS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("feed_index", KEY, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _key(HOUSEHOLDS, "request_id", "verification_requests.id"),
        _key(HOUSEHOLDS, "household_id", "households.id"),
        sa.UniqueConstraint("request_id", name=f"uq_{HOUSEHOLDS}_request_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{HOUSEHOLDS}"),
    )
    op.create_index(f"ix_{HOUSEHOLDS}_household_id", HOUSEHOLDS, ["household_id"])
    op.create_table(
        APPLICANTS,
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        _key(APPLICANTS, "request_id", "verification_requests.id"),
        _key(APPLICANTS, "household_id", "households.id"),
        _key(APPLICANTS, "member_id", "members.id"),
        _key(APPLICANTS, "user_id", "users.id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{APPLICANTS}"),
    )
    op.create_index(f"ix_{APPLICANTS}_user_id_asked_at", APPLICANTS, ["user_id", "asked_at"])
    for column in ("request_id", "household_id", "member_id"):
        op.create_index(f"ix_{APPLICANTS}_{column}", APPLICANTS, [column])


def downgrade() -> None:
    """One step back."""
    for table in (APPLICANTS, HOUSEHOLDS, INDEXES):
        op.drop_table(table)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}_{to.partition('.')[0]}")
