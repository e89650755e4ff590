"""A consent is recorded on the paper that was signed, and withdrawn; an officer lets a household be looked up in an emergency (F-23).

A withdrawal stops every scan that begins after it; those that looked the person up before are told to the caseworker.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.database import locked
from api.domain import accounts, casework, consent, days
from api.domain.attachments import AttachmentKind
from api.domain.casework import TaskKind
from api.domain.consent import ConsentPurpose
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.loaders import consents as loaders
from api.matching import consents as reading
from api.matching import policy
from api.models import Authorisation, EmergencyException, Household, Member, table
from api.sealing import Vault
from api.services import attachments, audit, tasks, verification_answers

A, H, M = table(Authorisation).c, table(Household).c, table(Member).c
LONGEST_NAME = 200

_PERSON = scope.narrow(
    select(M.id, M.household_id, M.person_id, M.birth_date, M.authorised_until).join(
        Household, H.id == M.household_id
    ),
    H.division_code,
).where(M.id == bindparam("person"))
_HOUSEHOLD = scope.narrow(select(H.id, H.division_code), H.division_code).where(H.id == bindparam("household"))
_GIVEN = scope.narrow(
    select(A.id, A.member_id, A.valid_from, A.withdrawn_on, A.version, M.household_id, H.division_code)
    .join(Member, M.id == A.member_id)
    .join(Household, H.id == M.household_id),
    H.division_code,
).where(A.id == bindparam("authorisation"))


@dataclass(frozen=True, slots=True)
class Paper:
    """What was signed: by whom it is given, for which sources and what for, from when to when, and by which guardian."""

    person_id: int | None
    sources: Sequence[str]
    purpose: ConsentPurpose
    valid_from: dt.date
    valid_to: dt.date | None
    attachment_id: int | None
    guardian_id: int | None = None
    guardian_name: str | None = None


async def record(connection: AsyncConnection, vault: Vault, viewer: Viewer, paper: Paper, now: dt.datetime) -> int:
    """Adds a consent; returns its key.

    Raises NotDone: no such person within the viewer's reach, sources that nobody keeps, no signed paper of the
    household's, or a minor for whom no guardian signs.
    """
    person = await _person(connection, viewer, paper.person_id, "personId")
    sources = consent.check_sources(paper.sources, reading.sources(), ("input", "sources"))
    consent.check_time(paper.valid_from, paper.valid_to)
    await attachments.require(connection, person.household_id, paper.attachment_id, AttachmentKind.AUTHORISATION)
    guardian = await _guardian(connection, viewer, person, paper)
    added = await connection.execute(
        insert(Authorisation)
        .values(
            member_id=person.id,
            source=",".join(sources),
            purpose=paper.purpose,
            valid_from=paper.valid_from,
            valid_to=paper.valid_to,
            attachment_id=paper.attachment_id,
            guardian_id=paper.guardian_id,
            guardian_name=vault.seal("authorisations.guardian_name", guardian),
            recorded_by=viewer.user_id,
            recorded_at=now,
            version=1,
        )
        .returning(Authorisation.id)
    )
    authorisation_id = int(added.scalar_one())
    if person.authorised_until is not None and (paper.valid_to is None or person.authorised_until < paper.valid_to):
        renewed = update(Member).where(M.id == person.id).values(authorised_until=paper.valid_to)
        await connection.execute(renewed)
    detail = {"person": person.id, "sources": [*sources], "purpose": paper.purpose, "attachment": paper.attachment_id}
    await _tell(connection, viewer, "authorisation.recorded", authorisation_id, person.household_id, detail, now)
    return authorisation_id


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    authorisation_id: int | None,
    expected_version: int,
    withdrawn_on: dt.date,
    reason: str,
    now: dt.datetime,
) -> int:
    """The consent has ended; scans that begin from now on do not look the person up under it. Returns its key.

    Raises Conflict, or NotDone: there is none within the viewer's reach, it was withdrawn before, or on no such day.
    """
    statement = locked(_GIVEN, connection, Authorisation)
    row = (await connection.execute(statement, {**scope.of(viewer), "authorisation": authorisation_id})).one_or_none()
    if row is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "authorisationId"), "没有此授权。", "There is no such authorisation."
        )
    accounts.unchanged(row.version, expected_version, "授权", "authorisation")
    if row.withdrawn_on is not None:
        raise NotDone(UserErrorCode.INVALID, ("input",), "该授权已撤回。", "It was withdrawn before.")
    today = days.today(now)
    consent.check_withdrawal(withdrawn_on, row.valid_from, today)
    await connection.execute(
        update(Authorisation)
        .where(A.id == row.id)
        .values(
            withdrawn_on=withdrawn_on,
            withdrawal_reason=vault.seal("authorisations.withdrawal_reason", casework.words(reason, "reason")),
            withdrawn_by=viewer.user_id,
            withdrawn_at=now,
            version=row.version + 1,
        )
    )
    await verification_answers.forget(connection, row.household_id)
    scans = await _used_by(connection, viewer, row.id)
    await tasks.open_task(
        connection,
        TaskKind.CONSENT_WITHDRAWN,
        row.household_id,
        workdays.add(today, policy.whole("change.working_days", today, row.division_code)),
        now,
        reference=f"consent-withdrawn:{row.id}",
        member_id=row.member_id,
        detail={"authorisation": row.id, "scans": scans},
    )
    detail = {"person": row.member_id, "on": withdrawn_on.isoformat(), "scans": scans}
    await _tell(connection, viewer, "authorisation.withdrawn", row.id, row.household_id, detail, now)
    return int(row.id)


async def except_in_emergency(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    sources: Sequence[str],
    purpose: ConsentPurpose,
    reason: str,
    until: dt.date,
    now: dt.datetime,
) -> int:
    """The household may be looked up there without its consent, until the day; returns the exception's key.

    Raises NotDone: no such household within the viewer's reach, no reason, or longer than an exception may last.
    """
    found = (await connection.execute(_HOUSEHOLD, {**scope.of(viewer), "household": household_id})).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "householdId"), "没有此家庭。", "There is no such household."
        )
    named = consent.check_sources(sources, reading.sources(), ("input", "sources"))
    today = days.today(now)
    consent.check_emergency(today, until, policy.whole("emergency.days", today, found.division_code))
    added = await connection.execute(
        insert(EmergencyException)
        .values(
            household_id=found.id,
            sources=[*named],
            purpose=purpose,
            reason=vault.seal("emergency_exceptions.reason", casework.words(reason, "reason")),
            starts_on=today,
            ends_on=until,
            recorded_by=viewer.user_id,
            recorded_at=now,
        )
        .returning(EmergencyException.id)
    )
    exception_id = int(added.scalar_one())
    detail = {"household": found.id, "sources": [*named], "purpose": purpose, "until": until.isoformat()}
    await audit.record(
        connection, viewer.user_id, "consent.excepted", ("EmergencyException", exception_id), now, detail
    )
    await outbox.append(connection, "household", found.id, now)
    return exception_id


async def _person(connection: AsyncConnection, viewer: Viewer, key: int | None, field: str) -> Row[*tuple[Any, ...]]:
    found = (await connection.execute(_PERSON, {**scope.of(viewer), "person": key})).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", field), "没有此人。", "There is no such person.")
    return found


async def _guardian(
    connection: AsyncConnection, viewer: Viewer, ward: Row[*tuple[Any, ...]], paper: Paper
) -> str | None:
    """The guardian's name, where it is nobody of the register. Raises NotDone."""
    name = (paper.guardian_name or "").strip() or None
    if name and (paper.guardian_id is not None or len(name) > LONGEST_NAME):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "guardianName"),
            "监护人请指明登记簿中的一人，或只写姓名。",
            "The guardian is somebody of the register, or named by up to 200 characters; not both.",
        )
    if paper.guardian_id is not None:
        guardian = await _person(connection, viewer, paper.guardian_id, "guardianId")
        if guardian.person_id == ward.person_id or consent.is_minor(guardian.birth_date, paper.valid_from):
            raise NotDone(
                UserErrorCode.INVALID,
                ("input", "guardianId"),
                "监护人须为另一名成年人。",
                "A guardian is another adult.",
            )
    elif name is None and consent.is_minor(ward.birth_date, paper.valid_from):
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input", "guardianId"),
            "未成年人的授权由监护人签署，请指明监护人。",
            "A guardian signs for a minor: name them.",
        )
    return name


async def _used_by(connection: AsyncConnection, viewer: Viewer, authorisation_id: int) -> list[int]:
    """The scans that looked the person up under it, the latest first."""
    rows = await connection.execute(
        loaders.USES_OF, {**scope.of(viewer), "keys": [authorisation_id], "most": loaders.MOST_USES}
    )
    return [row.scan_id for row in rows]


async def _tell(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    authorisation_id: int,
    household_id: int,
    detail: dict[str, Any],
    now: dt.datetime,
) -> None:
    await audit.record(connection, viewer.user_id, action, ("Authorisation", authorisation_id), now, detail)
    await outbox.append(connection, "household", household_id, now)
