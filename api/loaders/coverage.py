"""What is done about the causes of households' hardship today: planned measures, aid, proposals and referrals."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, Select, String, and_, bindparam, exists, or_, select

from api import scope
from api.database import among
from api.domain import days
from api.domain.casework import HardshipCause, MeasureState, ReferralOutcome, ReferralState
from api.domain.catalogue import Catalogue
from api.domain.clocks import months_after
from api.domain.grants import GrantState
from api.loaders.reading import Reading
from api.models import Cause, Enrolment, File, Grant, Household, Plan, PlannedMeasure, Referral, table

ONE_OFF_MONTHS = 12
"""For how long aid that is given once, and the answer to a referral, count as something that is done."""

C, E, F, G, H, M, P, R = (
    table(each).c for each in (Cause, Enrolment, File, Grant, Household, PlannedMeasure, Plan, Referral)
)
_MONTH, _YEAR_AGO = bindparam("cover_month", type_=Date()), bindparam("cover_year_ago", type_=Date())
_ANSWERED = bindparam("cover_answered", type_=DateTime(timezone=True))

_PENDING = and_(F.closed_on.is_(None), C.resolved_on.is_(None))
_STEPS = and_(P.until.is_(None), M.state != MeasureState.DROPPED)
_PAID = and_(
    E.start_month <= _MONTH,
    or_(
        E.end_month.is_(None),
        E.end_month >= _MONTH,
        and_(E.start_month == E.end_month, E.end_month >= _YEAR_AGO),
    ),
)
_PROPOSED = and_(G.state == GrantState.PROPOSED, G.last_month >= _MONTH)
_SENT = and_(R.programme_code.is_not(None), or_(R.state != ReferralState.CLOSED, R.answered_at >= _ANSWERED))
_HELPS = or_(R.state != ReferralState.CLOSED, R.outcome == ReferralOutcome.PROVIDED)


def _of(statement: Select[*tuple[Any, ...]], household: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Of these households, as far as the viewer answers for them."""
    narrowed = scope.narrow(statement.join(Household, H.id == household), H.division_code)
    return narrowed.where(among(household, "keys"))


_CAUSES_OF = _of(
    select(C.household_id, C.id, C.cause, C.main, C.since).join(File, F.id == C.file_id).where(_PENDING),
    C.household_id,
).order_by(C.household_id, C.main.desc(), C.place)
_STEPS_OF = _of(
    select(P.household_id, M.id, M.measure, M.state).join(Plan, P.id == M.plan_id).where(_STEPS), P.household_id
).order_by(P.household_id, M.place)
_AID_OF = _of(
    select(E.household_id, E.id, E.programme_code, G.cause_id).outerjoin(Grant, G.enrolment_id == E.id).where(_PAID),
    E.household_id,
).order_by(E.household_id, E.id)
_PROPOSED_OF = _of(
    select(G.household_id, G.id, G.programme_code, G.cause_id).where(_PROPOSED), G.household_id
).order_by(G.household_id, G.id)
_SENT_OF = _of(
    select(R.household_id, R.id, R.programme_code, R.state, R.outcome).where(_SENT), R.household_id
).order_by(R.household_id, R.id)
_PLANNED_OF = _of(select(P.household_id, P.id).where(P.until.is_(None)), P.household_id)

HAS_PLAN = exists().where(P.household_id == H.id, P.until.is_(None)).correlate(Household)
"""That a household has a plan in force."""


def _named(programme: ColumnElement[str]) -> ColumnElement[bool]:
    return among(C.cause + ":" + programme, "cover_programmes", String)


LEFT_OPEN = (
    exists()
    .where(
        C.household_id == H.id,
        F.id == C.file_id,
        _PENDING,
        among(C.cause, "cover_causes", String),
        ~exists()
        .where(
            P.household_id == C.household_id,
            M.plan_id == P.id,
            _STEPS,
            among(C.cause + ":" + M.measure, "cover_measures", String),
        )
        .correlate(Cause),
        ~exists().where(E.household_id == C.household_id, _PAID, _named(E.programme_code)).correlate(Cause),
        ~exists().where(G.cause_id == C.id, G.enrolment_id == E.id, _PAID).correlate(Cause),
        ~exists()
        .where(G.household_id == C.household_id, _PROPOSED, or_(G.cause_id == C.id, _named(G.programme_code)))
        .correlate(Cause),
        ~exists().where(R.household_id == C.household_id, _SENT, _HELPS, _named(R.programme_code)).correlate(Cause),
    )
    .correlate(Household)
)
"""That a cause of a household's file is addressed by nothing."""


@dataclass(slots=True)
class Done:
    """What is on record of a household: its causes, and what is done."""

    planned: bool = False
    causes: list[Any] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)
    aid: list[Any] = field(default_factory=list)
    proposed: list[Any] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)


async def of_households(reading: Reading, keys: Sequence[int]) -> dict[int, Done]:
    """By household what is done about its causes, as it stands today."""
    found, told = defaultdict[int, Done](Done), {"keys": list(keys), **window(reading.today)}
    for row in await reading.rows(_PLANNED_OF, told):
        found[row.household_id].planned = True
    for name, statement in (
        ("causes", _CAUSES_OF),
        ("steps", _STEPS_OF),
        ("aid", _AID_OF),
        ("proposed", _PROPOSED_OF),
        ("sent", _SENT_OF),
    ):
        for row in await reading.rows(statement, told):
            getattr(found[row.household_id], name).append(row)
    return {key: found[key] for key in keys}


def window(today: dt.date) -> dict[str, Any]:
    """The days by which something counts as done now."""
    year_ago = months_after(today, -ONE_OFF_MONTHS)
    return {
        "cover_month": today.replace(day=1),
        "cover_year_ago": year_ago.replace(day=1),
        "cover_answered": days.begins(year_ago),
    }


def pairs(known: Catalogue, today: dt.date, division: str) -> dict[str, Any]:
    """What addresses which cause in that division on that day, as the condition LEFT_OPEN takes it."""
    remedies = {cause: known.remedy(cause, today, division) for cause in HardshipCause}
    entries = known.programmes(today, division)
    return {
        **window(today),
        "cover_causes": [cause.value for cause, measures in remedies.items() if measures],
        "cover_measures": [f"{cause}:{each}" for cause, measures in remedies.items() for each in measures],
        "cover_programmes": [
            f"{cause}:{code}"
            for cause, measures in remedies.items()
            for code, entry in entries.items()
            if set(entry.measures) & set(measures)
        ],
    }
