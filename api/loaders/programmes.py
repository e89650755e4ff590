"""Programmes, enrolments and payments; departments and their latest feed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Date, String, bindparam, case, func, literal, or_, select

from api import scope
from api.database import among
from api.loaders.files import AS_OF, NOW
from api.loaders.reading import Reading, Rows
from api.models import Department, Enrolment, Feed, Household, Payment, Programme, table

E, H, P, Y = table(Enrolment).c, table(Household).c, table(Programme).c, table(Payment).c
UNKNOWN = literal(dt.date.max, Date())

_PROGRAMMES = select(*P).order_by(P.position)
_BY_CODE = select(P.code.label("key"), *P).where(among(P.code, "keys", String))
_ENDED = case((or_(E.end_month <= AS_OF, NOW), E.end_month)).label("end_month")
"""An end that was to come is not told as of a day before it."""

_ENROLMENTS = scope.narrow(
    select(
        E.household_id,
        *[_ENDED if column.name == "end_month" else column for column in E if column.name != "household_id"],
        scope.protects_household(E.household_id).label("protected"),
    ).join(Household, H.id == E.household_id),
    H.division_code,
)
_BEGUN = or_(E.start_month.is_(None), E.start_month <= AS_OF)
_ENROLMENTS_OF = _ENROLMENTS.where(among(E.household_id, "keys"), _BEGUN).order_by(
    E.household_id, func.coalesce(E.start_month, UNKNOWN).desc(), E.id
)
_ENROLMENTS_BY_KEY = _ENROLMENTS.where(among(E.id, "keys"))
_NUMBERED = (
    scope.narrow(
        select(
            Y.enrolment_id,
            Y.month,
            Y.amount_fen,
            func.row_number().over(partition_by=Y.enrolment_id, order_by=Y.month.desc()).label("place"),
        )
        .join(Enrolment, E.id == Y.enrolment_id)
        .join(Household, H.id == E.household_id),
        H.division_code,
    )
    .where(among(Y.enrolment_id, "keys"), Y.month <= AS_OF)
    .subquery()
)
_PAYMENTS_OF = (
    select(_NUMBERED.c.enrolment_id, _NUMBERED.c.month, _NUMBERED.c.amount_fen)
    .where(_NUMBERED.c.place <= bindparam("most"))
    .order_by(_NUMBERED.c.enrolment_id, _NUMBERED.c.place)
)
_NEWEST = select(func.max(Feed.id)).group_by(Feed.department_code)
_DEPARTMENTS = scope.narrow_to_sources(
    select(
        Department.code,
        Department.title_zh,
        Department.title_en,
        Department.agency_zh,
        Feed.as_of,
        Feed.complete,
        Feed.rows.label("row_count"),
        Feed.received_at,
    )
    .outerjoin(Feed, (Feed.department_code == Department.code) & Feed.id.in_(_NEWEST))
    .order_by(Department.code),
    table(Department).c.code,
)


async def programmes(reading: Reading) -> Rows:
    """All programmes, in the order of the policy's list."""
    return await reading.rows(_PROGRAMMES)


async def by_code(reading: Reading, codes: Sequence[str]) -> Rows:
    """Programmes by their code, which is the first column."""
    return await reading.rows(_BY_CODE, {"keys": codes})


async def enrolments_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The enrolments of households, the first column telling whose, the latest first."""
    return await reading.rows(_ENROLMENTS_OF, {"keys": households})


async def enrolments_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Enrolments by their key."""
    return await reading.rows(_ENROLMENTS_BY_KEY, {"keys": keys})


async def payments_of(reading: Reading, enrolments: Sequence[int], most: int) -> Rows:
    """The latest payments of enrolments, at most so many each, the first column telling of which."""
    return await reading.rows(_PAYMENTS_OF, {"keys": enrolments, "most": most})


async def departments(reading: Reading) -> Rows:
    """Kinds of department data, a department's viewer's own alone, each with what is known of its latest feed."""
    return await reading.rows(_DEPARTMENTS)
