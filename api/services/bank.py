"""What goes to the bank and what comes back: a settled cycle's orders as a list, and its answers, order by order.

The list is the one place where a payee's account stands open. Answers are taken in whole or not at all: a row that cannot
be taken is told by file, row and column; the same file twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, sheets, workdays
from api.database import among, locked
from api.domain import casework, days, money
from api.domain.casework import TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.ledger import FundEntryKind
from api.domain.payments import BankOutcome, CycleState, OrderState
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import (
    BankAnswer,
    BankList,
    Member,
    OrderMonth,
    Payment,
    PaymentCycle,
    PaymentOrder,
    Programme,
    table,
)
from api.sealing import Vault
from api.services import audit, cycles, funds, tasks
from api.sheets import Line, Table

A, C, L, P = (table(model).c for model in (BankAnswer, PaymentCycle, BankList, Programme))
M, O = table(OrderMonth).c, table(PaymentOrder).c  # noqa: E741
MOST_TOLD = 100
HEADINGS = ("指令号", "收款户名", "收款账号", "开户行", "金额（元）", "用途", "月份")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": ("指令号", "reference"),
    "result": ("结果", "result"),
    "amount": ("金额（元）", "金额", "amount"),
    "date": ("日期", "date"),
    "reason": ("原因", "reason"),
}
"""What a column of the bank's answer may be called."""

RESULTS: Mapping[str, BankOutcome] = {
    "成功": BankOutcome.PAID, "已付": BankOutcome.PAID, "PAID": BankOutcome.PAID, "退回": BankOutcome.RETURNED,
    "失败": BankOutcome.RETURNED, "RETURNED": BankOutcome.RETURNED, "FAILED": BankOutcome.RETURNED,
}  # fmt: skip
LONGEST_REASON = 200
RETURNED_DAYS = "payment.returned_working_days"

_CYCLE = scope.narrow(select(C.id, C.state, P.name_zh).join(Programme, P.code == C.programme_code), C.division_code)
_ORDERS = scope.narrow(
    select(
        O.id,
        O.household_id,
        O.reference,
        O.amount_fen,
        O.payee_name,
        O.payee_account,
        O.payee_bank,
        scope.protects_household(O.household_id).label("protected"),
    ).join(PaymentCycle, C.id == O.cycle_id),
    C.division_code,
).where(O.cycle_id == bindparam("cycle"), O.state == OrderState.SETTLED)


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row of a file that cannot be taken, and why, in both languages; no value is quoted."""

    file: str
    row: int
    column: str
    zh: str
    en: str

    def words(self, language: str) -> str:
        """Why, for people."""
        return self.zh if language == "zh" else self.en


class AnswersRefused(NotDone):
    """A file of answers of which nothing was taken; `rows` are the first of those that stand in the way."""

    def __init__(self, rows: Sequence[RowRefused]) -> None:
        self.rows = tuple(rows[:MOST_TOLD])
        super().__init__(
            UserErrorCode.INVALID,
            ("input", "answers"),
            f"回盘文件有 {len(rows)} 处不能读入，未登记任何结果。",
            f"{len(rows)} places of the bank's file cannot be taken; nothing of it was.",
        )


@dataclass(frozen=True, slots=True)
class Given:
    """A list for the bank, and of whom it tells."""

    table: Table
    households: tuple[int, ...]
    people: tuple[int, ...]
    number: int
    """How often it was taken, this time too."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file of answers came to; where it was taken before, the same as then."""

    cycle_id: int
    paid: int
    returned: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bank says of one order."""

    order: Row[*tuple[Any, ...]]
    outcome: BankOutcome
    on: dt.date
    reason: str | None


async def listed(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cycle_id: int | None,
    now: dt.datetime,
    reason: str | None = None,
) -> Given:
    """The orders of a settled cycle that the bank has not answered, with accounts; who took the list is on record.

    Sent twice, a list might be paid twice: it is given again for a reason alone. The branch of somebody's bank tells where
    they live: of a protected household it is left out for whoever is not cleared (F-29); the account's number is enough
    for the bank. Raises NotDone.
    """
    statement = locked(_CYCLE.where(C.id == cycle_id), connection, PaymentCycle)
    cycle = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if cycle is None:
        raise NotDone(UserErrorCode.NOT_FOUND, (), "没有此批次。", "There is no such cycle.")
    if cycle.state not in (CycleState.SETTLED, CycleState.RECONCILED):
        raise NotDone(UserErrorCode.INVALID, (), "该批次尚未结算。", "The cycle has not been settled.")
    number, why = await _again(connection, cycle.id, reason)
    orders = (await connection.execute(_ORDERS.order_by(O.id), {"cycle": cycle.id, **scope.of(viewer)})).all()
    months = await _months(connection, cycle.id)
    keys = tuple(row.household_id for row in orders)
    living = select(Member.id).where(Member.household_id.in_(select(O.household_id).where(O.cycle_id == cycle.id)))
    people = tuple((await connection.scalars(living)).all())
    rows = [
        (
            row.reference,
            *[vault.open(f"payment_orders.{name}", getattr(row, name)) or "" for name in cycles.PAYEE[:2]],
            ""
            if row.protected and not viewer.cleared
            else vault.open("payment_orders.payee_bank", row.payee_bank) or "",
            str(money.yuan(row.amount_fen)),
            cycle.name_zh,
            months[row.id],
        )
        for row in orders
    ]
    taken = {
        "cycle_id": cycle.id,
        "number": number,
        "orders": len(rows),
        "reason": vault.seal("bank_lists.reason", why),
    }
    await connection.execute(insert(BankList).values(**taken, user_id=viewer.user_id, taken_at=now))
    action = "cycle.listed" if number == 1 else "cycle.listed_again"
    detail = {"orders": len(rows), "number": number}
    await audit.record(connection, viewer.user_id, action, ("PaymentCycle", cycle.id), now, detail)
    return Given(Table("payments", HEADINGS, rows), keys, people, number)


async def _again(connection: AsyncConnection, cycle_id: int, reason: str | None) -> tuple[int, str | None]:
    """How often the list is taken, this time too, and why again. Raises NotDone where that is not said."""
    taken = select(func.coalesce(func.max(L.number), 0)).where(L.cycle_id == cycle_id)
    before = int((await connection.execute(taken)).scalar_one())
    if before == 0:
        return 1, None
    if not (reason or "").strip():
        raise NotDone(
            UserErrorCode.REQUIRED,
            (),
            "该批次的清单已取过。重复送银行可能重复付款：确须再取，请在请求头 Jiekun-Reason 中写明理由。",
            "The list was taken before. Sent twice it might be paid twice: say in the header Jiekun-Reason why again.",
        )
    return before + 1, casework.words(reason, "reason", most=LONGEST_REASON)


def lines(name: str, content: bytes) -> list[Line]:
    """The rows of a file of answers, CSV or Excel by its name. Raises NotDone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            tables = sheets.read(path if path.suffix == ".xlsx" else path.parent)
        except sheets.SheetRefused as why:
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", "answers"),
                f"回盘文件不能读入：{why}",
                f"The file cannot be read: {why}.",
            ) from None
    return [line for some in tables.values() for line in some]


async def answered(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cycle_id: int | None,
    lines: Sequence[Line],
    sha256: str,
    now: dt.datetime,
) -> Taken:
    """What the bank says of a cycle's orders; once all are answered, the cycle is reconciled. Raises NotDone.

    What it returned is the fund's again by an entry of its own, and is no aid that was paid any more; whoever keeps the
    file is told by a task.
    """
    cycle = await cycles.held(connection, viewer, cycle_id, None, CycleState.SETTLED, CycleState.RECONCILED)
    before = select(A.paid, A.returned, A.unchanged).where(A.cycle_id == cycle.id, A.sha256 == sha256)
    known = (await connection.execute(before)).one_or_none()
    if known is not None:
        return Taken(cycle.id, *known)
    of_it = select(O.id, O.reference, O.household_id, O.amount_fen, O.state).where(O.cycle_id == cycle.id)
    orders = {row.reference: row for row in await connection.execute(of_it)}
    answers, refused = _read(lines, orders, days.today(now))
    if refused:
        raise AnswersRefused(refused)
    fresh = [each for each in answers if each.order.state != each.outcome]
    paid = [each for each in fresh if each.outcome is BankOutcome.PAID]
    returned = [each for each in fresh if each.outcome is BankOutcome.RETURNED]
    await _note(connection, vault, paid)
    await _take_back(connection, vault, viewer, cycle, returned, now)
    counts = {"paid": len(paid), "returned": len(returned), "unchanged": len(answers) - len(fresh)}
    row = {"cycle_id": cycle.id, "sha256": sha256, "user_id": viewer.user_id, "received_at": now}
    await connection.execute(insert(BankAnswer).values(**row, **counts))
    waiting = select(O.id).where(O.cycle_id == cycle.id, O.state == OrderState.SETTLED).limit(1)
    if cycle.state == CycleState.SETTLED and await connection.scalar(waiting) is None:
        await cycles.changed(connection, cycle, {"state": CycleState.RECONCILED, "reconciled_at": now})
    await cycles.told(connection, viewer, "cycle.answered", cycle.id, now, counts)
    return Taken(cycle.id, **counts)


async def _months(connection: AsyncConnection, cycle_id: int) -> dict[int, str]:
    """By order the months that it pays, as people write them."""
    statement = select(M.order_id, M.month).join(PaymentOrder, O.id == M.order_id).where(O.cycle_id == cycle_id)
    found: dict[int, list[str]] = {}
    for order_id, month in await connection.execute(statement.order_by(M.order_id, M.month)):
        found.setdefault(order_id, []).append(f"{month:%Y-%m}")
    return {key: months[0] if len(months) == 1 else f"{months[0]}..{months[-1]}" for key, months in found.items()}


async def _note(connection: AsyncConnection, vault: Vault, answers: Sequence[Answer]) -> None:
    """The orders as the bank answered them."""
    if not answers:
        return
    values = {
        "state": bindparam("outcome"), "answered_on": bindparam("on"), "returned_because": bindparam("because"),
        "version": O.version + 1,
    }  # fmt: skip
    rows = [
        {
            "order_key": each.order.id,
            "outcome": each.outcome.value,
            "on": each.on,
            "because": vault.seal("payment_orders.returned_because", each.reason),
        }
        for each in answers
    ]
    await connection.execute(update(table(PaymentOrder)).where(O.id == bindparam("order_key")).values(**values), rows)


async def _take_back(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cycle: Row[*tuple[Any, ...]],
    returned: Sequence[Answer],
    now: dt.datetime,
) -> None:
    if not returned:
        return
    these, keys = among(O.id, "returned"), {"returned": [each.order.id for each in returned]}
    theirs = select(O.id, O.amount_fen, C.fund_id).join(PaymentCycle, C.id == O.cycle_id).where(these)
    await funds.move(connection, viewer, FundEntryKind.RETURNED, theirs, now, keys)
    await _note(connection, vault, returned)
    await connection.execute(delete(Payment).where(among(table(Payment).c.order_id, "returned")), keys)
    await cycles.let_go(connection, these, OrderState.RETURNED, keys)
    today = days.today(now)
    due_on = workdays.add(today, policy.whole(RETURNED_DAYS, today, cycle.division_code))
    for each in returned:
        reference, detail = f"PAYMENT_RETURNED:{each.order.id}", {"order": each.order.id}
        kind, household = TaskKind.PAYMENT_RETURNED, each.order.household_id
        await tasks.open_task(connection, kind, household, due_on, now, reference=reference, detail=detail)
        await outbox.append(connection, "household", household, now)


def _read(
    lines: Sequence[Line], orders: Mapping[str, Row[*tuple[Any, ...]]], today: dt.date
) -> tuple[list[Answer], list[RowRefused]]:
    """What the rows say, and what is wrong with them."""
    found, refused, seen = [], [], set[str]()
    for line in lines:
        cells = {name: _cell(line, names) for name, names in COLUMNS.items()}
        wrong = [
            RowRefused(line.file, line.number, COLUMNS[column][0], zh, en)
            for column, zh, en in _wrong(cells, orders, seen, today)
        ]
        refused += wrong
        seen.add(cells["reference"])
        if not wrong:
            outcome = RESULTS[cells["result"].upper()]
            on = dt.date.fromisoformat(cells["date"]) if cells["date"] else today
            reason = cells["reason"][:LONGEST_REASON] or None if outcome is BankOutcome.RETURNED else None
            found.append(Answer(orders[cells["reference"]], outcome, on, reason))
    if not lines:
        refused.append(RowRefused("", 1, COLUMNS["reference"][0], "文件没有内容", "the file has no rows"))
    return found, refused


def _wrong(
    cells: Mapping[str, str], orders: Mapping[str, Row[*tuple[Any, ...]]], seen: set[str], today: dt.date
) -> Iterator[tuple[str, str, str]]:
    """By column what is wrong with a row."""
    order, outcome = orders.get(cells["reference"]), RESULTS.get(cells["result"].upper())
    if order is None:
        yield "reference", "本批没有此指令号", "the cycle has no such order"
    elif cells["reference"] in seen:
        yield "reference", "同一指令号出现两次", "the order stands there twice"
    elif order.state not in (OrderState.SETTLED, OrderState.PAID, OrderState.RETURNED):
        yield "reference", "该指令未曾发放", "the order was not sent"
    elif order.state == OrderState.RETURNED and outcome is BankOutcome.PAID:
        yield "result", "该指令此前已退回", "the order was returned before"
    if outcome is None:
        yield "result", "结果须为“成功”或“退回”", "the result is PAID or RETURNED"
    if cells["amount"] and order is not None and _fen(cells["amount"]) != order.amount_fen:
        yield "amount", "金额与指令不符", "the amount is not the order's"
    elif not cells["amount"]:
        yield "amount", "缺少金额", "the amount is missing"
    if cells["date"] and not _is_past(cells["date"], today):
        yield (
            "date",
            "日期有误，应为 2026-11-27 的形式，且不晚于今天",
            "the date is like 2026-11-27, and not after today",
        )


def _cell(line: Line, names: Sequence[str]) -> str:
    return next((line.cells[name].strip() for name in names if line.cells.get(name)), "")


def _fen(written: str) -> int | None:
    try:
        return money.fen(Decimal(written.replace(",", "")))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _is_past(written: str, today: dt.date) -> bool:
    try:
        return dt.date.fromisoformat(written) <= today
    except ValueError:
        return False
