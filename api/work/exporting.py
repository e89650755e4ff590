"""An export is carried out: its list asked page by page as its requester would ask, kept in parts, and made a file.

What is shown goes by the requester's role, division and purpose, as long as the first two are theirs, with masks and what is hidden of
protected persons as for somebody who is not cleared, whoever asks (F-29); and it is on record as read by them, in the
transaction that keeps it (F-28). Killed anywhere, another worker goes on behind the last part.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from inspect import isawaitable
from pathlib import Path
from typing import Any

import orjson
from graphql import execute
from sqlalchemy.ext.asyncio import AsyncConnection

from api.broadcast import Broadcast
from api.database import reading
from api.domain import days, purposes
from api.domain.exports import MOST_ROWS, NEEDED
from api.domain.permissions import Viewer
from api.exports_store import ExportStore, Lost
from api.schema.context import Context
from api.schema.root import schema
from api.schema.straight import StraightExecutor
from api.services import exports, reads, viewers
from api.services.exports import Order
from api.work import export_files
from api.work.export_files import Mark, Rows
from api.work.export_sheets import SHEETS, Sheet
from api.work.held import Held, Refused

PAGES_A_PART = 10
NAME = "export"


async def carry_out(held: Held) -> None:
    """The export's file lies sealed on the disk, and may be taken."""
    async with held.writing() as connection:
        order = await exports.begin(connection, held.vault, held.job.subject, held.now())
    if order is None or order.status.ended:
        return
    async with reading(held.engine) as connection:
        viewer = await viewers.of_key(connection, order.user_id)
    if viewer is None or not viewer.may(NEEDED[order.kind]) or not exports.still_theirs(viewer, order):
        raise Refused("whoever asked for it may not see these rows any more")
    viewer = replace(viewer, cleared=False, division_code=order.division_code)
    viewer = purposes.bound(viewer, order.purpose, named=order.named)
    store, sheet = ExportStore(held.data_dir, held.vault, order.id), SHEETS[order.kind]
    order = await _gather(held, order, viewer, store, sheet)
    try:
        size, digest = await asyncio.to_thread(_make, store, order, sheet, _mark(held, order, viewer))
    except Lost:
        async with held.writing() as connection:
            await exports.kept(connection, order.id, 0, 0, None, ())
        raise
    async with held.writing() as connection:
        await exports.succeed(connection, order.id, size, digest, held.now())


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """The export has failed, and nothing of it lies on the disk."""
    await exports.fail(connection, held.job.subject, failure, held.now())
    ExportStore(held.data_dir, held.vault, held.job.subject).remove()


async def _gather(held: Held, order: Order, viewer: Viewer, store: ExportStore, sheet: Sheet) -> Order:
    """All rows in parts. Raises Refused where there are more than a sheet holds."""
    more = order.parts == 0 or order.cursor is not None
    while more:
        lines, seen, cursor = bytearray(), [], order.cursor
        rows = order.rows
        for _ in range(PAGES_A_PART):
            page, entry = await _page(held, order, viewer, sheet, cursor)
            seen += [entry] if entry is not None else []
            for node in page["nodes"]:
                lines += orjson.dumps([column.cell(node) for column in sheet.columns]) + b"\n"
            rows += len(page["nodes"])
            cursor = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
            if cursor is None:
                break
        if rows > MOST_ROWS:
            raise Refused(f"more than {MOST_ROWS:,} rows: narrow the filter")
        await asyncio.to_thread(store.put_part, order.parts + 1, bytes(lines))
        async with held.writing() as connection:
            await exports.kept(connection, order.id, order.parts + 1, rows, cursor, seen)
        order, more = replace(order, parts=order.parts + 1, rows=rows, cursor=cursor), cursor is not None
    return order


async def _page(
    held: Held, order: Order, viewer: Viewer, sheet: Sheet, cursor: str | None
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """A page of the list as this viewer sees it, and the row of the record of reads that tells so. Raises Refused."""
    context = Context(held.engine, held.vault, Broadcast(held.engine), viewer, "zh", uuid.uuid4().hex)
    context.purpose, context.clock = order.purpose, held.now
    answered = execute(
        schema._schema,
        sheet.document,
        context_value=context,
        variable_values={"filter": order.filter, "after": cursor},
        executor_class=StraightExecutor,
    )
    result = await answered if isawaitable(answered) else answered
    if result.data is None or result.errors:
        codes = sorted({str((error.extensions or {}).get("code", "INTERNAL")) for error in result.errors or ()})
        raise Refused(f"the list was not answered: {', '.join(codes)}")
    entry = reads.entry(
        viewer,
        context.log,
        vault=held.vault,
        document_id=f"{NAME} {sheet.root}",
        operation=NAME,
        request_id=context.request_id,
        purpose=order.purpose,
        codes=(),
        now=held.now(),
    )
    return result.data[sheet.root], entry


def _make(store: ExportStore, order: Order, sheet: Sheet, mark: Mark) -> tuple[int, str]:
    """The file, sealed; how long it is, and its SHA-256. Raises Lost."""
    made = store.work() / f"export.{export_files.SUFFIXES[order.format]}"
    export_files.write(made, order.format, sheet.columns, mark, _rows(store, order))
    size, digest = made.stat().st_size, _digest(made)
    store.finish(made)
    return size, digest


def _rows(store: ExportStore, order: Order) -> Iterator[Rows]:
    for part in store.parts(order.parts):
        yield [orjson.loads(line) for line in part.splitlines()]


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _mark(held: Held, order: Order, viewer: Viewer) -> Mark:
    number = held.vault.ids("Export", [order.id])[0][:8]
    at = order.requested_at.astimezone(days.CHINA)
    return Mark(number, f"导出 export {number} · {viewer.login} · {at:%Y-%m-%d %H:%M} · {order.purpose}")
