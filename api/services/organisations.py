"""Organisations: trade unions, departments with the data that they keep, and whoever else takes part.

What one was called before stays with its days; how one stands below another is kept in services/tree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import locked
from api.domain import accounts as rules
from api.domain import days
from api.domain.accounts import Administrator, OrganisationKind, OrganisationLevel, UserKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role
from api.matching import reference
from api.models import Organisation, OrganisationName, OrganisationPlace, User
from api.services import administrators, audit, tree

ALWAYS = dt.date(1, 1, 1)
"""From when an organisation's first name was its name."""

_ORGANISATIONS = scope.narrow(
    select(
        Organisation.id,
        Organisation.kind,
        Organisation.version,
        Organisation.active,
        Organisation.level,
        Organisation.valid_from,
        Organisation.valid_to,
    ),
    Organisation.division_code,
)


@dataclass(frozen=True, slots=True)
class Described:
    """What an organisation is to be; of level and days, None is what they were.

    With `renamed_on`, the name is a new one from that day on, and the one before is kept; without, the name of today is
    put right.
    """

    name_zh: str
    name_en: str
    kind: OrganisationKind
    division_code: str
    sources: tuple[str, ...] = ()
    level: OrganisationLevel | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    renamed_on: dt.date | None = None


async def save(
    connection: AsyncConnection,
    by: Administrator,
    described: Described,
    now: dt.datetime,
    *,
    code: str | None = None,
    organisation_id: int | None = None,
    expected_version: int | None = None,
) -> int:
    """A new organisation of this code, or one changed; active afterwards. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    sources = _sources(described)
    values: dict[str, Any] = {
        "name_zh": rules.name(described.name_zh, "nameZh"),
        "name_en": rules.name(described.name_en, "nameEn"),
        "kind": described.kind,
        "division_code": rules.division(described.division_code, by),
        "sources": sources,
        "active": True,
    }
    given = {name: getattr(described, name) for name in ("level", "valid_from", "valid_to")}
    values |= {name: value for name, value in given.items() if value is not None}
    if organisation_id is None:
        rules.lasts(described.valid_from, described.valid_to)
        key = await _add(connection, rules.code(code or "", "code"), values, now)
    else:
        found = await _found(connection, by, organisation_id, expected_version)
        key = int(found.id)
        rules.lasts(described.valid_from or found.valid_from, described.valid_to or found.valid_to)
        await _require_fitting_users(connection, key, described.kind)
        await tree.require_fitting(connection, key, described.division_code, described.level or found.level)
        await _named(connection, key, values["name_zh"], values["name_en"], described.renamed_on, now)
        changed = update(Organisation).where(Organisation.id == key)
        await connection.execute(changed.values(**values, version=found.version + 1))
        machines = update(User).where(User.organisation_id == key, User.kind == UserKind.SERVICE)
        await connection.execute(machines.values(division_code=described.division_code))
    detail = {"kind": described.kind, "division": described.division_code, "sources": sources}
    await audit.record(connection, by.user_id, "organisation.saved", ("Organisation", key), now, detail)
    return key


async def deactivate(
    connection: AsyncConnection,
    by: Administrator,
    organisation_id: int | None,
    now: dt.datetime,
    expected_version: int | None = None,
) -> int:
    """Nobody of it can do anything any more, people and programs alike; what they did stays. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    found = await _found(connection, by, organisation_id, expected_version)
    own = await connection.scalar(select(User.organisation_id).where(User.id == by.user_id))
    if own == found.id:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "organisationId"),
            "不能停用自己所属的组织。",
            "Nobody deactivates the organisation that they belong to.",
        )
    await _require_none_beyond(connection, by, found.id)
    changed = update(Organisation).where(Organisation.id == found.id)
    await connection.execute(changed.values(active=False, version=found.version + 1))
    await administrators.keep_one(connection, by, "organisationId")
    await audit.record(connection, by.user_id, "organisation.deactivated", ("Organisation", found.id), now)
    return int(found.id)


async def key_of(connection: AsyncConnection, by: Administrator, code: str) -> int:
    """The key of the organisation of this code, within the administrator's reach. Raises NotDone."""
    statement = _ORGANISATIONS.where(Organisation.code == code)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise _missing()
    return int(found.id)


async def known(connection: AsyncConnection, code: str) -> int | None:
    """By an operator: the key of the organisation of this code, if there is one."""
    return await connection.scalar(select(Organisation.id).where(Organisation.code == code))


async def kind_of(
    connection: AsyncConnection, by: Administrator, organisation_id: int | None
) -> OrganisationKind | None:
    """What an organisation is that somebody is to belong to; None for none. Raises NotDone: out of reach, or inactive."""
    if organisation_id is None:
        return None
    await administrators.one_at_a_time(connection)
    statement = _ORGANISATIONS.where(Organisation.id == organisation_id)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise _missing()
    if not found.active:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "organisationId"),
            "该组织已停用。",
            "The organisation has been deactivated.",
        )
    return OrganisationKind(found.kind)


async def organisations(connection: AsyncConnection) -> Sequence[Row[str, str, str, str, list[str], bool]]:
    """Every organisation's code, Chinese name, kind, division, sources, and whether it is active."""
    columns = select(
        Organisation.code,
        Organisation.name_zh,
        Organisation.kind,
        Organisation.division_code,
        Organisation.sources,
        Organisation.active,
    )
    return (await connection.execute(columns.order_by(Organisation.code))).all()


def _sources(described: Described) -> list[str]:
    """The sources, sorted. Raises NotDone: not those of a department, or of which we know nothing."""
    wanted = sorted(set(described.sources))
    if described.kind is not OrganisationKind.DEPARTMENT and wanted:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "sources"),
            "只有数据部门可以有数据来源。",
            "Only a department keeps sources.",
        )
    known = {department.code for department in reference.departments()}
    if unknown := [source for source in wanted if source not in known]:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "sources"),
            f"没有名为 {unknown[0][:64]} 的数据来源。",
            f"No source is called {unknown[0][:64]}.",
        )
    return wanted


async def _add(connection: AsyncConnection, code: str, values: dict[str, Any], now: dt.datetime) -> int:
    if await connection.scalar(select(Organisation.id).where(Organisation.code == code)) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "code"),
            "该代码已被使用。",
            "There is an organisation of this code already.",
        )
    new = insert(Organisation).values(code=code, version=1, created_at=now, **values)
    key = int((await connection.execute(new.returning(Organisation.id))).scalar_one())
    named = {"name_zh": values["name_zh"], "name_en": values["name_en"], "valid_from": ALWAYS}
    await connection.execute(insert(OrganisationName).values(organisation_id=key, **named))
    await connection.execute(insert(OrganisationPlace).values(organisation_id=key, depth=0))
    return key


async def _named(
    connection: AsyncConnection, key: int, name_zh: str, name_en: str, since: dt.date | None, now: dt.datetime
) -> None:
    """What it is called from this day on, or what its name of today should have been. Raises NotDone."""
    theirs = OrganisationName.organisation_id == key
    begun = (await connection.execute(select(func.max(OrganisationName.valid_from)).where(theirs))).scalar_one()
    if since is None or since == begun:
        put_right = update(OrganisationName).where(theirs, OrganisationName.valid_from == begun)
        await connection.execute(put_right.values(name_zh=name_zh, name_en=name_en))
        return
    if not begun < since <= days.today(now):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "renamedOn"),
            "更名日期须晚于上次更名，且不晚于今天。",
            "A new name begins after the one before, and not after today.",
        )
    new = {"organisation_id": key, "valid_from": since, "name_zh": name_zh, "name_en": name_en}
    await connection.execute(insert(OrganisationName).values(new))


async def _found(
    connection: AsyncConnection, by: Administrator, organisation_id: int | None, expected_version: int | None
) -> Row[int, str, int, bool, str | None, dt.date | None, dt.date | None]:
    statement = locked(_ORGANISATIONS.where(Organisation.id == organisation_id), connection, Organisation)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise _missing()
    rules.unchanged(found.version, expected_version, "组织", "organisation")
    return found


async def _require_none_beyond(connection: AsyncConnection, by: Administrator, organisation_id: int) -> None:
    """Raises NotDone where somebody of it answers for more than the administrator does, who could not end them either."""
    answered_for = select(User.division_code).where(User.organisation_id == organisation_id, User.active).distinct()
    if not all(by.reaches(code) for code in (await connection.execute(answered_for)).scalars()):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "organisationId"),
            "该组织有用户的区划不在您的管理范围内。",
            "Somebody of the organisation answers for a division that is not yours to manage.",
        )


async def _require_fitting_users(connection: AsyncConnection, key: int, kind: OrganisationKind) -> None:
    """Raises NotDone where somebody of it has a role that nobody of such an organisation has."""
    theirs = select(User.role).where(User.organisation_id == key, User.active).distinct()
    if not all(rules.fits(Role(role), kind) for role in (await connection.execute(theirs)).scalars()):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "kind"),
            "该组织尚有用户的角色与此类组织不符，不能改为此类。",
            "Somebody of it has a role that nobody of such an organisation has.",
        )


def _missing() -> NotDone:
    return NotDone(
        UserErrorCode.NOT_FOUND, ("input", "organisationId"), "没有此组织。", "There is no such organisation."
    )
