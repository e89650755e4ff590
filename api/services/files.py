"""A file is recorded, re-verified, and opened again where hardship returns or its end was an error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.casework import TaskKind
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.lifecycle import Action
from api.domain.permissions import Permission, Viewer
from api.models import File, table
from api.sealing import Vault
from api.services import audit, cases, decisions, tasks, transition
from api.services.decisions import checked_reason
from api.services.guards import notices
from api.services.recognition import Kept
from api.services.transition import Why

CARRIED = ("tier", "organisation_id", "subject_member_id")
"""What a new file takes over from the one before."""

F = table(File).c
_LAST = (
    select(F.id, F.tier, F.category, F.organisation_id, F.subject_member_id)
    .where(F.household_id == bindparam("household"))
    .order_by(F.id.desc())
    .limit(1)
)


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
    stands = (await connection.execute(select(F.tier, F.category).where(F.id == moved.file_id))).one()
    for field, value in (("tier", stands.tier), ("category", stands.category)):
        if value is None:
            raise NotDone(
                UserErrorCode.REQUIRED,
                ("input", field),
                "建档须确定级别和类别。",
                "A file has a tier and a category.",
            )
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

    Another tier or category, which may be for the worse, is decided by a person who decides on files, and waits for
    objections to be answered. Raises NotDone or Forbidden.
    """
    why = Why(checked_reason(reason), evidence=evidence)
    why = await _decided(connection, vault, viewer, household_id, Action.REVERIFY, kept, why, now)
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.REVERIFY, now,
        expected_version=expected_version, why=why, file=kept.columns(),
    )  # fmt: skip
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

    A new file is kept as the old one was, where nothing is said; its category is found anew. Another tier or category is
    decided as in a re-verification. Raises NotDone or Forbidden.
    """
    why = Why(checked_reason(reason), evidence=evidence)
    why = await _decided(connection, vault, viewer, household_id, Action.FALL_BACK, kept, why, now)
    before = await _last(connection, household_id)
    moved = await transition.move(
        connection, vault, viewer, household_id, Action.FALL_BACK, now,
        expected_version=expected_version, why=why,
        file={**{name: before[name] for name in CARRIED if before}, **kept.columns()},
    )  # fmt: skip
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


async def _decided(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    action: Action,
    kept: Kept,
    why: Why,
    now: dt.datetime,
) -> Why:
    """Why a file is kept otherwise: by the decision of a person, and what it was before is in the audit.

    The same as it was where nothing changes. Raises NotDone or Forbidden.
    """
    if not kept.columns():
        return why
    if not viewer.may(Permission.DECIDE_FILES):
        raise Forbidden
    held = await cases.held(connection, viewer, household_id)
    await notices.all_answered(connection, held.id)
    before = await _last(connection, held.id)
    changes = kept.changes(before)
    if not changes:
        return why
    decision_id = await decisions.decide(
        connection, vault, viewer, held.id, before.get("id"), action, why.reason or "", now, evidence=why.evidence
    )
    told = {"decision": decision_id, "file": before.get("id"), **changes}
    await audit.record(connection, viewer.user_id, "file.kept_otherwise", ("Household", held.id), now, told)
    return replace(why, decision_id=decision_id)


async def _last(connection: AsyncConnection, household_id: int | None) -> Mapping[str, Any]:
    """The household's newest file as it stands; nothing where it has none."""
    found = (await connection.execute(_LAST, {"household": household_id})).mappings().one_or_none()
    return dict(found or {})
