"""A household held for a change: within the viewer's reach, at the version that was read, and nobody else's meanwhile.

And what its row is told then, checked and sealed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, locked
from api.domain import national_form
from api.domain.errors import Conflict, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.matching import identity
from api.models import Household, table
from api.sealing import NotOurs, Vault

TOPIC = "household"
LONGEST = 500
SEALED = {"address": "address", "phone": "phone", "payee_account": "payeeAccount", "payee_name": "payeeName"}
"""Columns that are sealed, and the input's names of them."""
LISTED = {"target_group": ("targetGroup", national_form.GROUPS), "residence": ("residence", national_form.RESIDENCES)}
"""Columns that hold a word of a list, the input's names of them, and the list."""
TOLD = (*LISTED, *SEALED)
"""Columns that people tell, in an application or a correction."""

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


def checked(told: Mapping[str, str | None]) -> dict[str, str | None]:
    """Values as they are kept, blank as nothing. Raises NotDone."""
    found = {name: (given or "").strip() or None for name, given in told.items()}
    for name, written in found.items():
        if name in LISTED:
            asked, words = LISTED[name]
            if written is not None and written not in words:
                raise _refused(asked, f"须为：{'、'.join(words.values())}。", f"One of {', '.join(words)}.")
        elif len(written or "") > LONGEST:
            raise _refused(SEALED[name], f"内容不能超过 {LONGEST} 个字。", f"At most {LONGEST} characters.")
    return found


def columns(vault: Vault, values: Mapping[str, str | None]) -> dict[str, Any]:
    """The same as the household's row holds them, with that by which its telephone is found."""
    found: dict[str, Any] = {}
    for name, written in values.items():
        found[name] = vault.seal(f"households.{name}", written) if name in SEALED else written
        if name == "phone":
            found["phone_index"] = vault.index("phone", identity.phone(written))
    return found


def opened(vault: Vault, name: str, value: Any) -> Any:
    """What a column of the row holds; what a lost key sealed is known no more than nothing."""
    try:
        return vault.open(f"households.{name}", value) if name in SEALED else value
    except NotOurs:
        return None


def _refused(name: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", name), zh, en)
