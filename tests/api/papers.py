"""Signed papers, consents and exceptions as rows, for tests that need them to be there."""

from __future__ import annotations

import datetime as dt
import itertools

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.attachments import AttachmentKind
from api.models import Attachment, Authorisation, EmergencyException, User
from api.sealing import Vault

_numbers = itertools.count(1)


async def user_of(connection: AsyncConnection, login: str) -> int:
    """Somebody's key."""
    return int((await connection.execute(select(User.id).where(User.login == login))).scalar_one())


async def paper(
    connection: AsyncConnection,
    vault: Vault,
    household: int,
    user: int,
    now: dt.datetime,
    kind: AttachmentKind = AttachmentKind.AUTHORISATION,
    *,
    file: int | None = None,
    person: int | None = None,
) -> int:
    """A paper that is attached to a household; its bytes lie nowhere."""
    number = next(_numbers)
    row = {
        "household_id": household, "file_id": file, "member_id": person, "kind": kind, "media_type": "application/pdf",
        "size": 1, "sha256": "0" * 64, "name": vault.seal("attachments.name", f"{kind}-{number}.pdf"),
        "stored": f"{household}-{number}", "uploaded_by": user, "uploaded_at": now,
    }  # fmt: skip
    return int((await connection.execute(insert(Attachment).values(**row).returning(Attachment.id))).scalar_one())


async def consent(
    connection: AsyncConnection, person: int, attachment: int, user: int, now: dt.datetime, source: str = "ALL"
) -> int:
    """A consent that somebody signed a year ago, with no end."""
    row = {
        "member_id": person, "source": source, "purpose": "ECONOMIC_CHECK", "attachment_id": attachment,
        "valid_from": now.date() - dt.timedelta(days=365), "recorded_by": user, "recorded_at": now,
    }  # fmt: skip
    made = insert(Authorisation).values(**row).returning(Authorisation.id)
    return int((await connection.execute(made)).scalar_one())


async def exception(connection: AsyncConnection, vault: Vault, household: int, user: int, now: dt.datetime) -> int:
    """An exception for a household, of today alone."""
    row = {
        "household_id": household, "sources": ["tax"], "purpose": "ECONOMIC_CHECK", "starts_on": now.date(),
        "ends_on": now.date() + dt.timedelta(days=1), "recorded_by": user, "recorded_at": now,
        "reason": vault.seal("emergency_exceptions.reason", "住院抢救"),
    }  # fmt: skip
    made = insert(EmergencyException).values(**row).returning(EmergencyException.id)
    return int((await connection.execute(made)).scalar_one())
