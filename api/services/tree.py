"""Which organisation stands below which: a tree, in which nothing stands below itself.

Who stands below another lies in its division, and not above its level. The database holds each row to its parent's
depth (models/organisations), so that whoever writes past this module makes no circle either.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Row, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among, locked
from api.domain import accounts as rules
from api.domain import divisions
from api.domain.accounts import Administrator, OrganisationLevel
from api.domain.errors import NotDone, UserErrorCode
from api.models import Organisation, OrganisationPlace, table
from api.services import administrators, audit

_ORGANISATIONS = scope.narrow(
    select(
        Organisation.id,
        Organisation.version,
        Organisation.active,
        Organisation.level,
        Organisation.division_code,
        OrganisationPlace.depth,
    ).join(OrganisationPlace, OrganisationPlace.organisation_id == Organisation.id),
    Organisation.division_code,
)
_PLACES = table(OrganisationPlace)
_BRANCH = select(_PLACES.c.organisation_id).where(_PLACES.c.organisation_id == bindparam("top")).cte(recursive=True)
_BRANCH = _BRANCH.union(
    select(_PLACES.c.organisation_id).join(_BRANCH, _PLACES.c.parent_id == _BRANCH.c.organisation_id)
)
_NEXT = select(
    OrganisationPlace.organisation_id, OrganisationPlace.parent_id, Organisation.division_code, Organisation.level
)


async def place(
    connection: AsyncConnection,
    by: Administrator,
    organisation_id: int | None,
    parent_id: int | None,
    now: dt.datetime,
    expected_version: int | None = None,
) -> int:
    """The organisation stands below this parent, with all that stands below it; below none, it is a top. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    found = await _found(connection, by, organisation_id, "organisationId")
    rules.unchanged(found.version, expected_version, "组织", "organisation")
    below = list((await connection.scalars(select(_BRANCH.c.organisation_id), {"top": found.id})).all())
    parent = None
    if parent_id is not None:
        parent = await _found(connection, by, parent_id, "parentId")
        if parent.id in below:
            raise _refused("不能置于自己或自己的下级之下。", "Nothing stands below itself.")
        if not parent.active:
            raise _refused("上级组织已停用。", "The organisation above has been deactivated.")
        _fits((parent.division_code, parent.level), (found.division_code, found.level))
    depth = 0 if parent is None else parent.depth + 1
    above = (
        {"parent_id": None, "parent_depth": None}
        if parent is None
        else {"parent_id": parent.id, "parent_depth": parent.depth}
    )
    moved = update(OrganisationPlace).where(OrganisationPlace.organisation_id == found.id)
    await connection.execute(moved.values(depth=depth, **above))
    deeper = depth - found.depth
    branch = update(OrganisationPlace).where(among(_PLACES.c.organisation_id, "keys"))
    columns = {"depth": OrganisationPlace.depth + deeper, "parent_depth": OrganisationPlace.parent_depth + deeper}
    await connection.execute(branch.values(columns), {"keys": [each for each in below if each != found.id]})
    counted = update(Organisation).where(Organisation.id == found.id)
    await connection.execute(counted.values(version=found.version + 1))
    detail = {"parent": None if parent is None else parent.id}
    await audit.record(connection, by.user_id, "organisation.placed", ("Organisation", found.id), now, detail)
    return int(found.id)


async def require_fitting(connection: AsyncConnection, key: int, division_code: str, level: str | None) -> None:
    """Raises NotDone where an organisation in this division and of this level fits no longer where it stands."""
    own = select(OrganisationPlace.parent_id).where(OrganisationPlace.organisation_id == key).scalar_subquery()
    beside = _NEXT.join(Organisation, Organisation.id == OrganisationPlace.organisation_id).where(
        or_(OrganisationPlace.parent_id == key, OrganisationPlace.organisation_id == own)
    )
    for each in await connection.execute(beside):
        one, other = (division_code, level), (each.division_code, each.level)
        above, below = (one, other) if each.parent_id == key else (other, one)
        _fits(above, below, "divisionCode")


async def _found(
    connection: AsyncConnection, by: Administrator, key: int | None, field: str
) -> Row[int, int, bool, str | None, str, int]:
    statement = locked(_ORGANISATIONS.where(Organisation.id == key), connection, Organisation)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", field), "没有此组织。", "There is no such organisation.")
    return found


def _fits(above: tuple[str, str | None], below: tuple[str, str | None], field: str = "parentId") -> None:
    """Division and level of who stands above, and of who stands below. Raises NotDone."""
    if not divisions.holds(above[0], below[0]):
        raise _refused("下级组织须位于上级组织的区划之内。", "Who stands below another lies in its division.", field)
    ranks = list(OrganisationLevel)
    if above[1] and below[1] and ranks.index(OrganisationLevel(above[1])) > ranks.index(OrganisationLevel(below[1])):
        raise _refused("下级组织的层级不能高于上级。", "Who stands below another is of no higher level.", field)


def _refused(zh: str, en: str, field: str = "parentId") -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)
