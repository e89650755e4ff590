"""Why a household is in hardship: causes are named, made the main one, resolved on a statement, and opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import accounts, casework, days
from api.domain.casework import CauseChange, HardshipCause
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Cause, CauseEvent, File, Household
from api.sealing import Vault
from api.services import audit, cases

_CAUSE = scope.narrow(
    select(
        Cause.id, Cause.household_id, Cause.file_id, Cause.cause, Cause.place, Cause.main, Cause.since,
        Cause.resolved_on, Cause.version, File.closed_on,
    )
    .join(Household, Household.id == Cause.household_id)
    .join(File, File.id == Cause.file_id),
    Household.division_code,
)  # fmt: skip
Found = Row[int, int, int, str, int, bool, dt.date, dt.date | None, int, dt.date | None]


async def add(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    cause: HardshipCause,
    since: dt.date,
    note: str | None,
    main: bool | None,
    now: dt.datetime,
) -> int:
    """The household's file names one cause more, as the main one where it has none or where that is said; its key.

    Raises NotDone: the file names it already, or four others.
    """
    household = await cases.held(connection, viewer, household_id)
    file_id = household.open_file
    casework.past(since, days.today(now), "since")
    words = casework.words(note, "note", required=cause is HardshipCause.OTHER)
    pending = await _pending(connection, file_id)
    if cause in [each.cause for each in pending]:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "cause"),
            "该致困原因已登记且尚未消除。",
            "The file names this cause already, and it is not resolved.",
        )
    place = casework.place([each.place for each in pending], "cause")
    before = next((each.id for each in pending if each.main), None)
    leads = main if main is not None and pending else before is None
    if leads and before is not None:
        await _main(connection, before, False, viewer, now)
    added = await connection.execute(
        insert(Cause)
        .values(
            household_id=household.id,
            file_id=file_id,
            cause=cause,
            place=place,
            main=leads,
            since=since,
            note=vault.seal("causes.note", words),
            version=1,
        )
        .returning(Cause.id)
    )
    key = int(added.scalar_one())
    await _event(connection, key, CauseChange.ADDED, leads, since, viewer, now)
    return await _told(connection, viewer, "cause.added", key, household.id, now)


async def resolve(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cause_id: int | None,
    expected_version: int,
    on: dt.date,
    statement: str,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """The cause is gone since this day, as the viewer states. Raises NotDone."""
    found = await _found(connection, viewer, cause_id, expected_version)
    if found.resolved_on is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "causeId"), "该原因已消除。", "It is resolved already.")
    casework.past(on, days.today(now), "resolvedOn")
    if on < await _last(connection, found):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "resolvedOn"),
            "消除日期不能早于该原因出现（或恢复）之日。",
            "A cause is not resolved before it was there.",
        )
    sealed = vault.seal("cause_events.statement", casework.words(statement, "statement"))
    rests_on = await cases.evidence(connection, found.household_id, evidence)
    event = await _event(connection, found.id, CauseChange.RESOLVED, found.main, on, viewer, now, sealed, rests_on)
    changed = update(Cause).where(Cause.id == found.id)
    await connection.execute(changed.values(resolved_on=on, resolution_id=event, version=found.version + 1))
    return await _told(connection, viewer, "cause.resolved", found.id, found.household_id, now)


async def reopen(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cause_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The cause is there again, or still, since today. Raises NotDone: it is not resolved, or four others stand."""
    found = await _found(connection, viewer, cause_id, expected_version)
    if found.resolved_on is None:
        raise NotDone(UserErrorCode.INVALID, ("input", "causeId"), "该原因尚未消除。", "It is not resolved.")
    pending = await _pending(connection, found.file_id)
    if found.cause in [each.cause for each in pending]:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "causeId"),
            "该致困原因已另行登记且尚未消除。",
            "The file names this cause anew, and it is not resolved.",
        )
    taken = [each.place for each in pending]
    values = {
        "place": found.place if found.place not in taken else casework.place(taken, "causeId"),
        "main": found.main and not any(each.main for each in pending),
        "resolved_on": None,
        "resolution_id": None,
        "version": found.version + 1,
    }
    sealed = vault.seal("cause_events.statement", casework.words(reason, "reason"))
    await _event(
        connection, found.id, CauseChange.REOPENED, bool(values["main"]), days.today(now), viewer, now, sealed
    )
    await connection.execute(update(Cause).where(Cause.id == found.id).values(**values))
    return await _told(connection, viewer, "cause.reopened", found.id, found.household_id, now)


async def make_main(
    connection: AsyncConnection, viewer: Viewer, cause_id: int | None, expected_version: int, now: dt.datetime
) -> int:
    """The cause is the main one, and the one before stands beside it. Raises NotDone where it is resolved."""
    found = await _found(connection, viewer, cause_id, expected_version)
    if found.resolved_on is not None or found.main:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "causeId"),
            "该原因已消除，或已是主要原因。",
            "It is resolved, or the main one already.",
        )
    for each in await _pending(connection, found.file_id):
        if each.main:
            await _main(connection, each.id, False, viewer, now)
    await _main(connection, found.id, True, viewer, now)
    return await _told(connection, viewer, "cause.made_main", found.id, found.household_id, now)


async def _found(connection: AsyncConnection, viewer: Viewer, cause_id: int | None, expected_version: int) -> Found:
    """The cause as it is once its household is held, so that neither it nor another changes meanwhile."""
    await cases.hold(connection, viewer, select(Cause.household_id).where(Cause.id == cause_id).scalar_subquery())
    found = (await connection.execute(_CAUSE.where(Cause.id == cause_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "causeId"), "没有此致困原因。", "There is no such cause.")
    accounts.unchanged(found.version, expected_version, "致困原因", "cause")
    if found.closed_on is not None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "causeId"), "该档案已关闭。", "The file that names it is closed."
        )
    return found


async def _pending(connection: AsyncConnection, file_id: int) -> Sequence[Row[int, str, int, bool]]:
    statement = select(Cause.id, Cause.cause, Cause.place, Cause.main)
    return (await connection.execute(statement.where(Cause.file_id == file_id, Cause.resolved_on.is_(None)))).all()


async def _last(connection: AsyncConnection, cause: Found) -> dt.date:
    """Since when the cause stands: since it was there, or was opened again."""
    reopened = select(CauseEvent.effective_on).where(
        CauseEvent.cause_id == cause.id, CauseEvent.change == CauseChange.REOPENED
    )
    return await connection.scalar(reopened.order_by(CauseEvent.id.desc()).limit(1)) or cause.since


async def _main(connection: AsyncConnection, cause_id: int, main: bool, viewer: Viewer, now: dt.datetime) -> None:
    changed = update(Cause).where(Cause.id == cause_id).values(main=main, version=Cause.version + 1)
    await connection.execute(changed)
    await _event(connection, cause_id, CauseChange.MAIN_CHANGED, main, days.today(now), viewer, now)


async def _event(
    connection: AsyncConnection,
    cause_id: int,
    change: CauseChange,
    main: bool,
    on: dt.date,
    viewer: Viewer,
    now: dt.datetime,
    statement: bytes | None = None,
    evidence: Sequence[str] = (),
) -> int:
    row = {"cause_id": cause_id, "change": change, "main": main, "effective_on": on, "user_id": viewer.user_id}
    told = {"statement": statement, "evidence": list(evidence), "happened_at": now}
    added = await connection.execute(insert(CauseEvent).values(**row, **told).returning(CauseEvent.id))
    return int(added.scalar_one())


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    now: dt.datetime,
) -> int:
    """The audit says which cause by its key alone: of whom an illness is told is no matter of a trail that never forgets."""
    detail = {"household": household_id}
    await audit.record(connection, viewer.user_id, action, ("Cause", key), now, detail)
    await outbox.append(connection, "household", household_id, now)
    return key
