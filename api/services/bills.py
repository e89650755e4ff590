"""Bills that grants help to pay: the same one however and wherever it is written, and never paid above what it came to."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, String, bindparam, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import casework, days, grants
from api.domain.casework import path
from api.domain.errors import NotDone, UserErrorCode
from api.domain.grants import Bill, Correction, Finding, GrantEffect, GrantFindingKind, Request
from api.domain.permissions import Viewer
from api.matching import compatibility, policy
from api.models import Cost, CostShare, Member, Programme, table

B, M, P, S = (table(each).c for each in (Cost, Member, Programme, CostShare))
_BILLS = (
    select(B.id, B.household_id, B.reference, B.cost_fen, B.member_id, M.person_id)
    .outerjoin(Member, M.id == B.member_id)
    .where(or_(B.household_id == bindparam("household"), M.person_id == bindparam("person", type_=BigInteger())))
    .order_by(B.id)
)
"""The household's bills, and those of the same human wherever they lived."""

_SHARES = select(S.programme_code, S.amount_fen, S.grant_id).where(among(S.cost_id, "costs"))
_PROGRAMMES = select(P.code).where(among(P.code, "codes", String))


@dataclass(frozen=True, slots=True)
class Found:
    """The bill's key if the household's is known, all keys of the same bill, and what speaks against paying of it."""

    key: int | None = None
    same: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()


async def look(
    connection: AsyncConnection, request: Request, household_id: int, division: str, person: int | None
) -> Found:
    """What is known of the bill that is asked to be paid in part.

    The same human's is the same bill in whichever household it was handed in. Raises NotDone where it was told otherwise.
    """
    bill = request.bill
    if bill is None:
        return Found()
    known = set((await connection.scalars(_PROGRAMMES, {"codes": sorted(bill.paid)})).all()) if bill.paid else set()
    if unknown := sorted(bill.paid.keys() - known):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("bill"),
            f"没有此项目：{'、'.join(unknown)}。",
            f"There is no such programme: {', '.join(unknown)}.",
        )
    rows = await connection.execute(_BILLS, {"household": household_id, "person": person})
    same = [row for row in rows if grants.same_reference(row.reference, bill.reference)]
    own = next((row for row in same if row.household_id == household_id), None)
    if any(row.cost_fen != bill.cost_fen for row in same) or (own is not None and own.member_id != request.member_id):
        raise NotDone(
            UserErrorCode.INVALID,
            path("bill"),
            "该单据已登记，金额或人员与此不符。",
            "This bill is recorded already, with another sum or for somebody else.",
        )
    keys = [int(row.id) for row in same]
    paid = await _paid(connection, bill.paid if own is None else {}, keys)
    return Found(
        None if own is None else int(own.id), frozenset(keys), _against(request, bill.cost_fen, division, paid)
    )


async def _paid(connection: AsyncConnection, said: Mapping[str, int], keys: Sequence[int]) -> dict[str, int]:
    """What each programme pays of a bill: the most that was ever said of others, and all that we granted."""
    told, granted = dict(said), defaultdict[str, int](int)
    for row in await connection.execute(_SHARES, {"costs": keys}) if keys else ():
        if row.grant_id is None:
            told[row.programme_code] = max(told.get(row.programme_code, 0), row.amount_fen)
        else:
            granted[row.programme_code] += row.amount_fen
    return {code: told.get(code, 0) + granted.get(code, 0) for code in told.keys() | granted.keys()}


def _against(request: Request, cost_fen: int, division: str, paid: Mapping[str, int]) -> tuple[Finding, ...]:
    rules, month = policy.in_force(), request.first
    silent = [
        Finding(GrantFindingKind.NOT_YET_ANSWERED, GrantEffect.WARNS, each, (month,))
        for each in compatibility.before(rules, request.programme, month, division)
        if each not in paid
    ]
    together = {**paid, request.programme: paid.get(request.programme, 0) + request.amount_fen}
    over, shares = compatibility.over_cost(rules, together, cost_fen, month, division)
    if over <= 0:
        return tuple(silent)
    yielding = request.programme if request.programme in shares else min(shares)
    right = Correction(yielding, (month,), min(over, shares[yielding]))
    too_much = Finding(
        GrantFindingKind.OVER_COST, GrantEffect.REFUSES, yielding, (month,), verified=True, correction=right
    )
    return (too_much, *silent)


async def record(
    connection: AsyncConnection,
    viewer: Viewer,
    household_id: int,
    member_id: int | None,
    bill: Bill,
    now: dt.datetime,
) -> int:
    """A bill that the household handed in first now, with what it says that others paid; its key. Raises NotDone."""
    if member_id is None:
        raise NotDone(UserErrorCode.REQUIRED, path("personId"), "请指明是谁的单据。", "Say whose bill it is.")
    if not bill.reference.strip() or bill.cost_fen <= 0 or min(bill.paid.values(), default=1) <= 0:
        raise NotDone(
            UserErrorCode.INVALID,
            path("bill"),
            "请填写单据编号，金额须大于零。",
            "A bill has a reference, and its sums are more than nothing.",
        )
    casework.past(bill.incurred_on, days.today(now), "bill.incurredOn")
    row = {"household_id": household_id, "member_id": member_id, "reference": bill.reference.strip()}
    sums = {"incurred_on": bill.incurred_on, "cost_fen": bill.cost_fen, "covered_fen": 0}
    who = {"recorded_by": viewer.user_id, "created_at": now}
    added = await connection.execute(insert(Cost).values(**row, **sums, **who).returning(Cost.id))
    key = int(added.scalar_one())
    shares = [{"cost_id": key, "programme_code": each, "amount_fen": fen} for each, fen in sorted(bill.paid.items())]
    if shares:
        await connection.execute(insert(CostShare), shares)
    return key
