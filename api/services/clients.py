"""Registered programs: a department's machines with their secrets, and the applications that people use.

A machine acts as a user of its own, of the kind SERVICE, so that all that is written of users is written of it too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import locked
from api.domain import accounts as rules
from api.domain import credentials
from api.domain.accounts import OPERATOR, Administrator, ClientKind, UserKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role
from api.models import Client, ClientSecret, Organisation, Token, User
from api.services import audit, organisations

LOGIN = "client:{}"
"""What a machine's own user is called; no person's login has a colon."""

SECRET_DAYS, MOST_SECRET_DAYS = 365, 730
MOST_SECRETS = 2

_CLIENTS = scope.narrow(
    select(
        Client.id,
        Client.client_id,
        Client.kind,
        Client.user_id,
        Client.active,
        Client.version,
        Organisation.active.label("organisation_active"),
        User.role,
    )
    .join(Organisation, Organisation.id == Client.organisation_id)
    .outerjoin(User, User.id == Client.user_id),
    Organisation.division_code,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a program is to be; only a machine has a role."""

    name: str
    kind: ClientKind
    organisation_id: int | None
    role: Role | None = None
    trusted_only: bool = False


async def save(
    connection: AsyncConnection,
    by: Administrator,
    registered: Registered,
    now: dt.datetime,
    *,
    client_id: str | None = None,
    key: int | None = None,
    expected_version: int | None = None,
) -> int:
    """A new program of this client id, or one changed; active afterwards. What kind it is never changes. Raises NotDone."""
    organisation = await organisations.kind_of(connection, by, registered.organisation_id)
    if organisation is None:
        raise _invalid("organisationId", "程序须属于一个组织。", "A program belongs to an organisation.")
    role = None
    if registered.kind is ClientKind.SERVICE:
        role = rules.role(registered.role or Role.DEPARTMENT, organisation)
        if role is Role.ADMINISTRATOR:
            raise _invalid("role", "程序不能是管理员。", "A program is no administrator.")
        _require_reader_of_no_case(by, role, "role")
    elif registered.role is not None:
        raise _invalid("role", "应用程序没有角色：以用户的角色为准。", "An application has no role: its users have.")
    values = {
        "name": rules.name(registered.name, "name"),
        "organisation_id": registered.organisation_id,
        "trusted_only": registered.trusted_only,
        "active": True,
    }
    if key is None:
        public_id = rules.code(client_id or "", "clientId")
        if await connection.scalar(select(Client.id).where(Client.client_id == public_id)) is not None:
            raise _invalid("clientId", "该程序标识已被使用。", "There is a program of this client id already.")
        user_id = None if role is None else await _make_user(connection, public_id, registered, role, now)
        new = insert(Client).values(
            client_id=public_id, kind=registered.kind, user_id=user_id, version=1, created_at=now, **values
        )
        key = int((await connection.execute(new.returning(Client.id))).scalar_one())
    else:
        found = await _found(connection, by, key, expected_version)
        if found.kind != registered.kind:
            raise _invalid("kind", "程序种类不能更改。", "What kind a program is never changes.")
        await connection.execute(update(Client).where(Client.id == key).values(**values, version=found.version + 1))
        if role is not None:
            await _change_user(connection, found.user_id, registered, role)
    detail = {"kind": registered.kind, "organisation": registered.organisation_id, "role": role}
    await audit.record(
        connection,
        by.user_id,
        "client.saved",
        ("Client", key),
        now,
        detail | {"trustedOnly": registered.trusted_only},
    )
    return key


async def rotate_secret(
    connection: AsyncConnection,
    by: Administrator,
    key: int | None,
    now: dt.datetime,
    *,
    days: int = SECRET_DAYS,
    overlap: dt.timedelta = dt.timedelta(0),
    expected_version: int | None = None,
) -> tuple[int, str]:
    """A new secret of a machine, shown once; those before it are good for the overlap only. Raises NotDone.

    Without an overlap somebody else may know them: then the tokens that were had for them are ended too.
    """
    found = await _found(connection, by, key, expected_version)
    if found.kind != ClientKind.SERVICE:
        raise _invalid("id", "应用程序没有密钥。", "An application has no secret.")
    if not (found.active and found.organisation_active):
        raise _invalid("id", "该程序或其组织已停用。", "The program or its organisation has been deactivated.")
    _require_reader_of_no_case(by, Role(found.role), "id")
    if not 1 <= days <= MOST_SECRET_DAYS:
        raise _invalid(
            "days", f"有效期为 1 至 {MOST_SECRET_DAYS} 天。", f"A secret is good for 1 to {MOST_SECRET_DAYS} days."
        )
    if not dt.timedelta(0) <= overlap <= dt.timedelta(days=30):
        raise _invalid("overlapHours", "新旧并用期不超过 720 小时。", "The old one goes on for 720 hours at most.")
    secret = credentials.new(credentials.SECRET)
    await connection.execute(
        delete(ClientSecret).where(ClientSecret.client_id == found.id, ClientSecret.expires_at <= now)
    )
    older = select(ClientSecret.id).where(ClientSecret.client_id == found.id).order_by(ClientSecret.id.desc())
    kept = list((await connection.execute(older)).scalars())
    ending, gone = kept[: MOST_SECRETS - 1], kept[MOST_SECRETS - 1 :]
    await connection.execute(delete(ClientSecret).where(ClientSecret.id.in_(gone)))
    if overlap:
        await connection.execute(
            update(ClientSecret)
            .where(ClientSecret.id.in_(ending), ClientSecret.expires_at > now + overlap)
            .values(expires_at=now + overlap)
        )
    else:
        await connection.execute(delete(ClientSecret).where(ClientSecret.id.in_(ending)))
        await _end_tokens(connection, found.id, now)
    await connection.execute(
        insert(ClientSecret).values(
            client_id=found.id,
            digest=credentials.digest(secret),
            created_at=now,
            expires_at=now + dt.timedelta(days=days),
        )
    )
    await connection.execute(update(Client).where(Client.id == found.id).values(version=found.version + 1))
    detail = {"days": days, "overlapHours": int(overlap.total_seconds() // 3600)}
    await audit.record(connection, by.user_id, "client.secretRotated", ("Client", found.id), now, detail)
    return int(found.id), secret


async def deactivate(
    connection: AsyncConnection,
    by: Administrator,
    key: int | None,
    now: dt.datetime,
    expected_version: int | None = None,
) -> int:
    """Nobody uses the program any more: its secrets and tokens are ended; what it did stays. Raises NotDone."""
    found = await _found(connection, by, key, expected_version)
    await connection.execute(
        update(Client).where(Client.id == found.id).values(active=False, version=found.version + 1)
    )
    await connection.execute(delete(ClientSecret).where(ClientSecret.client_id == found.id))
    await _end_tokens(connection, found.id, now)
    if found.user_id is not None:
        await connection.execute(update(User).where(User.id == found.user_id).values(active=False))
    await audit.record(connection, by.user_id, "client.deactivated", ("Client", found.id), now)
    return int(found.id)


async def known(connection: AsyncConnection, client_id: str) -> int | None:
    """The key of the program of this client id, if there is one."""
    return await connection.scalar(select(Client.id).where(Client.client_id == client_id))


async def key_of(connection: AsyncConnection, client_id: str) -> int:
    """By an operator: the key of the program of this client id. Raises NotDone."""
    statement = _CLIENTS.where(Client.client_id == client_id)
    found = (await connection.execute(statement, scope.of(OPERATOR))).one_or_none()
    if found is None:
        raise _missing()
    return int(found.id)


async def user_of(connection: AsyncConnection, by: Administrator, key: int | None) -> int:
    """The user as whom a machine acts. Raises NotDone."""
    found = await _found(connection, by, key, None)
    if found.user_id is None:
        raise _invalid("id", "应用程序不代表自己行事。", "An application does not act for itself.")
    return int(found.user_id)


async def clients(connection: AsyncConnection) -> Sequence[Row[str, str, str, str, str | None, bool, bool]]:
    """Every program's client id, name, kind, organisation's code, role, whether trusted documents only, whether active."""
    columns = (
        select(
            Client.client_id,
            Client.name,
            Client.kind,
            Organisation.code.label("organisation"),
            User.role,
            Client.trusted_only,
            Client.active,
        )
        .join(Organisation, Organisation.id == Client.organisation_id)
        .outerjoin(User, User.id == Client.user_id)
    )
    return (await connection.execute(columns.order_by(Client.client_id))).all()


async def _make_user(
    connection: AsyncConnection, client_id: str, registered: Registered, role: Role, now: dt.datetime
) -> int:
    new = insert(User).values(
        login=LOGIN.format(client_id),
        kind=UserKind.SERVICE,
        version=1,
        created_at=now,
        **await _as_user(connection, registered, role),
    )
    return int((await connection.execute(new.returning(User.id))).scalar_one())


async def _change_user(connection: AsyncConnection, user_id: int, registered: Registered, role: Role) -> None:
    values = await _as_user(connection, registered, role)
    await connection.execute(update(User).where(User.id == user_id).values(version=User.version + 1, **values))


async def _as_user(connection: AsyncConnection, registered: Registered, role: Role) -> dict[str, object]:
    division = select(Organisation.division_code).where(Organisation.id == registered.organisation_id)
    return {
        "display_name": registered.name.strip(),
        "role": role,
        "division_code": await connection.scalar(division),
        "organisation_id": registered.organisation_id,
        "active": True,
    }


async def _found(
    connection: AsyncConnection, by: Administrator, key: int | None, expected_version: int | None
) -> Row[int, str, str, int | None, bool, int, bool, str | None]:
    """The program as it stands, which nobody else changes meanwhile. Raises NotDone."""
    statement = locked(_CLIENTS.where(Client.id == key), connection, Client)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise _missing()
    rules.unchanged(found.version, expected_version, "程序", "program")
    return found


async def _end_tokens(connection: AsyncConnection, key: int, now: dt.datetime) -> None:
    await connection.execute(
        update(Token).where(Token.client_id == key, Token.revoked_at.is_(None)).values(revoked_at=now)
    )


def _require_reader_of_no_case(by: Administrator, role: Role, field: str) -> None:
    """Raises NotDone where an administrator, who sees no case, would come by the secret of a machine that may."""
    if by != OPERATOR and role is not Role.DEPARTMENT:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", field),
            "非 DEPARTMENT 角色的程序由运维人员在服务器上办理。",
            "A machine of another role than DEPARTMENT is for an operator: jiekun client.",
        )


def _missing() -> NotDone:
    return NotDone(UserErrorCode.NOT_FOUND, ("input", "id"), "没有此程序。", "There is no such program.")


def _invalid(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)
