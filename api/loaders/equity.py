"""Upon which households on file what came in a period, counted by groups in the database: two statements, however many there are.

One counts by sex, age, migrant status and county. Whether somebody lives with a disability is sealed with the national
form: the other gives the forms with what came upon their households and nothing else, and they are opened only to be counted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

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
from api.models import Decision, File, Finding, Grant, Household, Member, Objection, Review, StopProposal, table
from api.models.standing import goes_on
from api.sealing import Vault

B, C, F, G, H, L, M, P, V = (
    table(each).c for each in (Objection, Decision, Finding, Grant, Household, File, Member, StopProposal, Review)
)
_HEAD, _EARLIER = table(Member).alias("head"), table(Review).alias("earlier")
FORM, ANSWER, NONE = "members.form", "DISABILITY", "NONE"
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
    select(literal_column("1"))
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
        literal_column("1").label("decided"),
        _any(G.decided_as == GrantDecision.REFUSE_GRANT, "refused"),
    )
    .select_from(Grant)
    .join(Decision, C.id == G.decision_id)
    .where(_within(C.made_at))
    .group_by(G.household_id)
    .subquery("decided_grants")
)
_STOPS = (
    select(P.household_id, literal_column("1").label("stopped"))
    .where(_within(P.proposed_at))
    .group_by(P.household_id)
    .subquery("stops_proposed")
)
_OBJECTIONS = (
    select(B.household_id, literal_column("1").label("answered"), _any(B.outcome.in_(sorted(PROVED)), "upheld"))
    .where(
        B.objector == Objector.HOUSEHOLD,
        B.state == ObjectionState.ANSWERED,
        B.outcome != ObjectionOutcome.WITHDRAWN,
        _within(B.answered_at),
    )
    .group_by(B.household_id)
    .subquery("objections_answered")
)
_OF_HEAD = (
    select(func.min(_HEAD.c.id))
    .where(_HEAD.c.household_id == H.id, _HEAD.c.relation == Relation.HEAD, goes_on(LAST, _HEAD.c))
    .correlate(Household)
    .scalar_subquery()
)
_ON_FILE = (
    select(func.max(L.id))
    .where(
        or_(func.coalesce(L.opened_on, L.applied_on).is_(None), func.coalesce(L.opened_on, L.applied_on) <= LAST),
        or_(L.closed_on.is_(None), L.closed_on >= FIRST),
    )
    .group_by(L.household_id)
)
_AGE = case(
    (M.birth_date.is_(None), equity.UNKNOWN),
    *((M.birth_date > bindparam(f"born_{code.lower()}", type_=Date()), code) for code, _ in equity.AGES),
    else_=equity.OLDEST,
)


def _flag(of: NamedFromClause, name: str) -> ColumnElement[int]:
    return func.coalesce(of.c[name], 0)


_CONFIRMED, _REVERSED = _flag(_REVIEWS, "confirmed"), _flag(_REVIEWS, "reversed")
EVENTS: Mapping[EquityEvent, tuple[ColumnElement[int], ColumnElement[int]]] = {
    EquityEvent.LEAD_RAISED: (literal_column("1"), _flag(_LEADS, "raised")),
    EquityEvent.LEAD_CONFIRMED: (_flag(_REVIEWS, "concluded"), _CONFIRMED),
    EquityEvent.LEAD_REVERSED: (case((_CONFIRMED + _REVERSED > 0, 1), else_=0), _REVERSED),
    EquityEvent.ENTITLEMENT_LEAD: (literal_column("1"), _flag(_LEADS, "entitled")),
    EquityEvent.GRANT_REFUSED: (_flag(_GRANTS, "decided"), _flag(_GRANTS, "refused")),
    EquityEvent.STOP_PROPOSED: (literal_column("1"), _flag(_STOPS, "stopped")),
    EquityEvent.OBJECTION_UPHELD: (_flag(_OBJECTIONS, "answered"), _flag(_OBJECTIONS, "upheld")),
}
"""Of each event upon whom it could have come, and upon whom it did."""

_NAMES = [(event, (f"could_{event.lower()}", f"did_{event.lower()}")) for event in EVENTS]
GROUPED = {
    EquityAttribute.SEX: func.coalesce(M.sex, equity.UNKNOWN),
    EquityAttribute.AGE: _AGE,
    EquityAttribute.MIGRANT: case(
        (H.target_group.is_(None), equity.UNKNOWN), (H.target_group == MIGRANT, equity.YES), else_=equity.NO
    ),
    EquityAttribute.COUNTY: H.division_code,
}
"""What tells households apart that the database itself can read."""

_HOMES = scope.narrow(
    select(
        *(column.label(attribute.lower()) for attribute, column in GROUPED.items()),
        *(column.label(name) for event, names in _NAMES for name, column in zip(names, EVENTS[event], strict=True)),
        M.form,
    )
    .select_from(Household)
    .join(File, and_(L.household_id == H.id, L.id.in_(_ON_FILE)))
    .outerjoin(Member, M.id == func.coalesce(L.subject_member_id, _OF_HEAD))
    .outerjoin(_LEADS, _LEADS.c.household_id == H.id)
    .outerjoin(_REVIEWS, _REVIEWS.c.household_id == H.id)
    .outerjoin(_GRANTS, _GRANTS.c.household_id == H.id)
    .outerjoin(_STOPS, _STOPS.c.household_id == H.id)
    .outerjoin(_OBJECTIONS, _OBJECTIONS.c.household_id == H.id),
    H.division_code,
).where(in_division(H.division_code))
_EACH = _HOMES.cte("homes").prefix_with("MATERIALIZED", dialect="postgresql")
"""Each household once, reckoned before anything is asked of it: that few have a form would else mislead PostgreSQL's planner."""

_KEYS = [_EACH.c[attribute.lower()] for attribute in GROUPED]
_SUMS = [_EACH.c[name] for _, names in _NAMES for name in names]
_BY_GROUP = select(*_KEYS, *(func.sum(each).label(each.name) for each in _SUMS)).group_by(*_KEYS)
_FORMS = select(_EACH.c.form, *_SUMS).where(_EACH.c.form.is_not(None))

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
    rows = await reading.rows(_BY_GROUP, told)
    groups = {attribute: _added((getattr(row, attribute.lower()), row) for row in rows) for attribute in GROUPED}
    whole = _added(("", row) for row in rows).get("", _nothing())
    if EquityAttribute.DISABILITY in attributes:
        forms = await reading.rows(_FORMS, told)
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
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for group, row in rows:
        for _, names in _NAMES:
            for name in names:
                found[group][name] += int(getattr(row, name))
    return {
        group: {event: Counted(sums[could], sums[did]) for event, (could, did) in _NAMES}
        for group, sums in found.items()
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
