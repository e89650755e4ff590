"""Nobody is checked without a consent, and no application is taken up without its signed papers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.attachments import AttachmentKind
from api.domain.consent import NINE, ConsentPurpose
from api.domain.errors import NotDone, UserErrorCode
from api.models import Attachment
from api.services import consented
from api.services.guards.case import Case

NEEDED = {
    AttachmentKind.APPLICATION_FORM: ("申请书", "the application form"),
    AttachmentKind.AUTHORISATION: ("核对授权书", "an authorisation"),
}


async def consents(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """Every adult consented to be checked against the nine kinds of data, or an exception stands in for it (F-23)."""
    await consented.require(connection, case.household_id, NINE, ConsentPurpose.ECONOMIC_CHECK, days.today(now))


async def signed(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """The application form and an authorisation are attached to this file, signed."""
    attached = select(Attachment.kind).where(
        Attachment.household_id == case.household_id, Attachment.file_id == case.file_id, Attachment.kind.in_(NEEDED)
    )
    there = set((await connection.scalars(attached.distinct())).all())
    if lacking := [words for kind, words in NEEDED.items() if kind not in there]:
        zh, en = zip(*lacking, strict=True)
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            f"本次申请的档案尚缺：{'、'.join(zh)}。",
            f"To this file {' and '.join(en)} must be attached first.",
        )
