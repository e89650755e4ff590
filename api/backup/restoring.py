"""A backup becomes a service again: in an empty database and an empty data folder, and nowhere else.

First all of it is opened beside its place, which proves every piece; then the database is filled, all or nothing; then
the files take their places. Whoever is interrupted begins again with the same command.

What the backup cannot know is not guessed. Tokens that were ended since would open again: so all are ended. Scans that were
at work begin anew, and the index of feeds is built again. What was restored owns no store: the service of which the backup is
may be at work in it, and two would clear away each other's files. What else came after its moment has to be entered again by people: the command says what to look at.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy import inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import migrations
from api.backup import archive, dumps
from api.backup.archive import Head, NotABackup
from api.backup.taking import DATABASE, FILES, WORK, Tell
from api.database import reading, transaction
from api.models import Scan, Token
from api.sealing import Vault
from api.services import audit, indexes, stores

RESTORING = ".restoring"
COMPLETE = "complete"
COPY = 1024 * 1024
SCANS = "scans"


class NotEmpty(ValueError):
    """There is something already where the backup would be restored to."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a backup holds: files beside the database, and bytes in all."""

    head: Head
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: the backup's head, tokens that were ended, scans that begin anew."""

    head: Head
    tokens: int
    scans: int


def verify(path: Path, vault: Vault, tell: Tell) -> Opened:
    """Opens every piece and writes nothing. Raises NotABackup and KeyLost."""
    with path.open("rb") as opened:
        head, names, size, total = archive.head(opened), set(), 0, path.stat().st_size
        with archive.reading(opened, vault, head) as tar:
            for member in tar:
                names.add(member.name)
                size += member.size
                tell(FILES, opened.tell(), total)
    if not any(name.startswith(f"{DATABASE}/") for name in names):
        raise NotABackup("the backup holds no database")
    return Opened(head, sum(name.startswith(f"{FILES}/") for name in names), size)


async def restore(
    path: Path,
    engine: AsyncEngine,
    database_url: str,
    data_dir: Path,
    key_file: Path,
    vault: Vault,
    now: dt.datetime,
    tell: Tell,
) -> Restored:
    """The database and the files are those of the backup. Raises NotEmpty, NotABackup, KeyLost and NotDumped."""
    with path.open("rb") as opened:
        head = archive.head(opened)
        if head.backend != dumps.backend(database_url):
            raise NotABackup(f"the backup is of {head.backend}; name such a database with JIEKUN_DATABASE_URL")
        if not migrations.knows(head.revision):
            raise NotABackup(
                f"the backup is of step {head.revision}, which this program does not know: use a newer one"
            )
        await _require_empty(engine, database_url, data_dir, key_file)
        staged = data_dir / RESTORING
        if not (staged / COMPLETE).exists() or (staged / COMPLETE).read_text(encoding="utf-8") != head.id:
            _open(opened, vault, head, staged, path.stat().st_size, tell)
    dumps.load(database_url, staged / DATABASE)
    await migrations.upgrade(engine)
    for place in sorted((staged / FILES).iterdir()):
        place.rename(data_dir / place.name)
    shutil.rmtree(staged)
    async with transaction(engine) as connection:
        return await _begun_anew(connection, head, data_dir, now)


async def _require_empty(engine: AsyncEngine, database_url: str, data_dir: Path, key_file: Path) -> None:
    ours = {key_file.resolve(), (data_dir / RESTORING).resolve(), (data_dir / WORK).resolve()}
    if data_dir.exists() and (left := sorted(each for each in data_dir.iterdir() if each.resolve() not in ours)):
        raise NotEmpty(f"the data folder holds {left[0].name} already; name an empty one with JIEKUN_DATA_DIR")
    if dumps.backend(database_url) == dumps.SQLITE:
        if (file := dumps.file_of(database_url)).exists():
            raise NotEmpty(f"{file.name} is there already; name another with JIEKUN_DATABASE_URL")
        return
    async with reading(engine) as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    if names:
        raise NotEmpty(f"the database holds {len(names)} tables already; name an empty one with JIEKUN_DATABASE_URL")


def _open(opened: IO[bytes], vault: Vault, head: Head, staged: Path, total: int, tell: Tell) -> None:
    """Everything lies beside its place, every piece of it proved."""
    shutil.rmtree(staged, ignore_errors=True)
    (staged / FILES).mkdir(parents=True, mode=0o700)
    with archive.reading(opened, vault, head) as tar, _written(staged / DATABASE, "ab") as database:
        for member in tar:
            content, inside = tar.extractfile(member), PurePosixPath(member.name)
            if content is None or not _within(member):
                raise NotABackup("the backup holds what is no file of ours")
            if inside.parts[0] == DATABASE:
                shutil.copyfileobj(content, database, COPY)
            else:
                (place := staged / inside).parent.mkdir(parents=True, mode=0o700, exist_ok=True)
                with _written(place, "wb") as file:
                    shutil.copyfileobj(content, file, COPY)
                os.utime(place, (member.mtime, member.mtime))  # retention asks how long it has lain
            tell(FILES, opened.tell(), total)
        database.flush()
        os.fsync(database.fileno())
    if not (staged / DATABASE).stat().st_size:
        raise NotABackup("the backup holds no database")
    (staged / COMPLETE).write_text(head.id, encoding="utf-8")


def _within(member: tarfile.TarInfo) -> bool:
    parts = PurePosixPath(member.name).parts
    return member.isreg() and len(parts) > 1 and parts[0] in (DATABASE, FILES) and ".." not in parts


def _written(path: Path, mode: str) -> IO[bytes]:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if "a" in mode else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), mode)


async def _begun_anew(connection: AsyncConnection, head: Head, data_dir: Path, now: dt.datetime) -> Restored:
    ended = await connection.execute(
        update(Token).where(Token.revoked_at.is_(None), Token.expires_at > now).values(revoked_at=now)
    )
    running = [*await connection.scalars(select(Scan.id).where(Scan.finished_at.is_(None)))]
    for key in running:
        shutil.rmtree(data_dir / SCANS / str(key), ignore_errors=True)
    await indexes.lost(connection)
    await stores.another(connection)
    detail = {"backup": head.id, "made_at": head.made_at, "tokens_ended": ended.rowcount}
    await audit.record(connection, None, "backup.restored", ("Backup", head.number), now, detail)
    return Restored(head, ended.rowcount, len(running))
