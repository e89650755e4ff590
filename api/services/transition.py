"""The one place where an officer's step changes a stage: permission, table, guards, file, move, audit and event together.

Whoever moves a household holds its row until the transaction ends, so that two cannot move it from the same stage; the
database refuses a move that does not follow the one before (models/files).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Row, bindparam, false, func, insert, literal, null, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import accounts, days, divisions
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.files import Closing, in_another_file
from api.domain.lifecycle import BY_PLACE, Action, Move
from api.domain.permissions import Viewer
from api.domain.stages import ENDED, Stage
from api.models import File, FilePerson, Household, Member, Transition, table
from api.models.standing import goes_on
from api.sealing import Vault
from api.services import audit, cases, clocks, guards, recognition
from api.services.guards.case import Case
from api.services.recognition import Step

TOPIC = "household"
CLOSING: Mapping[Action, Closing] = {
    Action.REFUSE: Closing.REFUSED,
    Action.WITHDRAW: Closing.WITHDRAWN,
    Action.GRADUATE: Closing.GRADUATED,
}
"""Why a file ended, where the move tells it; who deregisters says why."""

H, F, M = table(Household).c, table(File).c, table(Member).c
_HOUSEHOLD = scope.narrow(
    select(H.id, H.reference, H.division_code, H.organisation_id, H.stage, H.version, H.transition_number),
    H.division_code,
).where(H.id == bindparam("household"))
_LAST_FILE = (
    select(F.id, F.opened_on, F.closed_on)
    .where(F.household_id == bindparam("household"))
    .order_by(F.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a household stands now, by which move, and which file it has."""

    household_id: int
    file_id: int
    transition_id: int
    stage: Stage
    version: int


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody moves a household: in words, by which decision, on which evidence, and from which day on."""

    reason: str | None = None
    decision_id: int | None = None
    evidence: Sequence[str] = ()
    on: dt.date | None = None
    closing: Closing | None = None


async def begin(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household: Mapping[str, Any],
    now: dt.datetime,
    *,
    file: Mapping[str, Any] | None = None,
    why: Why | None = None,
) -> Moved:
    """A household that was not known applies; `household` and `file` are columns of theirs. Raises Forbidden or NotDone."""
    why = why or Why()
    move_made, on = _move(viewer, None, Action.APPLY), _day(why, now)
    if not divisions.holds(viewer.division_code, household["division_code"]):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "divisionCode"),
            "该区划不在您的管辖范围内。",
            "This division is not within yours.",
        )
    values = {**household, "stage": Stage.APPLIED, "transition_number": 1, "applied_on": on}
    added = await connection.execute(
        insert(Household).values(**values, version=1, updated_at=now).returning(H.id, H.reference, H.organisation_id)
    )
    row = added.one()
    clock = clocks.columns(None, Action.APPLY, Stage.APPLIED, household["division_code"], on)
    file_id = await _open(connection, row, {**(file or {}), **clock, "applied_on": on}, now)
    case = Case(row.id, file_id, household["division_code"], Action.APPLY, viewer, None)
    await _guarded(connection, move_made, case, now)
    transition_id = await _write(connection, vault, viewer, row.id, 0, file_id, move_made, why, on, now)
    step = Step(row.id, household["division_code"], file_id, Action.APPLY, transition_id, None, on)
    await recognition.keep(connection, viewer, step, file or {}, now)
    return Moved(row.id, file_id, transition_id, Stage.APPLIED, 1)


async def move(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    action: Action,
    now: dt.datetime,
    *,
    expected_version: int | None,
    why: Why | None = None,
    file: Mapping[str, Any] | None = None,
) -> Moved:
    """The household stands where the action leads; `file` are columns of its file that the action sets.

    Raises Forbidden, Conflict where it changed since it was read, and NotDone: there is none within the viewer's reach,
    the table knows no such move from where it stands, or a guard does not hold.
    """
    why = why or Why()
    found = await held(connection, viewer, household_id, expected_version)
    stage, on = Stage(found.stage), _day(why, now)
    move_made = _move(viewer, stage, action)
    last = (await connection.execute(_LAST_FILE, {"household": found.id})).one_or_none()
    case = Case(found.id, last and last.id, found.division_code, action, viewer, why.decision_id)
    await _guarded(connection, move_made, case, now)
    clock = clocks.columns(stage, action, move_made.next, found.division_code, on)
    file_id, dates = await _file(connection, found, last, move_made, why, {**(file or {}), **clock}, on, now)
    transition_id = await _write(
        connection, vault, viewer, found.id, found.transition_number, file_id, move_made, why, on, now
    )
    await connection.execute(
        update(Household)
        .where(H.id == found.id)
        .values(
            stage=move_made.next,
            transition_number=found.transition_number + 1,
            version=found.version + 1,
            updated_at=now,
            **dates,
        )
    )
    step = Step(found.id, found.division_code, file_id, action, transition_id, why.decision_id, on)
    await recognition.keep(connection, viewer, step, file or {}, now)
    return Moved(found.id, file_id, transition_id, move_made.next, found.version + 1)


async def held(
    connection: AsyncConnection, viewer: Viewer, household_id: int | None, expected_version: int | None
) -> Row[*tuple[Any, ...]]:
    """The household within the viewer's reach, which nobody else changes until the transaction ends.

    Raises Conflict where it changed since it was read, and NotDone where there is none.
    """
    statement = locked(_HOUSEHOLD, connection, table(Household))
    found = (await connection.execute(statement, {**scope.of(viewer), "household": household_id})).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "householdId"), "没有此户。", "There is no such household.")
    accounts.unchanged(found.version, expected_version, "户", "household")
    return found


def _move(viewer: Viewer, stage: Stage | None, action: Action) -> Move:
    found = BY_PLACE.get((stage, action))
    if found is None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "householdId"),
            f"该户现处阶段 {stage}，不能进行 {action}。",
            f"The household stands at {stage}: {action} does not lead from there.",
        )
    if not viewer.may(found.permission):
        raise Forbidden
    return found


async def _guarded(connection: AsyncConnection, made: Move, case: Case, now: dt.datetime) -> None:
    for guard in made.guards:
        await guards.check(connection, guard, case, now)
    if made.adverse and case.decision_id is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input",),
            "不利变更须有工作人员作出的决定。",
            "A change for the worse takes an officer's decision.",
        )


def _day(why: Why, now: dt.datetime) -> dt.date:
    today = days.today(now)
    if why.on is not None and why.on > today:
        raise NotDone(UserErrorCode.INVALID, ("input", "on"), "日期不能晚于今天。", "The day lies in the future.")
    return why.on or today


async def _file(
    connection: AsyncConnection,
    household: Row[*tuple[Any, ...]],
    last: Row[*tuple[Any, ...]] | None,
    made: Move,
    why: Why,
    columns: dict[str, Any],
    on: dt.date,
    now: dt.datetime,
) -> tuple[int, dict[str, Any]]:
    """The file as the move leaves it, and the household's dates that go with it."""
    if made.action is Action.APPLY:
        file_id = await _open(connection, household, {**columns, "applied_on": on}, now)
        await _list(connection, household.id, file_id, on)
        return file_id, {"applied_on": on, "file_opened_on": None, "file_closed_on": None}
    if made.action is Action.FALL_BACK and made.stage in ENDED:
        previous = last and last.id
        told = {**columns, "opened_on": on, "previous_id": previous}
        file_id = await _open(connection, household, told, now)
        await _list(connection, household.id, file_id, on)
        return file_id, {"file_opened_on": on, "file_closed_on": None}
    if last is None:
        raise NotDone(UserErrorCode.INVALID, ("input", "householdId"), "该户没有档案。", "The household has no file.")
    dates: dict[str, Any] = {}
    if made.action is Action.RECORD:
        columns["opened_on"] = dates["file_opened_on"] = on
    elif made.action is Action.REINSTATE:
        columns |= {"closed_on": None, "closing": None}
        columns["opened_on"] = last.opened_on or on
        dates |= {"file_opened_on": columns["opened_on"], "file_closed_on": None}
    elif made.next in ENDED:
        columns |= {"closed_on": on, "closing": why.closing or CLOSING[made.action]}
        dates |= {"file_closed_on": on} if last.opened_on else {}
    await connection.execute(update(File).where(F.id == last.id).values(version=File.version + 1, **columns))
    if made.next in ENDED:
        listed = table(FilePerson).c
        await connection.execute(
            update(FilePerson).where(listed.file_id == last.id, listed.until.is_(None)).values(until=on)
        )
    elif made.action is Action.REINSTATE:
        await _list(connection, household.id, last.id, on)
    return int(last.id), dates


async def _open(
    connection: AsyncConnection,
    household: Row[*tuple[Any, ...]],
    columns: Mapping[str, Any],
    now: dt.datetime,
) -> int:
    """A new file, numbered after its household and how many it had before, kept by the household's union or a named one."""
    before = select(func.count()).where(F.household_id == household.id)
    count = int((await connection.execute(before)).scalar_one())
    row = {
        "household_id": household.id,
        "number": household.reference if count == 0 else f"{household.reference}/{count + 1}",
        "version": 1,
        "created_at": now,
        **columns,
        "organisation_id": columns.get("organisation_id") or household.organisation_id,
    }
    added = await connection.execute(insert(File).values(**row).returning(F.id))
    return int(added.scalar_one())


async def _list(connection: AsyncConnection, household_id: int, file_id: int, on: dt.date) -> None:
    """Everybody in the household is counted in the file. Raises NotDone where somebody is counted in another.

    Whoever it counted until this very day is counted on: the file is opened again on the day on which it was closed.
    """
    listed = table(FilePerson).c
    until_now = select(func.max(listed.id)).where(
        listed.file_id == file_id, listed.until == on, listed.disputed.is_(False),
        listed.member_id.in_(select(M.id).where(M.household_id == household_id, goes_on(on))),
    )  # fmt: skip
    again = update(FilePerson).where(listed.id.in_(until_now.group_by(listed.member_id))).values(until=None)
    counted = select(listed.member_id).where(listed.file_id == file_id, listed.until.is_(None))
    there = select(literal(file_id), M.person_id, M.id, literal(on, Date()), null(), false()).where(
        M.household_id == household_id, goes_on(on), M.id.not_in(counted)
    )
    names = ["file_id", "person_id", "member_id", "since", "until", "disputed"]
    try:
        async with connection.begin_nested():
            await connection.execute(again)
            await connection.execute(insert(FilePerson).from_select(names, there))
    except IntegrityError:
        raise in_another_file() from None


async def _write(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int,
    before: int,
    file_id: int,
    made: Move,
    why: Why,
    on: dt.date,
    now: dt.datetime,
) -> int:
    added = await connection.execute(
        insert(Transition)
        .values(
            household_id=household_id,
            number=before + 1,
            previous_number=before or None,
            file_id=file_id,
            from_stage=made.origin,
            action=made.action,
            to_stage=made.next,
            adverse=made.adverse,
            user_id=viewer.user_id,
            decision_id=why.decision_id,
            reason=vault.seal("transitions.reason", why.reason),
            evidence=await cases.evidence(connection, household_id, why.evidence, cases.RECORDS),
            effective_on=on,
            happened_at=now,
        )
        .returning(Transition.id)
    )
    transition_id = int(added.scalar_one())
    detail = {"transition": transition_id, "from": made.origin, "to": made.next.value, "decision": why.decision_id}
    await audit.record(
        connection, viewer.user_id, f"household.{made.action.lower()}", ("Household", household_id), now, detail
    )
    await outbox.append(connection, TOPIC, household_id, now)
    return transition_id
