"""Scorecards of the units that lead the policy's measures or are responsible beside: as many statements however many there are.

All is counted in the database; a period's figures stand as they were on its last day, as far as the register tells. What
scans recorded of a kind of data is the last one's that covered the whole division.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, not_, or_, select

from api import scope
from api.database import day_in_china, whole_days
from api.domain import days, figures, responsibilities, scorecards
from api.domain.casework import ReferralState, TaskState
from api.domain.responsibilities import MeasureRole
from api.domain.retention import CLOCKS, RetentionClass
from api.domain.scans import ScanStatus
from api.domain.scorecards import (
    Coverage,
    Delivered,
    Doubted,
    Holder,
    Leads,
    NotKnown,
    Period,
    Referred,
    Requested,
    Scorecard,
    ScoreFigure,
    Tasks,
    UnitScore,
    Unknown,
)
from api.loaders import organisations, periods
from api.loaders.conditions import in_division
from api.loaders.periods import BEGINS, ENDS, FIRST, LAST
from api.loaders.reading import Reading, Rows
from api.matching import policy, reference
from api.models import (
    Department,
    DoubtfulRow,
    Feed,
    Finding,
    Household,
    Organisation,
    Referral,
    Review,
    Scan,
    Task,
    VerificationAnswer,
    VerificationRequest,
    table,
)

D, F, G, H, O, R, S, T, V = (  # noqa: E741
    table(each).c for each in (Department, Finding, Feed, Household, Organisation, Referral, Scan, Task, Review)
)
A, B, Q = (table(each).c for each in (VerificationAnswer, DoubtfulRow, VerificationRequest))
UNION = MeasureRole.TRADE_UNION_FEDERATION
Held = tuple[Holder | None, tuple[str, ...]]
"""An organisation, and which kinds of data it says that it keeps."""

NOBODY: list[Held] = [(None, ())]

_NEWEST = select(func.max(G.id)).where(G.received_at < ENDS).group_by(G.department_code)
_KINDS = scope.narrow_to_sources(
    select(D.code, G.as_of, G.complete, G.received_at).outerjoin(
        Feed, and_(G.department_code == D.code, G.id.in_(_NEWEST))
    ),
    D.code,
).order_by(D.code)
_SCAN = (
    scope.narrow_to_line(select(S.division_code, S.as_of, S.summary), S.division_code)
    .where(
        S.status == ScanStatus.SUCCEEDED,
        S.finished_at < ENDS,
        S.division_from <= bindparam("division_from"),
        S.division_to >= bindparam("division_to"),
    )
    .order_by(S.as_of.desc(), S.id.desc())
    .limit(1)
)
_CLOSED = and_(R.state == ReferralState.CLOSED, R.answered_at < ENDS)
_SENT = (
    scope.narrow_to_receiver(
        scope.narrow(
            select(
                O.code,
                case((_CLOSED, R.outcome)).label("outcome"),
                case((_CLOSED, whole_days(R.referred_at, R.answered_at))).label("days"),
                case((R.due_on < LAST, 1), else_=0).label("late"),
            )
            .join(Household, H.id == R.household_id)
            .join(Organisation, O.id == R.organisation_id),
            H.division_code,
        ),
        R.organisation_id,
    )
    .where(in_division(H.division_code), R.referred_at >= BEGINS, R.referred_at < ENDS)
    .subquery()
)
_REFERRED = select(*_SENT.c, func.count().label("referrals")).group_by(*_SENT.c)


def _counted(condition: ColumnElement[bool], name: str) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0)).label(name)


_ANSWERED = and_(A.answered_at.is_not(None), A.answered_at < ENDS)
_IN_TIME = and_(_ANSWERED, day_in_china(A.answered_at) <= A.due_on)
_GIVEN_UP = and_(A.answered_at.is_(None), Q.closed_at.is_not(None), day_in_china(Q.closed_at) <= A.due_on)
_REQUESTED = (
    scope.narrow_to_receiver(
        scope.narrow(
            select(
                O.code,
                A.source,
                func.count().label("asked"),
                _counted(_ANSWERED, "answered"),
                _counted(_IN_TIME, "in_time"),
                _counted(and_(A.due_on < LAST, not_(_IN_TIME), not_(_GIVEN_UP)), "late"),
            )
            .select_from(VerificationAnswer)
            .join(VerificationRequest, Q.id == A.request_id)
            .join(Household, H.id == A.household_id)
            .join(Organisation, O.id == A.organisation_id),
            H.division_code,
        ),
        A.organisation_id,
    )
    .where(in_division(H.division_code), A.asked_at >= BEGINS, A.asked_at < ENDS)
    .group_by(O.code, A.source)
    .order_by(O.code, A.source)
)
_STANDS = and_(B.told_at < ENDS, or_(B.ended_at.is_(None), B.ended_at >= ENDS))
_DOUBTED = (
    scope.narrow_to_batches(
        select(O.code, func.count().label("waiting"), _counted(B.due_on < LAST, "overdue")).join(
            Organisation, O.id == B.organisation_id
        ),
        B.organisation_id,
        B.division_code,
    )
    .where(_STANDS)
    .group_by(O.code)
)
_WAITS = and_(T.created_at < ENDS, or_(T.done_at.is_(None), T.done_at >= ENDS))
_TASKS = (
    scope.narrow(
        select(
            T.kind,
            _counted(_WAITS, "waiting"),
            _counted(and_(_WAITS, T.due_on < LAST), "overdue"),
            _counted(and_(T.state == TaskState.DONE, T.done_at >= BEGINS, T.done_at < ENDS), "done"),
        ).join(Household, H.id == T.household_id),
        H.division_code,
    )
    .where(in_division(H.division_code))
    .group_by(T.kind)
    .order_by(T.kind)
)
_RAISED = (
    scope.narrow(
        select(F.rule_id, V.outcome, func.count().label("leads"))
        .select_from(Finding)
        .join(Household, H.id == F.household_id)
        .outerjoin(Review, and_(V.id == F.review_id, V.reviewed_at < ENDS)),
        H.division_code,
    )
    .where(
        in_division(H.division_code),
        F.raised_on >= FIRST,
        F.raised_on <= LAST,
        scope.unless_in_shadow(F, H.division_code),
    )
    .group_by(F.rule_id, V.outcome)
)
COUNTED: tuple[Select[*tuple[Any, ...]], ...] = (_KINDS, _SCAN, _REFERRED, _REQUESTED, _DOUBTED, _TASKS, _RAISED)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the statements counted, from which every unit takes its part."""

    last: dt.date
    kinds: Mapping[str, Any]
    scan: Any
    referred: Mapping[str, Referred]
    requested: Mapping[str, tuple[Requested, ...]]
    doubted: Mapping[str, Doubted] | None
    tasks: tuple[Tasks, ...]
    leads: Mapping[tuple[str, str | None], int]


async def of_division(reading: Reading, code: str, period: Period) -> tuple[Scorecard, ...]:
    """The scorecards of the seven measures in a division, in the policy's order."""
    rows = await organisations.holders(reading, code, period.last)
    held = {role: [_held(row) for row in some] for role, some in rows.items()}
    counted = await _count(reading, code, period)
    return tuple(
        Scorecard(
            measure,
            tuple(
                _score(role, leads_it, holder, own, counted)
                for leads_it, roles in ((True, to.lead), (False, to.responsible))
                for role in roles
                for holder, own in held.get(role, NOBODY)
            ),
        )
        for measure, to in responsibilities.MEASURES.items()
    )


async def _count(reading: Reading, code: str, period: Period) -> _Counted:
    told = periods.told(code, period)
    kinds, scans, referred, requested, doubted, tasks, raised = [
        await reading.counted(statement, told) for statement in COUNTED
    ]
    return _Counted(
        period.last,
        {row.code: row for row in kinds},
        next(iter(scans), None),
        _referred(referred),
        _requested(requested),
        {row.code: Doubted(row.waiting, int(row.overdue)) for row in doubted}
        if _kept(period, reading.today)
        else None,
        tuple(Tasks(row.kind, int(row.waiting), int(row.overdue), int(row.done)) for row in tasks),
        {(row.rule_id, row.outcome): row.leads for row in raised},
    )


def _kept(period: Period, today: dt.date) -> bool:
    """Whether what was doubtful on the period's last day is kept still."""
    return period.last >= today - dt.timedelta(days=policy.whole(CLOCKS[RetentionClass.FEED_EXTRACT], today))


def _held(row: Any) -> Held:
    holder = Holder(row.code, row.name_zh, row.name_en, row.division_code, row.valid_from, row.valid_to)
    return holder, tuple(row.sources)


def _referred(rows: Rows) -> dict[str, Referred]:
    by_unit: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_unit[row.code].append(row)
    return {code: _of_unit(some) for code, some in by_unit.items()}


def _requested(rows: Rows) -> dict[str, tuple[Requested, ...]]:
    """By unit what was asked of it: all kinds of data together, then each."""
    by_unit: dict[str, list[Requested]] = defaultdict(list)
    for row in rows:
        figures = (row.asked, int(row.answered), int(row.in_time), int(row.late))
        by_unit[row.code].append(Requested(row.source, *figures))
    return {code: (_all_kinds(some), *some) for code, some in by_unit.items()}


def _all_kinds(some: Collection[Requested]) -> Requested:
    asked, answered = sum(each.asked for each in some), sum(each.answered for each in some)
    return Requested(None, asked, answered, sum(each.in_time for each in some), sum(each.late for each in some))


def _of_unit(rows: Collection[Any]) -> Referred:
    outcomes: Counter[str] = Counter()
    took: Counter[int] = Counter()
    waiting = overdue = 0
    for row in rows:
        if row.outcome is None:
            waiting += row.referrals
            overdue += row.referrals * row.late
        else:
            outcomes[row.outcome] += row.referrals
            took[row.days] += row.referrals
    closed = outcomes.total()
    by_outcome = dict(sorted(outcomes.items()))
    return Referred(waiting + closed, waiting, overdue, closed, by_outcome, figures.median(took))


def _score(
    role: MeasureRole, leads_it: bool, holder: Holder | None, own: tuple[str, ...], counted: _Counted
) -> UnitScore:
    sources = scorecards.keeps(role, own)
    unknown: list[Unknown] = []
    if not sources:
        unknown.append(Unknown(ScoreFigure.DATA, NotKnown.KEEPS_NO_DATA))
    delivered = tuple(_delivered(source, counted, unknown) for source in sources)
    referred = requested = doubted = None
    if holder is None:
        of_holders = (ScoreFigure.REFERRALS, ScoreFigure.REQUESTS, ScoreFigure.DOUBTFUL_ROWS)
        unknown.extend(Unknown(each, NotKnown.NO_HOLDER) for each in of_holders)
    else:
        if counted.doubted is None:
            unknown.append(Unknown(ScoreFigure.DOUBTFUL_ROWS, NotKnown.NO_LONGER_KEPT))
        else:
            doubted = counted.doubted.get(holder.code, Doubted(0, 0))
        referred = counted.referred.get(holder.code, Referred(0, 0, 0, 0, {}, None))
        if referred.median_days is None:
            unknown.append(Unknown(ScoreFigure.REFERRAL_DAYS, NotKnown.NONE_CLOSED))
        requested = counted.requested.get(holder.code) or (_all_kinds(()),)
        unknown.extend(
            Unknown(ScoreFigure.REQUESTS, NotKnown.NONE_DUE, each.source) for each in requested if each.share is None
        )
    tasks = counted.tasks if role is UNION else None
    if tasks is None:
        unknown.append(Unknown(ScoreFigure.TASKS, NotKnown.NOT_THIS_UNITS))
    leads = None
    if sources:
        leads = _leads(frozenset(sources), counted, everything=role is UNION)
    else:
        unknown.append(Unknown(ScoreFigure.LEADS, NotKnown.KEEPS_NO_DATA))
    return UnitScore(role, leads_it, holder, delivered, referred, requested, doubted, tasks, leads, tuple(unknown))


def _delivered(source: str, counted: _Counted, unknown: list[Unknown]) -> Delivered:
    """What is known of a kind of data; what is not is added to `unknown`."""

    def lacks(reason: NotKnown, *figures: ScoreFigure) -> None:
        unknown.extend(Unknown(figure, reason, source) for figure in figures)

    facts = next(each for each in reference.departments() if each.code == source)
    row, scan = counted.kinds.get(source), counted.scan
    came = None if row is None or row.received_at is None else row
    age = None
    if came is None:
        lacks(NotKnown.NEVER_SENT, ScoreFigure.DATA_AGE)
    elif came.as_of is None:
        lacks(NotKnown.NO_DAY, ScoreFigure.DATA_AGE)
    else:
        age = max(0, (counted.last - came.as_of).days)
    read: Mapping[str, Any] | None = None
    covered: Coverage | None = None
    if scan is None:
        lacks(NotKnown.NOT_SCANNED, ScoreFigure.DATA_QUALITY, ScoreFigure.COVERAGE)
    else:
        read = scan.summary["sources"].get(source)
        covered = scorecards.coverage(scan.division_code, scan.as_of, scan.summary["coverage"].get(source, {}))
        if read is None:
            lacks(NotKnown.NOT_IN_SCAN, ScoreFigure.DATA_QUALITY)
        if covered is None:
            lacks(NotKnown.NOT_IN_SCAN, ScoreFigure.COVERAGE)
    before = 0 if read is None else read.get("set_aside_when_it_came", 0)  # the scan has not seen these
    return Delivered(
        source,
        facts.title_zh,
        facts.title_en,
        received_on=None if came is None else days.today(came.received_at),
        as_of=None if came is None else came.as_of,
        age_days=age,
        complete=None if came is None else came.complete,
        rows_read=None if read is None else read["rows_in"] + before,
        rows_set_aside=None if read is None else read["set_aside"] + before,
        coverage=covered,
    )


def _leads(sources: frozenset[str], counted: _Counted, *, everything: bool) -> Leads:
    """Leads of rules that read one of these kinds of data; of whoever keeps the files, all leads."""
    rules = reference.rules()
    outcomes: Counter[str] = Counter()
    raised = 0
    for (rule, outcome), number in counted.leads.items():
        if everything or (rule in rules and rules[rule].sources & sources):
            raised += number
            if outcome is not None:
                outcomes[outcome] += number
    return Leads(raised, outcomes.total(), dict(sorted(outcomes.items())))
