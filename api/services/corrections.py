"""A household's own data put right: where it lives, how it is reached and paid, its group; and what it declares while it applies.

What stood there is kept, and the audit names fields alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain import casework, days
from api.domain.declarations import OF_HOUSEHOLDS, OF_MEMBERS, Declared
from api.domain.errors import NotDone, UserErrorCode
from api.domain.people import MemberChangeKind
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE, Stage
from api.models import Household, MemberChange, table
from api.sealing import Vault
from api.services import audit, cases, declarations, external_references, households

WHEREABOUTS = frozenset({"address", "phone"})
"""What is corrected only by who is shown it: an answer about a guess would tell what stands there (F-29)."""

H = table(Household).c
_STANDS = select(
    H.stage, *[H[name] for name in households.TOLD], scope.protects_household(H.id).label("protected")
).where(H.id == bindparam("household"))


async def correct(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    corrections: Mapping[str, str],
    declared: Sequence[Declared],
    reason: str,
    now: dt.datetime,
) -> int:
    """What is told of the household holds from today on; its key.

    Only what is named changes, and an empty text takes a value away. Raises Conflict or NotDone.
    """
    await households.hold(connection, viewer, {household_id: expected_version})
    household = await cases.held(connection, viewer, household_id)
    file_id, today = household.open_file, days.today(now)
    written = casework.words(reason, "reason")
    declared = [each for each in declared if each.items]
    if not corrections and not declared:
        raise NotDone(UserErrorCode.REQUIRED, ("input",), "没有需要更正的内容。", "Nothing is corrected.")
    row = (await connection.execute(_STANDS, {"household": household.id, "today": today})).one()
    _check(viewer, row, corrections, declared)
    told = households.checked({name: corrections[name] for name in households.TOLD if name in corrections})
    before = {name: households.opened(vault, name, getattr(row, name)) for name in told}
    changed = {name: value for name, value in told.items() if value != before[name]}
    was = {name: before[name] for name in changed}
    if external_references.FIELD in corrections:
        at, number = ("input", "acftuReference"), corrections[external_references.FIELD]
        there, differs = await external_references.put(connection, household.id, None, number, at, now)
        was |= {external_references.FIELD: there} if differs else {}
    if not was and not declared:
        raise NotDone(UserErrorCode.INVALID, ("input",), "没有需要更正的内容。", "Nothing is different.")
    if changed:
        values = households.columns(vault, changed)
        await connection.execute(update(Household).where(H.id == household.id).values(**values))
    await declarations.declare(connection, household.id, declared, today, viewer.user_id, now)
    fields = _fields(was, declared)
    for member_id, names in fields.items():
        await _kept(connection, vault, viewer, (household.id, member_id), names, was, written, now)
    told_of = sorted({name for names in fields.values() for name in names})
    detail = {"file": file_id, "fields": told_of}
    await households.count(connection, household.id, now)
    await audit.record(connection, viewer.user_id, "household.corrected", ("Household", household.id), now, detail)
    return household.id


def _check(
    viewer: Viewer, row: Row[*tuple[Any, ...]], corrections: Mapping[str, str], declared: Sequence[Declared]
) -> None:
    """Raises NotDone: this viewer, or where the household stands, leaves it as it is."""
    if row.protected and not viewer.cleared and WHEREABOUTS & corrections.keys():
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input",),
            "您不能更正该户的地址和电话，请转交有权限的同事办理。",
            "You cannot correct this household's address and telephone; please pass it on to a colleague who can.",
        )
    if declared and Stage(row.stage) in ACTIVE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "declared"),
            "该户已建档：申报内容的变化请用 reportChange 报告。",
            "The household is on file: what it declares otherwise is reported (reportChange).",
        )
    if row.stage == Stage.PUBLIC_NOTICE and (declared or "address" in corrections):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "declared" if declared else "address"),
            "该户正在公示，住址和申报内容不得变更；请先退回审核，变更后重新公示。",
            "The household is on public notice: its address and what it declares do not change. Send it back to review "
            "first, and publish it again afterwards.",
        )


def _fields(was: Mapping[str, str | None], declared: Sequence[Declared]) -> dict[int | None, list[str]]:
    """The fields that changed, of the household itself under None, and of each member who declared something."""
    found: dict[int | None, set[str]] = {None: set(was)} if was else {}
    for each in declared:
        columns = OF_HOUSEHOLDS if each.member_id is None else OF_MEMBERS
        found.setdefault(each.member_id, set()).update(columns[item] for item in each.items)
    return {member_id: sorted(fields) for member_id, fields in found.items()}


async def _kept(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    of: tuple[int, int | None],
    fields: Sequence[str],
    was: Mapping[str, str | None],
    reason: str | None,
    now: dt.datetime,
) -> None:
    """What was corrected of the household, or of a member, is written down. What was declared before is kept by the day."""
    household_id, member_id = of
    before = json.dumps(was, ensure_ascii=False) if was and member_id is None else None
    await connection.execute(
        insert(MemberChange).values(
            household_id=household_id,
            member_id=member_id,
            kind=MemberChangeKind.CORRECTED,
            fields=list(fields),
            before=vault.seal("member_changes.before", before),
            reason=vault.seal("member_changes.reason", reason),
            effective_on=days.today(now),
            user_id=viewer.user_id,
            happened_at=now,
        )
    )
