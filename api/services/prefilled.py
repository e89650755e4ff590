"""A referral as an entitlement task suggests it, and sent in one step, with what the officer changes.

To whom is told by the catalogue's roles and by who holds them where the household is: the nearest office of the first
role that anybody holds. Nothing personal is in its words: who it is about is told by numbers of the register alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Row, String, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope, workdays
from api.database import among
from api.domain import days, divisions, responsibilities
from api.domain.casework import TaskKind, TaskState, path
from api.domain.catalogue import Catalogue, Condition
from api.domain.entitlements import LEADS
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.responsibilities import MeasureRole
from api.matching import catalogue, policy, reference
from api.models import Household, Member, Organisation, RoleAssignment, Task, table
from api.sealing import Vault
from api.services import cases, referrals, tasks
from api.services.referrals import Sent

ANSWER_DAYS = "entitlement.referral_working_days"

A, H, M, O, T = (table(each).c for each in (RoleAssignment, Household, Member, Organisation, Task))  # noqa: E741
_ASKED = scope.narrow(
    select(T.id, T.state, T.detail, T.member_id, H.division_code, H.reference, M.reference.label("person"))
    .join(Household, H.id == T.household_id)
    .outerjoin(Member, M.id == T.member_id)
    .where(among(T.id, "tasks"), T.kind == TaskKind.ENTITLEMENT),
    H.division_code,
)
_DAY = bindparam("day", type_=Date())
_HOLDERS = (
    select(A.role, A.division_code, O.code, O.name_zh, O.name_en)
    .join(Organisation, O.id == A.organisation_id)
    .where(
        O.active,
        among(A.division_code, "divisions", String),
        A.valid_from <= _DAY,
        or_(A.valid_to.is_(None), A.valid_to > _DAY),
    )
    .order_by(A.role, O.code)
)
Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Office:
    """An organisation that holds a role."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Prefilled:
    """What a task's referral would say; without an office where nobody is on record for the roles that answer for it."""

    task_id: int
    roles: tuple[MeasureRole, ...]
    office: Office | None
    programme: str | None
    member_id: int | None
    zh: str
    en: str
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class Changes:
    """What the officer would have otherwise; None leaves it as it is suggested."""

    organisation: str | None = None
    programme: str | None = None
    member_id: int | None = None
    note: str | None = None
    due_on: dt.date | None = None


async def of_tasks(
    connection: AsyncConnection, viewer: Viewer, keys: Sequence[int], today: dt.date
) -> dict[int, Prefilled]:
    """By open task on aid that may be due, what its referral would say; of one that leads to no office there is none."""
    asked = (await connection.execute(_ASKED, {**scope.of(viewer), "tasks": list(keys)})).all()
    chains = sorted({code for row in asked for code in divisions.chain(row.division_code)})
    holders = (await connection.execute(_HOLDERS, {"divisions": chains, "day": today})).all()
    known, found = catalogue.in_force(), dict[int, Prefilled]()
    for row in asked:
        made = _made(row, holders, known, today) if row.state == TaskState.OPEN else None
        if made is not None:
            found[row.id] = made
    return found


async def refer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    task_id: int | None,
    expected_version: int,
    changes: Changes,
    now: dt.datetime,
) -> int:
    """The referral that the task suggests is sent, as changed, and the task is done; the referral's key. Raises NotDone."""
    whose = select(Task.household_id).where(Task.id == task_id).scalar_subquery()
    await cases.hold(connection, viewer, whose)
    task = await tasks.held(connection, viewer, task_id, expected_version)
    suggested = (await of_tasks(connection, viewer, [task.id], days.today(now))).get(task.id)
    if suggested is None:
        raise NotDone(
            UserErrorCode.INVALID,
            path("taskId"),
            "该任务不对应转介，请直接办理。",
            "The task suggests no referral: it is to be done here.",
        )
    organisation = changes.organisation or (suggested.office.code if suggested.office else None)
    if organisation is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            path("organisation"),
            "当地未登记承担此职责的组织，请指明接收转介的组织。",
            "Nobody is on record for this role there: say to whom it is sent.",
        )
    sent = Sent(
        organisation,
        changes.programme or suggested.programme,
        changes.due_on or suggested.due_on,
        suggested.zh if changes.note is None else changes.note,
        suggested.member_id if changes.member_id is None else changes.member_id,
    )
    key = await referrals.refer(connection, vault, viewer, task.household_id, sent, now)
    detail = await connection.scalar(select(Task.detail).where(Task.id == task.id))
    await tasks.done_by(connection, viewer, task, {**(detail or {}), "referral": key}, now)
    return key


def _made(row: Row[*tuple[Any, ...]], holders: Rows, known: Catalogue, today: dt.date) -> Prefilled | None:
    programme, rule = row.detail.get("programme"), row.detail.get("rule")
    entry = known.programme(programme, today, row.division_code) if programme else None
    roles = entry.agency if entry else LEADS[rule].roles if rule in LEADS else ()
    if not roles:
        return None
    due_on = workdays.add(today, policy.whole(ANSWER_DAYS, today, row.division_code))
    asked = entry.conditions if entry and not rule else ()  # where a finding says so, nothing of the catalogue does
    zh, en = _words(row, programme, rule, asked, due_on)
    return Prefilled(
        row.id, roles, _office(row.division_code, roles, holders), programme, row.member_id, zh, en, due_on
    )


def _office(division: str, roles: Iterable[MeasureRole], holders: Rows) -> Office | None:
    """The nearest office of the first role that anybody holds there."""
    for role in roles:
        theirs = [row for row in holders if row.role == role and divisions.holds(row.division_code, division)]
        nearest = responsibilities.nearest(row.division_code for row in theirs)
        for row in theirs:
            if row.division_code == nearest:
                return Office(row.code, row.name_zh, row.name_en)
    return None


def _words(
    row: Row[*tuple[Any, ...]], programme: str | None, rule: str | None, asked: Sequence[Condition], due_on: dt.date
) -> tuple[str, str]:
    """What the other office has to know, in Chinese and English."""
    named = next((each for each in reference.programmes() if each.code == programme), None)
    lead = reference.rules().get(rule or "")
    whom_zh = f"，家庭成员编号 {row.person}" if row.person else ""
    whom_en = f", of it the member no. {row.person}" if row.person else ""
    aid_zh = f"可能符合“{named.name_zh}”的条件而没有享受记录" if named else "可能有应享而未享的权益"
    aid_en = (
        f"may meet the conditions of {named.name_en}, of which nothing is on record"
        if named
        else "may be owed something"
    )
    why_zh = f"{lead.id} {lead.title_zh}" if lead else "；".join(each.zh for each in asked)
    why_en = f"{lead.id} {lead.title_en}" if lead else " ".join(each.en for each in asked)
    return (
        f"困难职工家庭（登记编号 {row.reference}{whom_zh}）{aid_zh}。提示依据：{why_zh}。"
        f"此为线索，不是认定。请贵单位核实并告知办理结果，{due_on} 前答复。",
        f"The household no. {row.reference}{whom_en} {aid_en}. It rests on: {why_en}"
        f" This is a lead and no finding. Please look into it and answer by {due_on}.",
    )
