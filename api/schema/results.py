"""What a mutation answers, and how it is carried out: once, guarded, in one transaction.

Every mutation takes one input with an idempotency key, and gives one payload: what it changed, and why it did not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain.errors import Forbidden, NotDone
from api.domain.permissions import Permission, Viewer
from api.schema.context import Info
from api.schema.words import UserErrorCode
from api.services import once

KEY_DESCRIPTION = "8 to 200 characters of the client's making; the same key never carries the same request out twice."


@strawberry.type(description="Why a mutation was not carried out; nothing has changed then.")
class UserError:
    """Why a mutation was not carried out."""

    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people, in Chinese or English as Accept-Language says.")
    path: list[str] = strawberry.field(description="The field of the input that is meant, outermost first.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The row that a mutation made or changed, or why it did not."""

    subject: int | None
    user_errors: list[UserError]


async def carry_out(
    info: Info,
    permission: Permission,
    key: str,
    arguments: Mapping[str, Any],
    act: Callable[[AsyncConnection, Viewer], Awaitable[int]],
) -> Outcome:
    """Carries out a mutation under its idempotency key, or finds what it made before. Raises Unauthenticated."""
    context = info.context
    try:
        viewer = context.viewer_who_may(permission)
        async with transaction(context.engine) as connection:
            request = await once.asked(connection, viewer, key, info.field_name, arguments, context.now())
            if request.subject is not None:
                return Outcome(request.subject, [])
            subject = await act(connection, viewer)
            await once.carried_out(connection, request, subject, context.now())
            return Outcome(subject, [])
    except Forbidden as refused:
        return Outcome(
            None, [UserError(code=UserErrorCode.FORBIDDEN, message=refused.words(context.language), path=[])]
        )
    except NotDone as reason:
        message = reason.zh if context.language == "zh" else reason.en
        return Outcome(None, [UserError(code=reason.code, message=message, path=list(reason.path))])
