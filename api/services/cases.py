"""A household at work: found within the viewer's reach and held, with the file that is not closed, until the act is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import stilled
from api.domain.accounts import UserKind
from api.domain.casework import path
from api.domain.divisions import holds
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import MATRIX, Permission, Role, Viewer
from api.models import (
    Attachment,
    Declaration,
    File,
    Finding,
    HomeVisit,
    Household,
    Member,
    Objection,
    Organisation,
    Proposal,
    User,
)

_HOUSEHOLD = scope.narrow(select(Household.id, Household.division_code), Household.division_code)
_OPEN = select(File.id).where(File.household_id == bindparam("household"), File.closed_on.is_(None))

PAPERS: Mapping[str, Any] = {"Attachment": Attachment, "HomeVisit": HomeVisit}
"""What a statement about a household rests on."""
RECORDS: Mapping[str, Any] = {
    **PAPERS, "Declaration": Declaration, "Finding": Finding, "Objection": Objection, "Proposal": Proposal,
}  # fmt: skip
"""What a step of its life rests on."""


@dataclass(frozen=True, slots=True)
class Held:
    """A household that nobody else changes until the transaction ends; `file_id` is its file, unless that is closed."""

    id: int
    division_code: str
    file_id: int | None

    @property
    def open_file(self) -> int:
        """The file. Raises NotDone where there is none that is not closed."""
        if self.file_id is None:
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", "householdId"),
                "该户没有未结的档案或申请。",
                "The household has no file or application that is not closed.",
            )
        return self.file_id


async def held(connection: AsyncConnection, viewer: Viewer, household_id: int | None) -> Held:
    """The household of this key. Raises NotDone."""
    found = await hold(connection, viewer, household_id)
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "householdId"), "没有此户。", "There is no such household.")
    return Held(found.id, found.division_code, await connection.scalar(_OPEN, {"household": found.id}))


async def hold(
    connection: AsyncConnection, viewer: Viewer, household: int | ScalarSelect[int] | None
) -> Row[int, str] | None:
    """Waits until nobody else changes the household within the viewer's reach, which may be told by what is of it.

    What hangs on it is read in a statement after this one: one that waited still sees what was there when it began. A scan,
    which holds the household's leads when it adds one, does not wait for it.
    """
    statement = stilled(_HOUSEHOLD.where(Household.id == household), connection, Household)
    return (await connection.execute(statement, scope.of(viewer))).one_or_none()


async def hold_all(connection: AsyncConnection, viewer: Viewer, households: Select[int]) -> None:
    """The same for several at once, in one order: two who want the same wait for each other, and not for ever."""
    statement = _HOUSEHOLD.where(Household.id.in_(households)).order_by(Household.id)
    await connection.execute(stilled(statement, connection, Household), scope.of(viewer))


async def member(connection: AsyncConnection, household: Held, member_id: int | None, field: str) -> None:
    """Somebody of this household has this key. Raises NotDone."""
    statement = select(Member.id).where(Member.id == member_id, Member.household_id == household.id)
    if await connection.scalar(statement) is None:
        raise NotDone(UserErrorCode.NOT_FOUND, path(field), "没有此人。", "There is no such person.")


async def colleague(connection: AsyncConnection, household: Held, login: str, field: str) -> int:
    """The key of the person of this login, who keeps files where the household is. Raises NotDone."""
    statement = select(User.id, User.role, User.division_code).where(
        User.login == login, User.kind == UserKind.PERSON, User.active
    )
    found = (await connection.execute(statement)).one_or_none()
    keeps = found is not None and Permission.KEEP_FILES in MATRIX[Role(found.role)]
    if found is None or not keeps or not holds(found.division_code, household.division_code):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path(field),
            "没有此工作人员，或其不负责该户所在区划。",
            "There is no such officer, or not for the household's division.",
        )
    return int(found.id)


async def organisation(connection: AsyncConnection, code: str, field: str) -> int:
    """The key of the organisation of this code that is at work. Raises NotDone."""
    found = await connection.scalar(select(Organisation.id).where(Organisation.code == code, Organisation.active))
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, path(field), "没有此组织。", "There is no such organisation.")
    return int(found)


async def evidence(
    connection: AsyncConnection, household_id: int, given: Sequence[str], records: Mapping[str, Any] = PAPERS
) -> list[str]:
    """On which of the household's records a statement rests, such as Attachment:17. Raises NotDone for anybody else's."""
    named: dict[str, set[int]] = {}
    for each in given:
        kind, _, key = each.partition(":")
        named.setdefault(kind, set()).add(int(key))
    for kind, keys in named.items():
        model = records.get(kind)
        if model is not None:
            theirs = select(func.count()).where(model.id.in_(keys), model.household_id == household_id)
            if await connection.scalar(theirs) == len(keys):
                continue
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "evidenceIds"),
            "该户没有此项可作依据的记录。",
            "The household has no such record that this can rest on.",
        )
    return list(given)
