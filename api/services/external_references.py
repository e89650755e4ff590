"""The numbers under which the national system knows a household and its members, given by people: each is somebody's alone.

For the steps that correct a household or a member, which hold it, audit and count its version.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.errors import NotDone, UserErrorCode
from api.models import ExternalReference, table

SYSTEM = "ACFTU"
HOUSEHOLD, PERSON = "HOUSEHOLD", "PERSON"
FIELD = "acftu_reference"
"""What a correction calls it."""

LONGEST = 64

X = table(ExternalReference).c
_OF_HOUSEHOLD = select(X.id, X.reference).where(
    X.system == SYSTEM, X.household_id == bindparam("household"), X.member_id.is_(None)
)
_OF_MEMBER = select(X.id, X.reference).where(X.system == SYSTEM, X.member_id == bindparam("member"))

Path = tuple[str, ...]


async def put(
    connection: AsyncConnection, household_id: int, member_id: int | None, number: str, path: Path, now: dt.datetime
) -> tuple[str | None, bool]:
    """The national system knows the household, or the member, by this number, or by none where it is blank.

    Returns what it was before, and whether it is another now. Raises NotDone: it is somebody else's.
    """
    written = number.strip()
    if len(written) > LONGEST:
        raise NotDone(UserErrorCode.INVALID, path, f"内容不能超过 {LONGEST} 个字。", f"At most {LONGEST} characters.")
    statement = _OF_HOUSEHOLD if member_id is None else _OF_MEMBER
    of = {"household": household_id} if member_id is None else {"member": member_id}
    there = (await connection.execute(statement, of)).one_or_none()
    before = None if there is None else there.reference
    if written == (before or ""):
        return before, False
    try:
        async with connection.begin_nested():
            if there is None:
                kind = HOUSEHOLD if member_id is None else PERSON
                whose = {"kind": kind, "household_id": household_id, "member_id": member_id}
                row = {"system": SYSTEM, "reference": written, "created_at": now, **whose}
                await connection.execute(insert(ExternalReference).values(**row))
            elif written:
                await connection.execute(update(ExternalReference).where(X.id == there.id).values(reference=written))
            else:
                await connection.execute(delete(ExternalReference).where(X.id == there.id))
    except IntegrityError:
        raise NotDone(
            UserErrorCode.INVALID,
            path,
            "该编号已用于另一户或另一人；请先核实。",
            "The number is another household's or person's already: find out which is right.",
        ) from None
    return before, True
