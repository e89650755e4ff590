"""A few months of a small city, lived through the services and counted again at every step; benchmarks/year lives a whole year."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api import sealing
from api.database import open_engine
from api.settings import PREFIX
from benchmarks.year import city, recount
from benchmarks.year.living import live
from benchmarks.year.recount import Checks, Wrong
from tests.conftest import copied

HOUSEHOLDS, MONTHS = 160, 3
START = dt.date(2025, 12, 1)
"""So that a year and a quarter end meanwhile."""

DONE = {
    "granted", "aid by cause", "tekun", "clash", "transfer", "death", "birth", "marriage", "name", "household", "stop",
    "reduce", "unanswered", "decided unanswered", "recover", "exit", "moved away", "alone", "return",
}  # fmt: skip
LOOKED_AT = {
    "a fund's balances are its entries", "no balance is below zero", "committed is what is drawn up",
    "paid is what was settled and did not come back", "nobody is paid without an active file and an account",
    "nobody has two exclusive grants in a month", "no month of a grant is paid twice", "a month is paid what it is worth",
    "fundUse is what the entries come to", "what cycles come to is what their orders do", "a death stops nobody's aid",
    "nothing is stopped before the household was heard", "two that exclude one another are refused",
    "errors of ours are counted as they were written down",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "seed"), [("sqlite", 1), ("postgresql", 2)])
async def test_f_37_months_of_a_city_are_paid_once_and_to_the_fen(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, seed: int
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "data"))
    city.write(tmp_path / "city", HOUSEHOLDS, seed, START)
    told: list[str] = []
    async with copied(request.getfixturevalue(f"migrated_on_{kind}"), tmp_path) as url:
        made = await city.begin(
            url, sealing.vault(sealing.new_key()), tmp_path / "city", tmp_path / "data", START, seed
        )
        try:
            lived = await live(made, MONTHS, seed, told.append)
            await _would_be_noticed(url, START)
        finally:
            await made.app.state.engine.dispose()
            await made.engine.dispose()
    assert len(told) == len(lived.seconds) == MONTHS
    assert lived.done.keys() | {name.split(":")[0] for name in lived.refused} >= DONE
    assert lived.checks.keys() >= LOOKED_AT


AN_ORDER = (
    "SELECT min(p.order_id) FROM payments p JOIN payment_orders o ON o.id = p.order_id "
    "JOIN households h ON h.id = o.household_id WHERE h.stage = 'RECORDED'"
)
OF_IT = f"SELECT cycle_id FROM payment_orders WHERE id = ({AN_ORDER})"
TAMPERED = {
    "a fund's balances are its entries": "UPDATE funds SET paid_fen = paid_fen + 1, allocated_fen = allocated_fen + 1",
    "aid is known as paid just where it was": f"DELETE FROM payments WHERE order_id = ({AN_ORDER})",
    "an order is the sum of its months": f"UPDATE payment_orders SET amount_fen = amount_fen + 1 WHERE id = ({AN_ORDER})",
    "nobody is paid without an active file and an account": "UPDATE files SET closed_on = opened_on, closing = 'MOVED' "
    f"WHERE id = (SELECT g.file_id FROM grants g JOIN payment_orders o ON o.grant_id = g.id WHERE o.id = ({AN_ORDER}))",
    "nobody has two exclusive grants in a month": "UPDATE members SET overlapping = TRUE, person_id = "
    "(SELECT min(m.person_id) FROM members m JOIN grants g ON g.household_id = m.household_id WHERE m.left_on IS NULL "
    "AND g.state = 'GRANTED' AND g.period = 'MONTH')",
    "nothing is paid that was not granted": "UPDATE payments SET month = '2031-01-01' WHERE id = "
    "(SELECT max(id) FROM payments WHERE order_id IS NOT NULL)",
}  # fmt: skip
"""By check what it has to notice, once nothing in the database keeps it from being written."""


async def _would_be_noticed(url: str, month: dt.date) -> None:
    """Each of these checks fails where what it looks at is wrong."""
    engine = open_engine(url)
    for what, statement in TAMPERED.items():
        async with engine.connect() as connection:
            cycle = (await connection.execute(text(OF_IT))).scalar_one()
            await _unguarded(connection)
            await connection.execute(text(statement))
            with pytest.raises(Wrong, match=f"^{what}"):
                await _counted_again(connection, cycle, month, settled_now=what.startswith("nobody is paid"))
            await connection.rollback()
    await engine.dispose()


async def _counted_again(connection: AsyncConnection, cycle: int, month: dt.date, *, settled_now: bool) -> None:
    fund = await recount.cycle(connection, Checks(), cycle, settled_now=settled_now)
    await recount.fund(connection, Checks(), fund)
    await recount.month_end(connection, Checks(), month)


async def _unguarded(connection: AsyncConnection) -> None:
    """No trigger and no key watches over what is written until the transaction is rolled back."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    triggers = await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    for name in triggers.all():
        await connection.execute(text(f"DROP TRIGGER {name}"))
