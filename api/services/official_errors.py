"""Errors of ours are written down as ours by whoever finds them, and that they were put right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import locked
from api.domain import accounts, casework, days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.official_errors import OfficialErrorKind
from api.domain.permissions import Viewer
from api.models import Decision, Grant, Household, OfficialError, table
from api.sealing import Vault
from api.services import audit, cases

E = table(OfficialError).c
_ERROR = scope.narrow(
    select(OfficialError).outerjoin(Household, Household.id == E.household_id),
    func.coalesce(Household.division_code, E.division_code),
)
"""An error in somebody's case goes where the household goes."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What went wrong, and where: for a household, or in no one's case; by a decision, or of a grant's month."""

    kind: OfficialErrorKind
    what: str
    discovered_on: dt.date
    household_id: int | None = None
    decision_id: int | None = None
    grant_id: int | None = None
    month: dt.date | None = None


async def record(connection: AsyncConnection, vault: Vault, viewer: Viewer, wrong: Wrong, now: dt.datetime) -> int:
    """The error is on record; its key. Raises NotDone: what it names is not the household's."""
    division = viewer.division_code
    if wrong.household_id is not None:
        division = (await cases.held(connection, viewer, wrong.household_id)).division_code
    casework.past(wrong.discovered_on, days.today(now), "discoveredOn")
    for model, key, field in ((Decision, wrong.decision_id, "decisionId"), (Grant, wrong.grant_id, "grantId")):
        if key is not None:
            theirs = select(model.id).where(model.id == key, model.household_id == wrong.household_id)
            if await connection.scalar(theirs) is None:
                raise NotDone(
                    UserErrorCode.NOT_FOUND,
                    ("input", field),
                    "该户没有此项记录。",
                    "The household has no such record.",
                )
    if wrong.month is not None and wrong.grant_id is None:
        raise NotDone(UserErrorCode.REQUIRED, ("input", "grantId"), "请指明是哪项救助。", "Say of which grant.")
    added = await connection.execute(
        insert(OfficialError)
        .values(
            household_id=wrong.household_id,
            division_code=division,
            kind=wrong.kind,
            what=vault.seal("official_errors.what", casework.words(wrong.what, "what")),
            discovered_on=wrong.discovered_on,
            decision_id=wrong.decision_id,
            grant_id=wrong.grant_id,
            month=wrong.month,
            recorded_by=viewer.user_id,
            recorded_at=now,
            version=1,
        )
        .returning(OfficialError.id)
    )
    key = int(added.scalar_one())
    detail = {"household": wrong.household_id, "kind": wrong.kind.value}
    await audit.record(connection, viewer.user_id, "official_error.recorded", ("OfficialError", key), now, detail)
    return key


async def put_right(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    error_id: int | None,
    expected_version: int,
    on: dt.date,
    how: str,
    now: dt.datetime,
) -> int:
    """The error was put right on that day, and how; its key. Raises NotDone."""
    statement = locked(_ERROR.where(E.id == error_id), connection, OfficialError)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "errorId"), "没有此差错记录。", "There is no such error.")
    accounts.unchanged(found.version, expected_version, "差错记录", "error")
    if found.put_right_on is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "errorId"), "该差错已纠正。", "It was put right already.")
    casework.past(on, days.today(now), "putRightOn")
    if on < found.discovered_on:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "putRightOn"),
            "不能早于发现之日。",
            "It is not before the error was discovered.",
        )
    values = {
        "remedy": vault.seal("official_errors.remedy", casework.words(how, "remedy")),
        "put_right_on": on,
        "put_right_by": viewer.user_id,
        "version": found.version + 1,
    }
    await connection.execute(update(OfficialError).where(E.id == found.id).values(**values))
    detail = {"household": found.household_id, "kind": found.kind}
    await audit.record(
        connection, viewer.user_id, "official_error.put_right", ("OfficialError", found.id), now, detail
    )
    return int(found.id)
