"""All aid that the people have whom a grant is for, whoever pays it and wherever, and the months that it takes up.

All of the same humans' aid counts, in other households, counties and agencies too (members.person_id). Of another
household nothing is told but the programme, the agency and the months; the agency of a protected one is not, either (F-29).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among
from api.domain.catalogue import GrantedTo
from api.domain.grants import OF_FILE, GrantPeriod
from api.domain.permissions import Viewer
from api.matching.compatibility import Asked, Held, Span
from api.models import Cause, Claim, Enrolment, File, Grant, Member, Programme, table

C, E, F, G, L, M, P = (table(each).c for each in (Cause, Enrolment, File, Grant, Claim, Member, Programme))
MEMBERS = select(M.id, M.person_id, M.household_id, M.valid_from, M.valid_to, M.left_on)
_ANYWHERE = MEMBERS.where(among(M.person_id, "people"))
_CLAIMED = (
    select(L.id, L.grant_id, L.person_id, L.month, L.cell, G.household_id, G.first_month, G.last_month, F.closed_on)
    .join(Grant, G.id == L.grant_id)
    .join(File, F.id == G.file_id)
    .where(among(L.person_id, "people"), L.grant_id != bindparam("grant"))
)
_HELD = (
    select(
        E.id, E.household_id, E.member_id, E.programme_code, E.agency, E.start_month, E.end_month, E.amount_fen,
        E.source_record, E.cause.label("said"), P.unit, G.id.label("grant_id"), G.period, G.cost_id,
        G.member_id.label("granted_to"), G.amount_fen.label("granted_fen"), C.cause,
        F.closed_on,
        scope.protects_household(E.household_id).label("protected"),
    )
    .join(Programme, P.code == E.programme_code)
    .outerjoin(Grant, G.enrolment_id == E.id)
    .outerjoin(Cause, C.id == G.cause_id)
    .outerjoin(File, F.id == G.file_id)
    .where(
        among(E.household_id, "households"),
        or_(E.end_month.is_(None), E.end_month >= bindparam("since")),
        or_(E.start_month.is_(None), E.start_month <= bindparam("until")),
    )
    .order_by(E.id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class There:
    """Aid that one of these people has: in which household, and whether only that household's own file says so."""

    household_id: int
    held: Held
    of_file: bool


async def everywhere(
    connection: AsyncConnection, people: Collection[int], window: Span, *, cleared: bool
) -> list[There]:
    """All aid that these people have in the window, each as often as it is for one of them."""
    rows = (await connection.execute(_ANYWHERE, {"people": sorted(people)})).all()
    homes = defaultdict[int, list[Row[*tuple[Any, ...]]]](list)
    for kin in rows:
        homes[kin.household_id].append(kin)
    since, until = window
    told = {"households": sorted(homes), "since": since, "until": until}
    found = []
    for row in await connection.execute(_HELD, told):
        member = row.granted_to if row.grant_id else row.member_id
        everybody = member is None or row.unit == GrantedTo.HOUSEHOLD
        for kin in homes[row.household_id]:
            if everybody or kin.id == member:
                known = _as_held(row, kin, everybody, hidden=bool(row.protected) and not cleared)
                if known is not None:
                    found.append(There(row.household_id, known, row.source_record == OF_FILE))
    return found


async def held(
    connection: AsyncConnection, viewer: Viewer, household_id: int, asked: Asked, window: Span, bills: frozenset[int]
) -> tuple[list[Held], frozenset[int]]:
    """All aid that these people have in the window, each as often as it is for one of them; and which is the household's."""
    found, own = [], set()
    for each in await everywhere(connection, asked.people, window, cleared=viewer.cleared):
        if each.household_id == household_id:
            own.add(each.held.key)
            if each.of_file and each.held.programme == asked.programme:
                continue  # what the file says it is in is what is granted here
        found.append(replace(each.held, bill=asked.bill) if each.held.bill in bills else each.held)
    return found, frozenset(own)


async def let_go(connection: AsyncConnection, grant_id: int, taken: Collection[tuple[int, dt.date, str]]) -> None:
    """Months that this grant takes up and others hold for nothing are theirs no longer: nothing is paid for them there.

    A month is held for nothing where the person was not in that household then, or its file was closed before. What is
    held beyond a grant's own months, for a school year, is let go only for whoever was in the household in none of these.
    """
    wanted, people = set(taken), sorted({person for person, _, _ in taken})
    rows = (await connection.execute(_CLAIMED, {"people": people, "grant": grant_id})).all()
    homes = defaultdict[tuple[int, int], list[Span]](list)
    for kin in await connection.execute(_ANYWHERE, {"people": people}):
        homes[kin.person_id, kin.household_id].append(membership(kin))
    gone = set[tuple[int, int, dt.date]]()
    for row in rows:
        spans = homes[row.person_id, row.household_id]
        if row.first_month <= row.month <= row.last_month:
            there = any(first <= row.month <= last for first, last in spans)
            idle = not there or (row.closed_on is not None and row.month > row.closed_on)
        else:
            idle = not any(first <= row.last_month and row.first_month <= last for first, last in spans)
        if idle and (row.person_id, row.month, row.cell) in wanted:
            gone.add((row.grant_id, row.person_id, row.month))
    keys = [row.id for row in rows if (row.grant_id, row.person_id, row.month) in gone]
    if keys:
        await connection.execute(delete(Claim).where(among(L.id, "keys")), {"keys": keys})


def membership(row: Row[*tuple[Any, ...]]) -> Span:
    """The months in which a membership stood; the month in which it ended counts unless it ended on its first day."""
    ends = [each for each in (row.valid_to, row.left_on) if each is not None]
    last = min(ends) - dt.timedelta(days=1) if ends else dt.date.max
    return (row.valid_from or dt.date(1900, 1, 1)).replace(day=1), last.replace(day=1)


def _as_held(row: Row[*tuple[Any, ...]], kin: Row[*tuple[Any, ...]], everybody: bool, *, hidden: bool) -> Held | None:
    first, last = row.start_month, row.end_month
    if row.closed_on is not None and first is not None:  # nothing of a grant is paid once its file is closed
        last = min(last or dt.date.max.replace(day=1), row.closed_on.replace(day=1))
        if first > last:
            return None
    if everybody and first is not None:
        there, gone = membership(kin)
        first, last = max(first, there), min(last or dt.date.max.replace(day=1), gone)
        if first > last:
            return None
    return Held(
        key=row.id,
        person=kin.person_id,
        programme=row.programme_code,
        first=first,
        last=last,
        amount_fen=row.granted_fen if row.grant_id else row.amount_fen,
        agency=None if hidden else row.agency,
        period=GrantPeriod(row.period) if row.period else GrantPeriod.MONTH,
        cause=row.cause if row.grant_id else row.said,
        bill=row.cost_id,
        ours=row.grant_id is not None,
    )
