"""A household held for a change: within the viewer's reach, at the version that was read, and nobody else's meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, locked
from api.domain.errors import Conflict, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Household, table

TOPIC = "household"
H = table(Household).c
_HOUSEHOLDS = scope.narrow(select(H.id, H.version), H.division_code).where(among(H.id, "households")).order_by(H.id)

Path = tuple[str, ...]
ID, VERSION = ("input", "householdId"), ("input", "expectedVersion")


async def hold(
    connection: AsyncConnection,
    viewer: Viewer,
    wanted: Mapping[int | None, int],
    paths: Mapping[int | None, tuple[Path, Path]] | None = None,
) -> None:
    """Holds households at the versions named, in the order of their keys, so that two never wait for each other.

    `paths` are the input's fields of a household's id and version, where they are not the usual ones. Raises Conflict
    or NotDone.
    """
    keys = [key for key in wanted if key is not None]
    statement = locked(_HOUSEHOLDS, connection, table(Household))
    rows = await connection.execute(statement, {**scope.of(viewer), "households": keys})
    versions = {row.id: row.version for row in rows}
    for key, expected in wanted.items():
        at, version_at = (paths or {}).get(key, (ID, VERSION))
        if key is None or key not in versions:
            raise NotDone(UserErrorCode.NOT_FOUND, at, "没有此户。", "There is no such household.")
        if versions[key] != expected:
            raise Conflict(
                version_at,
                f"该户已被更新（现为第 {versions[key]} 版），请重新读取后再提交。",
                f"The household has changed (now at version {versions[key]}): read it again first.",
                versions[key],
            )


async def count(connection: AsyncConnection, household_id: int, now: dt.datetime) -> None:
    """The household has changed: its version counts, and whoever follows it is told."""
    await connection.execute(
        update(Household).where(H.id == household_id).values(version=H.version + 1, updated_at=now)
    )
    await outbox.append(connection, TOPIC, household_id, now)
