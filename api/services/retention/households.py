"""Households whose time is over are erased whole: every row that belongs to them, found by the foreign keys.

So are people who left a household long ago, and whoever is in none any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Table,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, skip_locked
from api.domain.retention import RetentionClass
from api.domain.stages import Stage
from api.models import Claim, Erasure, File, FilePerson, Household, Human, Member, table
from api.services.retention.classes import Edge, of_people, owned
from api.services.retention.clocks import last_day
from api.services.retention.holds import held

LOT = 50
ENDED = (Stage.GRADUATED, Stage.DEREGISTERED, Stage.REFUSED, Stage.WITHDRAWN)
H, M, F = table(Household).c, table(Member).c, table(File).c

Keys = dict[Table, list[int]]


async def due(
    connection: AsyncConnection,
    kept: RetentionClass,
    day: dt.date,
    most: int | None = LOT,
    of: Collection[int] | None = None,
) -> Sequence[tuple[int, dt.date]]:
    """Households whose last file ended so long ago, each with that day: of files that were open once, or of applications.

    Of all households, or `of` these.
    """
    found: list[tuple[int, dt.date]] = []
    ended = (
        select(F.household_id, func.max(F.closed_on).label("ended"), func.max(F.opened_on).label("opened"))
        .group_by(F.household_id)
        .having(func.count() == func.count(F.closed_on))
        .subquery()
    )
    opened = ended.c.opened
    for division in await _divisions(connection, H.stage.in_(ENDED)):
        rows = await connection.execute(
            select(H.id, ended.c.ended)
            .join(ended, ended.c.household_id == H.id)
            .where(
                H.stage.in_(ENDED),
                H.division_code == division,
                ended.c.ended <= last_day(day, kept, division),
                opened.is_not(None) if kept is RetentionClass.FILE else opened.is_(None),
                H.id.not_in(held()),
                true() if of is None else H.id.in_(of),
            )
            .order_by(H.id)
            .limit(None if most is None else most - len(found))
        )
        found += [(row[0], row[1]) for row in rows]
        if most is not None and len(found) >= most:
            break
    return found


async def left(
    connection: AsyncConnection, day: dt.date, most: int | None = LOT, of: Collection[int] | None = None
) -> Sequence[tuple[int, int]]:
    """Memberships that ended so long ago, of households that go on, each with its household; of all, or `of` these."""
    ended = func.coalesce(M.valid_to, M.left_on)
    found = list[tuple[int, int]]()
    for division in await _divisions(connection, H.id.in_(select(M.household_id).where(ended.is_not(None)))):
        over = last_day(day, RetentionClass.MEMBERSHIP, division)
        theirs = (
            select(M.id, M.household_id)
            .join(Household, H.id == M.household_id)
            .where(H.division_code == division, ended <= over, H.id.not_in(held()))
            .where(true() if of is None else H.id.in_(of))
            .order_by(M.id)
            .limit(None if most is None else most - len(found))
        )
        found += [(row[0], row[1]) for row in await connection.execute(theirs)]
        if most is not None and len(found) >= most:
            break
    return found


async def hold(connection: AsyncConnection, households: Collection[int]) -> Sequence[int]:
    """Those of these households that nobody is at work on, held until the transaction ends; the others wait for the next time.

    What is due was read before: whoever deletes asks once more, of these, whether it still is.
    """
    there = skip_locked(select(H.id).where(among(H.id, "keys")).order_by(H.id), connection)
    return (await connection.scalars(there, {"keys": sorted(households)})).all()


async def erase(
    connection: AsyncConnection,
    kept: RetentionClass,
    households: Sequence[tuple[int, dt.date]],
    now: dt.datetime,
) -> None:
    """Nothing of these households is left, nor of people who were in no other."""
    permits = [
        {"household_id": key, "retention_class": kept.value, "due_on": ended, "erased_at": now}
        for key, ended in households
    ]
    await connection.execute(insert(Erasure), permits)
    await _erase(connection, {table(Household): [key for key, _ in households]})


async def erase_members(connection: AsyncConnection, members: Sequence[int]) -> None:
    """Nothing of these memberships is left, nor of people who had no other; what only named them is kept without."""
    await _erase(connection, {table(Member): list(members)})


async def _erase(connection: AsyncConnection, roots: Mapping[Table, Sequence[int]]) -> None:
    found: Keys = {each: list(keys) for each, keys in roots.items()}
    tables = owned()
    for each, edges in tables.items():  # parents first
        mine = [edge for edge in edges if edge.parent is not each and edge.parent in found and not edge.mentions]
        if mine and "id" in each.c:
            statement = select(each.c.id).where(or_(*[_refers(edge) for edge in mine]))
            keys = (await connection.scalars(statement, _parameters(mine, found))).all()
            found[each] = sorted({*found.get(each, []), *keys})
    people = await _people(connection, found.get(table(Member), []))
    for each, edges in reversed(list(tables.items())):  # children first
        for edge in edges:
            if edge.mentions and edge.parent in found:
                named = update(each).where(_refers(edge)).values({edge.column.name: None})
                await connection.execute(named, _parameters([edge], found))
        if "id" not in each.c:
            mine = [edge for edge in edges if edge.parent in found]
            if mine:
                gone = delete(each).where(or_(*[_refers(edge) for edge in mine]))
                await connection.execute(gone, _parameters(mine, found))
        elif there := found.get(each):
            await connection.execute(delete(each).where(among(each.c.id, "keys")), {"keys": there})
    await _forget(connection, people)


def _refers(edge: Edge) -> ColumnElement[bool]:
    return among(edge.column, f"of_{edge.column.name}", BigInteger)


def _parameters(edges: Sequence[Edge], found: Keys) -> dict[str, Any]:
    return {f"of_{edge.column.name}": found[edge.parent] for edge in edges}


async def _people(connection: AsyncConnection, members: Sequence[int]) -> Sequence[int]:
    theirs = select(M.person_id).where(among(M.id, "members")).distinct()
    return (await connection.scalars(theirs, {"members": list(members)})).all()


async def _forget(connection: AsyncConnection, people: Sequence[int]) -> None:
    """Those of these people who are in no household any more are gone, and so are the months that grants took up for them."""
    human, listed = table(Human).c.id, table(FilePerson).c.person_id
    alone = (
        select(human)
        .where(among(human, "people"))
        .where(not_(human.in_(select(M.person_id))), not_(human.in_(select(listed))))
    )
    gone = (await connection.scalars(alone, {"people": list(people)})).all()
    columns: tuple[Column[int], ...] = (table(Claim).c.person_id, *of_people(), human)
    for column in columns:
        statement = delete(column.table).where(among(column, "gone"))
        await connection.execute(statement, {"gone": list(gone)})


async def _divisions(connection: AsyncConnection, condition: ColumnElement[bool]) -> Sequence[str]:
    return (
        await connection.scalars(select(H.division_code).where(condition).distinct().order_by(H.division_code))
    ).all()
