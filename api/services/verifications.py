"""A household is verified: consent looked at by person and source, departments asked, their answers taken, the round closed.

What a feed in use tells is not asked of its department once more. Where a consent is missing nobody is looked up: the
answer says so, and a task asks for the consent; that is a lead in nobody's case (F-23). A round is closed by a person, in
words, and says of each source what is not known; a later round leaves it as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox, scope, workdays
from api.database import locked
from api.domain import accounts, casework, consent, days, divisions
from api.domain.accounts import OrganisationKind
from api.domain.casework import TaskKind
from api.domain.consent import ConsentPurpose
from api.domain.errors import Forbidden, MissingConsent, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.scans import ScanStatus
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
    Feed,
    Household,
    Link,
    Member,
    Objection,
    Organisation,
    Scan,
    VerificationAnswer,
    VerificationRequest,
    table,
)
from api.models.standing import stands
from api.sealing import Vault
from api.services import audit, cases, consented, tasks
from api.services.cases import Held

A, H, L, M, R, S = (
    table(each).c for each in (VerificationAnswer, Household, Link, Member, VerificationRequest, Scan)
)
PURPOSE = ConsentPurpose.ECONOMIC_CHECK
JOB = "verification"
"""A round is looked at in the index of the feeds in use, as soon as there is one."""

WORKING_DAYS = "verification.working_days"

_REQUEST = scope.narrow(
    select(R.id, R.household_id, H.division_code, R.state, R.version, R.round, R.sources).join(
        Household, H.id == R.household_id
    ),
    H.division_code,
)
_ANSWER = scope.narrow(
    select(*A, R.state, H.division_code)
    .join(VerificationRequest, R.id == A.request_id)
    .join(Household, H.id == A.household_id),
    H.division_code,
)
_KEEPERS = select(Organisation.id, Organisation.sources, Organisation.division_code).where(
    Organisation.active, Organisation.kind == OrganisationKind.DEPARTMENT
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
    answers = await _to_be_answered(connection, vault, household, key, sources, lacking, due_on, now)
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
) -> int:
    """By the department that was asked: what its data say of one person on that day; the answer's key.

    Raises Forbidden for anybody else, MissingConsent where the person took the consent back, and NotDone.
    """
    found = await _held_answer(connection, viewer, answer_id)
    accounts.unchanged(found.version, expected_version, "答复", "answer")
    if found.organisation_id is None or viewer.organisation_id != found.organisation_id:
        raise Forbidden("只有被询问的部门可以答复。", "Only the department that was asked answers.")
    if found.state != VerificationState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "answerId"), "该轮核对已办结。", "This round of verification is closed."
        )
    today, words = days.today(now), casework.words(note, "note", required=False)
    check_said(said, words)
    day = as_of or today
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
            note=vault.seal("verification_answers.note", words),
            answered_by=viewer.user_id,
            answered_at=now,
            version=found.version + 1,
        )
    )
    await _finish_if_answered(connection, found.request_id, now, viewer.user_id)
    detail = {"household": found.household_id, "source": found.source, "answer": said}
    await audit.record(
        connection, viewer.user_id, "verification.answered", ("VerificationAnswer", found.id), now, detail
    )
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)


async def close(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    request_id: int | None,
    expected_version: int,
    conclusion: str | None,
    now: dt.datetime,
) -> int:
    """The round is over, with what a person makes of it; what nobody answered stays unanswered. Its key. Raises NotDone."""
    found = await held(connection, viewer, request_id)
    accounts.unchanged(found.version, expected_version, "核对申请", "verification")
    if found.state != VerificationState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "requestId"), "该轮核对已办结。", "This round of verification is closed."
        )
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
    people = select(A.member_id).where(A.request_id == found.id).distinct()
    asked = [_reference(found.id, member) for member in await connection.scalars(people)]
    await tasks.cancel(connection, [_reference(found.id), *asked], now, viewer.user_id)
    return await _told(connection, viewer, "verification.closed", found.id, found.household_id, {}, now)


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
    statement = locked(_ANSWER.where(A.id == answer_id), connection, VerificationAnswer)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "answerId"), "没有此询问。", "There is no such question.")
    return found


async def _sources(connection: AsyncConnection, named: Sequence[str]) -> tuple[str, ...]:
    """The kinds of data to be looked at: those named, or all that departments keep about people. Raises NotDone."""
    kept = (await connection.scalars(select(Department.code).order_by(Department.code))).all()
    known = [code for code in kept if code in reading.sources()]
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


async def _to_be_answered(
    connection: AsyncConnection,
    vault: Vault,
    household: Held,
    request_id: int,
    sources: Sequence[str],
    lacking: Mapping[int, tuple[str, ...]],
    due_on: dt.date,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """A row a member and kind of data: not authorised, told by a feed, asked of its department, or asked of nobody."""
    fed = set((await connection.scalars(select(Feed.department_code).distinct())).all())
    recorded = await _recorded(connection, household, sources)
    keepers = await _keepers(connection, household.division_code)
    people = select(M.id, M.name, M.id_number).where(M.household_id == household.id, stands(days.today(now)))
    rows = []
    for person in (await connection.execute(people.order_by(M.id))).all():
        name, number = (vault.open(f"members.{each}", getattr(person, each)) for each in ("name", "id_number"))
        subject = vault.seal("verification_answers.subject", " ".join(filter(None, (name, number))))
        for source in sources:
            refused = source in lacking.get(person.id, ())
            keeper = None if refused or source in fed else keepers.get(source)
            state = DepartmentAnswer.NO_ANSWER if keeper or source in fed else DepartmentAnswer.NOT_ASKED
            as_of = recorded.get((person.id, source)) if source in fed and not refused else None
            told = as_of is not None
            rows.append(
                {
                    "request_id": request_id,
                    "household_id": household.id,
                    "member_id": person.id,
                    "source": source,
                    "answer": DepartmentAnswer.NOT_AUTHORISED
                    if refused
                    else DepartmentAnswer.VALUE
                    if told
                    else state,
                    "origin": AnswerOrigin.FEED if told else None,
                    "as_of": as_of,
                    "answered_at": now if told else None,
                    "organisation_id": keeper,
                    "subject": subject if keeper else None,
                    "due_on": due_on if keeper else None,
                    "asked_at": now,
                    "version": 1,
                }
            )
    return rows


async def _recorded(
    connection: AsyncConnection, household: Held, sources: Sequence[str]
) -> dict[tuple[int, str], dt.date]:
    """By member and kind of data the day that the latest scan of all their division asked about, where it linked a record.

    That it linked none says nothing here: whether the feed is whole, and whether it could look, only the scan knew.
    """
    covering = (
        select(S.id, S.as_of)
        .where(
            S.status == ScanStatus.SUCCEEDED,
            S.division_from <= household.division_code,
            S.division_to > household.division_code,
            S.as_of.is_not(None),
        )
        .order_by(S.as_of.desc(), S.id.desc())
        .limit(1)
    )
    scan = (await connection.execute(covering)).one_or_none()
    if scan is None:
        return {}
    linked = (
        select(L.member_id, L.source)
        .join(table(Member), M.id == L.member_id)
        .where(L.scan_id == scan.id, M.household_id == household.id, L.decision == "LINK", L.source.in_(sources))
        .distinct()
    )
    return {(row.member_id, row.source): scan.as_of for row in await connection.execute(linked)}


async def _keepers(connection: AsyncConnection, division_code: str) -> dict[str, int]:
    """By kind of data the department that keeps it nearest to the division."""
    found: dict[str, tuple[str, int]] = {}
    for row in (await connection.execute(_KEEPERS.order_by(Organisation.id))).all():
        if not divisions.holds(row.division_code, division_code):
            continue
        for source in row.sources:
            known = found.get(source)
            if known is None or (divisions.holds(known[0], row.division_code) and known[0] != row.division_code):
                found[source] = (row.division_code, row.id)
    return {source: key for source, (_, key) in found.items()}


async def _finish_if_answered(connection: AsyncConnection, request_id: int, now: dt.datetime, by: int) -> None:
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
