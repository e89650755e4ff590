"""Aid is granted: one officer proposes, another decides, and two grants that exclude one another are never both made.

Whoever decides holds the household, then the people in the order of their keys, and only then looks again; what two would
take up at once the database keeps apart (`claims`), and either is told the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import accounts, grants
from api.domain.casework import path
from api.domain.errors import NotDone, UserErrorCode
from api.domain.grants import (
    OF_GRANT,
    Bill,
    Finding,
    GrantDecision,
    GrantEffect,
    GrantFindingKind,
    GrantHeld,
    GrantPeriod,
    GrantState,
    Request,
)
from api.domain.permissions import Viewer
from api.matching import compatibility, policy
from api.models import Claim, Cost, Enrolment, Grant, Household, Human, Member, Organisation, table
from api.sealing import Vault
from api.services import asking, audit, beside, bills, cases, decisions

G, H = table(Grant).c, table(Household).c
_GRANT = scope.narrow(
    select(*G, Cost.reference, Cost.incurred_on, Cost.cost_fen)
    .join(Household, H.id == G.household_id)
    .outerjoin(Cost, Cost.id == G.cost_id),
    H.division_code,
)
_PEOPLE = (
    select(Human.id)
    .where(Human.id.in_(select(Member.person_id).where(Member.household_id == bindparam("household"))))
    .order_by(Human.id)
)


async def propose(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, request: Request, reason: str, now: dt.datetime
) -> int:
    """A grant that waits for another officer; its key. Raises NotDone, GrantHeld among it."""
    household = await cases.held(connection, viewer, request.household_id)
    looked = await asking.look(connection, viewer, request)
    if refused := grants.refusing(looked.findings):
        raise GrantHeld(refused)
    cost_id = looked.cost_id
    if request.bill is not None and cost_id is None:
        cost_id = await bills.record(connection, viewer, household.id, request.member_id, request.bill, now)
    added = await connection.execute(
        insert(Grant)
        .values(
            household_id=household.id,
            file_id=looked.file_id,
            member_id=request.member_id,
            programme_code=request.programme,
            division_code=looked.division_code,
            cause_id=request.cause_id,
            cost_id=cost_id,
            once_for=looked.once_for,
            first_month=request.first,
            last_month=request.last,
            period=request.period,
            amount_fen=request.amount_fen,
            state=GrantState.PROPOSED,
            reason=vault.seal("grants.reason", decisions.checked_reason(reason)),
            proposed_by=viewer.user_id,
            version=1,
            created_at=now,
        )
        .returning(Grant.id)
    )
    key = int(added.scalar_one())
    return await _told(connection, viewer, "grant.proposed", key, household.id, request.programme, now)


async def decide(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    grant_id: int | None,
    expected_version: int,
    approve: bool,
    reason: str,
    document_no: str | None,
    now: dt.datetime,
) -> int:
    """The grant is made, or refused, by another officer than who proposed it; its key. Raises NotDone, GrantHeld among it."""
    found = await _proposed(connection, viewer, grant_id, expected_version)
    taken_up = await _take_up(connection, viewer, found) if approve else {}
    kind = GrantDecision.GRANT if approve else GrantDecision.REFUSE_GRANT
    decision = await decisions.decide(
        connection, vault, viewer, found.household_id, found.file_id, kind, reason, now,
        proposed_by=found.proposed_by, document_no=document_no,
    )  # fmt: skip
    values = {
        "state": GrantState.GRANTED if approve else GrantState.REFUSED,
        "decision_id": decision,
        "decided_as": kind,
        "decided_by": viewer.user_id,
        **taken_up,
    }
    await _become(connection, found, values)
    action = "grant.made" if approve else "grant.refused"
    return await _told(connection, viewer, action, found.id, found.household_id, found.programme_code, now)


async def withdraw(
    connection: AsyncConnection, viewer: Viewer, grant_id: int | None, expected_version: int, now: dt.datetime
) -> int:
    """What was proposed is proposed no longer; its key. Raises NotDone."""
    found = await _proposed(connection, viewer, grant_id, expected_version)
    await _become(connection, found, {"state": GrantState.WITHDRAWN})
    return await _told(connection, viewer, "grant.withdrawn", found.id, found.household_id, found.programme_code, now)


async def _proposed(
    connection: AsyncConnection, viewer: Viewer, grant_id: int | None, expected_version: int
) -> Row[*tuple[Any, ...]]:
    """The grant as it is once its household is held. Raises NotDone."""
    await cases.hold(connection, viewer, select(Grant.household_id).where(Grant.id == grant_id).scalar_subquery())
    found = (await connection.execute(_GRANT.where(G.id == grant_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, path("grantId"), "没有此项救助。", "There is no such grant.")
    accounts.unchanged(found.version, expected_version, "救助", "grant")
    if found.state != GrantState.PROPOSED:
        raise NotDone(
            UserErrorCode.INVALID, path("grantId"), "该项救助已作决定或撤回。", "It was decided or withdrawn."
        )
    return found


async def _take_up(connection: AsyncConnection, viewer: Viewer, found: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Nothing refuses the grant, its months are taken up, and it is an enrolment; what it is from now. Raises NotDone."""
    if found.proposed_by == viewer.user_id:
        raise decisions.another_officer()
    request = _asked_again(found)
    await connection.execute(locked(_PEOPLE, connection, Human), {"household": found.household_id})
    looked = await asking.look(connection, viewer, request)
    if looked.file_id != found.file_id:
        raise NotDone(
            UserErrorCode.INVALID,
            path("grantId"),
            "提出后该户的档案已变更，请重新提出。",
            "The household has another file than when it was proposed: propose it anew.",
        )
    if refused := grants.refusing(looked.findings):
        raise GrantHeld(refused)
    claims = compatibility.claims(policy.in_force(), looked.asked)
    await beside.let_go(connection, found.id, claims)
    taken = [
        {"grant_id": found.id, "person_id": person, "month": month, "cell": cell} for person, month, cell in claims
    ]
    enrolled = {
        "household_id": found.household_id,
        "member_id": found.member_id,
        "programme_code": found.programme_code,
        "agency": await _agency(connection, looked.organisation_id),
        "start_month": found.first_month,
        "end_month": found.last_month,
        "amount_fen": _a_month(found.period, found.amount_fen),
        "cause": looked.asked.cause,
        "source_record": f"{OF_GRANT}{found.id}",
    }
    await _claim(connection, viewer, request, taken)
    added = await connection.execute(insert(Enrolment).values(**enrolled).returning(Enrolment.id))
    return {"enrolment_id": int(added.scalar_one()), "once_for": looked.once_for}


async def _become(connection: AsyncConnection, found: Row[*tuple[Any, ...]], values: dict[str, Any]) -> None:
    """The grant is decided or withdrawn. Raises GrantHeld where the database keeps it apart from what was made since."""
    statement = update(Grant).where(G.id == found.id).values(**values, version=found.version + 1)
    try:
        async with connection.begin_nested():
            await connection.execute(statement)
    except IntegrityError as error:
        kind = GrantFindingKind.OVER_COST if "covered" in str(error.orig) else GrantFindingKind.SAME_CAUSE
        raise _kept_apart(kind, found.programme_code) from None


async def _claim(
    connection: AsyncConnection, viewer: Viewer, request: Request, taken: Sequence[Mapping[str, Any]]
) -> None:
    """The months are taken up; where the database keeps them apart from others', the refusal that tells why."""
    try:
        async with connection.begin_nested():
            await connection.execute(insert(Claim), taken)
    except IntegrityError:
        looked = await asking.look(connection, viewer, request)
        refused = grants.refusing(looked.findings)
        raise (
            GrantHeld(refused) if refused else _kept_apart(GrantFindingKind.SAME_PROGRAMME, request.programme)
        ) from None


def _kept_apart(kind: GrantFindingKind, programme: str) -> GrantHeld:
    return GrantHeld([Finding(kind, GrantEffect.REFUSES, programme, verified=True)])


def _asked_again(found: Row[*tuple[Any, ...]]) -> Request:
    """What was proposed, to be looked at anew."""
    bill = None
    if found.cost_id is not None:
        bill = Bill(found.reference, found.incurred_on, found.cost_fen, {})
    return Request(
        found.household_id, found.programme_code, found.first_month, found.last_month, GrantPeriod(found.period),
        found.amount_fen, found.member_id, found.cause_id, bill,
    )  # fmt: skip


async def _agency(connection: AsyncConnection, organisation_id: int | None) -> str | None:
    """The Chinese name of the organisation that keeps the file, as registers name who pays."""
    if organisation_id is None:
        return None
    return await connection.scalar(select(Organisation.name_zh).where(Organisation.id == organisation_id))


def _a_month(period: str, fen: int) -> int | None:
    """What an enrolment says of a month; of a quarter's sum that does not divide, nothing."""
    if period != GrantPeriod.QUARTER:
        return fen
    return fen // 3 if fen % 3 == 0 else None


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    programme: str,
    now: dt.datetime,
) -> int:
    detail = {"household": household_id, "programme": programme}
    await audit.record(connection, viewer.user_id, action, ("Grant", key), now, detail)
    await outbox.append(connection, "household", household_id, now)
    return key
