"""What is left where aid was paid: a fund with its donor, a cycle that was cancelled, and an order of another that the bank returned."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import payments
from api.models import (
    DonationPledge,
    DonationReceipt,
    Donor,
    Fund,
    FundEntry,
    Grant,
    OrderMonth,
    PaymentCheck,
    PaymentCycle,
    PaymentOrder,
    User,
    table,
)
from api.sealing import Vault
from tests.api.granted import add

C, O = table(PaymentCycle).c, table(PaymentOrder).c  # noqa: E741


async def paid(
    connection: AsyncConnection, vault: Vault, grant_id: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """One of each, somebody's words in them; their keys by the names of their types. The grant's first month was paid."""
    G = table(Grant).c
    grant = (await connection.execute(select(*G).where(G.id == grant_id))).one()
    other = await connection.scalar(select(User.id).where(User.id != user_id, User.kind == "PERSON").limit(1))
    nothing = dict.fromkeys(("allocated_fen", "available_fen", "committed_fen", "paid_fen"), 0)
    where = {"division_code": "410502"}
    fund = await add(connection, Fund, **where, **nothing, source="SOCIAL", year=2000 + grant_id, created_at=now)
    cycle = {**where, "fund_id": fund, "kind": "REGULAR", "programme_code": grant.programme_code, "seed": "x"}
    drawn = {
        "month": grant.first_month,
        "state": "DRAWN_UP",
        "drawn_up_by": user_id,
        "drawn_up_at": now,
        "version": 1,
    }
    gone, made = [await add(connection, PaymentCycle, **cycle, **drawn) for _ in range(2)]
    because = vault.seal("payment_cycles.cancelled_because", "王大力账号有误")
    cancelled = {"state": "CANCELLED", "cancelled_by": other, "cancelled_at": now, "cancelled_because": because}
    await connection.execute(update(PaymentCycle).where(C.id == gone).values(**cancelled))
    payee = {
        f"payee_{name}": vault.seal(f"payment_orders.payee_{name}", text)
        for name, text in {"name": "王大力", "account": "6222020200112233445", "bank": "安阳某行"}.items()
    }
    of = {"grant_id": grant_id, "household_id": grant.household_id, "enrolment_id": grant.enrolment_id}
    told = {
        "reference": payments.reference(made, 1),
        "amount_fen": grant.amount_fen,
        "state": "DRAWN_UP",
        "version": 1,
    }
    order = await add(connection, PaymentOrder, **of, **told, **payee, cycle_id=made)
    month = {"grant_id": grant_id, "month": grant.first_month, "amount_fen": grant.amount_fen}
    await add(connection, OrderMonth, **month, order_id=order, live=True)
    for kind, credit, debit in (
        ("ALLOCATED", "OUTSIDE", "AVAILABLE"),
        ("COMMITTED", "AVAILABLE", "COMMITTED"),
        ("SETTLED", "COMMITTED", "PAID"),
        ("RETURNED", "PAID", "AVAILABLE"),
    ):
        entry = {"fund_id": fund, "kind": kind, "credit": credit, "debit": debit, "amount_fen": grant.amount_fen}
        which = {"reference": f"ORDER:{order}:{kind}", "order_id": None if kind == "ALLOCATED" else order}
        latest = await add(connection, FundEntry, **entry, **which, user_id=user_id, happened_at=now)
    approved = {"state": "APPROVED", "approved_by": other, "approved_by_kind": "PERSON", "approved_at": now}
    await connection.execute(update(PaymentCycle).where(C.id == made).values(**approved))
    settled = {"state": "SETTLED", "settled_by": other, "settled_at": now}
    await connection.execute(update(PaymentCycle).where(C.id == made).values(**settled))
    await connection.execute(update(PaymentOrder).where(O.id == order).values(state="SETTLED"))
    words = vault.seal("payment_orders.returned_because", "户名王大力与账号不符")
    returned = {"state": "RETURNED", "answered_on": now.date(), "returned_because": words}
    await connection.execute(update(PaymentOrder).where(O.id == order).values(**returned))
    await connection.execute(update(OrderMonth).where(OrderMonth.order_id == order).values(live=False))
    note = vault.seal("payment_checks.note", "王大力说没有收到")
    asked = {"outcome": "NOT_RECEIVED", "note": note, "checked_by": other, "checked_at": now, "version": 2}
    check = await add(connection, PaymentCheck, **asked, order_id=order)
    given = await _given(connection, vault, fund, grant.amount_fen, user_id, now)
    return given | {
        "Fund": fund,
        "FundEntry": latest,
        "PaymentCycle": gone,
        "PaymentOrder": order,
        "PaymentCheck": check,
    }


async def _given(
    connection: AsyncConnection, vault: Vault, fund: int, fen: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """Whose money it was: of twice as much that was promised, half came, and the rest was taken back."""
    who = {"name": vault.seal("donors.name", "李大善"), "contact": vault.seal("donors.contact", "13900001111")}
    where = {"division_code": "410502", "version": 1}
    registered = {"registered_by": user_id, "registered_at": now}
    donor = await add(connection, Donor, **where, **who, **registered, kind="PERSON", anonymous=False)
    promised = {"kind": "MONEY", "amount_fen": 2 * fen, "until": now.date(), "received_fen": 0, "state": "PLEDGED"}
    recorded = {"donor_id": donor, "recorded_by": user_id, "recorded_at": now}
    pledge = await add(connection, DonationPledge, **where, **promised, **recorded)
    entry = select(func.min(FundEntry.id)).where(FundEntry.fund_id == fund, FundEntry.kind == "ALLOCATED")
    came = {"amount_fen": fen, "complete": False, "received_on": now.date(), "receipt_no": f"票{pledge}"}
    told = {"fund_entry_id": await connection.scalar(entry), "user_id": user_id, "received_at": now}
    await add(connection, DonationReceipt, pledge_id=pledge, **came, **told)
    closing = vault.seal("donation_pledges.closing", "李大善另有安排")
    taken_back = update(DonationPledge).where(DonationPledge.id == pledge)
    await connection.execute(taken_back.values(state="WITHDRAWN", closing=closing))
    return {"Donor": donor, "DonationPledge": pledge}
