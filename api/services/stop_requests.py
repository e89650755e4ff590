"""What may be asked to be done to a grant for the worse, and what it would come to; the same for who asks and who decides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import casework, recoveries
from api.domain.errors import NotDone, UserErrorCode
from api.domain.recoveries import RecoveryCause
from api.domain.stops import StopKind
from api.loaders import effects, incomes
from api.loaders.effects import Asked, Effect
from api.models import Payment


@dataclass(frozen=True, slots=True)
class Asking:
    """What is proposed: of a stop its first month, of a reduction what a period is then, of a recovery the sum and its months."""

    kind: StopKind
    from_month: dt.date
    to_month: dt.date | None = None
    amount_fen: int | None = None
    cause: RecoveryCause | None = None


async def previewed(
    run: incomes.Run, grant_id: int | None, asking: Asking, today: dt.date
) -> tuple[Any, Effect] | None:
    """The grant, and what the change would come to; None where the viewer sees no such grant. Raises NotDone."""
    found = await effects.grant(run, grant_id or 0)
    if found is None:
        return None
    whole = await checked(run, found, asking, today)
    return found, await effects.effect(run, found, asked(whole, today), today)


async def checked(run: incomes.Run, grant: Any, asking: Asking, today: dt.date) -> Asking:
    """The same, whole, if it can be asked of this grant. Raises NotDone."""
    if grant.enrolment_id is None:
        raise invalid("request.grantId", "此项救助尚未给予。", "The grant was not made.")
    if not grant.first_month <= asking.from_month <= grant.last_month:
        raise invalid("request.fromMonth", "该月不在救助期内。", "The grant does not have this month.")
    if asking.kind is StopKind.RECOVER_AID:
        return await recovery(run, grant, asking)
    if asking.from_month <= today.replace(day=1):
        raise invalid(
            "request.fromMonth",
            "只能从以后的月份起停发或减发。",
            "Aid is stopped or reduced from a month to come.",
        )
    stands_at = await effects.stands_at(run, grant, asking.from_month)
    if stands_at == 0:
        raise invalid("request.fromMonth", "此项救助在该月之前已停发。", "It is stopped before that month already.")
    if asking.kind is StopKind.STOP_AID:
        return Asking(asking.kind, asking.from_month, amount_fen=0)
    if asking.amount_fen is None or not 0 < asking.amount_fen < stands_at:
        raise invalid(
            "request.amount",
            "减发后的金额须低于现金额且大于零。",
            "What is left of it is less than the grant's amount, and more than nothing.",
        )
    return Asking(asking.kind, asking.from_month, amount_fen=asking.amount_fen)


async def recovery(run: incomes.Run, grant: Any, asking: Asking, field: str = "request.amount") -> Asking:
    """A recovery, whole: with all that was decided before it is no more than what was paid in its months (F-10).

    Raises NotDone.
    """
    to_month = asking.to_month or asking.from_month
    paid = [(row.month, row.amount_fen) for row in await effects.paid(run, grant.id)]
    most = sum(fen for month, fen in paid if asking.from_month <= month <= to_month)
    if asking.amount_fen is None or not 1 < asking.amount_fen <= most:
        raise invalid(
            field,
            "追回金额不得超过这些月份银行已确认发放的金额。",
            "No more is recovered than what the bank paid in these months.",
        )
    this = (asking.from_month, to_month, asking.amount_fen)
    if not recoveries.fits(paid, [*await effects.recovered(run, grant.id), this]):
        raise invalid(
            field,
            "连同这些月份已决定追回的金额，超过实际发放的金额。",
            "With what is being recovered of these months already it is more than what was paid.",
        )
    return Asking(asking.kind, *this, asking.cause or RecoveryCause.OFFICIAL_ERROR)


async def not_paid_yet(connection: AsyncConnection, grant: Any, asking: Asking, today: dt.date) -> None:
    """Nothing that was paid is stopped: a month that has passed, or was paid, is only recovered. Raises NotDone."""
    if asking.kind is StopKind.RECOVER_AID:
        return
    paid = select(func.count()).where(Payment.enrolment_id == grant.enrolment_id, Payment.month >= asking.from_month)
    if asking.from_month < today.replace(day=1) or await connection.scalar(paid):
        raise invalid(
            "proposalId",
            "所提月份已过或已发放，请撤回后另提以后的月份。",
            "The month has passed or was paid: withdraw the proposal, and propose a later one.",
        )


def asked(asking: Asking, today: dt.date) -> Asked:
    """What it would do: a recovery leaves the grant as it is, and is paid from what there is today."""
    if asking.kind is StopKind.RECOVER_AID:
        return Asked(today.replace(day=1), None)
    return Asked(asking.from_month, asking.amount_fen or 0)


def invalid(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, casework.path(field), zh, en)
