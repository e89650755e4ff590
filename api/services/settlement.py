"""A cycle that was approved is settled: its orders go to the bank, and what they pay is known to all as aid that was paid.

At that moment it is looked at again whether the file is active and the months are still granted: whoever lacks either is
held, and the money is the fund's again. What the bank returned is paid again by a cycle of one order, drawn up and approved
like any other.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope, workdays
from api.database import among, locked
from api.domain import accounts, days, payments
from api.domain.casework import TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.ledger import FundEntryKind
from api.domain.payments import CycleKind, CycleState, HeldBecause, OrderState
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import (
    Grant,
    OrderMonth,
    Payment,
    PaymentCheck,
    PaymentCycle,
    PaymentOrder,
    table,
)
from api.sealing import Vault
from api.services import cycles, funds, tasks

C, G = table(PaymentCycle).c, table(Grant).c
M, O = table(OrderMonth).c, table(PaymentOrder).c  # noqa: E741
PERCENT, LEAST, DAYS = "payment.sample_percent", "payment.sample_least", "payment.check_working_days"

_ORDER = scope.narrow(
    select(O.id, O.grant_id, O.household_id, O.state, O.version, C.fund_id, C.programme_code, C.division_code).join(
        PaymentCycle, C.id == O.cycle_id
    ),
    C.division_code,
)
"""Of whoever keeps the cycle, wherever the household has moved to since."""


async def settle(
    connection: AsyncConnection, viewer: Viewer, cycle_id: int | None, expected_version: int | None, now: dt.datetime
) -> int:
    """The orders of an approved cycle are paid, but for those that are held; its key. Raises NotDone."""
    cycle = await cycles.held(connection, viewer, cycle_id, expected_version, CycleState.APPROVED)
    of_it = O.cycle_id == cycle.id
    await _hold_back(connection, viewer, of_it, now)
    settled = {"state": CycleState.SETTLED, "settled_by": viewer.user_id, "settled_at": now}
    await cycles.changed(connection, cycle, settled)
    await funds.move(connection, viewer, FundEntryKind.SETTLED, cycles.committed(of_it), now)
    paying = update(PaymentOrder).where(of_it, O.state == OrderState.DRAWN_UP)
    done = await connection.execute(paying.values(state=OrderState.SETTLED, version=O.version + 1))
    paid = (
        select(O.enrolment_id, M.month, M.amount_fen, O.id)
        .join(PaymentOrder, O.id == M.order_id)
        .where(of_it, O.state == OrderState.SETTLED)
    )
    await connection.execute(insert(Payment).from_select(["enrolment_id", "month", "amount_fen", "order_id"], paid))
    drawn = await _draw(connection, cycle.id, cycle.seed, cycle.division_code, now)
    detail = {"fund": cycle.fund_id, "orders": done.rowcount, "checks": drawn}
    await cycles.told(connection, viewer, "cycle.settled", cycle.id, now, detail)
    return int(cycle.id)


async def repay(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    order_id: int | None,
    expected_version: int | None,
    now: dt.datetime,
) -> int:
    """A cycle that pays again what the bank returned of an order, to the household's account as it is now; its key.

    Raises NotDone: it was not returned, or is being paid again already; no file is active; none of its months is granted
    any more.
    """
    found = (await connection.execute(_ORDER.where(O.id == order_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "orderId"), "没有此指令。", "There is no such order.")
    (grant,) = await cycles.due_of(connection, G.id == found.grant_id)
    fund = await funds.hold(connection, viewer, found.fund_id)
    statement = locked(_ORDER.where(O.id == order_id), connection, PaymentOrder)
    order = (await connection.execute(statement, scope.of(viewer))).one()
    accounts.unchanged(order.version, expected_version, "指令", "order")
    again = select(O.id).where(O.repays_id == order.id, O.state.not_in((OrderState.HELD, OrderState.CANCELLED)))
    if order.state != OrderState.RETURNED or await connection.scalar(again) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "orderId"),
            "该指令未被退回，或已重新发放。",
            "The bank has not returned this order, or it is being paid again already.",
        )
    terms = (await cycles.terms_of(connection, [grant]))[grant.id]
    kept = (await connection.scalars(select(M.month).where(M.order_id == order.id).order_by(M.month))).all()
    months = cycles.worth_paying(grant, terms, kept)
    if not months or not grant.on_file or not (grant.payee_account and grant.payee_name):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "orderId"),
            "该户无在档档案或收款账号，或各月已不再享受此项帮扶。",
            "The household has no active file or no account, or none of the months is granted any more.",
        )
    of = (CycleKind.REPAYMENT, order.programme_code, order.division_code, days.today(now).replace(day=1))
    cycle_id = await cycles.new(connection, viewer, fund, *of, now)
    await cycles.put_orders(
        connection, vault, viewer, fund, cycle_id, [(grant, months)], now, "orderId", repays=order.id
    )
    detail = {"fund": fund.id, "repays": order.id}
    await cycles.told(connection, viewer, "cycle.drawn_up", cycle_id, now, detail)
    return cycle_id


async def _hold_back(
    connection: AsyncConnection, viewer: Viewer, of_it: ColumnElement[bool], now: dt.datetime
) -> None:
    """Orders that do not hold any more are held; their money is free, and the next cycle draws up what still holds."""
    paying = of_it & (O.state == OrderState.DRAWN_UP)
    grants = await cycles.due_of(connection, G.id.in_(select(O.grant_id).where(paying)))
    terms, of_grant = await cycles.terms_of(connection, grants), {grant.id: grant for grant in grants}
    rows = select(O.id, M.grant_id, M.month, M.amount_fen).join(OrderMonth, M.order_id == O.id).where(paying)
    held: dict[int, HeldBecause] = {}
    for row in await connection.execute(rows):
        grant = of_grant[row.grant_id]
        amount = cycles.worth(grant, terms[grant.id], row.month)
        if not grant.on_file:
            held[row.id] = HeldBecause.NO_ACTIVE_FILE
        elif not amount:
            held[row.id] = HeldBecause.MONTHS_ENDED
        elif amount != row.amount_fen:
            held.setdefault(row.id, HeldBecause.AMOUNT_CHANGED)
    if not held:
        return
    these, keys = among(O.id, "held"), {"held": sorted(held)}
    await funds.move(connection, viewer, FundEntryKind.RELEASED, cycles.committed(these), now, keys)
    for reason in HeldBecause:
        some = sorted(key for key, why in held.items() if why is reason)
        if some:
            told = {"state": OrderState.HELD, "held_because": reason, "version": O.version + 1}
            await connection.execute(update(PaymentOrder).where(these).values(**told), {"held": some})
    await cycles.let_go(connection, these, OrderState.HELD, keys)


async def _draw(connection: AsyncConnection, cycle_id: int, seed: str, division: str, now: dt.datetime) -> int:
    """Recipients who are to be asked whether they were paid, drawn by the cycle's seed; how many they are."""
    today = days.today(now)
    settled = select(O.id, O.household_id).where(O.cycle_id == cycle_id, O.state == OrderState.SETTLED)
    of_order = {row.id: row.household_id for row in await connection.execute(settled)}
    percent, least = (policy.whole(key, today, division) for key in (PERCENT, LEAST))
    drawn = payments.sample(seed, of_order, percent, least)
    due_on = workdays.add(today, policy.whole(DAYS, today, division))
    if drawn:
        await connection.execute(insert(PaymentCheck), [{"order_id": key, "version": 1} for key in drawn])
    for key in drawn:
        await tasks.open_task(
            connection, TaskKind.PAYMENT_CHECK, of_order[key], due_on, now, reference=f"PAYMENT_CHECK:{key}",
            detail={"order": key},
        )  # fmt: skip
    return len(drawn)
