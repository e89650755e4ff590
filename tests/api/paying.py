"""A county that pays aid: households with accounts, grants that two officers made, a fund, and the steps of a cycle."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain import days
from api.domain.clocks import months_after
from api.domain.ledger import FundSource
from api.domain.stages import Stage
from api.models import (
    Household,
    Payment,
    PaymentCycle,
    PaymentOrder,
    Programme,
    table,
)
from api.sealing import Vault
from api.services import bank, cycles, funds, settlement
from api.sheets import Line
from tests.api import county
from tests.api import granted as aid
from tests.api.county import COUNTY, Life, Officers

NOW = days.this_moment()
TODAY = days.today(NOW)
MONTH = TODAY.replace(day=1)
SUBSIDY = "LIVING_SUBSIDY"
O, C = table(PaymentOrder).c, table(PaymentCycle).c  # noqa: E741
_documents = itertools.count(1)


def month(ago: int) -> dt.date:
    """The month so many before this one."""
    return months_after(MONTH, -ago)


@dataclass(frozen=True)
class Paying:
    """The county's books, and who keeps them."""

    engine: AsyncEngine
    vault: Vault
    officers: Officers
    fund: int

    async def draw_up(self, by: str = "clerk", ago: int = 0, fund: int | None = None) -> int:
        """A cycle of the month so long ago; its key."""
        async with transaction(self.engine) as connection:
            of = (self.fund if fund is None else fund, SUBSIDY, COUNTY, month(ago))
            return await cycles.draw_up(connection, self.vault, self.officers[by], *of, NOW)

    async def approve(self, cycle: int, by: str = "chief") -> None:
        """It is approved as it stands."""
        async with transaction(self.engine) as connection:
            await cycles.approve(connection, self.officers[by], cycle, None, NOW)

    async def settle(self, cycle: int, by: str = "chief") -> None:
        """It is settled as it stands."""
        async with transaction(self.engine) as connection:
            await settlement.settle(connection, self.officers[by], cycle, None, NOW)

    async def cancel(self, cycle: int, by: str = "chief") -> None:
        """It is cancelled as it stands."""
        async with transaction(self.engine) as connection:
            await cycles.cancel(connection, self.vault, self.officers[by], cycle, None, "编制有误。", NOW)

    async def paid(self, ago: int = 0) -> int:
        """A cycle that was drawn up, approved and settled; its key."""
        cycle = await self.draw_up(ago=ago)
        await self.approve(cycle)
        await self.settle(cycle)
        return cycle

    async def answer(self, cycle: int, lines: Sequence[Line], sha256: str, by: str = "clerk") -> bank.Taken:
        """What the bank says of it."""
        async with transaction(self.engine) as connection:
            return await bank.answered(connection, self.vault, self.officers[by], cycle, lines, sha256, NOW)

    async def repay(self, order: int, by: str = "clerk") -> int:
        """A cycle that pays an order again; its key."""
        async with transaction(self.engine) as connection:
            return await settlement.repay(connection, self.vault, self.officers[by], order, None, NOW)

    async def orders(self, cycle: int | None = None) -> list[Any]:
        """The orders of a cycle, or all, as rows."""
        async with transaction(self.engine) as connection:
            statement = select(*O).order_by(O.id)
            of_it = statement if cycle is None else statement.where(O.cycle_id == cycle)
            return list((await connection.execute(of_it)).all())

    async def state(self, cycle: int) -> str:
        """Where a cycle stands."""
        async with transaction(self.engine) as connection:
            return str(await connection.scalar(select(C.state).where(C.id == cycle)))

    async def balances(self, fund: int | None = None) -> tuple[int, int, int]:
        """What the fund has to dispose of, has committed, and has paid."""
        async with transaction(self.engine) as connection:
            found = await funds.hold(connection, self.officers["chief"], self.fund if fund is None else fund)
            return found.available_fen, found.committed_fen, found.paid_fen

    async def months_paid(self) -> list[tuple[dt.date, int]]:
        """Aid that was paid, by month, as everything else sees it."""
        async with transaction(self.engine) as connection:
            rows = await connection.execute(select(Payment.month, Payment.amount_fen).order_by(Payment.month))
            return [(row.month, row.amount_fen) for row in rows]

    async def sound(self) -> bool:
        """Whether the ledger is what its entries and its orders come to."""
        async with transaction(self.engine) as connection:
            return await funds.differing(connection) == []


async def books(engine: AsyncEngine, vault: Vault, officers: Officers, fen: int = 1_000_00) -> Paying:
    """The county's books, with so much in the union's fund."""
    async with transaction(engine) as connection:
        row = {"code": SUBSIDY, "name_zh": "困难生活补贴", "name_en": "living subsidy", "unit": "HOUSEHOLD"}
        await connection.execute(insert(Programme).values(**row, position=1))
        fund = await allocated(connection, officers, fen)
    return Paying(engine, vault, officers, fund)


async def allocated(
    connection: AsyncConnection, officers: Officers, fen: int, source: FundSource = FundSource.UNION
) -> int:
    """Money for a fund of the county; the fund's key."""
    document = f"豫工财〔2026〕{next(_documents)}号"
    return await funds.allocate(connection, officers["chief"], source, COUNTY, MONTH.year, fen, document, NOW)


async def granted(
    paying: Paying,
    fen: int = 100_00,
    *,
    first: int = 0,
    last: int = 0,
    period: str = "MONTH",
    account: str | None = "6222020200112233445",
    life: Life | None = None,
) -> tuple[Life, int]:
    """A household on file with an account, and a grant from the month so long ago to another; the grant's key."""
    by, months = (paying.officers["clerk"], paying.officers["chief"]), (month(first), month(last))
    async with transaction(paying.engine) as connection:
        life = life or await county.taken_over(connection, Stage.RECORDED, NOW, people=1, since=month(24))
        payee = {"payee_name": "张三", "payee_account": account}
        sealed = {name: paying.vault.seal(f"households.{name}", text) for name, text in payee.items()}
        await connection.execute(update(Household).where(Household.id == life.household_id).values(**sealed))
    return life, await aid.granted(paying.engine, life, by, NOW, months=months, amount_fen=fen, period=period)


def said(order: Any, result: str = "成功", row: int = 2, **other: str) -> Line:
    """A row of the bank's answer."""
    cells = {
        "指令号": order.reference,
        "结果": result,
        "金额": f"{order.amount_fen / 100:.2f}",
        "日期": TODAY.isoformat(),
    }
    return Line("answer.csv", row, {**cells, **other})
