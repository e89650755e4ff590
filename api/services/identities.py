"""Who a user is at an identity provider: linked by an administrator, never by what a token claims."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain.accounts import Administrator
from api.domain.errors import NotDone, UserErrorCode
from api.models import Identity, User
from api.services import administrators, audit

LONGEST = 255

_USER = scope.narrow(select(User.id), User.division_code)
_IDENTITY = scope.narrow(
    select(Identity.id, Identity.user_id).join(User, User.id == Identity.user_id), User.division_code
)


async def link(
    connection: AsyncConnection, by: Administrator, user_id: int | None, issuer: str, subject: str, now: dt.datetime
) -> int:
    """Whoever bears a token of this issuer about this subject is this user from now on; the user's key. Raises NotDone."""
    await administrators.one_at_a_time(connection)
    found = (await connection.execute(_USER.where(User.id == user_id), scope.of(by))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "userId"), "没有此用户。", "There is no such user.")
    for field, value in (("issuer", issuer), ("subject", subject)):
        if not value or len(value) > LONGEST or not value.isprintable():
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", field),
                f"须为 1 至 {LONGEST} 个可见字符。",
                f"1 to {LONGEST} printable characters are needed.",
            )
    same = select(Identity.user_id).where(Identity.issuer == issuer, Identity.subject == subject)
    owner = await connection.scalar(same)
    if owner == found.id:
        return int(found.id)
    if owner is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "subject"),
            "该身份已关联其他用户，须先解除。",
            "This identity is linked to another user: unlink it there first.",
        )
    added = insert(Identity).values(user_id=found.id, issuer=issuer, subject=subject, created_at=now)
    key = int((await connection.execute(added.returning(Identity.id))).scalar_one())
    await audit.record(connection, by.user_id, "identity.linked", ("User", found.id), now, {"identity": key})
    return int(found.id)


async def unlink(connection: AsyncConnection, by: Administrator, issuer: str, subject: str, now: dt.datetime) -> int:
    """Whoever bears a token about this subject is nobody here from now on; the key of who it was. Raises NotDone."""
    statement = _IDENTITY.where(Identity.issuer == issuer, Identity.subject == subject)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "subject"),
            "没有关联此身份的用户。",
            "No user is linked to this identity.",
        )
    await connection.execute(delete(Identity).where(Identity.id == found.id))
    detail = {"identity": found.id}
    await audit.record(connection, by.user_id, "identity.unlinked", ("User", found.user_id), now, detail)
    return int(found.user_id)
