"""What is given back after a decision: paid in by instalments as far as a month can bear, or waived; nothing else (F-34)."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, case, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import casework, days, recoveries
from api.domain.errors import NotDone, UserErrorCode
from api.domain.ledger import FundAccount
from api.domain.payments import OrderState
from api.domain.permissions import Viewer
from api.domain.recoveries import EntryKind, RecoveryCause
from api.domain.stops import StopKind
from api.loaders import effects, incomes
from api.loaders.incomes import Family
from api.matching import policy
from api.models import (
    FundEntry,
    Household,
    OrderMonth,
    PaymentOrder,
    Recovery,
    RecoveryEntry,
    Stop,
    StopProposal,
    table,
)
from api.sealing import Vault
from api.services import audit, cases, decisions, funds
from api.services.guards import notices
from api.services.stop_requests import invalid

E, M, O = table(FundEntry).c, table(OrderMonth).c, table(PaymentOrder).c  # noqa: E741
INSTALMENTS, SHARE = "recovery.instalments", "recovery.share"
OURS = "因工作机关差错多付，依规不予追回。"

_RECOVERY = scope.narrow(
    select(Recovery, Household.division_code).join(Household, Household.id == Recovery.household_id),
    Household.division_code,
)
Found = Row[*tuple[Any, ...]]


async def decided(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal: Any,
    stop_id: int,
    cause: RecoveryCause,
    now: dt.datetime,
) -> int:
    """The recovery that was decided, in instalments; where the error was ours it is waived at once. Its key."""
    instalments = max(policy.whole(INSTALMENTS, days.today(now), proposal.division_code), 2)
    terms = {
        "household_id": proposal.household_id,
        "total_fen": proposal.amount_fen,
        "most_fen": recoveries.most_a_month(proposal.amount_fen, instalments),
        "cause": cause,
    }
    added = await connection.execute(
        insert(Recovery)
        .values(stop_id=stop_id, kind=StopKind.RECOVER_AID, opened_at=now, **terms)
        .returning(Recovery.id)
    )
    key = int(added.scalar_one())
    entry = {"recovery_id": key, **terms, "user_id": viewer.user_id, "entered_at": now}
    total = proposal.amount_fen
    opened = {"number": 1, "kind": EntryKind.OPENED, "before_fen": total, "amount_fen": 0, "left_fen": total}
    await connection.execute(insert(RecoveryEntry).values(**entry, **opened))
    if cause is RecoveryCause.OFFICIAL_ERROR:
        waived = {"number": 2, "previous_number": 1, "kind": EntryKind.WAIVED, "before_fen": total, "left_fen": 0}
        sealed = vault.seal("recovery_entries.reason", OURS)
        await connection.execute(insert(RecoveryEntry).values(**entry, **waived, amount_fen=total, reason=sealed))
    return key


async def pay_in(
    connection: AsyncConnection,
    viewer: Viewer,
    recovery_id: int | None,
    month: dt.date,
    amount_fen: int,
    paid_on: dt.date,
    now: dt.datetime,
) -> int:
    """The household paid an instalment in; the recovery's key. Raises NotDone: it is more than the month can bear."""
    found, last = await _open(connection, viewer, recovery_id)
    await notices.all_answered(connection, found.household_id)
    today = days.today(now)
    casework.past(paid_on, today, "paidOn")
    if not days.today(found.opened_at).replace(day=1) <= month <= today:
        raise invalid(
            "month", "只能登记决定之后、不晚于本月的月份。", "The month is one since the decision, not one to come."
        )
    if await connection.scalar(
        select(RecoveryEntry.id).where(RecoveryEntry.recovery_id == found.id, RecoveryEntry.month == month)
    ):
        raise invalid("month", "该月已登记一期。", "An instalment of this month is recorded already.")
    family = await incomes.family(incomes.running(connection, viewer), found.household_id, month, month)
    bears = None if family is None else cap(family, month, found.division_code)
    if not 0 < amount_fen <= recoveries.due(last.left_fen, found.most_fen, bears):
        raise invalid(
            "amount",
            "超过该月可承受的金额；收入不明或不高于低保标准时不收取。",
            "It is more than the month can bear; where income is unknown, or not above the line, nothing is due.",
        )
    values = {"kind": EntryKind.INSTALMENT, "month": month, "cap_fen": bears, "paid_on": paid_on}
    await _book(connection, viewer, found, last.number + 1, amount_fen, now)
    return await _enter(connection, viewer, found, last, amount_fen, values, now)


async def waive(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    recovery_id: int | None,
    reason: str,
    now: dt.datetime,
) -> int:
    """What is left is given up; the recovery's key. Raises NotDone."""
    found, last = await _open(connection, viewer, recovery_id)
    await decisions.by_a_person(connection, viewer)
    sealed = vault.seal("recovery_entries.reason", decisions.checked_reason(reason))
    values = {"kind": EntryKind.WAIVED, "reason": sealed}
    return await _enter(connection, viewer, found, last, last.left_fen, values, now)


def cap(family: Family, month: dt.date, division: str) -> int | None:
    """What a month can bear by what is known of it; None where its line is not known."""
    told = family.month(month)
    share = Fraction(policy.value(SHARE, month, division))
    return recoveries.cap(told.total.low, told.line, len(told.members), share)


async def _open(connection: AsyncConnection, viewer: Viewer, recovery_id: int | None) -> tuple[Found, Any]:
    """The recovery of which something is left, with its last entry. Raises NotDone."""
    of = select(Recovery.household_id).where(Recovery.id == recovery_id).scalar_subquery()
    await cases.hold(connection, viewer, of)
    statement = _RECOVERY.where(Recovery.id == recovery_id)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "recoveryId"), "没有此项追回。", "There is no such recovery."
        )
    entries = select(RecoveryEntry.number, RecoveryEntry.left_fen).where(RecoveryEntry.recovery_id == found.id)
    last = (await connection.execute(entries.order_by(RecoveryEntry.number.desc()).limit(1))).one()
    if last.left_fen == 0:
        raise invalid("recoveryId", "该项追回已了结。", "Nothing is left of it.")
    return found, last


async def _book(
    connection: AsyncConnection, viewer: Viewer, found: Found, number: int, amount_fen: int, now: dt.datetime
) -> None:
    """The money is the funds' again by which the grant was paid, those of the months that are recovered first.

    Raises NotDone: the bank has returned since then what was to be given back.
    """
    of = select(StopProposal.grant_id, StopProposal.from_month, StopProposal.to_month)
    grant = (
        await connection.execute(of.join(Stop, Stop.proposal_id == StopProposal.id).where(Stop.id == found.stop_id))
    ).one()
    run = incomes.running(connection, viewer)
    paid = ((row.month, row.amount_fen) for row in await effects.paid(run, grant.grant_id))
    if not recoveries.fits(paid, await effects.recovered(run, grant.grant_id)):
        raise invalid(
            "recoveryId",
            "这些月份的款项已被银行退回，不再追回；请予豁免（waiveRecovery）。",
            "The bank has returned what was paid in these months: it is waived (waiveRecovery), not given back.",
        )
    back = select(func.coalesce(func.sum(E.amount_fen), 0)).where(E.order_id == O.id, E.credit == FundAccount.PAID)
    meant = exists().where(M.order_id == O.id, M.month.between(grant.from_month, grant.to_month))
    orders = select(O.id, O.amount_fen - back.correlate(PaymentOrder).scalar_subquery()).where(
        O.grant_id == grant.grant_id, O.state == OrderState.PAID
    )
    left = amount_fen
    for order, room in (await connection.execute(orders.order_by(case((meant, 0), else_=1), O.id))).all():
        if part := min(left, int(room)):
            await funds.recovered(connection, viewer, order, part, f"RECOVERY:{found.id}:{number}:{order}", now)
            left -= part


async def _enter(
    connection: AsyncConnection,
    viewer: Viewer,
    found: Found,
    last: Any,
    amount_fen: int,
    values: dict[str, Any],
    now: dt.datetime,
) -> int:
    of = ("household_id", "total_fen", "most_fen", "cause")
    await connection.execute(
        insert(RecoveryEntry).values(
            recovery_id=found.id,
            **{name: getattr(found, name) for name in of},
            number=last.number + 1,
            previous_number=last.number,
            before_fen=last.left_fen,
            amount_fen=amount_fen,
            left_fen=last.left_fen - amount_fen,
            user_id=viewer.user_id,
            entered_at=now,
            **values,
        )
    )
    action, detail = f"recovery.{values['kind'].lower()}", {"household": found.household_id}
    await audit.record(connection, viewer.user_id, action, ("Recovery", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)
