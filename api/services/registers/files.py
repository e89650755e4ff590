"""Files of households that were taken over, and whom they count; the moves by which the register's own changes come in.

A register that tells something better, or another application, is followed. A closing of an active file is a change for
the worse: it takes an officer of that division who answers for it, or else is left to people as a task (F-2). So is
everything while an objection or a proposal is open, and a closing while aid that was granted goes on (F-3).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Date, case, exists, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import Json, among
from api.domain import days, divisions
from api.domain.accounts import UserKind
from api.domain.exits import ProposalState
from api.domain.files import Closing
from api.domain.lifecycle import NOTHING, TAKEN_OVER, Action
from api.domain.objections import ObjectionState
from api.domain.permissions import Viewer
from api.domain.stages import ENDED, Stage
from api.models import Decision, File, FilePerson, Grant, Household, Member, Objection, Proposal, Transition, table
from api.models.standing import goes_on
from api.sealing import Vault
from api.services import clocks
from api.services.guards import exits
from api.services.registers import rows
from api.services.registers.households import Came, Saved

H, M, F, FP, T = (table(model).c for model in (Household, Member, File, FilePerson, Transition))
REASON = (
    "登记簿载明档案已注销，经办人确认。The register tells that the file was closed; the officer named answers for it."
)
ENDS = {(move.stage, move.next): move.adverse for move in TAKEN_OVER}
"""By stages the moves that a register can tell, and whether each is for the worse."""


async def save(
    connection: AsyncConnection, vault: Vault, saved: Saved, officer: Viewer | None, now: dt.datetime
) -> int:
    """New households have their file and their first move, others follow the register; how many did that."""
    for some in rows.batches(saved.new):
        await _begin(connection, some, now)
    held = await waiting(connection, [came.id for _, came in saved.otherwise])
    aided = await _aided(connection, [came.id for _, came in saved.otherwise if came.stage in ENDED], now)
    followed = 0
    for before, came in saved.otherwise:
        adverse = ENDS.get((before, came.stage))
        answers = officer is not None and divisions.holds(officer.division_code, came.division_code)
        if adverse is None or (adverse and (not answers or came.id in aided)) or came.id in held:
            saved.differs(came.id, "stage", f"{came.stage}{came.since(dt.date.max)}")
            continue
        await _follow(connection, vault, before, came, officer if adverse else None, now)
        saved.changed.add(came.id)
        followed += 1
    await _count(connection, saved, now)
    return followed


async def waiting(connection: AsyncConnection, households: list[int]) -> set[int]:
    """Those of whom an objection is to be answered or a proposal to be decided: until then no register moves them."""
    found: set[int] = set()
    for some in rows.batches(households):
        for where, state in ((table(Objection).c, ObjectionState.OPEN), (table(Proposal).c, ProposalState.OPEN)):
            statement = select(where.household_id).where(where.state == state, among(where.household_id, "keys"))
            found.update((await connection.execute(statement, {"keys": some})).scalars())
    return found


async def _aided(connection: AsyncConnection, households: list[int], now: dt.datetime) -> set[int]:
    """Those of whom a grant has a month to come: a closed file is paid nothing."""
    found: set[int] = set()
    of_them = exits.aided(days.today(now)).where(among(table(Grant).c.household_id, "keys"))
    for some in rows.batches(households):
        found.update((await connection.scalars(of_them, {"keys": some})).all())
    return found


async def _begin(connection: AsyncConnection, new: list[Came], now: dt.datetime) -> None:
    today, due = days.today(now), _Due()
    files = [
        {
            "household_id": each.id,
            "number": each.reference,
            **_told(each, due, today),
            "version": 1,
            "created_at": now,
        }
        for each in new
    ]
    await connection.execute(insert(File), files)
    keys = {"keys": [each.id for each in new]}
    head = select(func.min(M.id)).where(M.household_id == F.household_id, M.relation == "HEAD", goes_on(today))
    await connection.execute(
        update(File)
        .where(among(F.household_id, "keys"), F.closed_on.is_(None))
        .values(subject_member_id=head.scalar_subquery()),
        keys,
    )
    since = func.coalesce(H.file_closed_on, H.file_opened_on, H.applied_on, literal(today, Date()))
    first = select(
        H.id, literal(1), F.id, literal(NOTHING), literal(Action.TAKE_OVER.value), H.stage, literal(False),
        literal([], Json), case((since > today, literal(today, Date())), else_=since), literal(now, T.happened_at.type),
    ).join(File, F.household_id == H.id).where(among(H.id, "keys"))  # fmt: skip
    names = [
        "household_id", "number", "file_id", "from_stage", "action", "to_stage", "adverse", "evidence", "effective_on",
        "happened_at",
    ]  # fmt: skip
    await connection.execute(insert(Transition).from_select(names, first), keys)


class _Due:
    """By when a stage should be done, each day looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Stage, str, dt.date], dict[str, dt.date | None]] = {}

    def at(self, stage: Stage, division_code: str, day: dt.date) -> dict[str, dt.date | None]:
        place = (stage, division_code, day)
        if place not in self._known:
            self._known[place] = clocks.at(*place)
        return self._known[place]


def _told(came: Came, due: _Due, today: dt.date) -> dict[str, Any]:
    """A file's columns as the register tells them."""
    closed = came.dates["file_closed_on"]
    return {
        "applied_on": came.dates["applied_on"],
        "opened_on": came.dates["file_opened_on"],
        "closed_on": closed,
        "closing": None if closed is None else Closing.AS_REGISTERED,
        **due.at(came.stage, came.division_code, came.since(today)),
    }


async def _follow(
    connection: AsyncConnection, vault: Vault, before: Stage, came: Came, officer: Viewer | None, now: dt.datetime
) -> None:
    """One household stands where the register has it now; its file is closed, opened, or another one is begun."""
    today = days.today(now)
    on = came.since(today)
    keeper = func.coalesce(F.organisation_id, H.organisation_id).label("organisation_id")
    last = select(F.id, keeper).join(Household, H.id == F.household_id).where(F.household_id == came.id)
    last = last.order_by(F.id.desc()).limit(1)
    file = (await connection.execute(last)).one()
    told = _told(came, _Due(), today)
    if before in ENDED:
        count = select(func.count()).where(F.household_id == came.id)
        number = f"{came.reference}/{int((await connection.execute(count)).scalar_one()) + 1}"
        kept = {"previous_id": file.id, "organisation_id": file.organisation_id}
        row = {"household_id": came.id, "number": number, **kept, "version": 1, "created_at": now}
        file_id = (await connection.execute(insert(File).values(**row, **told).returning(F.id))).scalar_one()
    else:
        file_id = file.id
        await connection.execute(update(File).where(F.id == file_id).values(**told, version=File.version + 1))
    if came.stage in ENDED:
        counted = update(FilePerson).where(FP.file_id == file_id, FP.until.is_(None))
        await connection.execute(counted.values(until=on))
    decision_id = None
    if officer is not None:
        told_so = [f"register:{came.reference}"]
        decision_id = await decide(connection, vault, came.id, file_id, officer, REASON, told_so, now)
    number_before = (await connection.execute(select(H.transition_number).where(H.id == came.id))).scalar_one()
    move = {
        "household_id": came.id,
        "number": number_before + 1,
        "previous_number": number_before,
        "file_id": file_id,
        "from_stage": before,
        "action": Action.TAKE_OVER,
        "to_stage": came.stage,
        "adverse": officer is not None,
        "user_id": officer and officer.user_id,
        "decision_id": decision_id,
        "evidence": [],
        "effective_on": on,
        "happened_at": now,
    }
    await connection.execute(insert(Transition).values(**move))
    stands = {"stage": came.stage, "transition_number": number_before + 1, **came.dates, "updated_at": now}
    await connection.execute(update(Household).where(H.id == came.id).values(**stands, version=H.version + 1))


async def decide(
    connection: AsyncConnection,
    vault: Vault,
    household_id: int,
    file_id: int,
    officer: Viewer,
    reason: str,
    evidence: list[str],
    now: dt.datetime,
) -> int:
    """The officer answers for what a register tells for the worse; the decision's key."""
    row = {
        "household_id": household_id,
        "file_id": file_id,
        "kind": Action.TAKE_OVER,
        "user_id": officer.user_id,
        "user_kind": UserKind.PERSON,
        "reason": vault.seal("decisions.reason", reason),
        "evidence": evidence,
        "made_at": now,
    }
    return int((await connection.execute(insert(Decision).values(**row).returning(Decision.id))).scalar_one())


async def _count(connection: AsyncConnection, saved: Saved, now: dt.datetime) -> None:
    """Open files count who is in the household; somebody whom another file counts already is disputed in this one."""
    today = literal(days.today(now), Date())
    stays = goes_on(today)
    gone = select(func.coalesce(M.left_on, M.valid_to)).where(M.id == FP.member_id).scalar_subquery()
    since = func.coalesce(M.valid_from, F.opened_on, F.applied_on, today)
    counted = exists().where(FP.file_id == F.id, FP.member_id == M.id, FP.until.is_(None))
    elsewhere = exists().where(FP.person_id == M.person_id, FP.until.is_(None), FP.disputed.is_(False))
    place = func.row_number().over(partition_by=M.person_id, order_by=(F.id, M.id))
    there = (
        select(F.id, M.person_id, M.id, since, or_(place > 1, elsewhere))
        .join(File, F.household_id == M.household_id)
        .where(among(M.household_id, "keys"), F.closed_on.is_(None), stays, ~counted)
    )
    names = ["file_id", "person_id", "member_id", "since", "disputed"]
    changed = sorted(saved.changed - saved.own)
    for some in rows.batches(changed):
        keys = {"keys": some}
        those = select(M.id).where(among(M.household_id, "keys"), ~stays)
        over = update(FilePerson).where(FP.member_id.in_(those), FP.until.is_(None))
        await connection.execute(over.values(until=gone), keys)
        await _recount(connection, keys)
    for some in rows.batches(changed):  # once everybody who left one is counted in none
        await connection.execute(insert(FilePerson).from_select(names, there), {"keys": some})


async def _recount(connection: AsyncConnection, keys: dict[str, list[int]]) -> None:
    """Whose number or name the register corrected is another human, and counted as that one."""
    changed = select(FP.id, M.person_id).join(Member, M.id == FP.member_id).where(
        among(M.household_id, "keys"), FP.until.is_(None), M.person_id != FP.person_id
    )  # fmt: skip
    for key, person in (await connection.execute(changed, keys)).all():
        listed = select(FP.id).where(FP.person_id == person, FP.until.is_(None), FP.disputed.is_(False), FP.id != key)
        disputed = (await connection.execute(listed.limit(1))).one_or_none() is not None
        now_of = update(FilePerson).where(FP.id == key).values(person_id=person, disputed=disputed)
        await connection.execute(now_of)
