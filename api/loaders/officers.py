"""Officers to whom a household of a division may be given: whoever keeps files there, or in a division that holds it."""

from __future__ import annotations

from sqlalchemy import String, bindparam, func, select

from api import scope
from api.database import among
from api.domain import divisions
from api.domain.accounts import UserKind
from api.domain.permissions import MATRIX, Permission
from api.loaders.reading import Reading, Rows
from api.models import Organisation, User, table

U, O = table(User).c, table(Organisation).c  # noqa: E741
MOST = 100
KEEPERS = sorted(role for role, permitted in MATRIX.items() if Permission.KEEP_FILES in permitted)

_BEGINS = bindparam("begins", type_=String())
_OFFICERS = (
    scope.narrow_to_line(
        select(U.login, U.display_name, U.role, O.code, O.name_zh, O.name_en).outerjoin(
            Organisation, O.id == U.organisation_id
        ),
        U.division_code,
    )
    .where(U.kind == UserKind.PERSON, U.active, U.role.in_(KEEPERS), among(U.division_code, "divisions", String))
    .where(func.substr(U.login, 1, func.length(_BEGINS)) == _BEGINS)
    .order_by(U.login)
    .limit(MOST)
)


async def of_division(reading: Reading, code: str, begins: str) -> Rows:
    """Officers for households of this division, whose login begins so; nobody where the viewer does not answer for it."""
    if not divisions.holds(reading.viewer.division_code, code):
        return []
    return await reading.rows(_OFFICERS, {"divisions": divisions.chain(code), "begins": begins})
