"""Month after month: aid is proposed and granted, paid, sent back and paid again, while people move, die, marry and are born."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text

from api.database import reading
from api.domain.clocks import months_after
from api.services import funds
from benchmarks.year import recount, statistics
from benchmarks.year.city import LIVING, City
from benchmarks.year.lives import Lives
from benchmarks.year.money import AGAIN, CANCELLED, SOURCES, Books, at, pay_again
from benchmarks.year.recount import Checks

QUARTERS = (1, 4, 7, 10)
A_HEAD = {LIVING: 600_00 * 3}
OTHERWISE, LEAST = 100_00, 100_000_00
ON_FILE = text("SELECT division_code, count(*) FROM households WHERE stage IN ('RECORDED', 'RELIEVED') GROUP BY 1")
Tell = Callable[[str], None]


@dataclass
class Lived:
    """A year that was lived: what was done, what was refused, what was looked at, and how long each month took."""

    done: Counter[str]
    refused: Counter[str]
    steps: Counter[str]
    checks: Counter[str]
    seconds: list[float] = field(default_factory=list)


async def live(city: City, months: int, seed: int, tell: Tell) -> Lived:
    """So many months, each looked at as a whole when it is over. Raises Wrong at the first thing that does not hold."""
    checks, rng = Checks(), random.Random(f"year {seed}")
    books, lives = Books(city, checks, rng), Lives(city, checks, rng)
    lived = Lived(lives.done, lives.refused, books.steps, checks.made)
    for place in range(months):
        began, month = time.monotonic(), months_after(city.start, place)
        await _month(city, books, lives, month, last=place == months - 1)
        lived.seconds.append(time.monotonic() - began)
        left = (months - place - 1) * lived.seconds[-1]
        tell(
            f"{month:%Y-%m}: {lived.seconds[-1]:.0f} s, {lives.done.total():,} acts, {books.steps.total():,} steps of "
            f"money, {checks.made.total():,} checks; about {left / 60:.0f} min left"
        )
    return lived


async def _month(city: City, books: Books, lives: Lives, month: dt.date, *, last: bool) -> None:
    city.now = at(month, 2)
    await lives.begin(month)
    if month.month in QUARTERS or month == city.start:
        await _allocate(city, books, month)
    await lives.before_payment()
    city.now = at(month, 8)
    drawn = []
    for county in city.counties.values():
        for programme in SOURCES:
            key = await books.draw_up(county, programme, month)
            if key is not None and books.rng.random() < CANCELLED:
                await books.cancel(county, key)
                key = await books.draw_up(county, programme, month)
            if key is not None and not await books.pays(key):
                await books.cancel(county, key)
            elif key is not None:
                drawn.append((county, key))
    city.now = at(month, 9)
    for county, key in drawn:
        await books.approve(county, key)
    await lives.while_paying()
    city.now = at(month, 10)
    for county, key in drawn:
        await books.settle(county, key)
    city.now = at(month, 12)
    for county, key in drawn:
        await books.answer(county, key)
    city.now = at(month, 15)
    await pay_again(books, 1.0 if last else AGAIN)
    city.now = at(month, 20)
    await lives.after_payment()
    city.now = at(month, 27)
    if last:
        for county in city.counties.values():
            await books.take_back(county, LIVING, 1_000_00, month.year)
    await _over(city, books, lives, month)


async def _allocate(city: City, books: Books, month: dt.date) -> None:
    async with reading(city.engine) as connection:
        homes = {row[0]: row[1] for row in await connection.execute(ON_FILE)}
    for county in city.counties.values():
        for programme in SOURCES:
            fen = LEAST + homes.get(county.code, 0) * A_HEAD.get(programme, OTHERWISE)
            await books.allocate(county, programme, fen, month.year)


async def _over(city: City, books: Books, lives: Lives, month: dt.date) -> None:
    """The month is looked at as a whole: all funds, all that was granted, everybody's aid, and what the service says of it."""
    await lives.went_on()
    async with reading(city.engine) as connection:
        for (key,) in (await connection.execute(text("SELECT id FROM funds ORDER BY id"))).all():
            await recount.fund(connection, books.checks, key)
        books.checks.holds("the service finds no fund that differs", await funds.differing(connection) == [])
        await recount.month_end(connection, books.checks, month)
        await statistics.compare(city, connection, books.checks, month)
