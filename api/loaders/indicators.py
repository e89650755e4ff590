"""Which rows of a snapshot each version of each indicator counts, as conditions; what has a version here is never changed.

A row is about one file. `since` is the day that the snapshot looks back to, `year_ago` and `half_year_ago` are twelve and six months before
its own day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, or_, true

from api.database import days_between
from api.domain.clocks import MONTHS_A_YEAR, months_after
from api.domain.indicators import Key
from api.domain.stages import ACTIVE, Stage
from api.models import SnapshotRow, table

R = table(SnapshotRow).c
SINCE: ColumnElement[dt.date] = bindparam("since", type_=Date())
YEAR_AGO: ColumnElement[dt.date] = bindparam("year_ago", type_=Date())
HALF_YEAR_AGO: ColumnElement[dt.date] = bindparam("half_year_ago", type_=Date())

IN_FORCE = R.stage.in_([stage.value for stage in ACTIVE])
GRADUATED = and_(R.stage == Stage.GRADUATED.value, R.came_back_on.is_(None))
EXITED = or_(R.stage == Stage.RELIEVED.value, GRADUATED)
RETURNED = R.returned_on >= SINCE
EXCLUDED = R.stage == Stage.DEREGISTERED.value
LEFT = or_(EXITED, RETURNED)
NEW = R.opened_on >= SINCE


@dataclass(frozen=True, slots=True)
class Share:
    """Which rows are counted, of which."""

    counted: ColumnElement[bool]
    of: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Days:
    """How many days lie between, of which rows, and among which these are told."""

    between: ColumnElement[Any]
    of: ColumnElement[bool]
    among: ColumnElement[bool]


def _not_since(day: ColumnElement[Any], since: ColumnElement[dt.date]) -> ColumnElement[bool]:
    return and_(IN_FORCE, or_(day.is_(None), day <= since))


SHARES: Mapping[Key, Share] = {
    ("RELIEVED_OR_GRADUATED", 1): Share(EXITED, true()),
    ("GRADUATED", 1): Share(GRADUATED, true()),
    ("CAN_GRADUATE", 1): Share(and_(IN_FORCE, R.able), and_(IN_FORCE, R.able.is_not(None))),
    ("RETURNED", 1): Share(RETURNED, LEFT),
    ("EXCLUDED", 1): Share(EXCLUDED, true()),
    ("NEVER_AIDED_12M", 1): Share(_not_since(R.last_aid, YEAR_AGO), IN_FORCE),
    ("NO_CONTACT_OFFICER", 1): Share(and_(IN_FORCE, ~R.contact_officer), IN_FORCE),
    ("OVERDUE_REVIEW", 1): Share(_not_since(R.reviewed_on, YEAR_AGO), IN_FORCE),
    ("NOT_VISITED_6M", 1): Share(_not_since(R.visited_on, HALF_YEAR_AGO), IN_FORCE),
    ("NEW_FILES", 1): Share(NEW, true()),
}
DAYS: Mapping[Key, Days] = {
    ("DAYS_TO_RECORD", 1): Days(days_between(R.applied_on, R.opened_on), and_(NEW, R.applied_on.is_not(None)), NEW),
    ("DAYS_TO_AID", 1): Days(
        case((R.first_aid < R.opened_on, 0), else_=days_between(R.opened_on, R.first_aid)),
        and_(NEW, R.first_aid.is_not(None)),
        NEW,
    ),
    ("DAYS_TO_EXIT", 1): Days(days_between(R.opened_on, R.exited_on), R.exited_on >= SINCE, true()),
}


def looking_back(as_of: dt.date, since: dt.date) -> dict[str, dt.date]:
    """The days that the conditions are held against, of a snapshot of that day."""
    return {
        "since": since,
        "year_ago": months_after(as_of, -MONTHS_A_YEAR),
        "half_year_ago": months_after(as_of, -MONTHS_A_YEAR // 2),
    }
