"""Which row a change is for, and at which version it was read: an input that names none adds a new row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.schema.context import Info
from api.schema.nodes import key_of

VERSION = "At which version it was read; needed for a change, and none for a new one."
NO_ROW = 0
"""A key that no row has."""

End = Callable[[AsyncConnection, Administrator, int | None, dt.datetime, int], Awaitable[int]]


def named(info: Info, type_name: str, public_id: strawberry.ID | None) -> int | None:
    """The key of the row that an input names; of no row, where it is no id of this type; None where none is named."""
    return None if public_id is None else key_of(info, type_name, public_id) or NO_ROW


def read_at(public_id: strawberry.ID | None, version: int | None) -> int | None:
    """The version that a change was made on. Raises NotDone where a change does not say it."""
    if public_id is not None and version is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input", "expectedVersion"),
            "修改时须给出 expectedVersion。",
            "A change says at which version it was read.",
        )
    return version


def ending(
    info: Info, type_name: str, public_id: strawberry.ID, version: int, end: End
) -> Callable[[AsyncConnection, Viewer], Awaitable[int]]:
    """How an administrator ends what an input names, as it was read at this version."""

    async def act(connection: AsyncConnection, viewer: Viewer) -> int:
        key = named(info, type_name, public_id)
        return await end(connection, Administrator.of(viewer), key, info.context.now(), version)

    return act
