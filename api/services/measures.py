"""Which organisation holds which of the measures' roles, where and from when to when: kept by administrators."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import locked
from api.domain import accounts as rules
from api.domain import divisions
from api.domain.accounts import Administrator
from api.domain.errors import NotDone, UserErrorCode
from api.domain.responsibilities import MeasureRole
from api.models import Organisation, RoleAssignment
from api.services import administrators, audit

_HOLDER = scope.narrow(
    select(Organisation.id, Organisation.division_code).where(Organisation.active), Organisation.division_code
)
_ASSIGNED = scope.narrow(
    select(RoleAssignment.id, RoleAssignment.valid_from, RoleAssignment.valid_to, RoleAssignment.version),
    RoleAssignment.division_code,
)


async def assign(
    connection: AsyncConnection,
    by: Administrator,
    role: MeasureRole,
    division_code: str,
    organisation_id: int | None,
    valid_from: dt.date,
    now: dt.datetime,
    valid_to: dt.date | None = None,
) -> int:
    """The organisation holds the role in the division from this day on. Raises NotDone.

    Several may hold one role there at a time; one holds it once.
    """
    await administrators.one_at_a_time(connection)
    rules.division(division_code, by)
    rules.lasts(valid_from, valid_to)
    holder = (await connection.execute(_HOLDER.where(Organisation.id == organisation_id), scope.of(by))).one_or_none()
    if holder is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "organisationId"), "没有此组织。", "There is no such organisation."
        )
    if not divisions.holds(holder.division_code, division_code):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "divisionCode"),
            "该组织不在此区划履职。",
            "The organisation does not answer for that division.",
        )
    held = select(RoleAssignment.id).where(
        RoleAssignment.role == role,
        RoleAssignment.division_code == division_code,
        RoleAssignment.organisation_id == holder.id,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > valid_from),
    )
    if valid_to is not None:
        held = held.where(RoleAssignment.valid_from < valid_to)
    if await connection.scalar(held.limit(1)) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "validFrom"),
            "该组织在此期间已担任此职责。",
            "The organisation holds the role in that time already.",
        )
    values = {"role": role, "division_code": division_code, "valid_from": valid_from, "valid_to": valid_to}
    new = insert(RoleAssignment).values(organisation_id=holder.id, version=1, created_at=now, **values)
    key = int((await connection.execute(new.returning(RoleAssignment.id))).scalar_one())
    detail = {"role": role, "division": division_code, "organisation": holder.id, "from": valid_from.isoformat()}
    await audit.record(connection, by.user_id, "measure_role.assigned", ("RoleAssignment", key), now, detail)
    return key


async def end(
    connection: AsyncConnection,
    by: Administrator,
    assignment_id: int | None,
    valid_to: dt.date,
    now: dt.datetime,
    expected_version: int | None = None,
) -> int:
    """The organisation holds the role to before this day. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    statement = locked(_ASSIGNED.where(RoleAssignment.id == assignment_id), connection, RoleAssignment)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "assignmentId"), "没有此项职责。", "There is no such assignment."
        )
    rules.unchanged(found.version, expected_version, "职责", "assignment")
    rules.lasts(found.valid_from, valid_to)
    if found.valid_to is not None and valid_to > found.valid_to:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "validTo"),
            "已结束的职责只能提前结束。",
            "What has an end can only end earlier.",
        )
    ended = update(RoleAssignment).where(RoleAssignment.id == found.id)
    await connection.execute(ended.values(valid_to=valid_to, version=found.version + 1))
    detail = {"to": valid_to.isoformat()}
    await audit.record(connection, by.user_id, "measure_role.ended", ("RoleAssignment", found.id), now, detail)
    return int(found.id)
