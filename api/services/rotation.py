"""Every sealed value is sealed anew under the newest key, and every index made anew, while the service serves.

Some rows at a time, each lot in a transaction of its own; how far it is stands in `resealings`, so that a pass that was
interrupted goes on. Which columns there are is read from the models, so that none is forgotten. What cannot be opened, for
its key is lost or somebody changed it, is left as it is and counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    LargeBinary,
    RowMapping,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, locked
from api.matching import identity
from api.models import Base, Human, Member, Resealing, table
from api.models.base import SealedBytes
from api.sealing import NotOurs, Vault

BATCH = 200
INDEX = "_index"
DIGEST = "digest"
"""What columns of the vault's digests are called: made from what lasts of the first key, no rotation changes them."""

Normal = Callable[[str | None], str | None]
NUMBER, NAME, PHONE = ("id_number", identity.number), ("name", identity.name), ("phone", identity.phone)

INDEXES: Mapping[str, tuple[str, tuple[str, Normal]]] = {
    "households.phone_index": ("phone", PHONE),
    "members.name_index": ("name", NAME),
    "members.former_name_index": ("former_name", NAME),
    "members.id_number_index": ("id_number", NUMBER),
    "members.phone_index": ("phone", PHONE),
}
"""Of an index the sealed column in the same row that it is made of, what it is made for, and the normal form."""

OF_MEMBERS: Mapping[str, tuple[str, tuple[str, Normal]]] = {
    "people.number_index": ("id_number", NUMBER),
    "people.name_index": ("name", NAME),
}
"""Of an index of people the column of their memberships: of those with the same value, there may be several."""

Remade = Mapping[tuple[int, str, bytes], bytes]
"""Indexes of people as they are now made, by whose they are, which, and what they were."""

_FORGET = table(Resealing).delete().where(table(Resealing).c.table_name == bindparam("name"))


class Missing(Exception):
    """The value of which an index was made is not there any more."""


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns, and with the indexes beside them."""

    table: Table
    sealed: Sequence[Column[Any]]
    indexes: Sequence[Column[Any]]

    @property
    def key(self) -> Column[int]:
        """By which its rows are walked through."""
        (key,) = self.table.primary_key.columns
        return key


@dataclass(frozen=True, slots=True)
class Lot:
    """What became of some rows: how many were looked at, changed, and not opened, and where to go on; None at the end."""

    seen: int
    changed: int
    stuck: int
    after: int | None


@cache
def tables() -> tuple[SealedTable, ...]:
    """Every table that holds something sealed, as the models tell: people first, by whose indexes others are found."""
    found = []
    for each in Base.metadata.sorted_tables:
        ours = [column for column in each.columns if isinstance(column.type, SealedBytes) and column.name != DIGEST]
        if ours:
            indexes = [column for column in ours if column.name.endswith(INDEX)]
            found.append(SealedTable(each, [column for column in ours if column not in indexes], indexes))
    return tuple(sorted(found, key=lambda each: each.table is not table(Human)))


async def usage(connection: AsyncConnection, vault: Vault) -> dict[str, Counter[bytes]]:
    """How many values of each column begin with which header; an index made under the first key has none."""
    found = {}
    for each in tables():
        for column in (*each.sealed, *each.indexes):
            rows = await connection.execute(
                select(_header(column, column in each.indexes), func.count())
                .where(column.is_not(None))
                .group_by("header")
            )
            found[str(column)] = Counter({bytes(header): int(count) for header, count in rows})
    return found


def _header(column: Column[Any], index: bool) -> Any:
    def beginning(length: int) -> Any:
        return func.substr(column, 1, length, type_=LargeBinary())

    short = (
        func.length(column) == Vault.INDEX_LENGTH if index else beginning(1) == literal(Vault.ANCIENT, LargeBinary)
    )
    alone = literal(b"" if index else Vault.ANCIENT, LargeBinary)
    return case((short, alone), else_=beginning(Vault.INDEX_HEADER if index else Vault.HEADER)).label("header")


async def rows(connection: AsyncConnection) -> int:
    """How many rows a pass looks at."""
    counts = [select(func.count()).select_from(each.table).scalar_subquery() for each in tables()]
    return sum((await connection.execute(select(*counts))).one())


async def progress(connection: AsyncConnection, vault: Vault) -> Mapping[str, RowMapping]:
    """How far each table is on its way to what seals now."""
    rows = await connection.execute(select(*table(Resealing).c).where(Resealing.goal == vault.header))
    return {row["table_name"]: row for row in rows.mappings()}


async def step(connection: AsyncConnection, vault: Vault, each: SealedTable, now: dt.datetime) -> Lot:
    """The next lot of a table's rows is sealed anew."""
    name, goal = each.table.name, vault.header
    kept = (await progress(connection, vault)).get(name)
    if kept is None:
        await connection.execute(_FORGET, {"name": name})
        begun = {"table_name": name, "goal": goal, "done_key": 0, "changed": 0, "stuck": 0, "started_at": now}
        await connection.execute(insert(Resealing).values(**begun))
    elif kept["finished_at"] is not None:
        return Lot(0, 0, 0, None)
    lot = await reseal(connection, vault, each, kept["done_key"] if kept else 0)
    there = table(Resealing)
    counted = {"changed": there.c.changed + lot.changed, "stuck": there.c.stuck + lot.stuck}
    where = {"finished_at": now} if lot.after is None else {"done_key": lot.after}
    await connection.execute(update(there).where(there.c.table_name == name).values(**counted, **where))
    return lot


async def again(connection: AsyncConnection) -> None:
    """The next pass begins with the first row of every table."""
    await connection.execute(table(Resealing).delete())


async def reseal(connection: AsyncConnection, vault: Vault, each: SealedTable, after: int) -> Lot:
    """Rows behind this key are sealed anew where they are not already; nobody else changes them meanwhile."""
    some = select(each.key.label("id"), *each.sealed, *each.indexes).where(each.key > bindparam("after"))
    statement = locked(some.order_by(each.key).limit(BATCH), connection, each.table)
    rows = (await connection.execute(statement, {"after": after})).mappings().all()
    if not rows:
        return Lot(0, 0, 0, None)
    last = int(rows[-1]["id"])
    if each.table is table(Human):
        rows = [*rows, *await _bearing_the_same(connection, each, rows)]
    of_members = await _of_members(connection, vault, rows) if each.table is table(Human) else {}
    changed, stuck = 0, 0
    for row in rows:
        new, lost = _anew(vault, each, row, of_members)
        stuck += lost
        if not new:
            continue
        try:
            async with connection.begin_nested():
                await connection.execute(update(each.table).where(each.key == row["id"]).values(**new))
            changed += 1
        except IntegrityError:  # somebody who was added twice, under either key: for a person to see
            stuck += 1
    return Lot(len(rows), changed, stuck, last)


async def _bearing_the_same(
    connection: AsyncConnection, each: SealedTable, people: Sequence[RowMapping]
) -> Sequence[RowMapping]:
    """Who bears a number of theirs under another name: protection goes by equal numbers, and both change at once."""
    columns = table(Human).c
    same = among(columns.number_index, "numbers", LargeBinary)
    theirs = select(each.key.label("id"), *each.sealed, *each.indexes).where(same, each.key.not_in(_keys(people)))
    numbers = [bytes(row["number_index"]) for row in people if row["number_index"] is not None]
    found = await connection.execute(locked(theirs.order_by(each.key), connection, each.table), {"numbers": numbers})
    return found.mappings().all()


def _keys(rows: Sequence[RowMapping]) -> list[int]:
    return [int(row["id"]) for row in rows]


def _anew(
    vault: Vault, each: SealedTable, row: RowMapping, of_members: Remade
) -> tuple[dict[str, bytes | None], bool]:
    """What of a row is to be written anew, and whether anything of it could not be opened."""
    new: dict[str, bytes | None] = {}
    lost = False
    for column in (*each.sealed, *each.indexes):
        if (there := row[column.name]) is None:
            continue
        try:
            if column in each.indexes:
                if not vault.current_index(there):
                    new[column.name] = _index(vault, each, row, column, of_members)
            elif not vault.current(there):
                new[column.name] = vault.seal(str(column), vault.open(str(column), there))
        except (NotOurs, Missing):
            lost = True
    return new, lost


def _index(vault: Vault, each: SealedTable, row: RowMapping, column: Column[Any], of_members: Remade) -> bytes | None:
    if each.table is table(Human):
        remade = of_members.get((row["id"], column.name, row[column.name]))
        if remade is None:
            raise Missing
        return remade
    source, (label, normal) = INDEXES[str(column)]
    return vault.index(label, normal(vault.open(f"{each.table.name}.{source}", row[source])))


async def _of_members(connection: AsyncConnection, vault: Vault, people: Sequence[RowMapping]) -> Remade:
    """Indexes of people as they are now made, by what they were: found among their memberships."""
    columns = table(Member).c
    theirs = select(columns.person_id, columns.id_number, columns.name).where(among(columns.person_id, "people"))
    found: dict[tuple[int, str, bytes], bytes] = {}
    for member in (await connection.execute(theirs, {"people": [row["id"] for row in people]})).mappings():
        for name, (source, (label, normal)) in OF_MEMBERS.items():
            try:
                form = normal(vault.open(f"members.{source}", member[source]))
            except NotOurs:
                continue
            made = vault.indexes(label, form)
            found |= {(member["person_id"], name.split(".")[1], old): made[0] for old in made}
    return found
