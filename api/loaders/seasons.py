"""How many households on file a season's brand has reached, and which it has not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
)

from api import scope
from api.database import among
from api.domain.catalogue import Entry, Sign
from api.domain.people import born_after
from api.domain.seasons import window
from api.domain.stages import ACTIVE
from api.loaders.conditions import in_division
from api.loaders.reading import Reading, Rows
from api.matching import catalogue, employment, policy
from api.matching.employment import Work
from api.models import Enrolment, File, Household, Member, table
from api.models.standing import stands

AGES = ("school.compulsory_from_age", "school.compulsory_to_age")
E, F, H, M = (table(each).c for each in (Enrolment, File, Household, Member))
_FIRST, _LAST = bindparam("season_first", type_=Date()), bindparam("season_last", type_=Date())
_SEASON = and_(
    E.programme_code == bindparam("season_programme"),
    E.start_month <= _LAST,
    or_(E.end_month.is_(None), E.end_month >= _FIRST),
)
_NOBODY_KNOWS_WHEN = and_(E.programme_code == bindparam("season_programme"), E.start_month.is_(None))
_SAYS_NOTHING = or_(M.declared_employment.is_(None), not_(among(M.declared_employment, "season_words", String)))
_OF_AGE = and_(
    M.birth_date > bindparam("season_born_after", type_=Date()),
    M.birth_date <= bindparam("season_born_by", type_=Date()),
)
_AT_SCHOOL = and_(
    stands(scope.TODAY),
    or_(among(M.declared_employment, "season_students", String), and_(_SAYS_NOTHING, _OF_AGE)),
)
_ACTIVE = H.stage.in_(sorted(ACTIVE))
_EVERYBODY = bindparam("season_everybody", type_=Boolean())
_TOLD_SO = scope.unless_hidden(scope.protects_household(H.id))
"""What somebody declared of their work may tell where they are (F-29): who is not cleared finds nobody protected by it."""

Has = Callable[[ColumnElement[Any], ColumnElement[bool]], ColumnElement[bool]]


def _looked_up(of: ColumnElement[Any], where: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a household has such a row, looked up for each that is asked about: for a page."""
    return exists().where(of == H.id, where).correlate(Household)


def _gathered(of: ColumnElement[Any], where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same, by all that have one, gathered once: for a whole city."""
    return H.id.in_(select(of).where(of.is_not(None), where))


def _for_them(has: Has) -> ColumnElement[bool]:
    """That a household is on file, and the brand for it."""
    on_file = has(F.household_id, F.closed_on.is_(None))
    return and_(_ACTIVE, on_file, or_(_EVERYBODY, and_(has(M.household_id, _AT_SCHOOL), _TOLD_SO)))


NOT_REACHED = and_(
    _for_them(_looked_up),
    ~_looked_up(E.household_id, _SEASON),
    ~_looked_up(E.household_id, _NOBODY_KNOWS_WHEN),
)
"""That a household on file, for which the brand is, has nothing of it on record in the season."""

_REACHED, _UNKNOWN = _gathered(E.household_id, _SEASON), _gathered(E.household_id, _NOBODY_KNOWS_WHEN)
_COUNTS = scope.narrow(
    select(
        func.count().label("households"),
        func.coalesce(func.sum(case((_REACHED, 1), else_=0)), 0).label("reached"),
        func.coalesce(func.sum(case((and_(~_REACHED, _UNKNOWN), 1), else_=0)), 0).label("unknown"),
    )
    .select_from(Household)
    .where(_for_them(_gathered), in_division(H.division_code)),
    H.division_code,
)


async def counts(reading: Reading, given: dict[str, Any], low: str, high: str) -> Rows:
    """How many households the brand is for, how many it has reached, and of how many nobody knows."""
    return await reading.rows(_COUNTS, {**given, "division_from": low, "division_to": high})


def brands(on: dt.date, division: str) -> list[tuple[Entry, dict[str, Any]]]:
    """The brands as a division has them on a day, each with its season and for whom it is, as the conditions take them.

    One that asks for somebody at school is for households of which somebody declared in so many words that they are, or
    said nothing that is known and is of the age of compulsory schooling.
    """
    entries = catalogue.in_force().programmes(on, division).values()
    return [(entry, _asked(entry, on, division)) for entry in entries if entry.season]


def _asked(entry: Entry, on: dt.date, division: str) -> dict[str, Any]:
    first, last = window(entry.season, on)
    for_students = any(each.sign is Sign.AT_SCHOOL for each in entry.conditions)
    lowest, highest = (policy.whole(key, on, division) for key in AGES)
    return {
        "season_programme": entry.code,
        "season_first": first,
        "season_last": last,
        "season_everybody": not for_students,
        "season_students": sorted(employment.spellings(Work.STUDENT)),
        "season_words": sorted({word for each in Work for word in employment.spellings(each)}),
        "season_born_after": born_after(on, highest + 1),
        "season_born_by": born_after(on, lowest),
    }
