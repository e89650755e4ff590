"""How many households on file the seasons' brands have reached, in one statement for all of them, and which one has not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from api import scope
from api.database import among, listed
from api.domain.catalogue import Entry, Sign
from api.domain.people import born_after
from api.domain.seasons import window
from api.domain.stages import ACTIVE
from api.loaders.conditions import in_division
from api.loaders.reading import Reading
from api.matching import catalogue, employment, policy
from api.matching.employment import Work
from api.models import Enrolment, File, Household, Member, table
from api.models.standing import stands

AGES = ("school.compulsory_from_age", "school.compulsory_to_age")
E, F, H, M = (table(each).c for each in (Enrolment, File, Household, Member))
GIVEN: Mapping[str, TypeEngine[Any]] = {"season_programme": String(), "season_first": Date(), "season_last": Date()}
"""What differs from brand to brand of a division on a day, but for whom it is."""


def _within(
    code: ColumnElement[str], first: ColumnElement[dt.date], last: ColumnElement[dt.date]
) -> ColumnElement[bool]:
    return and_(E.programme_code == code, E.start_month <= last, or_(E.end_month.is_(None), E.end_month >= first))


_SEASON = _within(*(bindparam(name, type_=of) for name, of in GIVEN.items()))
_NOBODY_KNOWS_WHEN = and_(E.programme_code == bindparam("season_programme"), E.start_month.is_(None))
_SAYS_NOTHING = or_(M.declared_employment.is_(None), not_(listed(M.declared_employment, "season_words", String)))
_OF_AGE = and_(
    M.birth_date > bindparam("season_born_after", type_=Date()),
    M.birth_date <= bindparam("season_born_by", type_=Date()),
)
_SAYS_SO = among(M.declared_employment, "season_students", String)
_AT_SCHOOL = and_(stands(scope.TODAY), or_(_SAYS_SO, and_(_OF_AGE, _SAYS_NOTHING)))
_ACTIVE = H.stage.in_(sorted(ACTIVE))
_EVERYBODY = bindparam("season_everybody", type_=Boolean())
_TOLD_SO = scope.unless_hidden(scope.protects_household(H.id))
"""What somebody declared of their work may tell where they are (F-29): who is not cleared finds nobody protected by it."""

_ON_FILE = exists().where(F.household_id == H.id, F.closed_on.is_(None)).correlate(Household)
_HAS_STUDENT = exists().where(M.household_id == H.id, _AT_SCHOOL).correlate(Household)


def _has(of_season: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(E.household_id == H.id, of_season).correlate(Household)


NOT_REACHED = and_(
    _ACTIVE,
    _ON_FILE,
    or_(_EVERYBODY, and_(_HAS_STUDENT, _TOLD_SO)),
    ~_has(_SEASON),
    ~_has(_NOBODY_KNOWS_WHEN),
)
"""That a household on file, for which the brand is, has nothing of it on record in the season."""

_STUDENTS = union_all(
    *(select(M.household_id).where(stands(scope.TODAY), whose) for whose in (_SAYS_SO, and_(_OF_AGE, _SAYS_NOTHING)))
).cte("students")
"""Households with somebody at school, gathered once for a whole city: either half by an index of its own."""

_FOR_STUDENTS = case((and_(H.id.in_(select(_STUDENTS.c.household_id)), _TOLD_SO), 1), else_=0).label("for_students")


def _on_file(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Of households on file."""
    those = select(*columns).select_from(Household).where(_ACTIVE, _ON_FILE, in_division(H.division_code))
    return scope.narrow(those, H.division_code)


@cache
def _counts(brands: int) -> Select[*tuple[Any, ...]]:
    """Households on file, and of each of so many brands those of which something is on record: by whether they have a student."""
    known: list[list[BindParameter[Any]]] = [
        [bindparam(f"{name}_{place}", type_=of) for name, of in GIVEN.items()] for place in range(brands)
    ]
    in_season = or_(*(_within(*each) for each in known))
    of_each = (
        _on_file(
            E.programme_code,
            func.max(_FOR_STUDENTS).label("for_students"),
            func.max(case((in_season, 1), else_=0)).label("reached"),
            func.max(case((E.start_month.is_(None), 1), else_=0)).label("unknown"),
        )
        .join(Enrolment, E.household_id == H.id)
        .where(E.programme_code.in_([code for code, _, _ in known]))
        .group_by(E.programme_code, E.household_id)
        .subquery("of_each")
    )
    each = of_each.c
    unknown = func.sum(case((each.reached == 0, each.unknown), else_=0))
    nothing = literal(0, Integer())
    counted = (
        _on_file(
            cast(null(), String()).label("programme_code"),
            _FOR_STUDENTS,
            func.count().label("households"),
            nothing.label("reached"),
            nothing.label("unknown"),
        )
        .group_by(_FOR_STUDENTS)
        .union_all(
            select(each.programme_code, each.for_students, nothing, func.sum(each.reached), unknown).group_by(
                each.programme_code, each.for_students
            )
        )
        .subquery("counted")
    )
    return select(*counted.c)


@dataclass(frozen=True, slots=True)
class Reached:
    """How many households a brand is for, how many it has reached, and of how many nobody knows the months of their part."""

    households: int
    reached: int
    unknown: int


async def counts(reading: Reading, given: Sequence[Mapping[str, Any]], low: str, high: str) -> list[Reached]:
    """What each brand has reached, in their order."""
    if not given:
        return []
    shared = {key: value for key, value in given[0].items() if key not in GIVEN}
    told = {f"{name}_{place}": brand[name] for place, brand in enumerate(given) for name in GIVEN}
    where = {"division_from": low, "division_to": high}
    rows = await reading.counted(_counts(len(given)), {**shared, **told, **where})

    def of(brand: Mapping[str, Any]) -> Reached:
        those = [row for row in rows if row.for_students or brand["season_everybody"]]
        own = [row for row in those if row.programme_code == brand["season_programme"]]
        return Reached(
            sum(row.households for row in those),
            sum(int(row.reached) for row in own),
            sum(int(row.unknown) for row in own),
        )

    return [of(brand) for brand in given]


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
