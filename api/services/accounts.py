"""Users, and the tokens by which they are known: made and ended by administrators, and by operators at the machine.

An administrator manages whom their division holds, never their own role, and never so that no administrator is left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import stilled
from api.domain import accounts as rules
from api.domain import credentials
from api.domain.accounts import OPERATOR, Administrator, UserKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role
from api.models import Organisation, Token, User
from api.services import administrators, audit, organisations

_USERS = scope.narrow(
    select(User.id, User.role, User.division_code, User.cleared, User.version).where(User.kind == UserKind.PERSON),
    User.division_code,
)


@dataclass(frozen=True, slots=True)
class Account:
    """What a user is to be: their name, role and division, and the organisation they belong to, if any.

    Where nothing is said, whoever is cleared for protected persons stays so in the same role and division, and nobody else is.
    """

    display_name: str
    role: Role
    division_code: str
    organisation_id: int | None = None
    cleared: bool | None = None


async def save(
    connection: AsyncConnection,
    by: Administrator,
    account: Account,
    now: dt.datetime,
    *,
    login: str | None = None,
    user_id: int | None = None,
    expected_version: int | None = None,
) -> int:
    """A new user of this login, or a user changed; active afterwards. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    organisation = await organisations.kind_of(connection, by, account.organisation_id)
    values = {
        "display_name": rules.name(account.display_name, "displayName"),
        "role": rules.role(account.role, organisation),
        "division_code": rules.division(account.division_code, by),
        "organisation_id": account.organisation_id,
        "active": True,
    }
    if user_id is None:
        values["cleared"] = rules.cleared(account.cleared, account.role, False)
        key = await _add(connection, rules.login(login or ""), values, now)
    else:
        key = user_id
        found = await _found(connection, by, user_id, expected_version)
        same = (found.role, found.division_code) == (account.role, account.division_code)
        values["cleared"] = rules.cleared(account.cleared, account.role, same and found.cleared)
        if key == by.user_id and not (same and values["cleared"] == found.cleared):
            raise NotDone(
                UserErrorCode.FORBIDDEN,
                ("input", "role"),
                "不能修改自己的角色、区划或保护信息权限。",
                "Nobody changes their own role or division, or clears themselves.",
            )
        await connection.execute(update(User).where(User.id == key).values(**values, version=found.version + 1))
        await administrators.keep_one(connection, by, "userId")
    detail = {
        "role": account.role,
        "division": account.division_code,
        "organisation": account.organisation_id,
        "cleared": values["cleared"],
    }
    await audit.record(connection, by.user_id, "user.saved", ("User", key), now, detail)
    return key


async def deactivate(
    connection: AsyncConnection,
    by: Administrator,
    user_id: int | None,
    now: dt.datetime,
    expected_version: int | None = None,
) -> int:
    """The user can no longer do anything, and has no token; what they did stays. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    found = await _found(connection, by, user_id, expected_version)
    if found.id == by.user_id:
        raise NotDone(
            UserErrorCode.FORBIDDEN, ("input", "userId"), "不能停用自己。", "Nobody deactivates themselves."
        )
    await connection.execute(update(User).where(User.id == found.id).values(active=False, version=found.version + 1))
    await administrators.keep_one(connection, by, "userId")
    await _end_tokens(connection, found.id, now)
    await audit.record(connection, by.user_id, "user.deactivated", ("User", found.id), now)
    return int(found.id)


async def add_user(
    connection: AsyncConnection,
    login: str,
    display_name: str,
    role: Role,
    division_code: str,
    now: dt.datetime,
    organisation: str | None = None,
) -> int:
    """By an operator: a user of this login, made or changed. Raises NotDone."""
    key = None if organisation is None else await organisations.key_of(connection, OPERATOR, organisation)
    account = Account(display_name or login, role, division_code, key)
    user_id = await connection.scalar(select(User.id).where(User.login == login, User.kind == UserKind.PERSON))
    return await save(connection, OPERATOR, account, now, login=login, user_id=user_id)


async def first_administrator(
    connection: AsyncConnection, login: str, display_name: str, division_code: str, now: dt.datetime
) -> int:
    """The first administrator, from whom all others come; only while there is none. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    if await administrators.at_work(connection):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "login"),
            "已有管理员，请由管理员添加用户。",
            "There is an administrator already: other users are added by them.",
        )
    return await add_user(connection, login, display_name, Role.ADMINISTRATOR, division_code, now)


async def users(connection: AsyncConnection) -> Sequence[Row[str, str, str, str, str | None, bool]]:
    """Every person's login, display name, role, division, organisation's code, and whether they are active."""
    columns = (
        select(
            User.login,
            User.display_name,
            User.role,
            User.division_code,
            Organisation.code.label("organisation"),
            User.active,
        )
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .where(User.kind == UserKind.PERSON)
    )
    return (await connection.execute(columns.order_by(User.login))).all()


async def issue_token(connection: AsyncConnection, login: str, days: int, now: dt.datetime) -> str:
    """A new token of this user, good for so many days; shown once, kept only as a digest. Raises NotDone."""
    if days < 1:
        raise NotDone(UserErrorCode.INVALID, ("days",), "有效期至少一天。", "A token is good for a day at least.")
    user_id = await key_of(connection, login)
    token = credentials.new(credentials.TOKEN)
    added = await connection.execute(
        insert(Token)
        .values(
            user_id=user_id,
            digest=credentials.digest(token),
            created_at=now,
            expires_at=now + dt.timedelta(days=days),
        )
        .returning(Token.id)
    )
    await audit.record(connection, None, "token.issued", ("Token", int(added.scalar_one())), now, {"user": user_id})
    return token


async def revoke_tokens(connection: AsyncConnection, login: str, now: dt.datetime) -> int:
    """Ends all tokens of this user; how many they were. Raises NotDone."""
    user_id = await key_of(connection, login)
    ended = await _end_tokens(connection, user_id, now)
    await audit.record(connection, None, "tokens.revoked", ("User", user_id), now)
    return ended


async def key_of(connection: AsyncConnection, login: str) -> int:
    """The key of the person of this login. Raises NotDone."""
    found = await connection.scalar(select(User.id).where(User.login == login, User.kind == UserKind.PERSON))
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("login",), "没有此用户。", "There is no such user.")
    return int(found)


async def _add(connection: AsyncConnection, login: str, values: Mapping[str, Any], now: dt.datetime) -> int:
    if await connection.scalar(select(User.id).where(User.login == login)) is not None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "login"), "该登录名已被使用。", "There is a user of this login already."
        )
    new = insert(User).values(login=login, kind=UserKind.PERSON, version=1, created_at=now, **values)
    return int((await connection.execute(new.returning(User.id))).scalar_one())


async def _found(
    connection: AsyncConnection, by: Administrator, user_id: int | None, expected_version: int | None
) -> Row[int, str, str, bool, int]:
    """The user as they stand, whom nobody else changes meanwhile. Raises NotDone."""
    statement = stilled(_USERS.where(User.id == user_id), connection, User)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "userId"), "没有此用户。", "There is no such user.")
    rules.unchanged(found.version, expected_version, "用户", "user")
    return found


async def _end_tokens(connection: AsyncConnection, user_id: int, now: dt.datetime) -> int:
    ended = await connection.execute(
        update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)).values(revoked_at=now)
    )
    return ended.rowcount
