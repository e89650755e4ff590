"""A lead at work: found within the viewer's reach and held with its household, and whose work it is for so many days.

A claim says who is at work, and nothing else: it lapses by itself after days without an act, and whoever holds the lead
keeps it by acting on it. It is one row a lead, so that there is never a second holder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Date, Row, Table, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.database import locked
from api.domain import conclusions, days
from api.domain.conclusions import ReviewItem
from api.domain.errors import Conflict, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.review import FindingState
from api.loaders.findings import FINDINGS, SHOWN
from api.matching import policy
from api.models import Finding, Household, LeadHolder, table
from api.services import audit, cases

CLAIM_DAYS = "review.claim_working_days"
F, H, L = (table(each).c for each in (Finding, Household, LeadHolder))

_THERE = scope.narrow(
    select(F.id, F.household_id, F.state, F.version, H.division_code).join(Household, H.id == F.household_id),
    H.division_code,
).where(SHOWN)
BARE = select(F.id, F.household_id, F.evidence_hash, F.rule_id, F.state, F.version)
"""The lead of whoever is at work on its household already."""


def _taken(make: Callable[[Table], Any]) -> Any:
    """The lead is its claimer's, unless somebody else holds it: then no row comes back."""
    names = ("finding_id", "user_id", "claimed_at", "until")
    row = make(table(LeadHolder)).values({name: bindparam(name) for name in names})
    return row.on_conflict_do_update(
        index_elements=["finding_id"],
        set_={name: row.excluded[name] for name in names[1:]},
        where=or_(L.until < bindparam("today", type_=Date()), L.user_id == row.excluded.user_id),
    ).returning(L.finding_id)


_TAKEN: Mapping[str, Any] = {"postgresql": _taken(insert_postgresql), "sqlite": _taken(insert_sqlite)}
Found = Row[*tuple[Any, ...]]


async def held(
    connection: AsyncConnection,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    now: dt.datetime,
    path: tuple[str, ...] = ("input",),
) -> Found:
    """The lead as it was read, which nobody else changes until the transaction ends, nor its household. Raises NotDone."""
    of = select(Finding.household_id).where(Finding.id == finding_id).scalar_subquery()
    await cases.hold(connection, viewer, of)
    statement = locked(FINDINGS.where(F.id == finding_id), connection, Finding)
    given = {**scope.of(viewer), "today": days.today(now)}
    found = (await connection.execute(statement, given)).one_or_none()
    if found is None:
        raise _none(path)
    _unchanged(found, expected_version, path)
    return found


async def mine(
    connection: AsyncConnection,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    now: dt.datetime,
    path: tuple[str, ...] = ("input",),
) -> Found:
    """`held`, for whoever works on it: nobody else does, and the days of one who holds it begin anew. Raises ReviewHeld."""
    found = await held(connection, viewer, finding_id, expected_version, now, path)
    stands(found, path)
    today = days.today(now)
    holder = (
        await connection.execute(select(L.user_id).where(L.finding_id == found.id, L.until >= today))
    ).scalar_one_or_none()
    if holder is not None and holder != viewer.user_id:
        raise conclusions.held(ReviewItem.HOLDER, found.id, path)
    if holder is not None:
        until = _until(found.division_code, today)
        await connection.execute(update(LeadHolder).where(L.finding_id == found.id).values(until=until))
    return found


async def claim(
    connection: AsyncConnection, viewer: Viewer, finding_id: int | None, expected_version: int, now: dt.datetime
) -> int:
    """The viewer holds the lead from now on; its key. Raises ReviewHeld where somebody else does, and NotDone."""
    found, today = await there(connection, viewer, finding_id), days.today(now)
    _unchanged(found, expected_version, ("input",))
    if found.state == FindingState.CLOSED:
        raise closed()
    stands(found, ("input",))
    until = _until(found.division_code, today)
    row = {"finding_id": found.id, "user_id": viewer.user_id, "claimed_at": now, "until": until}
    taken = await connection.execute(_TAKEN[connection.dialect.name], {**row, "today": today})
    if taken.one_or_none() is None:
        raise conclusions.held(ReviewItem.HOLDER, found.id)
    detail = {"until": str(until)}
    return await told(connection, viewer, "finding.claimed", found.id, found.household_id, now, detail)


async def release(
    connection: AsyncConnection, viewer: Viewer, finding_id: int | None, expected_version: int, now: dt.datetime
) -> int:
    """The viewer does not hold the lead any more; its key. Raises NotDone where they do not."""
    found = await there(connection, viewer, finding_id)
    _unchanged(found, expected_version, ("input",))
    let_go = delete(LeadHolder).where(L.finding_id == found.id, L.user_id == viewer.user_id)
    if (await connection.execute(let_go)).rowcount == 0:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "findingId"), "您没有领取该疑点。", "You do not hold this finding."
        )
    return await told(connection, viewer, "finding.released", found.id, found.household_id, now)


async def let_go(connection: AsyncConnection, finding_id: int) -> None:
    """Nobody holds the lead: it is closed."""
    await connection.execute(delete(LeadHolder).where(L.finding_id == finding_id))


async def changed(connection: AsyncConnection, found: Found, **values: Any) -> None:
    """The lead is at its next version, with these values."""
    grown = update(Finding).where(F.id == found.id)
    await connection.execute(grown.values(version=found.version + 1, **values))


async def into_inquiry(connection: AsyncConnection, found: Found) -> None:
    """The lead is looked into (again), at its next version; one that is withdrawn stays so (F-11), until it is raised again."""
    withdrawn = found.state == FindingState.WITHDRAWN
    into = {"withdrawn_from" if withdrawn else "state": FindingState.IN_INQUIRY}
    await changed(connection, found, **into)


async def told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    finding_id: int,
    household_id: int,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """The trail and whoever listens are told what was done to a lead; its key."""
    about = {"household": household_id, **(detail or {})}
    await audit.record(connection, viewer.user_id, action, ("Finding", finding_id), now, about)
    await outbox.append(connection, "finding", finding_id, now)
    return finding_id


async def there(connection: AsyncConnection, viewer: Viewer, finding_id: int | None) -> Found:
    """The lead within the viewer's reach, which nobody is kept from. Raises NotDone."""
    found = (await connection.execute(_THERE.where(F.id == finding_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise _none(("input",))
    return found


def stands(found: Found, path: tuple[str, ...]) -> None:
    """Raises NotDone where a scan has withdrawn the lead (F-11): there is nothing to look into, nor to conclude."""
    if found.state == FindingState.WITHDRAWN:
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "findingId"),
            "该疑点已由比对撤回，无须再办。",
            "A scan has withdrawn the finding: there is nothing to be done.",
        )


def closed() -> NotDone:
    """The refusal of what is done with leads that nobody has concluded on."""
    return NotDone(UserErrorCode.INVALID, ("input", "findingId"), "该疑点已办结。", "The finding is closed.")


def still_raised(found: Found, path: tuple[str, ...]) -> None:
    """Raises NotDone where no scan raises the lead any more, closed or not: nothing adverse is concluded on it (F-11)."""
    stands(found, path)
    if found.withdrawn_because is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "findingId"),
            "该疑点已由比对撤回，不得再据此作出不利结论。",
            "A scan has withdrawn the finding: nothing adverse is concluded on it any more.",
        )


def _unchanged(found: Found, expected_version: int, path: tuple[str, ...]) -> None:
    if found.version != expected_version:
        raise Conflict(
            (*path, "expectedVersion"),
            f"该疑点已被更新（现为第 {found.version} 版），请重新读取后再提交。",
            f"The finding has changed (it is at version {found.version} now): read it again first.",
            found.version,
        )


def _until(division_code: str, today: dt.date) -> dt.date:
    return workdays.add(today, policy.whole(CLAIM_DAYS, today, division_code))


def _none(path: tuple[str, ...]) -> NotDone:
    return NotDone(UserErrorCode.NOT_FOUND, (*path, "findingId"), "没有此疑点。", "There is no such finding.")
