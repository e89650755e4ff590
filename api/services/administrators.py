"""Accounts are changed one after the other, and never so that no administrator is left at work."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.domain.accounts import OPERATOR, Administrator, UserKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role
from api.models import Organisation, User

LOCK = 4_105_006
"""Held by whoever changes users, their organisations, or who they are elsewhere, so that two administrators cannot end
each other at once."""

_AT_WORK = (
    select(func.count())
    .select_from(User)
    .outerjoin(Organisation, Organisation.id == User.organisation_id)
    .where(
        User.kind == UserKind.PERSON,
        User.role == Role.ADMINISTRATOR,
        User.active,
        or_(User.organisation_id.is_(None), Organisation.active),
    )
)


async def one_at_a_time(connection: AsyncConnection) -> None:
    """Waits until nobody else changes accounts."""
    await one_writer(connection, LOCK)


async def at_work(connection: AsyncConnection) -> int:
    """How many administrators there are, but for those whose organisation was deactivated."""
    return int(await connection.scalar(_AT_WORK) or 0)


async def keep_one(connection: AsyncConnection, by: Administrator, field: str) -> None:
    """Raises NotDone where a change left no administrator at work; an operator, who can make another, may go on."""
    if by != OPERATOR and not await at_work(connection):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", field),
            "这是最后一名管理员，不能停用或改任。",
            "This is the last administrator, who can be neither deactivated nor given another role.",
        )
