"""Who is in a household on a day, as a condition of a statement: the one definition that every statement uses.

From `valid_from` on, where it is known, to before the day on which the membership ended (`valid_to`), or on which the
register no longer listed the person (`left_on`), whichever came first; as `api.domain.people.stands` has it of one row.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from api.models.base import table
from api.models.households import Member

Day = dt.date | ColumnElement[dt.date]


def stands(day: Day, membership: Any = None) -> ColumnElement[bool]:
    """Whether a membership, a row of `members` or of an alias of it, stands on a day."""
    of = table(Member).c if membership is None else membership
    return and_(or_(of.valid_from.is_(None), of.valid_from <= day), goes_on(day, of))


def goes_on(day: Day, membership: Any = None) -> ColumnElement[bool]:
    """Whether a membership has not ended by a day; it may begin later."""
    of = table(Member).c if membership is None else membership
    return and_(or_(of.left_on.is_(None), of.left_on > day), or_(of.valid_to.is_(None), of.valid_to > day))
