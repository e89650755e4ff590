"""Users, and the tokens by which they are known."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import upsert
from api.domain import divisions
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role, Viewer
from api.models import Token, User, table
from api.services import audit

PREFIX = "jk_"
"""So that a token that leaked into a file can be found."""

_VIEWER = (
    select(User.id, User.login, User.display_name, User.role, User.division_code)
    .join(Token, Token.user_id == User.id)
    .where(
        Token.digest == bindparam("digest"),
        Token.revoked_at.is_(None),
        Token.expires_at > bindparam("now"),
        User.active,
    )
)


async def add_user(
    connection: AsyncConnection, login: str, display_name: str, role: Role, division_code: str, now: dt.datetime
) -> int:
    """A user of this login, made or changed; active. Raises NotDone."""
    if not divisions.is_code(division_code):
        raise NotDone(
            UserErrorCode.INVALID, ("division",), "区划代码须为六位数字。", "A division code has six digits."
        )
    if not login or len(login) > 64 or not login.isprintable() or " " in login:
        raise NotDone(
            UserErrorCode.INVALID, ("login",), "登录名不得含空格。", "A login has up to 64 characters and no spaces."
        )
    values = {
        "login": login,
        "display_name": display_name or login,
        "role": role,
        "division_code": division_code,
        "active": True,
        "created_at": now,
    }
    changed = values.keys() - {"created_at"}
    statement = upsert(connection, table(User), ["login"], changed).returning(User.id)
    user_id = int((await connection.execute(statement, values)).scalar_one())
    await audit.record(
        connection, None, "user.saved", ("User", user_id), now, {"role": role, "division": division_code}
    )
    return user_id


async def deactivate(connection: AsyncConnection, login: str, now: dt.datetime) -> None:
    """The user can no longer do anything; what they did stays. Raises NotDone."""
    user_id = await _user(connection, login)
    await connection.execute(update(User).where(User.id == user_id).values(active=False))
    await audit.record(connection, None, "user.deactivated", ("User", user_id), now)


async def users(connection: AsyncConnection) -> Sequence[Row[str, str, str, str, bool]]:
    """Every user's login, display name, role, division and whether they are active."""
    columns = select(User.login, User.display_name, User.role, User.division_code, User.active)
    return (await connection.execute(columns.order_by(User.login))).all()


async def issue_token(connection: AsyncConnection, login: str, days: int, now: dt.datetime) -> str:
    """A new token of this user, good for so many days; shown once, kept only as a digest. Raises NotDone."""
    if days < 1:
        raise NotDone(UserErrorCode.INVALID, ("days",), "有效期至少一天。", "A token is good for a day at least.")
    user_id = await _user(connection, login)
    token = PREFIX + secrets.token_urlsafe(32)
    added = await connection.execute(
        insert(Token)
        .values(user_id=user_id, digest=digest(token), created_at=now, expires_at=now + dt.timedelta(days=days))
        .returning(Token.id)
    )
    await audit.record(connection, None, "token.issued", ("Token", int(added.scalar_one())), now, {"user": user_id})
    return token


async def revoke_tokens(connection: AsyncConnection, login: str, now: dt.datetime) -> int:
    """Ends all tokens of this user; how many they were. Raises NotDone."""
    user_id = await _user(connection, login)
    ended = await connection.execute(
        update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)).values(revoked_at=now)
    )
    await audit.record(connection, None, "tokens.revoked", ("User", user_id), now)
    return ended.rowcount


async def viewer_of(connection: AsyncConnection, token_digest: bytes, now: dt.datetime) -> Viewer | None:
    """Who bears this token, if it is good today."""
    row = (await connection.execute(_VIEWER, {"digest": token_digest, "now": now})).one_or_none()
    return None if row is None else Viewer(row.id, row.login, row.display_name, Role(row.role), row.division_code)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


async def _user(connection: AsyncConnection, login: str) -> int:
    found = (await connection.execute(select(User.id).where(User.login == login))).scalar_one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("login",), "没有此用户。", "There is no such user.")
    return int(found)
