"""Doubtful rows go back to the department that sent them, are told by a day to be mended, and end: mended, or said to be so.

What a batch brings is sifted outside of any transaction, beside the doubts that stand; if these have changed by the time that
the batch is taken over, it is sifted anew. What was refused goes back whole: nothing of it is in force, and nothing of it is
listed here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope, workdays
from api.database import among, locked
from api.domain import accounts, casework, days
from api.domain import doubts as rules
from api.domain.doubts import DoubtState, Kind, Line, Placed, Sifted, Standing
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.matching import policy
from api.models import DoubtfulKind, DoubtfulRow, Upload, table
from api.sealing import Vault
from api.services import audit
from api.services.decisions import by_a_person

TOPIC = "doubtful_rows"
MENDING_DAYS = "feeds.mending_working_days"
DIGEST, ANSWER = "doubtful_rows.digest", "doubtful_rows.answer"

D, U = table(DoubtfulRow).c, table(Upload).c
_STANDING = (
    select(D.id, D.upload_id, D.reason, D.column_name, D.digest, D.state)
    .where(
        D.organisation_id == bindparam("organisation"),
        D.source == bindparam("source"),
        (D.state == DoubtState.OPEN) | ((D.state == DoubtState.CONFIRMED) & D.digest.is_not(None)),
    )
    .order_by(D.id)
)
_MINE = scope.narrow_to_batches(select(*D), D.organisation_id, D.division_code)
_OF_KIND = (
    scope.narrow_to_batches(select(D.id), D.organisation_id, D.division_code)
    .where(
        D.upload_id == bindparam("upload"),
        D.reason == bindparam("reason"),
        D.column_name.is_not_distinct_from(bindparam("column")),
        D.state == DoubtState.OPEN,
    )
    .order_by(D.id)
)
_MOVED = (
    update(table(DoubtfulRow))
    .where(D.id == bindparam("key"))
    .values(
        upload_id=bindparam("now_of"),
        file=bindparam("now_in"),
        row_number=bindparam("now_at"),
        brought_at=bindparam("now"),
        version=D.version + 1,
    )
)


class Stale(Exception):
    """Other doubts stand than those that the batch was sifted beside: another batch was taken over meanwhile."""


async def standing(
    connection: AsyncConnection, source: str, organisation_id: int, *, lock: bool = False
) -> list[Standing]:
    """The department's doubts that a batch of this source may bring again, or end; with a lock nobody else changes them."""
    statement = locked(_STANDING, connection, DoubtfulRow) if lock else _STANDING
    rows = await connection.execute(statement, {"source": source, "organisation": organisation_id})
    return [
        Standing(
            row.id,
            row.upload_id,
            (row.reason, row.column_name),
            None if row.digest is None else bytes(row.digest),
            DoubtState(row.state),
        )
        for row in rows
    ]


def named(vault: Vault, source: str, organisation_id: int, record_id: str) -> bytes:
    """By which a record of a department is known again; its own name is kept nowhere."""
    return vault.digest(DIGEST, f"{source}\0{organisation_id}\0{record_id}")


async def bring(
    connection: AsyncConnection,
    upload_id: int,
    sifted: Sifted,
    in_force: frozenset[str],
    outranked: frozenset[str],
    now: dt.datetime,
) -> None:
    """What the batch that is taken over brings is told to its department: what is new, what it brings again, what is over.

    `in_force` are the numbers of batches that count beside it, `outranked` those over whose records it has the last word. A batch
    that counts no more itself, since a later day's came before it, brings nothing. Raises Stale.
    """
    upload = (await connection.execute(select(Upload).where(Upload.id == upload_id))).one()
    stands = await standing(connection, upload.source, upload.organisation_id, lock=True)
    if {(each.id, each.upload_id, each.state) for each in stands} != {
        (each.id, each.upload_id, each.state) for each in sifted.standing
    }:
        raise Stale
    if upload.batch not in in_force:
        await _count(connection, upload_id, sifted, Counter())
        return
    numbers = await connection.execute(
        select(U.id, U.batch).where(among(U.id, "uploads")), {"uploads": sorted({each.upload_id for each in stands})}
    )
    batches = {row.id: row.batch for row in numbers}
    placed = rules.placed(
        sifted,
        {key for key, batch in batches.items() if batch in in_force},
        {key for key, batch in batches.items() if batch in outranked},
    )
    await _place(connection, upload, placed, now)
    listed = Counter(line.kind for line in (*placed.again.values(), *placed.fresh))
    await _count(connection, upload_id, sifted, listed)
    if not (listed or placed.over):
        return
    detail = {"listed": len(placed.fresh), "again": len(placed.again), "corrected": len(placed.over)}
    await audit.record(
        connection, None, "upload.doubted", ("Upload", upload_id), now, {"source": upload.source, **detail}
    )
    await outbox.append(connection, TOPIC, upload_id, now)


async def _place(
    connection: AsyncConnection, upload: Row[*tuple[Any, ...]], placed: Placed, now: dt.datetime
) -> None:
    if placed.again:
        moved = [
            {"key": key, "now_of": upload.id, "now_in": line.file, "now_at": line.row, "now": now}
            for key, line in sorted(placed.again.items())
        ]
        await connection.execute(_MOVED, moved)
    if placed.over:
        over = update(table(DoubtfulRow)).where(among(D.id, "over"))
        ended = {
            "state": DoubtState.CORRECTED,
            "ended_at": now,
            "ended_upload_id": upload.id,
            "version": D.version + 1,
        }
        await connection.execute(over.values(ended), {"over": sorted(placed.over)})
    if placed.fresh:
        today = days.today(now)
        due_on = workdays.add(today, policy.whole(MENDING_DAYS, today, upload.division_code))
        await connection.execute(insert(DoubtfulRow), [_fresh(upload, line, due_on, now) for line in placed.fresh])


def _fresh(upload: Row[*tuple[Any, ...]], line: Line, due_on: dt.date, now: dt.datetime) -> dict[str, Any]:
    reason, column = line.kind
    return {
        "organisation_id": upload.organisation_id,
        "division_code": upload.division_code,
        "source": upload.source,
        "first_upload_id": upload.id,
        "upload_id": upload.id,
        "file": line.file,
        "row_number": line.row,
        "column_name": column,
        "reason": reason,
        "digest": line.digest,
        "told_at": now,
        "brought_at": now,
        "due_on": due_on,
        "state": DoubtState.OPEN,
        "version": 1,
    }


async def _count(connection: AsyncConnection, upload_id: int, sifted: Sifted, listed: Counter[Kind]) -> None:
    rows = [
        {
            "upload_id": upload_id,
            "reason": kind[0],
            "column_name": kind[1],
            "lines": lines,
            "listed": listed[kind],
        }
        for kind, lines in sifted.counts.items()
    ]
    if rows:
        await connection.execute(insert(DoubtfulKind), rows)


async def confirm(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    key: int | None,
    expected_version: int,
    words: str,
    now: dt.datetime,
) -> int:
    """Somebody of the department says that the row is so, and why; its key. Raises NotDone."""
    await by_a_person(connection, viewer)
    statement = locked(_MINE.where(D.id == key), connection, DoubtfulRow)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "rowId"), "没有此存疑行。", "There is no such doubtful row.")
    accounts.unchanged(found.version, expected_version, "存疑行", "doubtful row")
    if found.state != DoubtState.OPEN:
        raise NotDone(UserErrorCode.INVALID, ("input", "rowId"), "该行已办结。", "It is over already.")
    await _confirmed(connection, vault, viewer, [found.id], words, now)
    detail = {"upload": found.upload_id, "source": found.source}
    await audit.record(connection, viewer.user_id, "doubt.confirmed", ("DoubtfulRow", found.id), now, detail)
    return int(found.id)


async def confirm_kind(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    upload_id: int | None,
    kind: Kind,
    expected_rows: int,
    words: str,
    now: dt.datetime,
) -> int:
    """The same of all open rows of a batch that are doubted for one reason in one column; the upload's key. Raises NotDone.

    `expected_rows` is how many they are: nobody confirms what came after they looked.
    """
    await by_a_person(connection, viewer)
    asked = {**scope.of(viewer), "upload": upload_id or 0, "reason": kind[0], "column": kind[1]}
    keys = (await connection.scalars(locked(_OF_KIND, connection, DoubtfulRow), asked)).all()
    if upload_id is None or not keys:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "uploadId"),
            "此批次没有这一类未办结的存疑行。",
            "There are no open doubtful rows of this kind in that batch.",
        )
    if len(keys) != expected_rows:
        raise NotDone(
            UserErrorCode.CONFLICT,
            ("input", "expectedRows"),
            f"此类未办结的存疑行现为 {len(keys)} 行，请重新查看。",
            f"There are {len(keys)} open rows of this kind by now: look at them again.",
        )
    await _confirmed(connection, vault, viewer, list(keys), words, now)
    detail = {"rows": len(keys), "reason": kind[0], "column": kind[1]}
    await audit.record(connection, viewer.user_id, "doubt.kindConfirmed", ("Upload", upload_id), now, detail)
    return upload_id


async def _confirmed(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, keys: list[int], words: str, now: dt.datetime
) -> None:
    values = {
        "state": DoubtState.CONFIRMED,
        "ended_at": now,
        "answer": vault.seal(ANSWER, casework.words(words, "answer")),
        "answered_by": viewer.user_id,
        "version": D.version + 1,
    }
    await connection.execute(update(table(DoubtfulRow)).where(among(D.id, "keys")).values(values), {"keys": keys})
