"""The month's money: funds are allocated, cycles drawn up, approved, settled and answered, and what came back is paid again.

After each step the fund and the cycle are counted again (`recount`), in a transaction that begins when the step is done.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import reading, transaction
from api.domain import days
from api.domain.casework import path
from api.domain.donations import DonorKind
from api.domain.errors import NotDone
from api.domain.ledger import FundSource
from api.domain.payments import CheckOutcome
from api.services import bank, corrections, cycles, donations, funds, payment_checks, settlement
from api.services.donations import Pledged, Received, Registered
from api.sheets import Line
from benchmarks.year import recount
from benchmarks.year.city import AUTUMN, LIVING, TEKUN, TEMPORARY, City, County, moment
from benchmarks.year.recount import Checks

SOURCES = {
    LIVING: FundSource.UNION, AUTUMN: FundSource.SOCIAL, TEKUN: FundSource.CENTRAL, TEMPORARY: FundSource.COUNTY,
}  # fmt: skip
RETURNED, CANCELLED, AGAIN = 0.003, 0.03, 0.7
"""How much of what is paid the bank sends back, how often a cycle is cancelled, how much is paid again in the same month."""

NOTHING_DUE = path("month")
Act = Callable[..., Awaitable[int]]


@dataclass
class Books:
    """The city's money in its year, each step of it looked at."""

    city: City
    checks: Checks
    rng: random.Random
    steps: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    allocated: dict[tuple[str, str], int] = field(default_factory=dict)
    """By county and programme the fund of this year."""

    async def allocate(self, county: County, programme: str, fen: int, year: int) -> None:
        """Money comes in for a programme of a county."""
        self.documents += 1
        document = f"安财〔{year}〕{self.documents}号"
        async with transaction(self.city.engine) as connection:
            if SOURCES[programme] is FundSource.SOCIAL:
                self.allocated[county.code, programme] = await self._given(connection, county, year, fen, document)
            else:
                told = (SOURCES[programme], county.code, year, fen, document, self.city.now)
                self.allocated[county.code, programme] = await funds.allocate(connection, county.chief, *told)
        await self._fund("allocated", self.allocated[county.code, programme])

    async def _given(self, connection: AsyncConnection, county: County, year: int, fen: int, receipt: str) -> int:
        """An enterprise pledges the sum and gives it on the same day; the key of the fund into which it goes."""
        vault, now = self.city.vault, self.city.now
        today = days.today(now)
        who = Registered(DonorKind.ORGANISATION, county.code, "某某企业")
        donor = await donations.register(connection, vault, county.clerk, who, now)
        promised = Pledged(county.code, today, fen)
        pledge = await donations.pledge(connection, vault, county.clerk, donor, promised, now)
        await donations.receive(connection, county.chief, pledge, 1, Received(today, receipt, fen), now)
        assert today.year == year, "what is given is the fund's of the year in which it comes"
        fund = text("SELECT id FROM funds WHERE source = 'SOCIAL' AND division_code = :county AND year = :year")
        return int((await connection.execute(fund, {"county": county.code, "year": year})).scalar_one())

    async def take_back(self, county: County, programme: str, fen: int, year: int) -> None:
        """Some of it goes back to where it came from."""
        self.documents += 1
        told = (SOURCES[programme], county.code, year, fen, f"安财〔{year}〕{self.documents}号", self.city.now)
        async with transaction(self.city.engine) as connection:
            fund = await funds.allocate(connection, county.chief, *told, back=True)
        await self._fund("taken back", fund)

    async def draw_up(self, county: County, programme: str, month: dt.date) -> int | None:
        """A cycle; None where by then nothing is due."""
        of = (self.allocated[county.code, programme], programme, county.code, month)
        try:
            async with transaction(self.city.engine) as connection:
                key = await cycles.draw_up(connection, self.city.vault, county.clerk, *of, self.city.now)
        except NotDone as refused:
            if refused.path != NOTHING_DUE:
                raise
            return None
        await self._cycle("drawn up", key)
        return key

    async def approve(self, county: County, key: int) -> None:
        """It is approved by another officer than who drew it up."""
        async with transaction(self.city.engine) as connection:
            await cycles.approve(connection, county.chief, key, None, self.city.now)
        await self._cycle("approved", key)

    async def pays(self, key: int) -> bool:
        """Whether not every order of the cycle is held."""
        drawn = text("SELECT count(*) FROM payment_orders WHERE cycle_id = :cycle AND state = 'DRAWN_UP'")
        async with reading(self.city.engine) as connection:
            return bool((await connection.execute(drawn, {"cycle": key})).scalar_one())

    async def cancel(self, county: County, key: int) -> None:
        """Nothing of it is paid."""
        async with transaction(self.city.engine) as connection:
            await cycles.cancel(
                connection, self.city.vault, county.chief, key, None, "编制有误，重新编制。", self.city.now
            )
        await self._cycle("cancelled", key)

    async def settle(self, county: County, key: int) -> None:
        """It is paid, and some who were paid are asked by somebody who had no part in it, where they live now."""
        async with transaction(self.city.engine) as connection:
            await settlement.settle(connection, county.chief, key, None, self.city.now)
        await self._cycle("settled", key, settled_now=True)
        drawn = text(
            "SELECT k.id, h.division_code FROM payment_checks k JOIN payment_orders o ON o.id = k.order_id "
            "JOIN households h ON h.id = o.household_id WHERE o.cycle_id = :cycle ORDER BY k.id LIMIT 2"
        )
        async with transaction(self.city.engine) as connection:
            for check, lives in (await connection.execute(drawn, {"cycle": key})).all():
                told = (check, 1, CheckOutcome.RECEIVED, "已到账。", self.city.now)
                await payment_checks.record(connection, self.city.vault, self.city.counties[lives].second, *told)
                self.steps["recipients asked"] += 1

    async def answer(self, county: County, key: int, returned: float = RETURNED) -> int:
        """The bank has the list and answers all of it, and once more the same; how many orders it sent back."""
        async with transaction(self.city.engine) as connection:
            given = await bank.listed(connection, self.city.vault, county.clerk, key, self.city.now)
        lines = []
        for number, row in enumerate(given.table.rows, start=2):
            outcome = "退回" if self.rng.random() < returned else "成功"
            cells = {"指令号": str(row[0]), "结果": outcome, "金额（元）": str(row[4]), "原因": "账户已销户"}
            lines.append(Line("answers.csv", number, cells))
        if not lines:
            return 0
        sha256 = hashlib.sha256(repr(lines).encode()).hexdigest()
        told = (key, lines, sha256, self.city.now)
        async with transaction(self.city.engine) as connection:
            taken = await bank.answered(connection, self.city.vault, county.clerk, *told)
        await self._cycle("answered", key)
        async with transaction(self.city.engine) as connection:
            again = await bank.answered(connection, self.city.vault, county.clerk, *told)
        self.checks.holds("the same answers twice change nothing", again == taken, key)
        self.steps["orders answered"] += taken.paid + taken.returned
        return taken.returned

    async def repay(self, county: County, keeper: County, order: int, household: int) -> bool:
        """What came back is paid again by whoever keeps the cycle, to another account that the household named where it
        lives now; False where it cannot be any more."""
        account = f"62220202{self.rng.randrange(10**11):011d}"
        engine, vault, now = self.city.engine, self.city.vault, self.city.now
        version = text("SELECT version FROM households WHERE id = :household")
        try:
            async with transaction(engine) as connection:
                at = (await connection.execute(version, {"household": household})).scalar_one()
                told = (household, at, {"payee_account": account}, (), "原账户已销户。", now)
                await corrections.correct(connection, vault, keeper.clerk, *told)
            self.steps["accounts corrected"] += 1
            async with transaction(engine) as connection:
                key = await settlement.repay(connection, vault, county.clerk, order, None, now)
        except NotDone as refused:
            self.steps[f"not repaid: {refused.code}"] += 1
            return False
        await self._cycle("drawn up again", key)
        await self.approve(county, key)
        await self.settle(county, key)
        await self.answer(county, key, returned=0.0)
        return True

    async def _cycle(self, step: str, key: int, *, settled_now: bool = False) -> None:
        self.steps[step] += 1
        async with reading(self.city.engine) as connection:
            fund = await recount.cycle(connection, self.checks, key, settled_now=settled_now)
            await recount.fund(connection, self.checks, fund)

    async def _fund(self, step: str, key: int) -> None:
        self.steps[step] += 1
        async with reading(self.city.engine) as connection:
            await recount.fund(connection, self.checks, key)


RETURNED_ORDERS = text(
    "SELECT o.id, o.household_id, c.division_code, h.division_code FROM payment_orders o "
    "JOIN payment_cycles c ON c.id = o.cycle_id JOIN households h ON h.id = o.household_id "
    "WHERE o.state = 'RETURNED' AND NOT EXISTS (SELECT 1 FROM payment_orders a WHERE a.repays_id = o.id) ORDER BY o.id"
)


async def pay_again(books: Books, share: float) -> None:
    """Of what the bank sent back, some is paid again now, wherever the household has gone to since."""
    async with reading(books.city.engine) as connection:
        waiting = (await connection.execute(RETURNED_ORDERS)).all()
    for order, household, kept, lives in waiting:
        if books.rng.random() < share:
            await books.repay(books.city.counties[kept], books.city.counties[lives], order, household)


def at(month: dt.date, day: int, hour: int = 10) -> dt.datetime:
    """That hour of a day of the month."""
    return moment(month.replace(day=day), hour)
