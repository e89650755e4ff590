"""A proposal to end a file may be taken back by whoever made it, with a reason; one that ended stays as it is."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLE = "proposals"
BEFORE = {
    "decided": "(state = 'OPEN') = (decided_at IS NULL)",
    "decided_by": "(state = 'OPEN') = (decided_by IS NULL)",
    "rejection": "(state = 'REJECTED') = (rejection IS NOT NULL)",
}
AFTER = {
    "decided": "(state IN ('APPROVED', 'REJECTED')) = (decided_at IS NOT NULL)",
    "decided_by": "(state IN ('APPROVED', 'REJECTED')) = (decided_by IS NOT NULL)",
    "rejection": "(state IN ('REJECTED', 'WITHDRAWN')) = (rejection IS NOT NULL)",
    "state": "state IN ('OPEN', 'APPROVED', 'REJECTED', 'WITHDRAWN')",
    "withdrawn": "(state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)",
}
MOMENT = sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True)
NAME, TOLD = "proposals_follow", "a proposal that ended stays as it is"
ENDED = "OLD.state <> 'OPEN' AND NEW.state <> OLD.state"


def upgrade() -> None:
    """One step forwards."""
    _made_anew(BEFORE, AFTER)
    if _sqlite():
        op.execute(
            f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{TOLD}') WHERE {ENDED}; END"
        )
        return
    op.execute(
        f"CREATE FUNCTION jiekun_{NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {ENDED} THEN"
        f" RAISE EXCEPTION '{TOLD}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION jiekun_{NAME}()")


def downgrade() -> None:
    """One step back: what was taken back was never proposed."""
    op.execute(f"DROP TRIGGER {NAME}" if _sqlite() else f"DROP TRIGGER {NAME} ON {TABLE}")
    if not _sqlite():
        op.execute(f"DROP FUNCTION jiekun_{NAME}()")
    op.execute(f"DELETE FROM {TABLE} WHERE state = 'WITHDRAWN'")
    _made_anew(AFTER, BEFORE)


def _made_anew(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """The table with other conditions, and with the moment in which a proposal was taken back, or without it."""
    with op.batch_alter_table(TABLE) as table:
        for name in before:
            table.drop_constraint(f"ck_{TABLE}_{name}", type_="check")
        if after is AFTER:
            table.add_column(MOMENT)
        else:
            table.drop_column(MOMENT.name)
        for name, text in after.items():
            table.create_check_constraint(f"ck_{TABLE}_{name}", text)


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
