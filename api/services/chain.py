"""Rows chained by hash: each carries the hash of the one before, so that none is changed, removed or put in unseen.

What a chain cannot tell by itself is that its end was cut off, or all of it written anew. For that its head, a number and
a hash, is kept outside (`jiekun audit head`): whoever has yesterday's proves that nothing before it was rewritten.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import Base, table

BEGINNING: Final = "0" * 64
CHUNK: Final = 500
UNHASHED: Final = frozenset({"hash"})


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the number and the hash of its last row; 0 and BEGINNING where there is none."""

    number: int = 0
    hash: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Proof:
    """How far a chain holds: its head, and the number of the first row that does not fit, if there is one."""

    head: Head
    broken: int | None = None


Progress = Callable[[int, int], None]
Rows = Sequence[RowMapping]
Check = Callable[[AsyncConnection, Rows], Awaitable[int | None]]


def head_of(text: str) -> Head:
    """A head as it was printed. Raises ValueError."""
    number, _, digest = text.strip().partition(":")
    if not number.isdecimal() or len(digest) != len(BEGINNING) or set(digest) - set("0123456789abcdef"):
        raise ValueError("a head is NUMBER:HASH, as `jiekun audit head` prints it")
    return Head(int(number), digest)


def link(content: Mapping[str, Any]) -> str:
    """The hash of a row: over its canonical content, of which the hash of the row before is a part."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True, default=_plain).encode()).hexdigest()


async def head(connection: AsyncConnection, model: type[Base]) -> Head:
    """Where the chain ends."""
    last = (await connection.execute(_newest(model))).one_or_none()
    return Head(last.number, last.hash) if last else Head()


@cache
def _newest(model: type[Base]) -> Select[int, str]:
    c = table(model).c
    return select(c.number, c.hash).where(c.number.is_not(None)).order_by(c.number.desc()).limit(1)


async def prove(
    connection: AsyncConnection,
    model: type[Base],
    *,
    unhashed: frozenset[str] = UNHASHED,
    start: Head | None = None,
    known: Head | None = None,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Proof:
    """Recomputes the chain from its first row, some rows at a time.

    `start` is the last row of those that were deleted when their time was over; `known` is a head that was kept outside;
    `check` looks at rows for what stands beside them, and gives the number of the first for which that does not fit.
    """
    columns = table(model).c
    after = select(*columns).where(columns.number > bindparam("after")).order_by(columns.number).limit(CHUNK)
    total = await _count(connection, columns.number)
    now, broken = start or Head(), None
    if start is not None and known is not None and known.number == start.number and known != start:
        return Proof(now, now.number)
    while rows := (await connection.execute(after, {"after": now.number})).mappings().all():
        beside = await check(connection, rows) if check else None
        for row in rows:
            content = {name: value for name, value in row.items() if name not in unhashed}
            fits = (
                row["number"] == now.number + 1 and row["previous_hash"] == now.hash and row["hash"] == link(content)
            )
            if not fits or row["number"] == beside:
                return Proof(now, now.number + 1)
            now = Head(row["number"], row["hash"])
            if known is not None and known.number == now.number and known != now:
                return Proof(now, now.number)
        if progress:
            progress(now.number, total)
    if known is not None and known.number > now.number:
        broken = now.number + 1
    return Proof(now, broken)


async def _count(connection: AsyncConnection, number: ColumnElement[int]) -> int:
    return int((await connection.execute(select(func.count(number)))).scalar_one())


def _plain(value: Any) -> str:
    """What JSON does not know, always written the same way."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no canonical form")
