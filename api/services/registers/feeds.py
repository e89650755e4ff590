"""Departments' feeds: which are new, their files copied beside the database, and how each was sent."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.matching import folders
from api.models import Feed


async def not_there_yet(connection: AsyncConnection, sent: Sequence[folders.FeedFiles]) -> list[folders.FeedFiles]:
    """The feeds that are not, to the byte and in how they are to be read, the latest of their kind already.

    Raises MatcherError for a batch that came before under the same number and said otherwise.
    """
    newest = select(Feed.files, Feed.mapping, Feed.as_of, Feed.complete).order_by(Feed.id.desc()).limit(1)
    fresh = []
    for feed in sent:
        there = (await connection.execute(newest.where(Feed.department_code == feed.source))).one_or_none()
        told = (feed.described(), dict(feed.mapping), feed.as_of, feed.complete)
        if there is None or tuple(there) != told:
            fresh.append(feed)
            folders.in_use([*await came(connection, Path(), feed.source), feed])
    return fresh


async def came(connection: AsyncConnection, data_dir: Path, department: str | None = None) -> list[folders.FeedFiles]:
    """The feeds that came, in their order, of one department or of all."""
    feeds = select(Feed).order_by(Feed.id)
    wanted = feeds if department is None else feeds.where(Feed.department_code == department)
    return [_files(row, data_dir / row.folder) for row in await connection.execute(wanted)]


def _files(row: Any, folder: Path) -> folders.FeedFiles:
    kept = _kept(row, folder)
    return folders.FeedFiles(
        row.department_code,
        tuple(folder / each["name"] for each in row.files),
        row.as_of,
        row.complete,
        row.mapping,
        row.rows,
        kept,
        {path: row.rows - sum(each["rows"] for each in row.kept["files"]) for path in kept},
    )


def _kept(row: Any, folder: Path) -> dict[Path, tuple[folders.KeptRows, ...]]:
    """The rows that are kept of the feed's one file; none where they were held against another contract than there is now."""
    if row.kept is None or row.kept["contract"] != folders.contract_digest(row.department_code):
        return {}
    (file,) = row.files
    rows = [folders.KeptRows(folder / each["name"], each["table"], each["sha256"]) for each in row.kept["files"]]
    return {folder / file["name"]: tuple(rows)}


def copy(feeds: list[folders.FeedFiles], data_dir: Path) -> dict[str, str]:
    """Copies each feed's files to a folder of its own in the data folder; the folders' names by source."""
    copied = {}
    for feed in feeds:
        name = f"feeds/{feed.source}-{uuid.uuid4().hex}"
        (data_dir / name).mkdir(parents=True, mode=0o700)
        for path in feed.files:
            shutil.copyfile(path, data_dir / name / path.name)
        copied[feed.source] = name
    return copied


async def save(
    connection: AsyncConnection, feeds: list[folders.FeedFiles], copied: Mapping[str, str], now: dt.datetime
) -> None:
    """Each feed whose files were copied is known."""
    for feed in feeds:
        if feed.source in copied:
            await connection.execute(
                insert(Feed).values(
                    department_code=feed.source,
                    folder=copied[feed.source],
                    files=feed.described(),
                    mapping=dict(feed.mapping),
                    as_of=feed.as_of,
                    complete=feed.complete,
                    rows=feed.rows,
                    received_at=now,
                )
            )
