"""Goals, what became by a day of the files that were frozen for them, and files newly opened since, by month.

What became of a file is its last move by that day, of those that the baseline did not know: of a later day, or entered after it was
taken; where there is none, it stands as it was frozen. So progress as of a day comes out the same whenever it is asked for, but for what was entered late
and for files that are erased since.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from api import scope
from api.database import UtcDateTime, among, month_of
from api.domain import days, divisions
from api.domain.lifecycle import Action
from api.domain.stages import Stage
from api.domain.targets import UNKNOWN, FigureGroup, FileOutcome, TargetKind
from api.loaders.conditions import in_division
from api.loaders.indicators import DAYS, EXCLUDED, EXITED, IN_FORCE
from api.loaders.reading import Reading, Rows
from api.loaders.snapshots import SNAPSHOT, code_of
from api.models import File, Snapshot, SnapshotRow, Target, Transition, User, table

F, G, R, S, T, U = (table(each).c for each in (File, Target, SnapshotRow, Snapshot, Transition, User))
AS_OF: ColumnElement[dt.date] = bindparam("as_of", type_=Date())
BASELINE: ColumnElement[dt.date] = bindparam("baseline", type_=Date())
ENTERED: ColumnElement[dt.datetime] = bindparam("entered", type_=UtcDateTime())
TAKEN: ColumnElement[dt.datetime] = bindparam("taken", type_=UtcDateTime())
MOST = 100

_TARGETS = scope.narrow_to_line(
    select(*G, S.division_code, S.as_of, S.taken_at, U.display_name)
    .join(Snapshot, S.id == G.snapshot_id)
    .join(User, U.id == G.set_by),
    S.division_code,
)
_BY_KEY = _TARGETS.where(among(G.id, "keys"))
_OF_DIVISION = _TARGETS.where(in_division(S.division_code)).order_by(G.due_on, G.id).limit(MOST)

_IN_FORCE = (
    _TARGETS.where(among(S.division_code, "divisions", String), S.as_of <= AS_OF)
    .order_by(G.due_on.desc(), G.id.desc())
    .limit(bindparam("most"))
)

_STAGES = (Stage.RECORDED, Stage.RELIEVED, Stage.GRADUATED, Stage.DEREGISTERED)
_BACK, _PLACES = len(_STAGES), 8
RELIEVED, GRADUATED, DEREGISTERED = (
    _STAGES.index(stage) for stage in (Stage.RELIEVED, Stage.GRADUATED, Stage.DEREGISTERED)
)
_WHERE_TO = case(
    (T.action == Action.FALL_BACK.value, _BACK),
    *((T.to_stage == stage.value, place) for place, stage in enumerate(_STAGES)),
    else_=0,
)
_SINCE = (
    select(
        T.file_id,
        func.max(T.household_id).label("household_id"),
        func.max(T.number * _PLACES + _WHERE_TO).label("last"),
    )
    .where(
        T.happened_at >= ENTERED,
        or_(T.effective_on > BASELINE, T.happened_at >= TAKEN),
        T.effective_on <= AS_OF,
        T.from_stage != T.to_stage,
    )
    .group_by(T.file_id)
    .cte("since")
)
"""Of each file that moved since the baseline the last move: its number, and behind it where it led, as one number.

No move is of a later day than that on which it was entered, so all of them were entered after `ENTERED`: the end of the
baseline's day, or the moment at which it was taken, where that day was not over.
"""

_REOPENED = (
    select(F.household_id, func.max(F.id).label("file_id"))
    .where(F.opened_on > BASELINE, F.opened_on <= AS_OF)
    .group_by(F.household_id)
    .subquery("reopened")
)
"""Households that have a file that was opened since, and which."""

_PLACE = _SINCE.c.last % _PLACES
_STOOD = case((R.stage == Stage.RELIEVED.value, FileOutcome.RELIEVED.value), else_=FileOutcome.OPEN.value)
_STANDS = case(
    (or_(_PLACE == _BACK, and_(_PLACE == GRADUATED, _REOPENED.c.file_id > R.file_id)), FileOutcome.RETURNED.value),
    (_PLACE == RELIEVED, FileOutcome.RELIEVED.value),
    (_PLACE == GRADUATED, FileOutcome.GRADUATED.value),
    (_PLACE == DEREGISTERED, FileOutcome.DEREGISTERED.value),
    else_=FileOutcome.OPEN.value,
)
BASES: Mapping[TargetKind, ColumnElement[bool]] = {
    TargetKind.RELIEVED_OR_GRADUATED: IN_FORCE,
    TargetKind.ABLE_GRADUATED: and_(IN_FORCE, R.able),
}
"""Of which rows of the baseline a goal is a share: frozen with it."""


@cache
def _outcomes(kind: TargetKind, group: FigureGroup | None) -> Select[*tuple[Any, ...]]:
    """How many files of a baseline stood how, what became of them, and why they were closed, by group: each looked at once."""
    since = _SINCE.c.file_id
    erased = case((R.file_id.is_(None), FileOutcome.ERASED.value), else_=_STOOD)
    why = select(func.coalesce(F.closing, UNKNOWN)).where(F.id == since).correlate(_SINCE).scalar_subquery()
    each = scope.narrow(
        select(
            code_of(group).label("code"),
            _STOOD.label("stood"),
            case((since.is_(None), erased), else_=_STANDS).label("outcome"),
            case((_PLACE == DEREGISTERED, why), else_=None).label("closing"),
        )
        .select_from(SnapshotRow)
        .outerjoin(_SINCE, since == R.file_id)
        .outerjoin(_REOPENED, _REOPENED.c.household_id == _SINCE.c.household_id)
        .where(R.snapshot_id == SNAPSHOT, BASES[kind]),
        R.division_code,
    ).subquery("each_file")
    return select(*each.c, func.count().label("files")).group_by(*each.c)


_MONTH = month_of(R.opened_on)
_COHORTS = scope.narrow(
    select(
        _MONTH.label("month"),
        func.count().label("files"),
        func.count().filter(R.first_aid.is_not(None)).label("aided"),
        func.count().filter(EXITED).label("exited"),
        func.count().filter(or_(R.returned_on > R.opened_on, R.came_back_on.is_not(None))).label("returned"),
        func.count().filter(EXCLUDED).label("excluded"),
    )
    .where(R.snapshot_id == SNAPSHOT, R.opened_on > BASELINE)
    .group_by(_MONTH),
    R.division_code,
)
CLOCKS = (("DAYS_TO_RECORD", 1), ("DAYS_TO_AID", 1), ("DAYS_TO_EXIT", 1))


def _clock(place: int) -> Select[*tuple[Any, ...]]:
    between, known = DAYS[CLOCKS[place]].between, (R.applied_on, R.first_aid, R.exited_on)[place]
    return scope.narrow(
        select(
            literal(place, Integer()).label("clock"),
            _MONTH.label("month"),
            between.label("days"),
            func.count().label("files"),
        )
        .where(R.snapshot_id == SNAPSHOT, R.opened_on > BASELINE, known.is_not(None))
        .group_by(_MONTH, between),
        R.division_code,
    )


_CLOCKS = _clock(0).union_all(*(_clock(place) for place in range(1, len(CLOCKS)))).subquery("clocks")
_PASSED = select(*_CLOCKS.c)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Goals by their key, with the division and the day of their baseline."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def of_division(reading: Reading, code: str) -> Rows:
    """Goals for a division and all below it, those that are due first."""
    low, high = divisions.span(code)
    return await reading.rows(_OF_DIVISION, {"division_from": low, "division_to": high})


async def that_hold(reading: Reading, code: str, as_of: dt.date, most: int) -> Rows:
    """Goals that are set for a division, or for one that holds it, whose baseline is no later than a day; the last due first."""
    told = {"divisions": divisions.chain(code), "as_of": as_of, "most": most}
    return await reading.rows(_IN_FORCE, told)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of the files of a baseline, by group; why some were closed, and how many were relieved at the baseline."""

    by_group: Mapping[str, Counter[FileOutcome]]
    closings: Counter[str]
    relieved_before: int

    @property
    def together(self) -> Counter[FileOutcome]:
        """Of all groups."""
        return sum(self.by_group.values(), Counter[FileOutcome]())


async def became(
    reading: Reading,
    snapshot_id: int,
    kind: TargetKind,
    baseline: dt.date,
    taken_at: dt.datetime,
    as_of: dt.date,
    group: FigureGroup | None,
) -> Became:
    """What became of the files of a baseline by a day, of those that this viewer may see."""
    over = days.begins(baseline + dt.timedelta(days=1))
    known = {"entered": min(over, taken_at), "taken": taken_at}
    told = {"snapshot": snapshot_id, "baseline": baseline, "as_of": as_of, **known}
    found: dict[str, Counter[FileOutcome]] = defaultdict(Counter)
    closings, before = Counter[str](), 0
    for row in await reading.counted(_outcomes(kind, group), told):
        found[row.code][FileOutcome(row.outcome)] += row.files
        if row.closing is not None:
            closings[row.closing] += row.files
        if row.stood == FileOutcome.RELIEVED:
            before += row.files
    return Became(found, closings, before)


async def cohorts(reading: Reading, snapshot_id: int, opened_after: dt.date) -> tuple[Rows, Rows]:
    """Of a snapshot's files those opened after a day, by the month in which they were; and how many days passed, by clock."""
    told = {"snapshot": snapshot_id, "baseline": opened_after}
    return await reading.counted(_COHORTS, told), await reading.counted(_PASSED, told)
