"""What people let be looked up, and by which scans they were; exceptions that officers made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, case, func, or_, select

from api import scope
from api.database import among
from api.domain.scans import ScanStatus
from api.loaders.conditions import in_division
from api.loaders.files import TODAY
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Authorisation, EmergencyException, Household, Link, Member, Scan, User, table

A, E, H = table(Authorisation).c, table(EmergencyException).c, table(Household).c
L, M, S, U = table(Link).c, table(Member).c, table(Scan).c, table(User).c

MOST_USES = 50

_COLUMNS = (
    *[column for column in A if column.name != "member_id"],
    M.household_id,
    U.display_name.label("recorder"),
    scope.protects_member(M.person_id, H.id).label("protected"),
)
_GIVEN = scope.narrow(
    select(A.member_id, *_COLUMNS)
    .join(Member, M.id == A.member_id)
    .join(Household, H.id == M.household_id)
    .outerjoin(User, U.id == A.recorded_by),
    H.division_code,
)
_OF = _GIVEN.where(among(A.member_id, "keys")).order_by(A.member_id, A.id.desc())
_BY_KEY = _GIVEN.where(among(A.id, "keys"))

_WHILE_IT_STOOD = and_(
    S.status == ScanStatus.SUCCEEDED,
    S.division_from <= H.division_code,
    S.division_to > H.division_code,
    or_(A.valid_from.is_(None), A.valid_from <= S.as_of),
    or_(A.valid_to.is_(None), A.valid_to >= S.as_of),
    or_(A.recorded_at.is_(None), A.recorded_at <= S.started_at),
    case(
        (A.withdrawn_at.is_not(None), A.withdrawn_at > S.started_at),
        else_=or_(A.withdrawn_on.is_(None), A.withdrawn_on >= S.as_of),
    ),
)
"""Scans over the person's division that ran while the consent stood: all who may be are looked up in each."""

_FOUND = (
    select(func.count())
    .select_from(table(Link))
    .where(L.member_id == A.member_id, L.scan_id == S.id)
    .scalar_subquery()
)
_USES = (
    scope.narrow(
        select(
            A.id.label("authorisation_id"),
            S.id.label("scan_id"),
            S.as_of,
            S.started_at,
            _FOUND.label("found"),
            func.row_number().over(partition_by=A.id, order_by=S.id.desc()).label("place"),
        )
        .select_from(table(Authorisation))
        .join(table(Member), M.id == A.member_id)
        .join(table(Household), H.id == M.household_id)
        .join(table(Scan), _WHILE_IT_STOOD),
        H.division_code,
    )
    .where(among(A.id, "keys"))
    .subquery()
)
USES_OF = select(_USES).where(_USES.c.place <= bindparam("most")).order_by(_USES.c.authorisation_id, _USES.c.place)
"""The scans that looked somebody up under consents, the latest first; the first column tells under which."""

_EXCEPTIONS = scope.narrow(
    select(
        E.household_id,
        *[column for column in E if column.name != "household_id"],
        H.division_code,
        U.display_name.label("recorder"),
        scope.protects_household(H.id).label("protected"),
    )
    .join(Household, H.id == E.household_id)
    .join(User, U.id == E.recorded_by),
    H.division_code,
)
_EXCEPTIONS_OF = _EXCEPTIONS.where(among(E.household_id, "keys")).order_by(E.household_id, E.id.desc())
_EXCEPTIONS_BY_KEY = _EXCEPTIONS.where(among(E.id, "keys"))

EXCEPTIONS = Listing(
    "emergency exceptions",
    _EXCEPTIONS,
    E.id,
    {
        "division": in_division(H.division_code),
        "in_force": and_(E.starts_on <= TODAY, E.ends_on >= TODAY),
    },
    {"RECORDED": By(E.id, int), "ENDS_ON": By(E.ends_on, dt.date.fromisoformat)},
)


async def of_people(reading: Reading, people: Sequence[int]) -> Rows:
    """The consents of people, the latest recorded first, the first column telling whose."""
    return await reading.rows(_OF, {"keys": people})


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Consents by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def uses_of(reading: Reading, keys: Sequence[int], most: int) -> Rows:
    """The scans that looked people up under these consents, at most so many each, the first column telling under which."""
    return await reading.rows(USES_OF, {"keys": keys, "most": most})


async def exceptions_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The exceptions made for households, the latest first, the first column telling for which."""
    return await reading.rows(_EXCEPTIONS_OF, {"keys": households})


async def exceptions_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Exceptions by their key."""
    return await reading.rows(_EXCEPTIONS_BY_KEY, {"keys": keys})
