"""A file is recorded, re-verified, and opened again where hardship returns or its end was an error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import categories, days
from api.domain.accounts import UserKind
from api.domain.casework import TaskKind
from api.domain.categories import HardshipCategory
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.files import Tier
from api.domain.lifecycle import Action
from api.domain.permissions import Permission, Viewer
from api.matching import policy
from api.models import File, FileCategory, Household, User, table
from api.sealing import Vault
from api.services import tasks, transition
from api.services.decisions import checked_reason
from api.services.transition import Moved, Why

H, F = table(Household).c, table(File).c
_LAST = (
    select(F.tier, F.organisation_id, F.subject_member_id)
    .where(F.household_id == bindparam("household"))
    .order_by(F.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """How a file is kept: which level pays for it, and of which category it is; None leaves it as it is."""

    tier: Tier | None = None
    category: HardshipCategory | None = None

    def columns(self) -> dict[str, Any]:
        """As the file's columns."""
        return {
            name: value for name, value in (("tier", self.tier), ("category", self.category)) if value is not None
        }


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    kept: Kept,
    reason: str | None,
    now: dt.datetime,
) -> int:
    """The notice is over and nobody objected: the file is open. Raises NotDone or Forbidden."""
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.RECORD, now,
        expected_version=expected_version, why=Why(reason), file=kept.columns(),
    )  # fmt: skip
    await _categorise(connection, viewer, moved, kept.category, now)
    await tasks.finish_all(connection, TaskKind.RECORD_DUE, moved.household_id, now, viewer.user_id)
    return moved.household_id


async def reverify(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    kept: Kept,
    reason: str,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """The circumstances were looked at again; the next time is due when the parameter says.

    Another category than before takes whoever decides on files. Raises NotDone or Forbidden.
    """
    written = checked_reason(reason)
    if kept.columns() and not viewer.may(Permission.DECIDE_FILES):
        raise Forbidden
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.REVERIFY, now,
        expected_version=expected_version, why=Why(written, evidence=evidence), file=kept.columns(),
    )  # fmt: skip
    await _categorise(connection, viewer, moved, kept.category, now)
    for kind in (TaskKind.REVERIFY_DUE, TaskKind.CHANGE_REPORTED):
        await tasks.finish_all(connection, kind, moved.household_id, now, viewer.user_id)
    return moved.household_id


async def fall_back(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    kept: Kept,
    reason: str,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """Hardship has returned: relieved, its file goes on; graduated, a new one names the old, without an application.

    A new file is kept as the old one was, where nothing is said; its category is found anew. Raises NotDone or Forbidden.
    """
    if kept.columns() and not viewer.may(Permission.DECIDE_FILES):
        raise Forbidden
    why = Why(checked_reason(reason), evidence=evidence)
    before = (await connection.execute(_LAST, {"household": household_id})).mappings().one_or_none()
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.FALL_BACK, now,
        expected_version=expected_version, why=why, file={**(before or {}), **kept.columns()},
    )  # fmt: skip
    await _categorise(connection, viewer, moved, kept.category, now)
    return moved.household_id


async def reinstate(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    reason: str,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """An exit was an error of ours, and is undone: the same file is open again. Raises NotDone or Forbidden."""
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.REINSTATE, now,
        expected_version=expected_version, why=Why(checked_reason(reason), evidence=evidence),
    )  # fmt: skip
    return moved.household_id


async def _categorise(
    connection: AsyncConnection, viewer: Viewer, moved: Moved, category: HardshipCategory | None, now: dt.datetime
) -> None:
    """From today on the file is of this category by the method in force. Raises NotDone."""
    if category is None:
        return
    today, household = days.today(now), moved.household_id
    division = (await connection.execute(select(H.division_code).where(H.id == household))).scalar_one()
    method = categories.BY_YEAR[policy.whole("category.method", today, division)]
    categories.check(method, category)
    user_kind = (await connection.execute(select(User.kind).where(User.id == viewer.user_id))).scalar_one()
    if user_kind != UserKind.PERSON:
        raise NotDone(UserErrorCode.FORBIDDEN, (), "决定只能由人作出。", "Only a person decides.")
    await connection.execute(
        insert(FileCategory).values(
            file_id=moved.file_id,
            method=method,
            category=category,
            since=today,
            decided_by=viewer.user_id,
            user_kind=user_kind,
            decided_at=now,
        )
    )
