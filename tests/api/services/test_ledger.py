"""The ledger holds: whatever is done in whatever order, it balances, no fund is below zero, and it is what became of the orders."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DatabaseError

from api import migrations
from api.database import open_engine, transaction
from api.domain.errors import NotDone
from api.domain.ledger import Entry, FundAccount, FundEntryKind, FundSource, Ledger, Overdrawn
from api.models import Fund, FundEntry, OrderMonth, Payment
from api.sealing import Vault, new_key, vault
from api.services import funds
from tests.api import county, paying
from tests.api.county import COUNTY, Officers
from tests.api.paying import MONTH, NOW, O, Paying, granted, said

CLIENTS = 32
ONCE = ("pay", "return", "repay", "cancel", "allocate", "take_back")
STEPS = ("grant", "draw_up", "approve", "settle", "approve", "settle", *ONCE)
BEGINNING = [
    ("grant", 7),
    ("grant", 8),
    ("grant", 9),
    ("draw_up", 0),
    ("approve", 1),
    ("settle", 1),
    ("pay", 1),
    ("return", 1),
]
SUITS = {"approve": "DRAWN_UP", "settle": "APPROVED", "cancel": "APPROVED", "pay": "SETTLED", "return": "SETTLED"}
"""Mostly a step is tried where it may be done, and sometimes anywhere."""
KINDS = st.sampled_from(FundEntryKind)
on_postgresql_alone, on_sqlite_alone = (
    pytest.mark.parametrize("migrated", [name], indirect=True) for name in ("postgresql", "sqlite")
)


@given(st.lists(st.tuples(KINDS, st.integers(1, 3), st.integers(1, 50), st.integers(0, 30)), max_size=60))
def test_whatever_is_entered_all_accounts_together_come_to_nothing(entries: list[tuple[Any, int, int, int]]) -> None:
    ledger, taken = Ledger(), 0
    for kind, fund, amount, reference in entries:
        with suppress(Overdrawn):
            taken += ledger.add(Entry(fund, kind, amount, f"{fund}:{reference}"))
        assert ledger.total() == 0
        assert all(each >= 0 or account is FundAccount.OUTSIDE for (_, account), each in ledger.balances.items())
    assert taken == len(ledger.references)


@given(st.sampled_from(FundEntryKind), st.integers(max_value=0))
def test_no_entry_is_of_nothing_or_less(kind: FundEntryKind, amount: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Ledger().add(Entry(1, kind, amount, "x"))


async def walk(books: Paying, steps: Sequence[tuple[str, int]]) -> None:
    """Does these steps one after the other, each with the cycle or order that the number falls on; after each all is sound."""
    cycles: list[int] = []
    for step, number in steps:
        waiting = [each for each in cycles if number % 4 == 0 or await books.state(each) == SUITS.get(step)] or cycles
        cycle = waiting[number % len(waiting)] if waiting else 0
        with suppress(NotDone):
            if step == "grant":
                await granted(
                    books, 1 + number, first=number % 4, last=-(number % 2), account="62" if number % 5 else None
                )
            elif step == "draw_up":
                cycles.append(await books.draw_up(ago=number % 3))
            elif step == "approve":
                await books.approve(cycle)
            elif step == "settle":
                await books.settle(cycle)
            elif step == "cancel":
                await books.cancel(cycle)
            elif step in ("pay", "return"):
                orders = [each for each in await books.orders(cycle) if each.state in ("SETTLED", "PAID")]
                some = orders[: 1 + number % 3]
                result = "成功" if step == "pay" else "退回"
                await books.answer(
                    cycle, [said(each, result, row) for row, each in enumerate(some, 2)], f"{step}{number}"
                )
            elif step == "repay":
                returned = [each.id for each in await books.orders() if each.state == "RETURNED"]
                if returned:
                    cycles.append(await books.repay(returned[number % len(returned)]))
            else:
                await allocate(books, 1 + number, back=step == "take_back")
        await check(books, f"after {step}")


async def allocate(books: Paying, fen: int, *, back: bool) -> None:
    async with transaction(books.engine) as connection:
        document = f"{fen}-{await connection.scalar(select(func.count(FundEntry.id)))}"
        told = (FundSource.UNION, COUNTY, MONTH.year, fen, document, NOW)
        await funds.allocate(connection, books.officers["chief"], *told, back=back)


async def check(books: Paying, when: str) -> None:
    """All accounts come to nothing, none is below zero, the ledger is what became of the orders, and payments are, too."""
    assert await books.sound(), when
    async with transaction(books.engine) as connection:
        for fund in (await connection.execute(select(Fund.__table__))).all():
            assert fund.allocated_fen == fund.available_fen + fund.committed_fen + fund.paid_fen, when
            assert min(fund.available_fen, fund.committed_fen, fund.paid_fen) >= 0, when
        paid = await connection.scalar(select(func.coalesce(func.sum(Payment.amount_fen), 0)))
        stand = select(func.coalesce(func.sum(O.amount_fen), 0)).where(O.state.in_(("SETTLED", "PAID")))
        assert paid == await connection.scalar(stand), when
        live = (
            select(func.count())
            .select_from(OrderMonth)
            .where(OrderMonth.live)
            .group_by(OrderMonth.grant_id, OrderMonth.month)
        )
        assert set(await connection.scalars(live)) <= {1}, when


def complete(work: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Vault, Callable[[], tuple[Officers, int]]]:
    """A county's books on SQLite, to be copied for each walk."""
    path, sealing = tmp_path_factory.mktemp("ledger") / "books.db", vault(new_key())
    kept: list[tuple[Officers, int]] = []

    async def fill() -> None:
        engine = open_engine(f"sqlite:///{path}")
        await migrations.upgrade(engine)
        async with transaction(engine) as connection:
            officers = await county.officers(connection, NOW)
        books = await paying.books(engine, sealing, officers, 3_00)
        kept.append((officers, books.fund))
        await engine.dispose()

    complete(fill())
    return path, sealing, lambda: kept[0]


@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 99)), min_size=4, max_size=24))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_f_37_any_sequence_of_steps_leaves_the_ledger_balanced_and_equal_to_the_orders(
    template: tuple[Path, Vault, Callable[[], tuple[Officers, int]]], tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    path, sealing, kept = template
    shutil.copyfile(path, tmp_path / "books.db")
    officers, fund = kept()

    async def run() -> None:
        engine = open_engine(f"sqlite:///{tmp_path}/books.db")
        await walk(Paying(engine, sealing, officers, fund), [*BEGINNING, *steps])
        await engine.dispose()

    complete(run())


@on_postgresql_alone
async def test_a_long_walk_on_postgresql(books: Paying) -> None:
    chance = random.Random(2026)
    await walk(books, [*BEGINNING, *((chance.choice(STEPS), chance.randrange(100)) for _ in range(80))])
    states = {each.state for each in await books.orders()}
    assert states >= {"PAID", "RETURNED"}, "the walk came by all of it"


@on_postgresql_alone
async def test_of_32_who_draw_up_the_same_month_one_does(books: Paying) -> None:
    for _ in range(5):
        await granted(books, 10_00)
    done = await asyncio.gather(*(books.draw_up() for _ in range(CLIENTS)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["NotDone"] * (CLIENTS - 1) + ["int"]
    (cycle,) = [each for each in done if isinstance(each, int)]
    approved = await asyncio.gather(*(books.approve(cycle) for _ in range(CLIENTS)), return_exceptions=True)
    settled = await asyncio.gather(*(books.settle(cycle) for _ in range(CLIENTS)), return_exceptions=True)
    for answers in (approved, settled):
        assert [each for each in answers if each is None] == [None]
    lines = [
        said(each, "退回" if place == 0 else "成功", place + 2)
        for place, each in enumerate(await books.orders(cycle))
    ]
    taken = await asyncio.gather(*(books.answer(cycle, lines, "one file") for _ in range(CLIENTS)))
    assert {(each.paid, each.returned) for each in taken} == {(4, 1)}
    assert (await books.balances(), await books.sound()) == ((960_00, 0, 40_00), True)
    returned = (await books.orders(cycle))[0].id
    again = await asyncio.gather(*(books.repay(returned) for _ in range(CLIENTS)), return_exceptions=True)
    assert [type(each).__name__ for each in again if not isinstance(each, NotDone)] == ["int"]


@on_postgresql_alone
async def test_no_fund_falls_below_zero_however_many_draw_on_it(books: Paying) -> None:
    """Through the service, and past it: ten times a hundred yuan are there, and thirty-two want a hundred."""

    async def back(number: int) -> None:
        async with transaction(books.engine) as connection:
            told = (FundSource.UNION, COUNTY, MONTH.year, 50_00, f"退{number}", NOW)
            await funds.allocate(connection, books.officers["chief"], *told, back=True)

    async def by_hand(number: int) -> None:
        row = {"fund_id": books.fund, "kind": "COMMITTED", "credit": "AVAILABLE", "debit": "COMMITTED"}
        told = {"amount_fen": 50_00, "reference": f"HAND:{number}", "order_id": number, "happened_at": NOW}
        async with transaction(books.engine) as connection:
            user = books.officers["chief"].user_id
            await connection.execute(insert(FundEntry).values(**row, **told, user_id=user))

    acts = [back(number) if number % 2 else by_hand(number) for number in range(CLIENTS)]
    done = await asyncio.gather(*acts, return_exceptions=True)
    assert [each for each in done if each is None] == [None] * 20
    assert all(isinstance(each, NotDone | DatabaseError) for each in done if each is not None)
    available, committed, paid = await books.balances()
    assert (available, paid) == (0, 0)
    async with transaction(books.engine) as connection:
        entered = select(func.count(FundEntry.id)).where(FundEntry.kind == "COMMITTED")
        assert committed == 50_00 * int(await connection.scalar(entered) or 0)


@on_postgresql_alone
async def test_the_balances_of_a_fund_are_nobody_s_to_write(books: Paying) -> None:
    with pytest.raises(DatabaseError, match="follow its entries"):
        async with transaction(books.engine) as connection:
            await connection.execute(update(Fund).values(available_fen=Fund.available_fen + 1))


@on_sqlite_alone
async def test_a_recount_finds_a_balance_that_a_hand_has_written(books: Paying) -> None:
    """SQLite cannot tell a trigger's hand from another."""
    assert await books.sound()
    async with transaction(books.engine) as connection:
        more = {name: Fund.__table__.c[name] + 1 for name in ("available_fen", "allocated_fen")}
        await connection.execute(update(Fund).values(more))
    assert not await books.sound()


async def test_a_recount_finds_what_a_hand_has_changed(books: Paying) -> None:
    await granted(books, 10_00)
    await books.paid()
    assert await books.sound()
    async with transaction(books.engine) as connection:
        row = {"fund_id": books.fund, "kind": "RETURNED", "credit": "PAID", "debit": "AVAILABLE", "amount_fen": 1_00}
        user = books.officers["chief"].user_id
        told = {"reference": "HAND:1", "order_id": 1, "user_id": user, "happened_at": NOW}
        await connection.execute(insert(FundEntry).values(**row, **told))
    assert not await books.sound()
