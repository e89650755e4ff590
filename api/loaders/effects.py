"""What a household has to live on once a grant is changed: the same reckoning for whoever asks beforehand and whoever decides.

The month of the change has its own line. Of income the last month counts of which all sources have spoken, of aid what
goes on in the month of the change: our grants as they were decided, and other agencies' enrolments that do not end before,
but of no programme that is granted here, or is being stopped: a register of aid tells of our own payments too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, func, not_, or_, select

from api import scope
from api.domain import payments, stops
from api.domain.grants import OF_GRANT
from api.domain.incomes import IncomeKind, IncomeSource, Month, SourceAnswer, Told
from api.domain.money import fen
from api.domain.payments import OrderState
from api.domain.stops import Change, Floor, Granted, StopKind
from api.loaders import incomes
from api.loaders.incomes import Family, Run
from api.loaders.reading import Rows
from api.matching import income, policy
from api.models import (
    Enrolment,
    Grant,
    Household,
    Member,
    Payment,
    PaymentOrder,
    Recovery,
    Stop,
    StopProposal,
    table,
)

E, G, H, M, P, R, S = (table(model).c for model in (Enrolment, Grant, Household, Member, Payment, Recovery, Stop))
A = table(StopProposal).c
O = table(PaymentOrder).c  # noqa: E741
LASTING = (StopKind.STOP_AID, StopKind.REDUCE_AID)

_TERMS = (G.first_month, G.last_month, G.period, G.amount_fen)
_GRANT = scope.narrow(
    select(
        G.id, G.household_id, G.file_id, G.member_id, G.programme_code, G.enrolment_id, G.state, *_TERMS,
        H.division_code, scope.protects_household(H.id).label("protected"),
    )
    .select_from(Grant)
    .join(Household, H.id == G.household_id),
    H.division_code,
).where(G.id == bindparam("grant"))  # fmt: skip
_GRANTS = scope.narrow(
    select(G.id, G.programme_code, M.person_id, *_TERMS)
    .select_from(Grant)
    .join(Household, H.id == G.household_id)
    .outerjoin(Member, M.id == G.member_id),
    H.division_code,
).where(H.id == bindparam("household"), G.state == "GRANTED")
_CHANGES = scope.narrow(
    select(S.grant_id, S.from_month, S.amount_fen).select_from(Stop).join(Household, H.id == S.household_id),
    H.division_code,
).where(H.id == bindparam("household"), S.kind.in_(LASTING))
_GOING_ON = (
    scope.narrow(
        select(E.programme_code, M.person_id, func.sum(P.amount_fen).label("amount_fen"))
        .select_from(Payment)
        .join(Enrolment, E.id == P.enrolment_id)
        .join(Household, H.id == E.household_id)
        .outerjoin(Member, M.id == E.member_id),
        H.division_code,
    )
    .where(
        H.id == bindparam("household"),
        P.month == bindparam("month"),
        or_(E.end_month.is_(None), E.end_month >= bindparam("goes_on")),
        not_(E.source_record.startswith(OF_GRANT)),
    )
    .group_by(E.programme_code, M.person_id)
)
_PAID = scope.narrow(
    select(P.month, P.amount_fen)
    .select_from(Payment)
    .join(Grant, G.enrolment_id == P.enrolment_id)
    .join(Household, H.id == G.household_id)
    .outerjoin(PaymentOrder, O.id == P.order_id),
    H.division_code,
).where(G.id == bindparam("grant"), or_(O.id.is_(None), O.state == OrderState.PAID)).order_by(P.month)  # fmt: skip
_RECOVERED = scope.narrow(
    select(A.from_month, A.to_month, R.total_fen)
    .select_from(StopProposal)
    .join(Stop, S.proposal_id == A.id)
    .join(Recovery, R.stop_id == S.id)
    .join(Household, H.id == A.household_id),
    H.division_code,
).where(A.grant_id == bindparam("grant"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What would be done to a grant: from a month on it is so much a period; None where what it gives stays as it is."""

    from_month: dt.date
    amount_fen: int | None


@dataclass(frozen=True, slots=True)
class MonthChanged:
    """A month of a grant, what it gives before and after, in fen."""

    month: dt.date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of a grant comes to, for its household."""

    months: tuple[MonthChanged, ...]
    left: Month
    line: int | None
    floor: Floor
    possible: tuple[str, ...]

    @property
    def lost(self) -> int:
        """What the household would not be given, in all, in fen."""
        return sum(each.before - each.after for each in self.months)


def granted(row: Any) -> Granted:
    """The terms of a grant."""
    return Granted(row.first_month, row.last_month, row.period, row.amount_fen)


async def grant(run: Run, grant_id: int) -> Any | None:
    """The grant, where the viewer sees it."""
    return next(iter(await run(_GRANT, {"grant": grant_id})), None)


async def stands_at(run: Run, found: Any, month: dt.date) -> int:
    """A period's sum of the grant as it stands in a month; nothing once it was stopped."""
    rows = await run(_CHANGES, {"household": found.household_id})
    decided = [Change(row.from_month, row.amount_fen) for row in rows if row.grant_id == found.id]
    return stops.lowered(found.amount_fen, decided, month)


async def paid(run: Run, grant_id: int) -> Rows:
    """What the household was paid of a grant, month by month: what the bank has not said to be paid is none of it."""
    return await run(_PAID, {"grant": grant_id})


async def recovered(run: Run, grant_id: int) -> list[tuple[dt.date, dt.date, int]]:
    """What was decided to be recovered of a grant: from which month to which, and how much."""
    rows = await run(_RECOVERED, {"grant": grant_id})
    return [(row.from_month, row.to_month, row.total_fen) for row in rows]


async def effect(run: Run, found: Any, asked: Asked, today: dt.date) -> Effect:
    """What the change comes to."""
    household = {"household": found.household_id}
    month = min(asked.from_month, income.tested_until(today, found.division_code))
    family = await incomes.family(run, found.household_id, month, month)
    assert family is not None, "the grant was seen"
    grants = await run(_GRANTS, household)
    changes: dict[int, list[Change]] = {}
    for row in await run(_CHANGES, household):
        changes.setdefault(row.grant_id, []).append(Change(row.from_month, row.amount_fen))
    others = await run(_GOING_ON, {**household, "month": month, "goes_on": asked.from_month})
    before = changes.get(found.id, [])
    after = before if asked.amount_fen is None else [*before, Change(asked.from_month, asked.amount_fen)]
    terms = granted(found)
    months = tuple(
        MonthChanged(each, stops.amount_of(terms, before, each), stops.amount_of(terms, after, each))
        for each in payments.months(max(terms.first_month, asked.from_month), terms.last_month)
    )
    ours = [
        (row, stops.a_month(granted(row), after if row.id == found.id else changes.get(row.id, []), asked.from_month))
        for row in grants
    ]
    told_twice = {found.programme_code, *(row.programme_code for row, amount in ours if amount)}
    aid = [
        (row.programme_code, row.person_id, int(row.amount_fen))
        for row in others
        if row.programme_code not in told_twice
    ]
    aid += [(row.programme_code, row.person_id, amount) for row, amount in ours if amount]
    left = income.to_live_on(month, family.present, _with(family, month, aid), family.division)
    known = policy.line(family.division, asked.from_month)
    line = None if known is None else fen(known.yuan)
    return Effect(
        months=months,
        left=left,
        line=line,
        floor=stops.floor(left.head.low, left.head.high, line) if left.members else Floor.UNKNOWN,
        possible=_possible(found, asked, {programme for programme, _, _ in aid}),
    )


def _with(family: Family, month: dt.date, aid: Sequence[tuple[str, int | None, int]]) -> list[Told]:
    """What was told of income, and this aid in the place of all aid that was told."""
    told = [
        replace(each, answer=SourceAnswer.NO_RECORD, kind=None, programme=None, fen=None)
        if each.kind is IncomeKind.AID and each.month is not None
        else each
        for each in family.told
        if not each.paid
    ]
    return told + [
        Told(person, IncomeSource.AID, SourceAnswer.VALUE, month, None, IncomeKind.AID, programme, amount, True)
        for programme, person, amount in aid
    ]


def _possible(found: Any, asked: Asked, kept: set[str]) -> tuple[str, ...]:
    """Programmes that this one stood against, and nothing else that goes on does."""
    if asked.amount_fen != 0:
        return ()
    freed = policy.excluded_by(found.programme_code, asked.from_month, found.division_code) - kept
    beside = kept - {found.programme_code}
    return tuple(
        sorted(
            each for each in freed
            if not policy.excluded_by(each, asked.from_month, found.division_code) & beside
        )
    )  # fmt: skip
