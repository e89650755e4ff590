"""Where a lead stood when a scan withdrew it is kept, and what waited then for a second officer lapses with it (F-3, F-11, F-18)."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

STATES = "'PROPOSED', 'CONFIRMED', 'REJECTED', 'WITHDRAWN'"
WAITING = "uq_conclusions_waiting"
LAPSED = "(state = 'LAPSED') = (lapsed_because IS NOT NULL)"
FROM = "(withdrawn_because IS NULL) = (withdrawn_from IS NULL)"
QUEUE, LIVE = "ix_findings_queue_place_id", sa.text("state NOT IN ('CLOSED', 'WITHDRAWN')")
ASKED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {each} WHERE {each}.finding_id = findings.id)" for each in ("lead_notices", "inquiries")
) + (" OR EXISTS (SELECT 1 FROM reviews WHERE reviews.id = findings.review_id AND reviews.outcome = 'NEEDS_INQUIRY')")
"""Whether somebody had asked about a lead; one that a person has concluded on is closed."""


def upgrade() -> None:
    """One step forwards: a lead that somebody had asked about stood in inquiry, and what waits on a withdrawn one has lapsed."""
    op.drop_index(QUEUE, "findings")
    op.add_column("findings", sa.Column("withdrawn_from", sa.String(), nullable=True))
    op.execute(
        "UPDATE findings SET withdrawn_from = CASE WHEN state <> 'WITHDRAWN' THEN state"
        f" WHEN {ASKED} THEN 'IN_INQUIRY' ELSE 'OPEN' END WHERE withdrawn_because IS NOT NULL"
    )
    with op.batch_alter_table("findings") as table:
        table.create_check_constraint("ck_findings_withdrawn_from", FROM)
    op.create_index(QUEUE, "findings", ["queue_place", "id"], postgresql_where=LIVE, sqlite_where=LIVE)
    _conclusions(f"{STATES}, 'LAPSED'", lapse=True)
    op.execute(
        "UPDATE conclusions SET state = 'LAPSED', lapsed_because ="
        " (SELECT withdrawn_because FROM findings WHERE findings.id = conclusions.finding_id)"
        " WHERE state = 'PROPOSED' AND EXISTS (SELECT 1 FROM findings"
        " WHERE findings.id = conclusions.finding_id AND findings.withdrawn_because IS NOT NULL)"
    )


def downgrade() -> None:
    """One step back: what has lapsed was never proposed."""
    _conclusions(STATES, lapse=False)
    op.drop_index(QUEUE, "findings")
    with op.batch_alter_table("findings") as table:
        table.drop_constraint("ck_findings_withdrawn_from", type_="check")
        table.drop_column("withdrawn_from")
    op.create_index(QUEUE, "findings", ["queue_place", "id"], postgresql_where=LIVE, sqlite_where=LIVE)


def _conclusions(states: str, *, lapse: bool) -> None:
    """The table with these states, and the reason for one, or without it and those that have lapsed.

    On SQLite it is made anew: triggers that are on it, or read it, are taken away meanwhile, and put back as they were.
    """
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    triggers: list[tuple[str, str]] = []
    if sqlite:
        reading = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%conclusions%' ORDER BY name"
        )
        triggers = [(row.name, row.sql) for row in connection.execute(sa.text(reading))]
        for name, _ in triggers:
            op.execute(f"DROP TRIGGER {name}")
        op.drop_index(WAITING, "conclusions")
    if not lapse:
        if not sqlite:
            op.execute("ALTER TABLE conclusions DISABLE TRIGGER conclusions_never_deleted")
        op.execute("DELETE FROM conclusions WHERE state = 'LAPSED'")
        if not sqlite:
            op.execute("ALTER TABLE conclusions ENABLE TRIGGER conclusions_never_deleted")
    with op.batch_alter_table("conclusions") as table:
        table.drop_constraint("ck_conclusions_state", type_="check")
        table.create_check_constraint("ck_conclusions_state", f"state IN ({states})")
        if lapse:
            table.add_column(sa.Column("lapsed_because", sa.String(), nullable=True))
            table.create_check_constraint("ck_conclusions_lapsed", LAPSED)
        else:
            table.drop_constraint("ck_conclusions_lapsed", type_="check")
            table.drop_column("lapsed_because")
    if sqlite:
        where = sa.text("state = 'PROPOSED'")
        op.create_index(WAITING, "conclusions", ["finding_id"], unique=True, sqlite_where=where)
    for _, statement in triggers:
        op.execute(statement)
