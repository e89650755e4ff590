"""A batch that has come is checked, and taken over as a feed or refused; either way its department gets a receipt.

The matcher reads the file, in a process of its own; here is decided whether what it found fits with what came before. What
is refused says why, and stays where it lies until its time is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import one_writer
from api.domain.doubts import Sifted
from api.domain.uploads import UploadState, receipt_digest
from api.matching import InputRefused, Step, sent
from api.matching.folders import FeedFiles
from api.matching.sent import Judged
from api.models import Feed, Receipt, Upload, table
from api.services import audit, doubts, registers, uploads

QUALITY = "quality"
"""Where what the check wrote lies, beside the file that it is about."""

RECEIPTS = 4_105_014
"""The lock under which receipts are numbered."""

U, R = table(Upload).c, table(Receipt).c
_BEFORE = select(U.figures).where(U.state == UploadState.ACCEPTED, U.figures.is_not(None)).order_by(U.id)


@dataclass(frozen=True, slots=True)
class Order:
    """A batch to be checked: what was said of it, where it lies, and what its department's earlier ones came to."""

    id: int
    source: str
    organisation_id: int
    division_code: str
    name: str
    size: int
    sha256: str
    state: UploadState
    path: Path
    feed: FeedFiles
    earlier: tuple[Mapping[str, Any], ...]


async def begin(connection: AsyncConnection, key: int, data_dir: Path, now: dt.datetime) -> Order:
    """The batch is being checked from now on, unless that has ended."""
    row = (await connection.execute(select(Upload).where(Upload.id == key))).one()
    path = data_dir / row.folder / row.name
    feed = sent.batch(
        row.source, path, row.sha256, row.batch, row.kind, row.department, row.as_of, row.supersedes, row.mapping
    )
    earlier = await connection.scalars(
        _BEFORE.where(U.source == row.source, U.organisation_id == row.organisation_id, U.id < key)
    )
    order = Order(
        key,
        row.source,
        row.organisation_id,
        row.division_code,
        row.name,
        row.size,
        row.sha256,
        UploadState(row.state),
        path,
        feed,
        tuple(earlier),
    )
    if not order.state.ended:
        await uploads.change(connection, key, now, state=UploadState.CHECKING, stage="check")
    return order


async def tell(connection: AsyncConnection, key: int, step: Step, now: dt.datetime) -> None:
    """How far the check is."""
    told = {"stage": step.stage, "done": step.done, "total": step.total, "unit": step.unit}
    await uploads.change(connection, key, now, **told)


async def conclude(
    connection: AsyncConnection, order: Order, found: Judged, doubted: Sifted, data_dir: Path, now: dt.datetime
) -> None:
    """The batch is a feed that the next scan reads; or it is refused, for what the matcher says or what came before.

    What of it is `doubted` goes back to its department. Raises doubts.Stale where that was sifted beside others than stand now.
    """
    await uploads.one_at_a_time(connection, order.source)
    kept = {"checks": found.checks, "rows_in": found.rows_in, "rows_accepted": found.accepted}
    if found.rows_in is not None and found.accepted is not None:
        kept["rows_set_aside"] = found.rows_in - found.accepted
    if found.refused is not None:
        await refuse(connection, order.id, found.refused, now, final=True, **kept)
        return
    try:
        joined = sent.fit(await registers.came(connection, data_dir, order.source), order.feed)
    except InputRefused as why:
        await refuse(connection, order.id, sent.refusal(why), now, final=False, **kept)
        return
    await registers.know_departments(connection)
    added = insert(Feed).values(
        department_code=order.source,
        folder=order.path.parent.relative_to(data_dir).as_posix(),
        files=[{"name": order.name, "bytes": order.size, "sha256": order.sha256}],
        mapping=dict(order.feed.mapping),
        as_of=order.feed.as_of,
        complete=order.feed.complete,
        rows=found.rows_in,
        kept=found.kept,
        received_at=now,
        organisation_id=order.organisation_id,
        division_code=order.division_code,
    )
    feed = int((await connection.execute(added.returning(Feed.id))).scalar_one())
    await doubts.bring(connection, order.id, doubted, *sent.standing(joined, order.feed), now)
    await _end(connection, order.id, UploadState.ACCEPTED, now, feed_id=feed, figures=found.figures, **kept)


async def refuse(
    connection: AsyncConnection, key: int, refusal: Mapping[str, Any], now: dt.datetime, *, final: bool, **kept: Any
) -> None:
    """The batch is not taken over. Where that is `final` it would be refused whenever it came again as it is."""
    await _end(connection, key, UploadState.REFUSED, now, refusal={**refusal, "final": final}, **kept)


async def _end(connection: AsyncConnection, key: int, state: UploadState, now: dt.datetime, **values: Any) -> None:
    await uploads.change(connection, key, now, state=state, ended_at=now, stage=None, **values)
    await one_writer(connection, RECEIPTS)
    number = 1 + int((await connection.execute(select(func.coalesce(func.max(R.number), 0)))).scalar_one())
    row = (await connection.execute(select(Upload).where(Upload.id == key))).one()
    told = {"number": number, "upload_id": key, "issued_at": now, "digest": receipt_digest(says(row, number, now))}
    await connection.execute(insert(Receipt).values(**told))
    detail = {"source": row.source, "receipt": number}
    await audit.record(connection, None, f"upload.{state.lower()}", ("Upload", key), now, detail)


def says(row: Row[*tuple[Any, ...]], number: int, issued_at: dt.datetime) -> dict[str, Any]:
    """All that a receipt says, of which its digest is reckoned."""
    names = (
        "source",
        "batch",
        "kind",
        "department",
        "client",
        "sha256",
        "rows_in",
        "rows_accepted",
        "rows_set_aside",
    )
    return {
        **{name: getattr(row, name) for name in names},
        "number": number,
        "outcome": row.state,
        "file": row.name,
        "bytes": row.size,
        "as_of": row.as_of.isoformat(),
        "received_at": row.received_at.isoformat(),
        "issued_at": issued_at.isoformat(),
    }
