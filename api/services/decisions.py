"""An officer decides, and signs with their account: what a move for the worse rests on (F-2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import UserKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Decision, User
from api.sealing import Vault

LONGEST_REASON = 2_000


async def decide(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int,
    file_id: int | None,
    kind: StrEnum,
    reason: str,
    now: dt.datetime,
    *,
    proposed_by: int | None = None,
    document_no: str | None = None,
    evidence: Sequence[str] = (),
) -> int:
    """Adds a decision; returns its key.

    Raises NotDone: no reason is given, a machine decides, or whoever proposed it.
    """
    written = checked_reason(reason)
    if proposed_by == viewer.user_id:
        raise another_officer()
    user_kind = await by_a_person(connection, viewer)
    added = await connection.execute(
        insert(Decision)
        .values(
            household_id=household_id,
            file_id=file_id,
            kind=kind,
            proposed_by=proposed_by,
            user_id=viewer.user_id,
            user_kind=user_kind,
            reason=vault.seal("decisions.reason", written),
            document_no=document_no,
            evidence=list(evidence),
            made_at=now,
        )
        .returning(Decision.id)
    )
    return int(added.scalar_one())


async def by_a_person(connection: AsyncConnection, viewer: Viewer) -> str:
    """The viewer's kind, which is that of people. Raises NotDone for a machine."""
    kind = await kind_of(connection, viewer)
    if kind != UserKind.PERSON:
        raise NotDone(UserErrorCode.FORBIDDEN, (), "决定只能由人作出。", "Only a person decides.")
    return kind


async def kind_of(connection: AsyncConnection, viewer: Viewer) -> str:
    """Whether the viewer is a person or a machine, as their account has it."""
    return (await connection.execute(select(User.kind).where(User.id == viewer.user_id))).scalar_one()


def another_officer() -> NotDone:
    """What somebody is told who would decide on what they proposed."""
    return NotDone(
        UserErrorCode.FORBIDDEN,
        (),
        "须由提出人以外的另一名工作人员决定。",
        "Another officer than the one who proposed it has to decide.",
    )


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises NotDone for none, or one too long."""
    written = reason.strip()
    if not written:
        raise NotDone(UserErrorCode.REQUIRED, ("input", "reason"), "请填写理由。", "Give the reason.")
    if len(written) > LONGEST_REASON:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "reason"),
            f"理由不超过 {LONGEST_REASON} 个字符。",
            f"The reason has up to {LONGEST_REASON:,} characters.",
        )
    return written
