"""Out of hardship: a test is kept, an officer proposes with a statement, and another decides; only then the household moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import accounts, days, exits
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.exits import ExitAction, ProposalState
from api.domain.files import Closing
from api.domain.lifecycle import BY_PLACE, Action, Guard
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.loaders import incomes
from api.matching import policy
from api.models import ExitAssessment, File, Household, Member, Proposal, Watch
from api.models.standing import stands
from api.sealing import Vault
from api.services import audit, cases, decisions, guards, transition
from api.services.guards import exits as conditions
from api.services.guards import membership
from api.services.guards.case import Case
from api.services.transition import Why

WATCHES = ("watch.first_months", "watch.second_months", "watch.third_months")
AT_ONCE = (Guard.CAUSES_RESOLVED, Guard.SIX_MONTHS, Guard.LIFTED)
"""What is looked at already when it is proposed, and again when it is decided."""

_FILE = scope.narrow(
    select(
        Household.id,
        Household.division_code,
        Household.stage,
        Household.version,
        File.id.label("file_id"),
        File.subject_member_id,
    ).join(File, File.household_id == Household.id),
    Household.division_code,
)
_PROPOSAL = scope.narrow(
    select(Proposal, Household.division_code).join(Household, Household.id == Proposal.household_id),
    Household.division_code,
)


async def assess(
    connection: AsyncConnection,
    viewer: Viewer,
    household_id: int | None,
    as_of: dt.date | None,
    now: dt.datetime,
) -> int:
    """The tests of the household's months on a day, kept as they are; their key. Raises NotDone."""
    found = await _open_file(connection, viewer, household_id, None)
    day = checked_day(as_of, days.today(now))
    assessment_id = await _keep(connection, viewer, found, day, now)
    detail = {"household": found.id, "as_of": day.isoformat()}
    await audit.record(connection, viewer.user_id, "exit.assessed", ("ExitAssessment", assessment_id), now, detail)
    return assessment_id


async def propose(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    action: ExitAction,
    reason: Closing | None,
    statement: str,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """A proposal that waits for another officer; its key. It changes nothing for the household.

    Raises NotDone: no such household, one that cannot leave so, one that the test does not show to be due, or another
    proposal that waits.
    """
    found = await _open_file(connection, viewer, household_id, expected_version)
    closing = exits.check_proposal(action, reason, statement)
    made = BY_PLACE.get((Stage(found.stage), action.action))
    if made is None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "action"),
            f"该户现处阶段 {found.stage}，不能提出此项。",
            f"The household stands at {found.stage}: this cannot be proposed.",
        )
    waiting = select(Proposal.id).where(Proposal.file_id == found.file_id, Proposal.state == ProposalState.OPEN)
    if await connection.scalar(waiting) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "householdId"),
            "该档案已有一项待决定的提议。",
            "A proposal for this file waits for a decision already.",
        )
    if closing is Closing.DECEASED:
        await conditions.nobody_left(connection, found.id, found.file_id, days.today(now))
    case = Case(found.id, found.file_id, found.division_code, action.action, viewer, None)
    for guard in made.guards:
        if guard in AT_ONCE:
            await guards.check(connection, guard, case, now)
    tested = None
    if action is not ExitAction.DEREGISTER:
        tested = await _keep(connection, viewer, found, days.today(now), now)
    added = await connection.execute(
        insert(Proposal)
        .values(
            household_id=found.id,
            file_id=found.file_id,
            action=action.action,
            closing=closing,
            statement=vault.seal("proposals.statement", statement.strip()),
            evidence=await cases.evidence(connection, found.id, evidence),
            assessment_id=tested,
            proposed_by=viewer.user_id,
            proposed_at=now,
            state=ProposalState.OPEN,
            version=1,
        )
        .returning(Proposal.id)
    )
    proposal_id = int(added.scalar_one())
    detail = {"household": found.id, "action": action.value, "closing": closing and closing.value}
    await audit.record(connection, viewer.user_id, "exit.proposed", ("Proposal", proposal_id), now, detail)
    await outbox.append(connection, "household", found.id, now)
    return proposal_id


async def decide(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    approve: bool,
    reason: str,
    document_no: str | None,
    now: dt.datetime,
) -> int:
    """The proposal is approved, and the household moved by that decision, or it is rejected; its key. Raises NotDone."""
    found = await _waiting(connection, viewer, proposal_id, expected_version)
    ended: dict[str, Any] = {"decided_by": viewer.user_id, "decided_at": now, "version": found.version + 1}
    written = decisions.checked_reason(reason)
    if not approve:
        if found.proposed_by == viewer.user_id:
            raise decisions.another_officer()
        return await _nothing_changed(connection, vault, viewer, found, ProposalState.REJECTED, written, ended, now)
    action, evidence = Action(found.action), [f"Proposal:{found.id}", *found.evidence]
    decision_id = await decisions.decide(
        connection,
        vault,
        viewer,
        found.household_id,
        found.file_id,
        action,
        written,
        now,
        proposed_by=found.proposed_by,
        document_no=document_no,
        evidence=evidence,
    )
    await _end(connection, found.id, ended | {"state": ProposalState.APPROVED, "decision_id": decision_id})
    closing = Closing(found.closing) if found.closing else None
    why = Why(written, decision_id, evidence, closing=closing)
    await transition.move(connection, vault, viewer, found.household_id, action, now, expected_version=None, why=why)
    if action is Action.GRADUATE:
        await _watch(connection, found, days.today(now))
    return int(found.id)


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    proposal_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """Whoever made the proposal takes it back, with a reason, while nobody has decided; its key. Raises NotDone."""
    found = await _waiting(connection, viewer, proposal_id, expected_version)
    written = decisions.checked_reason(reason)
    if found.proposed_by != viewer.user_id:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "proposalId"),
            "只有提出人可以撤回；他人可决定不予批准。",
            "Only who made it takes it back; others decide that it is not approved.",
        )
    ended = {"withdrawn_at": now, "version": found.version + 1}
    return await _nothing_changed(connection, vault, viewer, found, ProposalState.WITHDRAWN, written, ended, now)


async def change_subject(
    connection: AsyncConnection,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    member_id: int | None,
    now: dt.datetime,
) -> int:
    """The file is in another member's name, and aid goes on; the household's key. Raises NotDone."""
    found = await _open_file(connection, viewer, household_id, expected_version)
    await membership.not_on_notice(connection, found.id)
    standing = select(Member.id).where(
        Member.id == member_id, Member.household_id == found.id, stands(days.today(now))
    )
    if await connection.scalar(standing) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "personId"),
            "此人不是该户现有成员。",
            "This person does not live in the household now.",
        )
    if member_id == found.subject_member_id:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "personId"), "档案主体已是此人。", "The file is in their name already."
        )
    changed = update(File).where(File.id == found.file_id)
    await connection.execute(changed.values(subject_member_id=member_id, version=File.version + 1))
    grown = update(Household).where(Household.id == found.id)
    await connection.execute(grown.values(version=found.version + 1, updated_at=now))
    detail = {"file": found.file_id, "from": found.subject_member_id, "to": member_id}
    await audit.record(connection, viewer.user_id, "file.subject_changed", ("Household", found.id), now, detail)
    await outbox.append(connection, "household", found.id, now)
    return int(found.id)


def checked_day(as_of: dt.date | None, today: dt.date) -> dt.date:
    """The day of a test: today, or one of the last two years. Raises NotDone."""
    day = as_of or today
    if not months_after(today, -24) <= day <= today:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "asOf"),
            "日期须在最近两年之内，且不晚于今天。",
            "The day lies within the last two years, and not after today.",
        )
    return day


async def _open_file(
    connection: AsyncConnection, viewer: Viewer, household_id: int | None, expected_version: int | None
) -> Row[*tuple[Any, ...]]:
    """The household with its open file, held until the transaction ends. Raises NotDone."""
    household = await cases.held(connection, viewer, household_id)
    found = (await connection.execute(_FILE.where(File.id == household.open_file), scope.of(viewer))).one()
    accounts.unchanged(found.version, expected_version, "户", "household")
    return found


async def _waiting(
    connection: AsyncConnection, viewer: Viewer, proposal_id: int | None, expected_version: int
) -> Row[*tuple[Any, ...]]:
    statement = locked(_PROPOSAL.where(Proposal.id == proposal_id), connection, Proposal)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "proposalId"), "没有此提议。", "There is no such proposal.")
    accounts.unchanged(found.version, expected_version, "提议", "proposal")
    if found.state != ProposalState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "proposalId"),
            "该提议已有结果。",
            "The proposal has been decided or taken back.",
        )
    return found


async def _keep(
    connection: AsyncConnection, viewer: Viewer, household: Row[*tuple[Any, ...]], day: dt.date, now: dt.datetime
) -> int:
    run = incomes.running(connection, viewer)
    family = await incomes.family(run, household.id, *conditions.span(day))
    assert family is not None, "it is held"
    graduation, relief = tests = family.tests(day)
    added = await connection.execute(
        insert(ExitAssessment)
        .values(
            household_id=household.id,
            file_id=household.file_id,
            as_of=day,
            graduation=graduation["verdict"],
            relief=relief["verdict"],
            causes=family.causes,
            open_causes=family.open_causes,
            tests=tests,
            policy_version=policy.in_force().version,
            user_id=viewer.user_id,
            assessed_at=now,
        )
        .returning(ExitAssessment.id)
    )
    return int(added.scalar_one())


async def _nothing_changed(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    found: Row[*tuple[Any, ...]],
    state: ProposalState,
    reason: str,
    ended: dict[str, Any],
    now: dt.datetime,
) -> int:
    """The proposal ended with a reason and the household is as it was; the trail and whoever listens are told; its key."""
    sealed = vault.seal("proposals.rejection", reason)
    await _end(connection, found.id, ended | {"state": state, "rejection": sealed})
    detail = {"household": found.household_id, "action": found.action}
    action = f"exit.{state.lower()}"
    await audit.record(connection, viewer.user_id, action, ("Proposal", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)


async def _end(connection: AsyncConnection, proposal_id: int, values: dict[str, Any]) -> None:
    await connection.execute(update(Proposal).where(Proposal.id == proposal_id).values(**values))


async def _watch(connection: AsyncConnection, proposal: Row[*tuple[Any, ...]], today: dt.date) -> None:
    """The household is looked after at these months from the day it left; what was to come of an earlier exit is not."""
    of_file = Watch.file_id == proposal.file_id
    await connection.execute(delete(Watch).where(of_file, Watch.outcome.is_(None)))
    done = {tuple(each) for each in await connection.execute(select(Watch.months, Watch.due_on).where(of_file))}
    months = sorted({policy.whole(key, today, proposal.division_code) for key in WATCHES})
    rows = [
        {
            "household_id": proposal.household_id,
            "file_id": proposal.file_id,
            "months": each,
            "due_on": months_after(today, each),
            "version": 1,
        }
        for each in months
        if (each, months_after(today, each)) not in done
    ]
    if rows:
        await connection.execute(insert(Watch), rows)
