"""Aid is stopped, reduced or recovered: proposed by one officer, decided by another, and only with all that stands before (F-3).

No finding is read here, and nothing that a register tells: neither a lead nor a death that matched stops aid (F-5).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import accounts, casework, days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.stops import StopKind, StopState
from api.loaders import effects, incomes
from api.models import Grant, Household, StopProposal
from api.sealing import Vault
from api.services import audit, cases, decisions, stop_requests
from api.services.stop_requests import Asking

_PROPOSAL = scope.narrow(
    select(StopProposal, Household.division_code).join(Household, Household.id == StopProposal.household_id),
    Household.division_code,
)
Found = Row[*tuple[Any, ...]]


async def propose(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    grant_id: int | None,
    asking: Asking,
    statement: str,
    now: dt.datetime,
) -> int:
    """A proposal that waits: the household is told of it next; its key. It changes nothing. Raises NotDone."""
    await cases.hold(connection, viewer, select(Grant.household_id).where(Grant.id == grant_id).scalar_subquery())
    run = incomes.running(connection, viewer)
    found = await effects.grant(run, grant_id or 0)
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "request", "grantId"), "没有此项救助。", "There is no such grant."
        )
    checked = await stop_requests.checked(run, found, asking, days.today(now))
    waiting = select(StopProposal.id).where(
        StopProposal.grant_id == found.id, StopProposal.state == StopState.PROPOSED
    )
    if await connection.scalar(waiting) is not None:
        raise stop_requests.invalid(
            "request.grantId", "此项救助已有一项待决定的提议。", "A proposal for this grant waits already."
        )
    added = await connection.execute(
        insert(StopProposal)
        .values(
            household_id=found.household_id,
            file_id=found.file_id,
            grant_id=found.id,
            kind=checked.kind,
            from_month=checked.from_month,
            to_month=checked.to_month,
            amount_fen=checked.amount_fen,
            cause=checked.cause,
            statement=vault.seal("stop_proposals.statement", casework.words(statement, "statement")),
            proposed_by=viewer.user_id,
            proposed_at=now,
            state=StopState.PROPOSED,
            version=1,
        )
        .returning(StopProposal.id)
    )
    key = int(added.scalar_one())
    return await told(connection, viewer, "stop.proposed", key, found.household_id, found.id, checked.kind, now)


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The proposal is given up, by whoever proposed it or another officer; its key. Raises NotDone."""
    found = await waiting(connection, viewer, proposal_id, expected_version)
    sealed = vault.seal("stop_proposals.closing", decisions.checked_reason(reason))
    mine = found.proposed_by == viewer.user_id
    state = StopState.WITHDRAWN if mine else StopState.REJECTED
    closed = {"state": state, "closing": sealed, "closed_by": viewer.user_id, "version": found.version + 1}
    await connection.execute(update(StopProposal).where(StopProposal.id == found.id).values(**closed))
    action, of = f"stop.{state.lower()}", (found.household_id, found.grant_id)
    return await told(connection, viewer, action, found.id, *of, StopKind(found.kind), now)


async def waiting(
    connection: AsyncConnection, viewer: Viewer, proposal_id: int | None, expected_version: int
) -> Found:
    """The proposal that nobody has decided, as it is once its household is held. Raises NotDone."""
    of = select(StopProposal.household_id).where(StopProposal.id == proposal_id).scalar_subquery()
    await cases.hold(connection, viewer, of)
    statement = _PROPOSAL.where(StopProposal.id == proposal_id)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "proposalId"), "没有此提议。", "There is no such proposal.")
    accounts.unchanged(found.version, expected_version, "提议", "proposal")
    if found.state != StopState.PROPOSED:
        raise stop_requests.invalid("proposalId", "该提议已有结果。", "The proposal has been decided or given up.")
    return found


async def told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    grant_id: int,
    kind: StopKind,
    now: dt.datetime,
    decision_id: int | None = None,
) -> int:
    """The trail and whoever listens are told what became of a proposal; its key."""
    detail = {"household": household_id, "grant": grant_id, "kind": kind.value, "decision": decision_id}
    await audit.record(connection, viewer.user_id, action, ("StopProposal", key), now, detail)
    await outbox.append(connection, "household", household_id, now)
    return key
