"""Upon which households on file what came in a period, counted by groups in the database: two statements, however many there are.

One counts by sex, age, migrant status and county. Whether somebody lives with a disability is sealed with the national
form: the other gives the forms with what came upon their households and nothing else, and they are opened only to be counted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import IntFlag
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from api import scope
from api.domain import equity
from api.domain.equity import Bounds, Counted, EquityAttribute, EquityEvent, EquityReport
from api.domain.grants import GrantDecision
from api.domain.national_form import MIGRANT
from api.domain.objections import PROVED, ObjectionOutcome, ObjectionState, Objector
from api.domain.people import Relation, born_after
from api.domain.review import ENTITLEMENT
from api.domain.scorecards import Period
from api.loaders import periods
from api.loaders.conditions import in_division
from api.loaders.periods import BEGINS, ENDS, FIRST, LAST
from api.loaders.reading import Reading, Rows
from api.matching import policy
from api.models import Decision, FileFact, Finding, Grant, Member, Objection, Review, StopProposal, table
from api.models.standing import goes_on
from api.sealing import Vault

B, C, F, G, L, M, P, V = (
    table(each).c for each in (Objection, Decision, Finding, Grant, FileFact, Member, StopProposal, Review)
)
_HEAD, _EARLIER, _LATER = table(Member).alias("head"), table(Review).alias("earlier"), table(FileFact).alias("later")
FORM, ANSWER, NONE = "members.form", "DISABILITY", "NONE"
_ONE = literal_column("1", Integer())
BOUNDS = ("equity.ratio_high", "equity.ratio_low", "equity.least_households")


def _any(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0)).label(name)


def _within(moment: ColumnElement[dt.datetime]) -> ColumnElement[bool]:
    return and_(moment >= BEGINS, moment < ENDS)


_ASKS_FOR_MORE = F.rule_id.like(f"{ENTITLEMENT}%")
_LEADS = (
    select(F.household_id, _any(~_ASKS_FOR_MORE, "raised"), _any(_ASKS_FOR_MORE, "entitled"))
    .where(F.raised_on >= FIRST, F.raised_on <= LAST)
    .group_by(F.household_id)
    .subquery("leads")
)
_WAS_CONFIRMED = (
    select(_ONE)
    .where(
        _EARLIER.c.finding_id == V.finding_id,
        _EARLIER.c.id < V.id,
        _EARLIER.c.outcome.in_(sorted(equity.CONFIRMED)),
    )
    .correlate(Review)
    .exists()
)
_IS_CONFIRMED = V.outcome.in_(sorted(equity.CONFIRMED))
_CONCLUDED = V.outcome.not_in(sorted(equity.INCONCLUSIVE))
_REVIEWS = (
    select(
        F.household_id,
        _any(_CONCLUDED, "concluded"),
        _any(_IS_CONFIRMED, "confirmed"),
        _any(and_(_CONCLUDED, ~_IS_CONFIRMED, _WAS_CONFIRMED), "reversed"),
    )
    .select_from(Review)
    .join(Finding, F.id == V.finding_id)
    .where(_within(V.reviewed_at), ~_ASKS_FOR_MORE)
    .group_by(F.household_id)
    .subquery("concluded")
)
_GRANTS = (
    select(
        G.household_id,
        _ONE.label("decided"),
        _any(G.decided_as == GrantDecision.REFUSE_GRANT, "refused"),
    )
    .select_from(Grant)
    .join(Decision, C.id == G.decision_id)
    .where(_within(C.made_at))
    .group_by(G.household_id)
    .subquery("decided_grants")
)
_STOPS = (
    select(P.household_id, _ONE.label("stopped"))
    .where(_within(P.proposed_at))
    .group_by(P.household_id)
    .subquery("stops_proposed")
)
_OBJECTIONS = (
    select(B.household_id, _ONE.label("answered"), _any(B.outcome.in_(sorted(PROVED)), "upheld"))
    .where(
        B.objector == Objector.HOUSEHOLD,
        B.state == ObjectionState.ANSWERED,
        B.outcome != ObjectionOutcome.WITHDRAWN,
        _within(B.answered_at),
    )
    .group_by(B.household_id)
    .subquery("objections_answered")
)


class Came(IntFlag):
    """What came upon a household in the period, each a bit of one number; no two of the selects above have the same."""

    RAISED = 1
    ENTITLED = 2
    CONCLUDED = 4
    CONFIRMED = 8
    REVERSED = 16
    DECIDED = 32
    REFUSED = 64
    STOPPED = 128
    ANSWERED = 256
    UPHELD = 512


EVENTS: Mapping[EquityEvent, tuple[Came, Came]] = {
    EquityEvent.LEAD_RAISED: (Came(0), Came.RAISED),
    EquityEvent.LEAD_CONFIRMED: (Came.CONCLUDED, Came.CONFIRMED),
    EquityEvent.LEAD_REVERSED: (Came.CONFIRMED | Came.REVERSED, Came.REVERSED),
    EquityEvent.ENTITLEMENT_LEAD: (Came(0), Came.ENTITLED),
    EquityEvent.GRANT_REFUSED: (Came.DECIDED, Came.REFUSED),
    EquityEvent.STOP_PROPOSED: (Came(0), Came.STOPPED),
    EquityEvent.OBJECTION_UPHELD: (Came.ANSWERED, Came.UPHELD),
}
"""Of each event upon whom it could have come, upon everybody where it says nothing, and upon whom it did."""


def _bits(of: Subquery) -> Select[*tuple[Any, ...]]:
    told = (of.c[each.name.lower()] * each.value for each in Came if each.name and each.name.lower() in of.c)
    return select(of.c.household_id, reduce(add, told).label("came"))


_ALL = union_all(*map(_bits, (_LEADS, _REVIEWS, _GRANTS, _STOPS, _OBJECTIONS))).subquery("all_that_came")
_CAME = (
    select(_ALL.c.household_id, cast(func.sum(_ALL.c.came), Integer()).label("came"))
    .group_by(_ALL.c.household_id)
    .subquery("came")
)


def _counts_in_period(of: Any) -> ColumnElement[bool]:
    return and_(
        or_(of.begun_on.is_(None), of.begun_on <= LAST),
        or_(of.closed_on.is_(None), of.closed_on >= FIRST),
    )


_OF_HEAD = (
    select(func.min(_HEAD.c.id))
    .where(_HEAD.c.household_id == L.household_id, _HEAD.c.relation == Relation.HEAD, goes_on(LAST, _HEAD.c))
    .correlate(FileFact)
    .scalar_subquery()
)
_NEXT = (
    select(func.min(_LATER.c.file_id))
    .where(_LATER.c.household_id == L.household_id, _LATER.c.file_id > L.file_id, _counts_in_period(_LATER.c))
    .correlate(FileFact)
    .scalar_subquery()
)
"""A later file that counts too, sought for the few that may have one: a number, since PostgreSQL would else gather all files first."""

_SHARED = (L.household_id, L.division_code, L.target_group)
_LOOKED_FOR = or_(L.followed, L.worker_id.is_(None))


def _files(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Of the files of the period."""
    return scope.narrow(statement, L.division_code).where(in_division(L.division_code), _counts_in_period(L))


_HOMES = union_all(
    _files(select(*_SHARED, L.worker_id, L.sex, L.birth_date)).where(~_LOOKED_FOR),
    _files(
        select(*_SHARED, M.id.label("worker_id"), M.sex, M.birth_date)
        .select_from(FileFact)
        .outerjoin(Member, M.id == func.coalesce(L.worker_id, _OF_HEAD))
    ).where(_LOOKED_FOR, _NEXT.is_(None)),
).subquery("homes")
"""Each household once, by its last file: nearly always what the row itself says, and only else looked for."""

X = _HOMES.c
_AGE = case(
    (X.birth_date.is_(None), equity.UNKNOWN),
    *((X.birth_date > bindparam(f"born_{code.lower()}", type_=Date()), code) for code, _ in equity.AGES),
    else_=equity.OLDEST,
)
GROUPED = {
    EquityAttribute.SEX: func.coalesce(X.sex, equity.UNKNOWN),
    EquityAttribute.AGE: _AGE,
    EquityAttribute.MIGRANT: case(
        (X.target_group.is_(None), equity.UNKNOWN), (X.target_group == MIGRANT, equity.YES), else_=equity.NO
    ),
    EquityAttribute.COUNTY: X.division_code,
}
"""What tells households apart that the database itself can read."""

_KEYS = [column.label(attribute.lower()) for attribute, column in GROUPED.items()]
_BITS = func.coalesce(_CAME.c.came, 0).label("came")
_WITH_EVENTS = (
    select(*_KEYS, _BITS)
    .select_from(_HOMES)
    .outerjoin(_CAME, _CAME.c.household_id == X.household_id)
    .subquery("each_home")
)
_BY_GROUP = select(*_WITH_EVENTS.c, func.count().label("households")).group_by(*_WITH_EVENTS.c)
_FORMS = (
    select(M.form, _BITS, _ONE.label("households"))
    .select_from(_HOMES)
    .join(Member, M.id == X.worker_id)
    .outerjoin(_CAME, _CAME.c.household_id == X.household_id)
    .where(M.form.is_not(None))
)

Sums = Mapping[EquityEvent, Counted]


async def report(
    reading: Reading,
    code: str,
    period: Period,
    attributes: Collection[EquityAttribute],
    events: Collection[EquityEvent],
) -> EquityReport:
    """The tables of a division and a period, by attribute and event. Raises MatcherError where no bounds are in force."""
    told = {
        **periods.told(code, period),
        **{f"born_{band.lower()}": born_after(period.last, years) for band, years in equity.AGES},
    }
    rows = await reading.counted(_BY_GROUP, told)
    groups = {attribute: _added((getattr(row, attribute.lower()), row) for row in rows) for attribute in GROUPED}
    whole = _added(("", row) for row in rows).get("", _nothing())
    if EquityAttribute.DISABILITY in attributes:
        forms = await reading.counted(_FORMS, told)
        known = await asyncio.to_thread(_by_disability, reading.vault, forms)
        groups[EquityAttribute.DISABILITY] = _with_unknown(known, whole)
    bounds = bounds_in_force(code, period.last)
    return EquityReport(
        whole[EquityEvent.LEAD_RAISED].could,
        bounds,
        tuple(
            equity.table(attribute, event, {group: sums[event] for group, sums in groups[attribute].items()}, bounds)
            for attribute in EquityAttribute
            if attribute in attributes
            for event in EquityEvent
            if event in events
        ),
    )


def bounds_in_force(code: str, day: dt.date) -> Bounds:
    """Which ratios are too far apart in that division on that day."""
    high, low, least = (policy.value(key, day, code) for key in BOUNDS)
    return Bounds(high, low, int(least.to_integral_value(rounding="ROUND_CEILING")))


def _nothing() -> dict[EquityEvent, Counted]:
    return dict.fromkeys(EVENTS, Counted(0, 0))


def _added(rows: Iterable[tuple[str, Any]]) -> dict[str, Sums]:
    """Rows of sums taken together by the group that each is of."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for group, row in rows:
        found[group][row.came] += row.households

    def counted(came: Counter[int], which: Came) -> int:
        return sum(households for bits, households in came.items() if not which or bits & which)

    return {
        group: {event: Counted(counted(came, could), counted(came, did)) for event, (could, did) in EVENTS.items()}
        for group, came in found.items()
    }


def _by_disability(vault: Vault, forms: Rows) -> dict[str, Sums]:
    """Sums by what the national form says of a disability; a form that says nothing of it counts nowhere."""

    def said() -> Iterable[tuple[str, Any]]:
        for row in forms:
            answer = json.loads(vault.open(FORM, row.form) or "{}").get(ANSWER)
            if answer:
                yield equity.NO if answer == NONE else equity.YES, row

    return _added(said())


def _with_unknown(known: Mapping[str, Sums], whole: Sums) -> dict[str, Sums]:
    """The groups, and whoever is in none of them."""
    rest = {
        event: Counted(
            whole[event].could - sum(sums[event].could for sums in known.values()),
            whole[event].did - sum(sums[event].did for sums in known.values()),
        )
        for event in EVENTS
    }
    return {**known, equity.UNKNOWN: rest}
