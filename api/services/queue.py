"""Leads are ranked, and opened as far as there are reviewers to look at them; the others keep their place (F-21).

A reviewer serves the division that they belong to: those of a county its own leads, those of a city what its counties'
reviewers have no room for. What was opened and not yet looked at takes room until it is, so that whoever does not keep up
is given nothing more; nothing is ever closed for having waited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, case, func, literal, not_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, one_writer
from api.domain import days, divisions, money, queue
from api.domain.accounts import UserKind
from api.domain.review import ENTITLEMENT, FindingState
from api.domain.scans import ScanStatus
from api.loaders.queue import A_WEEK, REVIEWERS
from api.matching import policy
from api.models import Finding, Household, Scan, User, table
from api.models.findings import LIVE
from api.sealing import Vault
from api.services import audit

LOCK = 4_105_010
PIECE = 2_000
"""How many leads are given their place in one go: others write between two of these."""

UNKNOWN = "review.unknown_yuan"
F, H, U = table(Finding).c, table(Household).c, table(User).c

_SHOWN = not_(scope.in_shadow(F, H.division_code))
_LIVE = and_(text(f"findings.{LIVE}"), _SHOWN)
"""What may be put before reviewers."""

_ENTITLES = F.rule_id.startswith(ENTITLEMENT)
_IN_COUNTY = F.household_id == H.id
_UNRANKED = (
    select(H.division_code)
    .join(Finding, _IN_COUNTY)
    .where(_LIVE, F.queue_place.is_(None))
    .order_by(H.division_code)
    .limit(1)
)
_LAST_SCAN = select(func.max(Scan.id)).where(Scan.status == ScanStatus.SUCCEEDED)
"""What a lead counts for changes by a scan that is taken in, and by nothing else."""

_PLACED = (
    update(Finding)
    .where(F.id == bindparam("key"))
    .values(queue_place=bindparam("place"), queue_worth=bindparam("worth"))
)
_REVIEWERS = (
    select(U.division_code, func.count().label("reviewers"))
    .where(U.kind == UserKind.PERSON, U.active, U.role.in_(REVIEWERS))
    .group_by(U.division_code)
)


async def chore(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Leads are ranked and opened; how many were opened."""
    return await fill(connection, now)


async def alone(connection: AsyncConnection) -> None:
    """Until the transaction ends nobody else ranks or opens leads: to be asked for before any lead is held."""
    await one_writer(connection, LOCK)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The places of a county's leads that do not stand there yet, each with what it counts for; after which scan that was so.

    Those that had a place already come first: as long as it is not done, somebody has none, and whoever is interrupted leaves
    what the next one sees.
    """

    after: int | None
    rows: Sequence[tuple[int, int, int]]


async def ranking(connection: AsyncConnection, now: dt.datetime) -> Ranking | None:
    """Of a county with leads that have no place yet, which each has; None where there is none such. It holds nothing."""
    after = await connection.scalar(_LAST_SCAN)
    code = await connection.scalar(_UNRANKED)
    return None if code is None else Ranking(after, await _ranked(connection, code, days.today(now)))


async def place(connection: AsyncConnection, found: Ranking, start: int, most: int = PIECE) -> bool:
    """So many of these stand in their place; False, and none, where a scan was taken in since: then they are ranked anew."""
    await alone(connection)
    if await connection.scalar(_LAST_SCAN) != found.after:
        return False
    some = sorted(found.rows[start : start + most])  # as whoever holds several holds them
    if some:
        await connection.execute(_PLACED, [dict(zip(("key", "place", "worth"), row, strict=True)) for row in some])
    return True


async def fill(connection: AsyncConnection, now: dt.datetime) -> int:
    """What is still to be ranked has its place, and leads are opened where there is room; how many were."""
    await alone(connection)
    while (found := await ranking(connection, now)) is not None:
        await place(connection, found, 0, len(found.rows))
    return await _open(connection, days.today(now), now)


async def _ranked(connection: AsyncConnection, code: str, today: dt.date) -> list[tuple[int, int, int]]:
    """Leads of this county, in which place each stands, by what it counts for, then by gravity, then by reference; and what it does."""
    unknown = money.fen(policy.value(UNKNOWN, today, code))
    sure = case(*((F.grade == grade, percent) for grade, percent in queue.CERTAINTY.items()), else_=queue.SURE)
    worth = func.coalesce(F.amount_high_fen, literal(unknown)) * sure // 100
    theirs = and_(H.division_code == code, _LIVE)
    weighed = select(
        F.id,
        worth.label("worth"),
        _ENTITLES.label("entitles"),
        F.severity_rank,
        F.reference,
        F.queue_worth,
        F.queue_place,
    ).join(Household, _IN_COUNTY).where(theirs).subquery()  # fmt: skip
    w = weighed.c
    number = func.row_number().over(
        partition_by=w.entitles, order_by=(w.worth.desc(), w.severity_rank.desc(), w.reference)
    )
    place = (2 * number - case((w.entitles, 1), else_=0)).label("place")
    r = select(w.id, w.worth, place, w.queue_place, w.queue_worth).subquery().c
    moved = (
        select(r.id.label("key"), r.place, r.worth)
        .where(or_(r.queue_place.is_distinct_from(r.place), r.queue_worth.is_distinct_from(r.worth)))
        .order_by(r.queue_place.is_(None), r.id)
    )
    return [(row.key, row.place, row.worth) for row in await connection.execute(moved)]


async def _open(connection: AsyncConnection, today: dt.date, now: dt.datetime) -> int:
    """For each division's reviewers the first leads that wait there, as far as they have room: the lowest divisions first."""
    at_work = {row.division_code: row.reviewers for row in await connection.execute(_REVIEWERS)}
    taken = await _taken(connection, today)
    opened = 0
    for code in sorted(at_work, key=lambda code: (-len(divisions.chain(code)), code)):
        a_week = policy.whole(A_WEEK, today, code)
        room = queue.room(at_work[code], a_week, taken.get(code, 0))
        if room:
            opened += await _open_for(connection, code, room, today, now)
    return opened


async def _taken(connection: AsyncConnection, today: dt.date) -> Mapping[str, int]:
    """By division the leads that were opened for its reviewers this week, and those opened before that nobody looked at."""
    held = (
        select(F.opened_for, func.count().label("leads"))
        .join(Household, _IN_COUNTY)
        .where(
            F.opened_for.is_not(None),
            or_(F.opened_on >= queue.monday(today), and_(F.state == FindingState.OPEN, _SHOWN)),
        )
    )
    return {row.opened_for: row.leads for row in await connection.execute(held.group_by(F.opened_for))}


async def _open_for(connection: AsyncConnection, code: str, most: int, today: dt.date, now: dt.datetime) -> int:
    low, high = divisions.span(code)
    first = (
        select(F.id, F.household_id)
        .join(Household, _IN_COUNTY)
        .where(
            _LIVE, F.queue_place.is_not(None), F.opened_on.is_(None), H.division_code >= low, H.division_code < high
        )
        .order_by(F.queue_place, F.id)
        .limit(most)
    )
    rows: Sequence[tuple[int, int]] = [(row.id, row.household_id) for row in await connection.execute(first)]
    await connection.execute(
        update(Finding).where(among(F.id, "keys")).values(opened_on=today, opened_for=code),
        {"keys": [key for key, _ in rows]},
    )
    for key, household in rows:
        await audit.record(
            connection, None, "finding.opened", ("Finding", key), now, {"household": household, "for": code}
        )
        await outbox.append(connection, "finding", key, now)
    return len(rows)
