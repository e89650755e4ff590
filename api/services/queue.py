"""Leads are ranked, and opened as far as there are reviewers to look at them; the others keep their place (F-21).

A reviewer serves the division that they belong to: those of a county its own leads, those of a city what its counties'
reviewers have no room for. What was opened and not yet looked at takes room until it is, so that whoever does not keep up
is given nothing more; nothing is ever closed for having waited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, bindparam, case, func, literal, not_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, one_writer
from api.domain import days, divisions, money, queue
from api.domain.accounts import UserKind
from api.domain.review import ENTITLEMENT, FindingState
from api.loaders.queue import A_WEEK, REVIEWERS
from api.matching import policy
from api.models import Finding, Household, User, table
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


async def rank(connection: AsyncConnection, now: dt.datetime, most: int = PIECE) -> bool:
    """Of a county with leads that have no place yet so many that are not closed have theirs; False where there is none such.

    To be asked for until there is none, each time in a transaction of its own. Those that had a place already come first: as
    long as it is not done, somebody has none, and whoever is interrupted leaves what the next one goes on with.
    """
    await alone(connection)
    code = await connection.scalar(_UNRANKED)
    if code is None:
        return False
    await _rank(connection, code, days.today(now), most)
    return True


async def fill(connection: AsyncConnection, now: dt.datetime) -> int:
    """What is still to be ranked has its place, and leads are opened where there is room; how many were."""
    while await rank(connection, now):
        pass
    return await _open(connection, days.today(now), now)


async def _rank(connection: AsyncConnection, code: str, today: dt.date, most: int) -> None:
    """So many leads of this county have their place: by what they count for, then by gravity, then by reference."""
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
        .limit(most)
    )
    rows = [dict(row) for row in (await connection.execute(moved)).mappings()]
    await connection.execute(_PLACED, sorted(rows, key=lambda row: row["key"]))  # as whoever holds several holds them


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
