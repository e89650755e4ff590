"""Departments' extracts, kept until they are superseded and at most for their time; and what scans left in their folders.

Rows first, files when the rows are gone: `sweep` removes whatever no row names any more, so that nothing is left over
where the one was done and the other was not.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import UtcDateTime, among
from api.domain.retention import RetentionClass
from api.domain.scans import ScanStatus
from api.domain.uploads import GOING_ON, UploadState
from api.models import Attachment, DoubtfulRow, Export, Feed, FeedIndex, HouseholdCheck, Link, Scan, Upload, table
from api.services.retention.clocks import moment

FEEDS, SCANS, ATTACHMENTS, EXPORTS, INDEXES = "feeds", "scans", "attachments", "exports", "index"
AT_WORK = (ScanStatus.QUEUED, ScanStatus.RUNNING)
MOST_DOUBTS = 5_000
B = table(DoubtfulRow).c
BEING_COPIED_SECONDS, BEING_WRITTEN_SECONDS = 3600.0, 24 * 3600.0
"""An import copies files before it names them; so is an attachment written."""

_SENT = select(Upload.folder).where(
    or_(
        Upload.state.in_(GOING_ON),
        and_(Upload.state == UploadState.REFUSED, Upload.ended_at >= bindparam("over", type_=UtcDateTime())),
    )
)


async def feeds_due(connection: AsyncConnection, day: dt.date) -> Sequence[int]:
    """Feeds that a later full extract of the same department supersedes, or whose time is over; none while a scan works.

    Later is what came later and does not speak of an earlier day; what was sent by one department supersedes nothing of
    another, nor of what was imported.
    """
    if (await connection.execute(select(Scan.id).where(Scan.status.in_(AT_WORK)).limit(1))).first():
        return []
    over = moment(day, RetentionClass.FEED_EXTRACT)
    columns, later = table(Feed).c, table(Feed).alias("later")
    superseded = (
        select(later.c.id)
        .where(
            later.c.department_code == columns.department_code,
            func.coalesce(later.c.organisation_id, 0) == func.coalesce(columns.organisation_id, 0),
            later.c.id > columns.id,
            later.c.complete,
            or_(later.c.as_of.is_(None), columns.as_of.is_(None), later.c.as_of >= columns.as_of),
        )
        .exists()
    )
    return (await connection.scalars(select(columns.id).where(superseded | (columns.received_at < over)))).all()


async def indexes_due(connection: AsyncConnection, now: dt.datetime, day: dt.date) -> Sequence[int]:
    """Indexes that a later one followed an hour ago, since somebody may be about to open one; whose time is over; or of no feed."""
    columns, later = table(FeedIndex).c, table(FeedIndex).alias("later")
    followed = (
        select(later.c.id)
        .where(later.c.id > columns.id, later.c.ready_at < now - dt.timedelta(seconds=BEING_COPIED_SECONDS))
        .exists()
    )
    of_nothing = ~select(Feed.id).exists()
    over = moment(day, RetentionClass.FEED_EXTRACT)
    return (
        await connection.scalars(select(columns.id).where(followed | of_nothing | (columns.asked_at < over)))
    ).all()


async def forget_indexes(connection: AsyncConnection, indexes: Sequence[int]) -> None:
    """These indexes are asked no more; their files go with the next sweep, and what is mapped stays until it is let go."""
    await connection.execute(
        delete(FeedIndex).where(among(table(FeedIndex).c.id, "indexes")), {"indexes": list(indexes)}
    )


async def checks_due(connection: AsyncConnection, day: dt.date) -> Sequence[int]:
    """What checks found in feeds whose time is over; that somebody asked stays with the household."""
    over = moment(day, RetentionClass.FEED_EXTRACT)
    return (await connection.scalars(select(HouseholdCheck.id).where(HouseholdCheck.checked_at < over))).all()


async def forget_checks(connection: AsyncConnection, checks: Sequence[int]) -> None:
    """What these checks found is gone."""
    gone = delete(HouseholdCheck).where(among(table(HouseholdCheck).c.id, "checks"))
    await connection.execute(gone, {"checks": list(checks)})


async def doubts_due(connection: AsyncConnection, day: dt.date) -> Sequence[int]:
    """Doubtful rows of batches whose time is over, some at a time; for what these were doubted stays, in counts."""
    due = select(B.id).where(_doubts_over(day)).order_by(B.brought_at, B.id)
    return (await connection.scalars(due.limit(MOST_DOUBTS))).all()


async def count_doubts(connection: AsyncConnection, day: dt.date) -> int:
    """How many these are in all."""
    return int((await connection.execute(select(func.count()).where(_doubts_over(day)))).scalar_one())


def _doubts_over(day: dt.date) -> ColumnElement[bool]:
    return B.brought_at < moment(day, RetentionClass.FEED_EXTRACT)


async def forget_doubts(connection: AsyncConnection, doubts: Sequence[int]) -> None:
    """These doubtful rows are gone, with what was answered."""
    await connection.execute(delete(DoubtfulRow).where(among(B.id, "doubts")), {"doubts": list(doubts)})


async def forget_feeds(connection: AsyncConnection, feeds: Sequence[int]) -> None:
    """These feeds are gone; their files go with the next sweep. That they were sent stays."""
    of_these = among(table(Upload).c.feed_id, "feeds")
    await connection.execute(update(table(Upload)).where(of_these).values(feed_id=None), {"feeds": list(feeds)})
    await connection.execute(delete(Feed).where(among(table(Feed).c.id, "feeds")), {"feeds": list(feeds)})


async def links_due(connection: AsyncConnection, day: dt.date) -> Sequence[int]:
    """Scans whose time is over and that are not the latest of their division: their links tell nobody anything."""
    columns = table(Scan).c
    ended = select(columns.id, columns.division_code, columns.as_of, columns.finished_at).where(
        columns.status == ScanStatus.SUCCEEDED
    )
    rows = (await connection.execute(ended)).all()
    latest: dict[str, tuple[dt.date, int]] = {}
    for row in rows:
        standing = (row.as_of or dt.date.min, row.id)
        latest[row.division_code] = max(standing, latest.get(row.division_code, standing))
    kept = {key for _, key in latest.values()}
    over = moment(day, RetentionClass.SCAN)
    gone = [row.id for row in rows if row.id not in kept and row.finished_at is not None and row.finished_at < over]
    with_links = select(Link.scan_id).where(among(table(Link).c.scan_id, "scans")).distinct()
    return (await connection.scalars(with_links, {"scans": gone})).all()


async def forget_links(connection: AsyncConnection, scans: Sequence[int]) -> None:
    """What these scans linked is gone; that they ran, and their counts, stay."""
    await connection.execute(delete(Link).where(among(table(Link).c.scan_id, "scans")), {"scans": list(scans)})


async def left_over(connection: AsyncConnection, data_dir: Path, day: dt.date) -> list[Path]:
    """Folders in the data folder that no feed names, or of a scan whose time is over; exports and attachments that no
    row names.

    What a department is still sending is kept, and what was refused as long as what was not.
    """
    sent = await named(connection, day)
    attached = {str(name) for name in await connection.scalars(select(Attachment.stored))}
    before_now, long_before = time.time() - BEING_COPIED_SECONDS, time.time() - BEING_WRITTEN_SECONDS
    found = [
        path for path in _inside(data_dir / FEEDS)
        if f"{FEEDS}/{path.name}" not in sent and path.stat().st_mtime < before_now
    ]  # fmt: skip
    indexed = {str(key) for key in await connection.scalars(select(FeedIndex.id))}
    found += [
        path for path in _inside(data_dir / INDEXES)
        if path.name not in indexed and path.stat().st_mtime < before_now
    ]  # fmt: skip
    over = moment(day, RetentionClass.SCAN)
    ended = select(Scan.id).where(Scan.finished_at.is_not(None), Scan.finished_at < over)
    gone = {str(key) for key in await connection.scalars(ended)}
    found += [path for path in _inside(data_dir / SCANS) if path.name in gone]
    taken = {str(key) for key in await connection.scalars(select(Export.id))}
    found += [path for path in _inside(data_dir / EXPORTS) if path.name not in taken]
    return found + [
        path for path in _inside(data_dir / ATTACHMENTS)
        if path.name not in attached and path.stat().st_mtime < long_before
    ]  # fmt: skip


async def named(connection: AsyncConnection, day: dt.date) -> set[str]:
    """Folders of feeds, and of what is being sent or was refused a short while ago."""
    feeds = {str(name) for name in await connection.scalars(select(Feed.folder))}
    sent = await connection.scalars(_SENT, {"over": moment(day, RetentionClass.FEED_EXTRACT)})
    return feeds | {str(name) for name in sent}


def remove(places: Sequence[Path]) -> None:
    """These folders and files are gone."""
    for place in places:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
