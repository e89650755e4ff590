"""A batch that a department sent is checked: the matcher reads it in a folder of its own, and its word is taken in.

What of it is doubtful is looked through before that transaction, however much it is, and anew where doubts changed meanwhile.
Interrupted anywhere it is begun again, and comes to the same: the file lies where it came, or in the store by then, and nothing is taken over but
in the transaction that ends the check. Where files are kept in a store, they are put there before that transaction, which
finds them there when it is tried again, and are removed here after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from api import matching
from api.database import reading
from api.depot import Depot
from api.domain import days
from api.matching import MatcherFailed, Step, sent
from api.matching.doubts import sift
from api.matching.sent import Judged
from api.services import batches, doubts, indexes, stores
from api.services.batches import QUALITY, Order
from api.work.held import Held, Refused, seldom

FOLDER, DOUBTS = "checks", "doubts"
INPUT_REFUSED = 3
DAMAGED = {
    "what": "its SHA-256 is not the one that was announced: it was changed or cut on the way",
    "remedy": "Announce the batch again, and send the file anew",
}


async def carry_out(held: Held) -> None:
    """The batch is a feed of its source, or refused, and its department has a receipt."""
    async with held.writing() as connection:
        order = await batches.begin(connection, held.job.subject, held.data_dir, held.now())
    folder = order.path.parent.relative_to(held.data_dir).as_posix()
    if order.state.ended:
        await asyncio.to_thread(held.depot.clear, folder, _names(order))
        return
    place = held.data_dir / FOLDER / str(order.id)
    try:
        found = await _judged(held, order, place)
        if found is None:
            await _damaged(held, order)
            return
        rows = {each["name"]: each["sha256"] for each in (found.kept or {"files": ()})["files"]}
        try:
            await stores.require_ours(held.engine, held.depot.bucket, held.now())
        except stores.OtherOwner as why:
            raise Refused(str(why)) from None
        await asyncio.to_thread(held.depot.put_away, folder, {order.name: order.sha256, **rows})
        await _conclude(held, order, found, place / DOUBTS / order.source)
        await asyncio.to_thread(held.depot.clear, folder, _names(order))
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def _damaged(held: Held, order: Order) -> None:
    """The batch is refused, as its bytes are not those that were announced."""
    refusal = {**DAMAGED, "file": order.name, "row": None, "column": None}
    async with held.writing() as connection:
        await batches.refuse(connection, order.id, refusal, held.now(), final=False)


async def _conclude(held: Held, order: Order, found: Judged, written: Path) -> None:
    """The batch is concluded on, with what of it is doubted, beside the doubts that stand when that is so."""

    def digest(record: str) -> bytes:
        return doubts.named(held.vault, order.source, order.organisation_id, record)

    while True:
        async with reading(held.engine) as connection:
            standing = await doubts.standing(connection, order.source, order.organisation_id)
        doubted = await asyncio.to_thread(sift, written, standing, digest)
        try:
            async with held.writing() as connection:
                await batches.conclude(connection, order, found, doubted, held.data_dir, held.now())
                await indexes.follow(connection, held.vault, held.now())
        except doubts.Stale:
            continue
        return


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """The batch could not be checked, which is no fault of its own: it may be sent again."""
    refusal = {
        "what": f"it could not be checked ({failure})",
        "file": None,
        "row": None,
        "column": None,
        "remedy": "Tell the operator, and send it again",
    }
    await batches.refuse(connection, held.job.subject, refusal, held.now(), final=False)


async def _judged(held: Held, order: Order, place: Path) -> Judged | None:
    """What the matcher finds of the batch; None where its bytes are not those that were announced. Raises MatcherFailed."""
    out = order.path.parent / QUALITY
    await asyncio.to_thread(_prepare, held.depot, order, place, out)
    day = days.today(held.now()).isoformat()
    arguments = [
        *("--as-of", day, "--history", str(place / "history.jsonl")),
        *("--keep-rows", str(place / "rows"), "--name-doubts", str(place / DOUBTS)),
    ]
    try:
        await matching.validate(place / "in", out, arguments, _teller(held))
    except MatcherFailed as failed:
        if failed.exit_status != INPUT_REFUSED:
            raise
        if (found := sent.judged(out)) is not None:
            return found
        if await asyncio.to_thread(_digest, place / "in" / order.name) != order.sha256:
            return None
        return sent.not_opened(failed.said, order.name)
    else:
        found = sent.judged(out)
        return found and await asyncio.to_thread(sent.keep_rows, found, place / "rows", order.feed, order.path.parent)


def _names(order: Order) -> list[str]:
    """The batch's file and its rows, as far as they lie here."""
    rows = sorted((order.path.parent / sent.ROWS).glob("*"))
    return [order.name, *(f"{sent.ROWS}/{path.name}" for path in rows)]


def _prepare(depot: Depot, order: Order, place: Path, out: Path) -> None:
    for folder in (place, out, order.path.parent / sent.ROWS):
        shutil.rmtree(folder, ignore_errors=True)
    (place / "in").mkdir(parents=True, mode=0o700)
    sent.lay_out(place / "in", order.feed, depot.bring)
    sent.write_history(place / "history.jsonl", order.earlier)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _teller(held: Held) -> matching.Progress:
    """Writes the check's progress down."""

    async def tell(step: Step) -> None:
        async with held.writing() as connection:
            await batches.tell(connection, held.job.subject, step, held.now())

    return seldom(tell)
