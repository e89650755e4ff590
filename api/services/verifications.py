"""A household is verified: consent looked at by person and source, departments asked, their answers taken, the round closed.

What a feed in use tells is not asked of its department once more. Where a consent is missing nobody is looked up: the
answer says so, and a task asks for the consent; that is a lead in nobody's case (F-23). A round is closed by a person, in
words, and says of each source what is not known; a later round leaves it as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox, scope, workdays
from api.database import locked
from api.domain import accounts, casework, consent, days
from api.domain import on_paper as papers
from api.domain.casework import TaskKind
from api.domain.consent import ConsentPurpose
from api.domain.errors import Forbidden, MissingConsent, NotDone, UserErrorCode
from api.domain.on_paper import OnPaper
from api.domain.permissions import Permission, Viewer
from api.domain.verifications import (
    AnswerOrigin,
    DepartmentAnswer,
    VerificationOccasion,
    VerificationState,
    check_said,
)
from api.matching import consents as reading
from api.matching import policy
from api.models import (
    Department,
    Household,
    Objection,
    VerificationAnswer,
    VerificationRequest,
    table,
)
from api.sealing import Vault
from api.services import audit, cases, consented, on_paper, tasks, verification_answers
from api.services.cases import Held

A, H, R = (table(each).c for each in (VerificationAnswer, Household, VerificationRequest))
PURPOSE = ConsentPurpose.ECONOMIC_CHECK
JOB = "verification"
"""A round is looked at in the index of the feeds in use, as soon as there is one."""

WORKING_DAYS = "verification.working_days"

_ROUND = select(R.id, R.household_id, H.division_code, R.state, R.version, R.round, R.sources).join(
    Household, H.id == R.household_id
)
_REQUEST = scope.narrow(_ROUND, H.division_code)
_ANSWER = scope.narrow(
    select(*A, R.state, H.division_code)
    .join(VerificationRequest, R.id == A.request_id)
    .join(Household, H.id == A.household_id),
    H.division_code,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a household is verified, in which kinds of data (all where none), after which round, and what else is to be said."""

    occasion: VerificationOccasion
    sources: Sequence[str] = ()
    objection_id: int | None = None
    previous_id: int | None = None
    reason: str | None = None


async def request(
    connection: AsyncConnection,
    vault: Vault,
    data_dir: Path,
    viewer: Viewer,
    household_id: int | None,
    asked: Asked,
    now: dt.datetime,
) -> int:
    """A round begins: of every member and kind of data there is an answer, or who has to give it by when; its key.

    Raises NotDone: no such household, a round that is open, one that the new one cannot follow, or sources that nobody keeps.
    """
    household = await cases.held(connection, viewer, household_id)
    today = days.today(now)
    sources = await _sources(connection, asked.sources)
    earlier = await _earlier(connection, household, asked.previous_id)
    await _require_objection(connection, household, asked)
    term = policy.whole(WORKING_DAYS, today, household.division_code)
    due_on = workdays.add(today, term)
    row = {
        "household_id": household.id,
        "file_id": household.file_id,
        "previous_id": asked.previous_id,
        "objection_id": asked.objection_id,
        "round": earlier + 1,
        "occasion": asked.occasion,
        "state": VerificationState.OPEN,
        "sources": list(sources),
        "reason": vault.seal("verification_requests.reason", casework.words(asked.reason, "reason", required=False)),
        "due_on": due_on,
        "requested_by": viewer.user_id,
        "requested_at": now,
        "version": 1,
    }
    added = await connection.execute(insert(VerificationRequest).values(**row).returning(VerificationRequest.id))
    key = int(added.scalar_one())
    await jobs.enqueue(connection, JOB, key, now)
    lacking = dict(await consented.missing(connection, household.id, sources, PURPOSE, today))
    answers = await verification_answers.to_be_answered(
        connection, vault, data_dir, household, key, sources, lacking, due_on, now
    )
    if answers:
        await connection.execute(insert(VerificationAnswer), answers)
    for member in lacking:
        await tasks.open_task(
            connection,
            TaskKind.CONSENT_MISSING,
            household.id,
            due_on,
            now,
            reference=_reference(key, member),
            file_id=household.file_id,
            member_id=member,
            detail={"verification": key},
        )
    if any(each["due_on"] for each in answers):
        await tasks.open_task(
            connection,
            TaskKind.VERIFICATION,
            household.id,
            due_on,
            now,
            reference=_reference(key),
            file_id=household.file_id,
            detail={"verification": key},
        )
    detail = {"round": earlier + 1, "occasion": asked.occasion, "sources": list(sources), "lacking": len(lacking)}
    return await _told(connection, viewer, "verification.requested", key, household.id, detail, now)


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    answer_id: int | None,
    expected_version: int,
    said: DepartmentAnswer,
    as_of: dt.date | None,
    note: str | None,
    now: dt.datetime,
    paper: OnPaper | None = None,
) -> int:
    """By the department that was asked: what its data say of one person on that day; the answer's key.

    What one without an account answered on `paper` an officer takes down. Raises Forbidden for anybody else, MissingConsent where the person took the consent back, and NotDone.
    """
    found = await _held_answer(connection, viewer, answer_id)
    accounts.unchanged(found.version, expected_version, "答复", "answer")
    today = days.today(now)
    if paper is not None and found.organisation_id is not None:
        await on_paper.require_organisation(
            connection, viewer, Permission.KEEP_FILES, found.organisation_id, found.division_code
        )
        paper = papers.checked(paper, today)
    elif found.organisation_id is None or viewer.organisation_id != found.organisation_id:
        raise Forbidden("只有被询问的部门可以答复。", "Only the department that was asked answers.")
    if found.state != VerificationState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "answerId"), "该轮核对已办结。", "This round of verification is closed."
        )
    words = casework.words(note, "note", required=False)
    check_said(said, words)
    day = as_of or (paper.on if paper else today)
    casework.past(day, today, "asOf")
    lacking = dict(await consented.missing(connection, found.household_id, (found.source,), PURPOSE, today))
    if found.member_id in lacking:
        raise MissingConsent(("input", "answerId"), [(found.member_id, lacking[found.member_id])])
    await connection.execute(
        update(VerificationAnswer)
        .where(A.id == found.id)
        .values(
            answer=said,
            origin=AnswerOrigin.DEPARTMENT,
            as_of=day,
            because=None,
            note=vault.seal("verification_answers.note", words),
            answered_by=viewer.user_id,
            answered_at=now,
            paper=paper and paper.number,
            version=found.version + 1,
        )
    )
    await _finish_if_answered(connection, found.request_id, now, viewer.user_id)
    detail = {"household": found.household_id, "source": found.source, "answer": said, "on_paper": paper is not None}
    await audit.record(
        connection, viewer.user_id, "verification.answered", ("VerificationAnswer", found.id), now, detail
    )
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)


async def close(
    connection: AsyncConnection,
    vault: Vault,
    data_dir: Path,
    viewer: Viewer,
    request_id: int | None,
    expected_version: int,
    conclusion: str | None,
    now: dt.datetime,
) -> int:
    """The round is over, with what a person makes of it; its key. Raises NotDone.

    What nobody answered, and neither feed nor list tells by now, stays unanswered.
    """
    found = await held(connection, viewer, request_id)
    accounts.unchanged(found.version, expected_version, "核对申请", "verification")
    if found.state != VerificationState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "requestId"), "该轮核对已办结。", "This round of verification is closed."
        )
    told = await _take_up(connection, data_dir, found, now)
    await connection.execute(
        update(VerificationRequest)
        .where(R.id == found.id)
        .values(
            state=VerificationState.CLOSED,
            conclusion=vault.seal("verification_requests.conclusion", casework.words(conclusion, "conclusion")),
            closed_by=viewer.user_id,
            closed_at=now,
            version=found.version + 1,
        )
    )
    await verification_answers.forget(connection, found.household_id, found.id)
    people = select(A.member_id).where(A.request_id == found.id).distinct()
    asked = [_reference(found.id, member) for member in await connection.scalars(people)]
    await tasks.cancel(connection, [_reference(found.id), *asked], now, viewer.user_id)
    return await _told(connection, viewer, "verification.closed", found.id, found.household_id, {"told": told}, now)


async def told_by_a_scan(connection: AsyncConnection, data_dir: Path, request_id: int, now: dt.datetime) -> int:
    """What a scan, a feed or a list tells by now is answered in a round that is open still; how many answers that are."""
    statement = locked(_ROUND.where(R.id == request_id), connection, VerificationRequest)
    found = (await connection.execute(statement)).one_or_none()
    if found is None or found.state != VerificationState.OPEN:
        return 0
    answered = await _take_up(connection, data_dir, found, now)
    if answered:
        await _finish_if_answered(connection, found.id, now, None)
        detail = {"household": found.household_id, "answers": answered}
        await audit.record(connection, None, "verification.told", ("VerificationRequest", found.id), now, detail)
        await outbox.append(connection, "household", found.household_id, now)
    return answered


async def _take_up(
    connection: AsyncConnection, data_dir: Path, found: Row[*tuple[Any, ...]], now: dt.datetime
) -> int:
    lacking = await consented.missing(connection, found.household_id, found.sources, PURPOSE, days.today(now))
    where = Held(found.household_id, found.division_code, None)
    return await verification_answers.take_up(connection, data_dir, found.id, where, dict(lacking), now)


async def held(connection: AsyncConnection, viewer: Viewer, request_id: int | None) -> Row[*tuple[Any, ...]]:
    """A round within the viewer's reach that nobody else changes meanwhile. Raises NotDone."""
    statement = locked(_REQUEST.where(R.id == request_id), connection, VerificationRequest)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "requestId"), "没有此核对申请。", "There is no such verification."
        )
    return found


async def _held_answer(connection: AsyncConnection, viewer: Viewer, answer_id: int | None) -> Row[*tuple[Any, ...]]:
    round_of = select(A.request_id).where(A.id == answer_id).scalar_subquery()
    await connection.execute(locked(select(R.id).where(R.id == round_of), connection, VerificationRequest))
    statement = locked(_ANSWER.where(A.id == answer_id), connection, VerificationAnswer)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "answerId"), "没有此询问。", "There is no such question.")
    return found


async def _sources(connection: AsyncConnection, named: Sequence[str]) -> tuple[str, ...]:
    """The kinds of data to be looked at: those named, or all that departments keep about people. Raises NotDone."""
    kept = (await connection.scalars(select(Department.code).order_by(Department.code))).all()
    known = [code for code in kept if code in reading.about_people()]
    if not named or consent.ALL in named:
        return tuple(known)
    return consent.check_sources(named, known, ("input", "sources"))


async def _earlier(connection: AsyncConnection, household: Held, previous_id: int | None) -> int:
    """The number of the round that this one follows, 0 for none. Raises NotDone."""
    open_one = select(R.id).where(R.household_id == household.id, R.state == VerificationState.OPEN)
    if await connection.scalar(open_one) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "householdId"),
            "该户已有一轮核对正在进行。",
            "A round of verification of this household is open.",
        )
    if previous_id is None:
        return 0
    found = await connection.scalar(select(R.round).where(R.id == previous_id, R.household_id == household.id))
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "recheckOf"),
            "该户没有此轮核对。",
            "The household has no such round of verification.",
        )
    return int(found)


async def _require_objection(connection: AsyncConnection, household: Held, asked: Asked) -> None:
    """Raises NotDone where an objection is named without being the occasion, or the other way round, or is another's."""
    by_objection = asked.occasion is VerificationOccasion.OBJECTION
    if by_objection != (asked.objection_id is not None):
        raise NotDone(
            UserErrorCode.REQUIRED if by_objection else UserErrorCode.INVALID,
            ("input", "objectionId"),
            "因异议复核的须指明异议，其他情形不填。",
            "A verification on objection names the objection, and no other does.",
        )
    theirs = select(Objection.id).where(Objection.id == asked.objection_id, Objection.household_id == household.id)
    if by_objection and await connection.scalar(theirs) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "objectionId"), "没有此异议。", "There is no such objection."
        )


async def _finish_if_answered(connection: AsyncConnection, request_id: int, now: dt.datetime, by: int | None) -> None:
    waiting = select(func.count()).where(A.request_id == request_id, A.due_on.is_not(None), A.answered_at.is_(None))
    if not await connection.scalar(waiting):
        await tasks.finish(connection, _reference(request_id), now, by)


def _reference(key: int, member: int | None = None) -> str:
    """By what the task of a round is known, or that of a consent which a member's part in it lacks."""
    of_round = f"{TaskKind.VERIFICATION}:{key}"
    return of_round if member is None else f"{of_round}:{member}"


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    detail: Mapping[str, Any],
    now: dt.datetime,
) -> int:
    told = {"household": household_id, **detail}
    await audit.record(connection, viewer.user_id, action, ("VerificationRequest", key), now, told)
    await outbox.append(connection, "household", household_id, now)
    return key
