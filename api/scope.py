"""Narrows any select to what the viewer may see: the only place that does.

A statement is narrowed when it is written, and given the viewer's range when it is run; so it can be written once, and
none can be run for nobody in particular. A test finds selects of the loaders that are not narrowed.

What is about a kind of department data is narrowed by it: a department sees its own alone; and of grants those that it makes.

Rows about protected persons are seen like all others; what tells where such a person is, is not (F-29). Whether a row
is about one is a column of its own statement, so that hiding costs no statement more and no search finds what is hidden.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVarTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from api.database import among
from api.domain import divisions
from api.domain.accounts import Administrator
from api.domain.permissions import Permission, Viewer
from api.domain.review import FindingState
from api.models import Human, Member, RuleShadow, table
from api.models.standing import goes_on

Columns = TypeVarTuple("Columns")
FROM, TO, LINE = "scope_from", "scope_to", "scope_line"
EVERY_SOURCE, SOURCES = "scope_every_source", "scope_sources"
CLEARED = "scope_cleared"
TODAY: ColumnElement[dt.date] = bindparam("today", dt.date(1, 1, 1), Date())
"""The day of whoever asks, by the service's clock; who is not told it hides whoever was ever protected somewhere."""

KEEPS_RULES = "scope_keeps_rules"
EVERY_CASE, OWN, GRANTING = "scope_every_case", "scope_own_organisation", "scope_granting"

_MARKED, _SAME, _MEMBERS, _HOUSEMATES = (
    table(Human).alias("marked"),
    table(Human).alias("same"),
    table(Member).alias("protected_members"),
    table(Member).alias("housemates"),
)
_PROTECTED = (
    select(_MARKED.c.id)
    .where(_MARKED.c.protected_since.is_not(None))
    .union_all(
        select(_SAME.c.id)
        .join(_MARKED, _SAME.c.number_index == _MARKED.c.number_index)
        .where(_MARKED.c.protected_since.is_not(None))
    )
)
"""People who are protected, and whoever bears the number of one: a name written otherwise ends no protection."""


def narrow(
    statement: Select[*Columns], division_code: ColumnElement[str] | InstrumentedAttribute[str]
) -> Select[*Columns]:
    """Only rows of the viewer's division and those below it."""
    return statement.where(division_code >= bindparam(FROM), division_code < bindparam(TO))


def narrow_to_line(statement: Select[*Columns], division_code: Column[str]) -> Select[*Columns]:
    """Only rows of the viewer's division, those below it, and those that hold it: never of one beside it."""
    below = and_(division_code >= bindparam(FROM), division_code < bindparam(TO))
    return statement.where(or_(among(division_code, LINE, String), below))


def narrow_to_sources(statement: Select[*Columns], source: Column[str]) -> Select[*Columns]:
    """Only rows about the data that the viewer's department keeps, where the viewer is a department's."""
    return statement.where(or_(bindparam(EVERY_SOURCE, type_=Boolean()), among(source, SOURCES, String)))


def narrow_to_receiver(statement: Select[*Columns], organisation_id: Column[int]) -> Select[*Columns]:
    """Only rows that were sent to the viewer's own organisation, where the viewer reads no cases."""
    return statement.where(or_(bindparam(EVERY_CASE, type_=Boolean()), organisation_id == bindparam(OWN)))


def narrow_to_sender(statement: Select[*Columns], organisation_id: Column[int]) -> Select[*Columns]:
    """Only rows of what the viewer's own department sent, where the viewer is a department's."""
    return statement.where(or_(bindparam(EVERY_SOURCE, type_=Boolean()), organisation_id == bindparam(OWN)))


def narrow_to_batches(
    statement: Select[*Columns], organisation_id: Column[int], division_code: Column[str]
) -> Select[*Columns]:
    """Only rows of batches that the viewer sees: of their own department, or of their line of divisions."""
    return narrow_to_line(narrow_to_sender(statement, organisation_id), division_code)


def narrow_to_asked(statement: Select[*Columns], source: Column[str]) -> Select[*Columns]:
    """Only rows about the data that the viewer's own department keeps, where the viewer reads no cases."""
    return statement.where(or_(bindparam(EVERY_CASE, type_=Boolean()), among(source, SOURCES, String)))


def narrow_to_agency(
    statement: Select[*Columns], programme_code: Column[str], division_code: Column[str]
) -> Select[*Columns]:
    """Only rows of what the viewer's own department grants there, where the viewer reads no cases."""
    there = (
        division_code,
        func.substr(division_code, 1, 4).concat("00"),
        func.substr(division_code, 1, 2).concat("0000"),
        literal(divisions.COUNTRY),
    )
    grants = (among(programme_code.concat(":").concat(each), GRANTING, String) for each in there)
    return statement.where(or_(bindparam(EVERY_CASE, type_=Boolean()), *grants))


_SHELTERS = select(_MEMBERS.c.household_id).where(goes_on(TODAY, _MEMBERS.c), _MEMBERS.c.person_id.in_(_PROTECTED))
"""Households in which somebody protected lives, or is about to."""

_WITH_THEM = select(_HOUSEMATES.c.person_id).where(
    and_(goes_on(TODAY, _HOUSEMATES.c), _HOUSEMATES.c.household_id.in_(_SHELTERS))
)
"""Whoever lives in one of these, in whichever household they are listed besides."""


def protects_person(person_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether this person is protected themselves."""
    return person_id.in_(_PROTECTED)


def protects_household(household_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether somebody protected lives in this household; to be selected as `protected` by rows about a household."""
    return household_id.in_(_SHELTERS)


def protects_member(person_id: ColumnElement[int], household_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether somebody is protected, or lives with somebody who is; to be selected as `protected` by rows about a person.

    Where the one lives, lives the other: an address, a telephone and an employer of either, and who handles either,
    lead to both.
    """
    return or_(protects_person(person_id), protects_household(household_id), person_id.in_(_WITH_THEM))


def unless_hidden(protected: ColumnElement[bool]) -> ColumnElement[bool]:
    """What a condition about something that may be hidden has beside it: it finds what this viewer is shown."""
    return or_(bindparam(CLEARED, False, Boolean()), not_(protected))


_SHADOWS = table(RuleShadow).alias("shadows")


def in_shadow(
    lead: ReadOnlyColumnCollection[str, Column[Any]], division_code: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether this is a lead that nobody has looked at, of a rule that is set aside in the household's county (F-18).

    One that a scan has withdrawn before anybody did is none that anybody has to hear of.
    """
    aside = select(literal(1)).where(
        _SHADOWS.c.rule_id == lead.rule_id,
        _SHADOWS.c.division_code == division_code,
        _SHADOWS.c.restored_at.is_(None),
    )
    stood = case((lead.state == FindingState.WITHDRAWN, lead.withdrawn_from), else_=lead.state)
    return and_(stood == FindingState.OPEN, aside.correlate_except(_SHADOWS).exists())


def set_aside(division_code: ColumnElement[str]) -> ColumnElement[str]:
    """The rules that are set aside in the county and are to be hidden from this viewer, with commas between; or null (F-18)."""
    theirs = select(func.aggregate_strings(_SHADOWS.c.rule_id, ",")).where(
        _SHADOWS.c.division_code == division_code,
        _SHADOWS.c.restored_at.is_(None),
        not_(bindparam(KEEPS_RULES, False, Boolean())),
    )
    return theirs.correlate_except(_SHADOWS).scalar_subquery()


def unless_in_shadow(
    lead: ReadOnlyColumnCollection[str, Column[Any]], division_code: ColumnElement[str]
) -> ColumnElement[bool]:
    """Only leads that are shown: those in the shadow to nobody but who keeps the rules."""
    return or_(bindparam(KEEPS_RULES, False, Boolean()), not_(in_shadow(lead, division_code)))


def of(who: Viewer | Administrator) -> dict[str, Any]:
    """The parameters of every narrowed statement."""
    low, high = divisions.span(who.division_code)
    viewer = who if isinstance(who, Viewer) else None
    sources = viewer.sources if viewer else None
    return {
        FROM: low,
        TO: high,
        LINE: divisions.chain(who.division_code),
        EVERY_SOURCE: sources is None,
        SOURCES: list(sources or ()),
        CLEARED: viewer is not None and viewer.cleared,
        KEEPS_RULES: viewer is not None and viewer.may(Permission.START_SCAN),
        EVERY_CASE: viewer is not None and viewer.may(Permission.READ_CASES),
        OWN: (viewer and viewer.organisation_id) or 0,
        GRANTING: list(viewer.granting) if viewer else [],
    }
