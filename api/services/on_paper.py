"""Who may write down what a department answered on paper: an officer, where no account of the department's can answer.

What is written down so counts as the department's word, with the officer, the paper's number and its day beside it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import divisions
from api.domain.errors import Forbidden
from api.domain.permissions import Permission, Role, Viewer
from api.models import Organisation, User, table

O, U = table(Organisation).c, table(User).c  # noqa: E741
_AT_WORK = (
    select(O.id, O.sources, U.division_code)
    .join(User, U.organisation_id == O.id)
    .where(O.active, U.active, U.role == Role.DEPARTMENT)
    .distinct()
    .order_by(O.id)
)


async def require_source(
    connection: AsyncConnection, viewer: Viewer, permission: Permission, source: str, division_code: str
) -> None:
    """Raises Forbidden for who may not write down, and where somebody of a department that keeps such data there can answer."""
    at_work = (await connection.execute(_AT_WORK)).all()
    theirs = [row for row in at_work if source in row.sources and divisions.holds(row.division_code, division_code)]
    _require(viewer, permission, can_answer=bool(theirs))


async def require_organisation(
    connection: AsyncConnection, viewer: Viewer, permission: Permission, organisation_id: int, division_code: str
) -> None:
    """Raises Forbidden for who may not write down, and where somebody of this very organisation can answer there."""
    at_work = (await connection.execute(_AT_WORK.where(O.id == organisation_id))).all()
    theirs = [row for row in at_work if divisions.holds(row.division_code, division_code)]
    _require(viewer, permission, can_answer=bool(theirs))


def _require(viewer: Viewer, permission: Permission, *, can_answer: bool) -> None:
    if not viewer.may(permission):
        raise Forbidden
    if can_answer:
        raise Forbidden(
            "该部门有可用账号，应由其自行答复。", "The department has an account, and answers for itself."
        )
