"""The tree of organisations as it was called on a day, the names of each, and who holds the roles of the measures.

Who answers for a measure is told to everybody, of whatever division: it is the office's, and nobody's own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Date, String, and_, bindparam, exists, func, not_, or_, select

from api import scope
from api.database import among
from api.domain import divisions, responsibilities
from api.domain.responsibilities import MeasureRole
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Organisation, OrganisationName, OrganisationPlace, RoleAssignment, table

A, N, O, P = (table(each).c for each in (RoleAssignment, OrganisationName, Organisation, OrganisationPlace))  # noqa: E741
_ABOVE, _HIGHER, _LOWER, _LATER = (
    table(Organisation).alias("above"),
    table(OrganisationPlace).alias("higher"),
    table(OrganisationPlace).alias("lower"),
    table(OrganisationName).alias("later"),
)
ON = bindparam("on", type_=Date())
NEXT = "next_from"


def _stands(valid_from: ColumnElement[dt.date], valid_to: ColumnElement[dt.date | None]) -> ColumnElement[bool]:
    return and_(or_(valid_from.is_(None), valid_from <= ON), or_(valid_to.is_(None), valid_to > ON))


_CALLED = and_(
    N.organisation_id == O.id,
    N.valid_from <= ON,
    not_(
        exists().where(
            _LATER.c.organisation_id == N.organisation_id,
            _LATER.c.valid_from > N.valid_from,
            _LATER.c.valid_from <= ON,
        )
    ),
)
"""The name that an organisation had on the day."""

_TREE = (
    scope.narrow(
        select(
            O.id,
            O.code,
            N.name_zh,
            N.name_en,
            O.kind,
            O.level,
            O.division_code,
            O.valid_from,
            O.valid_to,
            exists().where(_LOWER.c.parent_id == O.id).label("has_children"),
        )
        .select_from(table(Organisation))
        .join(OrganisationName, _CALLED)
        .join(OrganisationPlace, P.organisation_id == O.id)
        .outerjoin(_ABOVE, _ABOVE.c.id == P.parent_id),
        O.division_code,
    )
    .where(_stands(O.valid_from, O.valid_to), or_(O.active, O.valid_to.is_not(None)), O.code > bindparam("after"))
    .order_by(O.code)
    .limit(bindparam("most"))
)
_TOPS = _TREE.where(
    or_(
        P.parent_id.is_(None),
        _ABOVE.c.division_code < bindparam(scope.FROM),
        _ABOVE.c.division_code >= bindparam(scope.TO),
    )
)
_BELOW = _TREE.where(_ABOVE.c.code == bindparam("under", type_=String()))
_NAMES_OF = (
    scope.narrow(
        select(
            N.organisation_id,
            N.name_zh,
            N.name_en,
            N.valid_from,
            func.lead(N.valid_from, type_=Date())
            .over(partition_by=N.organisation_id, order_by=N.valid_from)
            .label(NEXT),
        ).join(Organisation, O.id == N.organisation_id),
        O.division_code,
    )
    .where(among(N.organisation_id, "keys"))
    .order_by(N.organisation_id, N.valid_from.desc())
)
_HOLDERS = (
    select(A.role, A.division_code, A.valid_from, A.valid_to, O.code, O.sources, N.name_zh, N.name_en)
    .join(Organisation, O.id == A.organisation_id)
    .join(OrganisationName, _CALLED)
    .where(_stands(A.valid_from, A.valid_to), among(A.division_code, "divisions", String))
    .order_by(A.role, O.code)
)
_ASSIGNMENTS = scope.narrow(select(*A), A.division_code)
_ASSIGNMENTS_BY_KEY = _ASSIGNMENTS.where(among(A.id, "keys"))

ASSIGNMENTS = Listing(
    "measureRoles",
    _ASSIGNMENTS,
    A.id,
    {
        "division": in_division(A.division_code),
        "roles": among(A.role, "roles", String),
        "organisations": among(A.organisation_id, "organisations"),
        "held": and_(A.valid_from <= bindparam("held"), or_(A.valid_to.is_(None), A.valid_to > bindparam("held"))),
    },
    {"CREATED": By(A.id, int), "VALID_FROM": By(A.valid_from, dt.date.fromisoformat)},
)


async def tree(reading: Reading, under: str | None, on: dt.date, after: str, most: int) -> Rows:
    """What stands right below the organisation of this code, or the highest that the viewer sees, as called on a day."""
    given = {"on": on, "after": after, "most": most}
    return await reading.rows(_TOPS, given) if under is None else await reading.rows(_BELOW, given | {"under": under})


async def names_of(reading: Reading, organisations: Sequence[int]) -> Rows:
    """What organisations are and were called, the first column telling which, the latest name first."""
    return await reading.rows(_NAMES_OF, {"keys": organisations})


async def holders(reading: Reading, code: str, on: dt.date) -> dict[MeasureRole, list[Any]]:
    """By role who answers first in a division on a day, as called then: whoever holds it in the lowest that has somebody."""
    by_role: dict[MeasureRole, list[Any]] = defaultdict(list)
    for row in await reading.rows(_HOLDERS, {"divisions": divisions.chain(code), "on": on}):
        by_role[MeasureRole(row.role)].append(row)
    lowest = {role: responsibilities.nearest(row.division_code for row in some) for role, some in by_role.items()}
    return {role: [row for row in some if row.division_code == lowest[role]] for role, some in by_role.items()}


async def assignments_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Assignments of roles by their key."""
    return await reading.rows(_ASSIGNMENTS_BY_KEY, {"keys": keys})
