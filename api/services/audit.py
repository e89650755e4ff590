"""Who did what to what: rows that are only ever added, each carrying the hash of the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Row, ScalarSelect, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import at_last, conclude, one_writer
from api.domain.errors import NotDone, UserErrorCode
from api.loaders.audit import HOUSEHOLD, OF_HOUSEHOLD
from api.models import AuditEvent, Finding, Household, Member, User, table
from api.services import chain
from api.services.chain import Head, Progress, Proof

LOCK = 4_105_002
UNHASHED = chain.UNHASHED | {"id", "household_id"}
E = table(AuditEvent).c
_ADD = insert(table(AuditEvent)).returning(E.id)

BELONGING: Mapping[str, Any] = {"Finding": Finding, "Person": Member}
"""Subjects that are a household's, where the detail names none."""

PLACE = 1
"""Before the outbox, at the end of a transaction (database.at_last)."""

_added: WeakKeyDictionary[AsyncConnection, int] = WeakKeyDictionary()


async def record(
    connection: AsyncConnection,
    user_id: int | None,
    action: str,
    subject: tuple[str, int],
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds a row in the transaction that does what it tells; `detail` holds codes and ids, nothing personal.

    It is written when the transaction ends, since only one writes at a time.
    """
    row = {
        "happened_at": now,
        "user_id": user_id,
        "action": action,
        "subject_type": subject[0],
        "subject": subject[1],
        "detail": dict(detail or {}),
    }
    at_last(connection, PLACE, _write, row)


async def _write(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await one_writer(connection, LOCK)
    last = await chain.head(connection, AuditEvent)
    for told in rows:
        row = {"number": last.number + 1, **told, "previous_hash": last.hash}
        last = chain.Head(last.number + 1, chain.link(row))
        statement, about = _ADD, _about(told)
        if isinstance(about, ScalarSelect):
            statement = _ADD.values(household_id=about)
        else:
            row["household_id"] = about
        added = await connection.execute(statement, {**row, "hash": last.hash})
        _added[connection] = int(added.scalar_one())


def _about(told: Mapping[str, Any]) -> int | ScalarSelect[int] | None:
    """The household that an act is about: it is the subject, stands in the detail, or the subject is its."""
    if told["subject_type"] == "Household":
        return int(told["subject"])
    named = told["detail"].get(HOUSEHOLD)
    if named is not None:
        return int(named)
    of = BELONGING.get(told["subject_type"])
    return None if of is None else select(of.household_id).where(of.id == told["subject"]).scalar_subquery()


async def added(connection: AsyncConnection) -> int | None:
    """The key of the row that this transaction added last, which is at its end; None where it has added none."""
    await conclude(connection)
    return _added.get(connection)


async def head(connection: AsyncConnection) -> Head:
    """Where the trail ends."""
    return await chain.head(connection, AuditEvent)


async def prove(connection: AsyncConnection, known: Head | None = None, progress: Progress | None = None) -> Proof:
    """Recomputes the trail from its first row, and of which household each is where the row itself tells it."""
    return await chain.prove(
        connection, AuditEvent, unhashed=UNHASHED, known=known, check=_as_told, progress=progress
    )


async def _as_told(connection: AsyncConnection, rows: chain.Rows) -> int | None:
    """The number of the first row that is found by another household than it tells of; None where all are right."""
    for row in rows:
        told = _about({name: row[name] for name in ("subject_type", "subject", "detail")})
        known = row["subject_type"] not in BELONGING or HOUSEHOLD in row["detail"]
        if known and row["household_id"] != told:
            return int(row["number"])
    return None


async def about(
    connection: AsyncConnection, household: str | None, login: str | None, most: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The latest acts, of a household of this number in the register, or by this login, with who did them. Raises NotDone."""
    wanted = select(*E, User.login).outerjoin(User, User.id == E.user_id).order_by(E.id.desc()).limit(most)
    key: int | None = None
    if household is not None:
        key = await connection.scalar(select(Household.id).where(Household.reference == household))
        if key is None:
            raise NotDone(UserErrorCode.NOT_FOUND, ("household",), "没有此户。", "No household has this number.")
        wanted = wanted.where(E.id.in_(OF_HOUSEHOLD))
    if login is not None:
        user = await connection.scalar(select(User.id).where(User.login == login))
        if user is None:
            raise NotDone(UserErrorCode.NOT_FOUND, ("user",), "没有此用户。", "There is no such user.")
        wanted = wanted.where(E.user_id == user)
    return (await connection.execute(wanted, {"household": key})).all()
