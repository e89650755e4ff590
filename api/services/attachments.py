"""What is attached to a household's file: added to the row that names its bytes, found again, and asked for by others.

The bytes come first and the row after them (api/attachments_store). An attachment shows whose it is unmasked: it takes
the permission to read identities, within one's division, and of a protected person's household the clearance (F-29).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.attachments_store import Written
from api.domain.attachments import AttachmentKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Attachment, File, Household, Member, table
from api.sealing import Vault
from api.services import audit

A, F, H, M = table(Attachment).c, table(File).c, table(Household).c, table(Member).c
NAME = "attachments.name"
LONGEST_NAME = 200

_HOUSEHOLD = scope.narrow(
    select(H.id, F.id.label("file_id")).outerjoin(File, (F.household_id == H.id) & F.closed_on.is_(None)),
    H.division_code,
).where(H.id == bindparam("household"))
_FOUND = scope.narrow(
    select(A.id, A.household_id, A.kind, A.media_type, A.size, A.sha256, A.name, A.stored).join(
        Household, H.id == A.household_id
    ),
    H.division_code,
).where(A.id == bindparam("attachment"), scope.unless_hidden(scope.protects_household(H.id)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attachment belongs: a household, its file that is not closed, and the person whose it is, if somebody's."""

    household_id: int
    file_id: int | None
    member_id: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment as it is handed out, and of which people it tells: whoever is of the household."""

    id: int
    household_id: int
    people: tuple[int, ...]
    media_type: str
    kind: AttachmentKind
    size: int
    sha256: str
    name: str | None
    stored: str


async def place(
    connection: AsyncConnection, viewer: Viewer, household_id: int | None, member_id: int | None, named: bool
) -> Place:
    """Where it belongs; `named` is whether somebody of the household is meant. Raises NotDone."""
    found = (await connection.execute(_HOUSEHOLD, {**scope.of(viewer), "household": household_id})).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("household",), "没有此家庭。", "There is no such household.")
    if named:
        theirs = select(Member.id).where(Member.id == member_id, Member.household_id == found.id)
        if (await connection.execute(theirs)).one_or_none() is None:
            raise NotDone(
                UserErrorCode.NOT_FOUND, ("person",), "该户没有此人。", "Nobody of this household is meant."
            )
    return Place(found.id, found.file_id, member_id)


async def add(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    where: Place,
    kind: AttachmentKind,
    name: str | None,
    written: Written,
    now: dt.datetime,
) -> int:
    """A row names the file that was written; returns the attachment's key."""
    added = await connection.execute(
        insert(Attachment)
        .values(
            household_id=where.household_id,
            file_id=where.file_id,
            member_id=where.member_id,
            kind=kind,
            media_type=written.media_type,
            size=written.size,
            sha256=written.sha256,
            name=vault.seal(NAME, name),
            stored=written.stored,
            uploaded_by=viewer.user_id,
            uploaded_at=now,
        )
        .returning(Attachment.id)
    )
    attachment_id = int(added.scalar_one())
    detail = {"household": where.household_id, "kind": kind}
    await audit.record(connection, viewer.user_id, "attachment.added", ("Attachment", attachment_id), now, detail)
    await outbox.append(connection, "household", where.household_id, now)
    return attachment_id


async def kept(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, attachment_id: int | None, today: dt.date
) -> Kept | None:
    """The attachment, if the viewer may see whom it is about; None where there is none such."""
    row = (
        await connection.execute(_FOUND, {**scope.of(viewer), "today": today, "attachment": attachment_id})
    ).one_or_none()
    if row is None:
        return None
    people = select(Member.id).where(Member.household_id == row.household_id).order_by(Member.id)
    return Kept(
        row.id,
        row.household_id,
        tuple((await connection.scalars(people)).all()),
        row.media_type,
        AttachmentKind(row.kind),
        row.size,
        row.sha256,
        vault.open(NAME, row.name),
        row.stored,
    )


async def require(
    connection: AsyncConnection,
    household_id: int,
    attachment_id: int | None,
    *kinds: AttachmentKind,
    path: tuple[str, ...] = ("input", "attachmentId"),
) -> None:
    """Raises NotDone unless it is attached to this household, and of one of these kinds, where any are named."""
    theirs = select(Attachment.id).where(Attachment.id == attachment_id, Attachment.household_id == household_id)
    of_kind = theirs.where(Attachment.kind.in_(kinds)) if kinds else theirs
    if (await connection.execute(of_kind)).one_or_none() is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path,
            "该户没有此类附件，请先上传。",
            "No such attachment is this household's: upload it first.",
        )


async def every(connection: AsyncConnection) -> Sequence[Row[int, str, int, str]]:
    """Every attachment: its key, what its file is called, its size and hash."""
    return (await connection.execute(select(A.id, A.stored, A.size, A.sha256).order_by(A.id))).all()
