"""What operations showed of people: written before the answer leaves, and sealed into a chain soon after (F-28).

Rows are written by many at once and sealed by one at a time, in the order in which the sealer finds them. So nobody who
reads waits for a chain, and a row that is committed late is no gap in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, insert, literal, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, each_of, holds, one_writer, upsert
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.purposes import Purpose, purpose_of
from api.domain.reads import HOUSEHOLD, PERSON, ReadLog
from api.models import ChainCut, Household, LeadView, Member, Read, ReadSubject, User, table
from api.sealing import NotOurs, Vault
from api.services import chain
from api.services.chain import Head, Progress, Proof

LOCK = 4_105_003
BATCH = 500
DOCUMENT_COLUMN = "reads.document"
CHAIN, CUT_COLUMN = "reads", "chain_cuts.seal"
VIEWED = "viewed"
OURS = re.compile(r"[0-9A-Za-z-]{1,64}")

_ADD = insert(table(Read))
_CUT = (
    select(ChainCut.number, ChainCut.hash, ChainCut.seal)
    .where(ChainCut.chain == CHAIN)
    .order_by(ChainCut.number.desc())
    .limit(1)
)
_UNSEALED = select(*table(Read).c).where(Read.number.is_(None)).order_by(Read.id).limit(BATCH)
_SEAL = (
    update(table(Read))
    .where(Read.id == bindparam("sealed_id"), Read.number.is_(None))
    .values(number=bindparam("at"), previous_hash=bindparam("before"), hash=bindparam("own"))
)


@dataclass(frozen=True, slots=True)
class Tail:
    """Rows that are not sealed yet: how many, and since when the oldest waits."""

    rows: int
    since: dt.datetime | None


def entry(
    viewer: Viewer,
    log: ReadLog,
    *,
    vault: Vault,
    document_id: str,
    operation: str | None,
    request_id: str,
    purpose: Purpose | None,
    codes: Collection[str],
    now: dt.datetime,
) -> dict[str, Any] | None:
    """The row that tells of an operation; None where there is nothing to tell."""
    outcome = log.outcome(codes)
    if outcome is None:
        return None
    return {
        "read_at": now,
        "user_id": viewer.user_id,
        "role": viewer.role.value,
        "division_code": viewer.division_code,
        "client": viewer.client,
        "request_id": request_id if OURS.fullmatch(request_id) else "",
        "document": document(vault, document_id, operation),
        "purpose": (purpose or purpose_of(viewer.role, None)).value,
        "outcome": outcome.value,
        "codes": sorted(log.refusals.union(codes)),
        "identity": log.identity.value,
        "whole": len(log.people) if log.whole_people else 0,
        "fields": sorted(log.fields),
        "searches": [{"by": list(by), "found": found} for by, found in log.searches],
        "people": sorted(log.people),
        "households": sorted(log.households),
        VIEWED: log.alone,
    }


def document(vault: Vault, document_id: str, operation: str | None) -> bytes:
    """What is kept of a document and the operation in it: a keyed digest.

    A document may hold a citizen number, and a plain hash of it would be found by trying all (F-31); whoever has the
    key and a document can tell whether it was this one.
    """
    named = hashlib.sha256(f"{document_id.removeprefix('sha256:')}\0{operation or ''}".encode()).hexdigest()
    return vault.digest(DOCUMENT_COLUMN, named)


async def add(connection: AsyncConnection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows in one statement, committed before the answers leave; and which lead each showed by itself (F-4)."""
    rows = [{name: value for name, value in each.items() if name != VIEWED} for each in entries]
    await connection.execute(_ADD, rows if len(rows) > 1 else rows[0])
    seen = {(each[VIEWED][0], each["user_id"]): each for each in entries if each.get(VIEWED) is not None}
    if seen:
        views = [
            {"finding_id": lead, "user_id": user, "version": each[VIEWED][1], "viewed_at": each["read_at"]}
            for (lead, user), each in sorted(seen.items())
        ]
        await connection.execute(upsert(connection, table(LeadView), ["finding_id", "user_id"], views[0]), views)


async def waiting(connection: AsyncConnection) -> bool:
    """Whether any row is not sealed."""
    some = select(Read.id).where(Read.number.is_(None)).limit(1)
    return (await connection.execute(some)).first() is not None


async def seal(connection: AsyncConnection) -> chain.Rows:
    """Chains the oldest rows that are not sealed, up to BATCH of them, and gives them back.

    One sealer at a time, over all processes. Whom the rows are about is indexed in the same transaction.
    """
    await one_writer(connection, LOCK)
    rows = (await connection.execute(_UNSEALED)).mappings().all()
    if not rows:
        return rows
    last, sealed = await chain.head(connection, Read), []
    for row in rows:
        place = {"number": last.number + 1, "previous_hash": last.hash}
        content = {name: value for name, value in row.items() if name not in chain.UNHASHED}
        own = chain.link({**content, **place})
        sealed.append({"sealed_id": row["id"], "at": place["number"], "before": last.hash, "own": own})
        last = Head(last.number + 1, own)
    await connection.execute(_SEAL, sealed)
    for kind, column in ((PERSON, Read.people), (HOUSEHOLD, Read.households)):
        held = each_of(connection, column)
        whom = select(literal(kind), held.c.value, Read.id).select_from(table(Read).join(held, true()))
        statement = insert(table(ReadSubject)).from_select(
            ["kind", "key", "read_id"], whom.where(among(table(Read).c.id, "ids"))
        )
        await connection.execute(statement, {"ids": [row["id"] for row in rows]})
    return rows


async def head(connection: AsyncConnection) -> Head:
    """Where the chain of reads ends."""
    return await chain.head(connection, Read)


async def prove(
    connection: AsyncConnection,
    known: Head | None = None,
    progress: Progress | None = None,
    vault: Vault | None = None,
) -> Proof:
    """Recomputes the chain from where it begins, and holds the index by person and household against the rows.

    With a vault, where it begins is proved, too.
    """
    cut = (await connection.execute(_CUT)).one_or_none()
    start = None
    if cut is not None:
        start = Head(cut.number, cut.hash)
        if vault is not None and not _fits(vault, start, cut.seal):
            return Proof(start, start.number)
    return await chain.prove(connection, Read, start=start, known=known, check=_unindexed, progress=progress)


async def is_cut(connection: AsyncConnection) -> bool:
    """Whether the oldest rows were deleted, when their time was over."""
    return (await connection.execute(_CUT)).first() is not None


def sealed_cut(vault: Vault, number: int, last: str) -> bytes:
    """What says under the key that the chain begins behind this row."""
    sealed = vault.seal(CUT_COLUMN, f"{CHAIN} {number} {last}")
    assert sealed is not None
    return sealed


def _fits(vault: Vault, start: Head, seal: bytes) -> bool:
    try:
        return vault.open(CUT_COLUMN, seal) == f"{CHAIN} {start.number} {start.hash}"
    except NotOurs:
        return False


async def tail(connection: AsyncConnection) -> Tail:
    """What is not sealed yet."""
    counted = select(func.count(), func.min(Read.read_at)).where(Read.number.is_(None))
    rows, since = (await connection.execute(counted)).one()
    return Tail(int(rows), since)


async def about(
    connection: AsyncConnection, person: str | None, household: str | None, most: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The latest reads about a person or a household of this number in the register, with their reader. Raises NotDone.

    A person is one in whichever households they are or were.
    """
    kind, keys = (
        (PERSON, await _same(connection, person)) if person else (HOUSEHOLD, await _of(connection, household))
    )
    if not keys:
        raise NotDone(UserErrorCode.NOT_FOUND, ("reference",), "没有此人或此户。", "Nobody has this number.")
    column = table(Read).c.people if kind == PERSON else table(Read).c.households
    subjects = select(ReadSubject.read_id).where(ReadSubject.kind == kind, among(table(ReadSubject).c.key, "keys"))
    theirs = or_(Read.id.in_(subjects), and_(Read.number.is_(None), holds(column, "keys")))
    statement = (
        select(*table(Read).c, User.display_name)
        .join(User, User.id == Read.user_id)
        .where(theirs)
        .order_by(Read.id.desc())
        .limit(most)
    )
    return (await connection.execute(statement, {"keys": keys})).all()


async def _same(connection: AsyncConnection, reference: str) -> list[int]:
    """The memberships of the person with this number in the register, in every household."""
    human = select(Member.person_id).where(Member.reference == reference).scalar_subquery()
    return list((await connection.scalars(select(Member.id).where(Member.person_id == human))).all())


async def _of(connection: AsyncConnection, reference: str | None) -> list[int]:
    return list((await connection.scalars(select(Household.id).where(Household.reference == reference))).all())


async def _unindexed(connection: AsyncConnection, rows: chain.Rows) -> int | None:
    """The number of the first of these rows whose people and households the index does not tell exactly."""
    about = select(ReadSubject.read_id, ReadSubject.kind, ReadSubject.key).where(
        among(table(ReadSubject).c.read_id, "ids")
    )
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for read_id, kind, key in await connection.execute(about, {"ids": [row["id"] for row in rows]}):
        found[read_id].add((kind, key))
    for row in rows:
        told = {(PERSON, key) for key in row["people"]} | {(HOUSEHOLD, key) for key in row["households"]}
        if told != found[row["id"]]:
            return int(row["number"])
    return None
