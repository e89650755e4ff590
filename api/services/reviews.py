"""A person concludes something about a finding; nothing else ever closes one. Several at once, each looked at by itself (F-4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import locked
from api.domain import conclusions, days
from api.domain.conclusions import WEIGHING, ConclusionState, ReviewItem
from api.domain.errors import NotDone, UserErrorCode
from api.domain.official_errors import OfficialErrorKind
from api.domain.permissions import Viewer
from api.domain.review import FindingState, Outcome, check, state_after
from api.models import Conclusion, Finding, LeadView, OfficialError, Review, table
from api.sealing import Vault
from api.services import cases, decisions, leads, official_errors
from api.services.leads import Found
from api.services.official_errors import Wrong

C, V, E = (table(each).c for each in (Conclusion, LeadView, OfficialError))


@dataclass(frozen=True, slots=True)
class Concluded:
    """What is concluded, and why: of an error of ours its entry in the register (None: one is added), or of which kind."""

    outcome: Outcome
    note: str
    decision_document: str | None = None
    official_error_id: int | None = None
    official_error_kind: OfficialErrorKind = OfficialErrorKind.OTHER
    conclusion_id: int | None = None


@dataclass(frozen=True, slots=True)
class One:
    """One of several leads: which, as it was read, and what is concluded of it."""

    finding_id: int | None
    expected_version: int
    concluded: Concluded


async def review(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    concluded: Concluded,
    now: dt.datetime,
) -> int:
    """Adds a review and moves the finding to the state it leads to; returns the finding's key.

    Raises NotDone: no such finding in the viewer's division, changed since it was read, or a conclusion that may not
    be drawn so; ReviewHeld where it takes a second officer, or another is at work on it.
    """
    return await _one(connection, vault, viewer, One(finding_id, expected_version, concluded), ("input",), now)


async def review_all(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, some: Sequence[One], now: dt.datetime
) -> list[int]:
    """`review` of up to fifty, each of which the viewer has looked at by itself as it stands; all of them, or none (F-4).

    The keys, in the order given. Raises NotDone, its path telling of which.
    """
    conclusions.check_number(len(some))
    if len({each.finding_id for each in some}) < len(some):
        raise NotDone(UserErrorCode.INVALID, ("input", "leads"), "同一疑点不能重复。", "No lead is named twice.")
    theirs = select(leads.F.household_id).where(leads.F.id.in_([each.finding_id for each in some]))
    await cases.hold_all(connection, viewer, theirs)
    for place in sorted(range(len(some)), key=lambda place: some[place].finding_id or 0):
        path = ("input", "leads", str(place))
        await _one(connection, vault, viewer, some[place], path, now, alone=True)
    return [each.finding_id for each in some if each.finding_id is not None]


async def _one(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    one: One,
    path: tuple[str, ...],
    now: dt.datetime,
    *,
    alone: bool = False,
) -> int:
    found = await leads.mine(connection, viewer, one.finding_id, one.expected_version, now, path)
    await decisions.by_a_person(connection, viewer)
    check(found.rule_id, one.concluded.outcome, one.concluded.note, one.concluded.decision_document, path)
    if one.concluded.outcome in WEIGHING:
        raise conclusions.held(ReviewItem.SECOND_OFFICER, found.id, path)
    if alone and not await _viewed(connection, viewer, found):
        raise conclusions.held(ReviewItem.VIEWED, found.id, path)
    return await add(connection, vault, viewer, found, one.concluded, now, path)


async def add(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    found: Found,
    concluded: Concluded,
    now: dt.datetime,
    path: tuple[str, ...] = ("input",),
) -> int:
    """The review of a lead that is held; it may be drawn. What waited to be confirmed is rejected with it, and it is let go.

    A lead that waited unopened is opened by it, and counts for its week.

    The lead's key. Raises NotDone for an error of ours that is not of this household's case.
    """
    error = None
    if concluded.outcome is Outcome.OFFICIAL_ERROR:
        error = await _error(connection, vault, viewer, found, concluded, now, path)
    note = vault.seal("reviews.note", concluded.note)
    added = await connection.execute(
        insert(Review)
        .values(
            finding_id=found.id,
            reviewer_id=viewer.user_id,
            outcome=concluded.outcome,
            note=note,
            decision_document=concluded.decision_document,
            evidence_hash=found.evidence_hash,
            reviewed_at=now,
            conclusion_id=concluded.conclusion_id,
            official_error_id=error,
        )
        .returning(Review.id)
    )
    review_id = int(added.scalar_one())
    state = state_after(concluded.outcome)
    if state is FindingState.CLOSED:
        await _reject(connection, vault, viewer, found.id, concluded.note)
        await leads.let_go(connection, found.id)
    opened = {
        "opened_on": func.coalesce(leads.F.opened_on, days.today(now)),
        "opened_for": func.coalesce(leads.F.opened_for, viewer.division_code),
    }
    await leads.changed(connection, found, state=state, review_id=review_id, **opened)
    detail = {"review": review_id, "outcome": concluded.outcome, "state": state}
    return await leads.told(connection, viewer, "finding.reviewed", found.id, found.household_id, now, detail)


async def reopen(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, finding_id: int, words: str, now: dt.datetime
) -> int:
    """An objection to the lead proved right: it is looked into anew, and what waited to be confirmed is rejected; its key.

    Its household is held. What a scan has withdrawn is not looked into any more (F-11).
    """
    bare = locked(leads.BARE.where(leads.F.id == finding_id), connection, Finding)
    found = (await connection.execute(bare)).one()
    await _reject(connection, vault, viewer, found.id, words)
    if found.state == FindingState.WITHDRAWN:
        return int(found.id)
    return await add(connection, vault, viewer, found, Concluded(Outcome.NEEDS_INQUIRY, words), now)


async def _reject(connection: AsyncConnection, vault: Vault, viewer: Viewer, finding_id: int, words: str) -> None:
    waiting = update(Conclusion).where(C.finding_id == finding_id, C.state == ConclusionState.PROPOSED)
    closing = vault.seal("conclusions.closing", words)
    rejected = {"state": ConclusionState.REJECTED, "closing": closing, "closed_by": viewer.user_id}
    await connection.execute(waiting.values(**rejected))


async def _error(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    found: Found,
    concluded: Concluded,
    now: dt.datetime,
    path: tuple[str, ...],
) -> int:
    """The entry in the register of our errors: the one that is named, or a new one in the reviewer's words."""
    if concluded.official_error_id is None:
        wrong = Wrong(concluded.official_error_kind, concluded.note, days.today(now), found.household_id)
        return await official_errors.record(connection, vault, viewer, wrong, now)
    theirs = select(E.id).where(E.id == concluded.official_error_id, E.household_id == found.household_id)
    if await connection.scalar(theirs) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            (*path, "officialErrorId"),
            "该户没有此差错记录。",
            "The household has no such error on record.",
        )
    return concluded.official_error_id


async def _viewed(connection: AsyncConnection, viewer: Viewer, found: Found) -> bool:
    seen = select(V.version).where(V.finding_id == found.id, V.user_id == viewer.user_id)
    return bool(await connection.scalar(seen) == found.version)
