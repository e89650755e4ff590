"""A backup is taken while the service goes on: the files, the database in one view, and the files that came meanwhile.

A file is written before the row that names it and is never changed after; so whatever the view names was there before the
view, and is in the first walk or in the second. What retention deletes meanwhile may be missing beside its row: it was
over. Left out are the keys, which have to be kept apart, and what is made anew: work in passing.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from api.backup import archive, dumps
from api.backup.archive import Head
from api.durable import named
from api.sealing import Vault
from api.services import indexes

FILES, DATABASE = "files", "database"
WORK = ".backup"
"""Below the data folder; the folder in which the database passes by."""

PASSING = frozenset((WORK, ".restoring", "checks", "work", indexes.FOLDER))
ENDINGS = (".part", ".anew", "-wal", "-shm", "-journal")

Tell = Callable[[str, int, int | None], None]
"""Is told the stage, how many bytes are done, and of how many, if that is known."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup: its head, how many files it holds beside the database, and its size in bytes."""

    head: Head
    files: int
    size: int


Seen = tuple[int, int, int]


def take(
    database_url: str,
    revision: str,
    data_dir: Path,
    key_file: Path,
    vault: Vault,
    to: Path,
    now: dt.datetime,
    tell: Tell,
) -> Taken:
    """Writes a backup to a file that is not there yet; it has its name only when it is whole.

    Raises NotDumped, FileExistsError, and ValueError for a place inside the data folder.
    """
    if to.resolve().is_relative_to(data_dir.resolve()):
        raise ValueError(f"{to} lies in the data folder, which it would hold: name a place outside")
    if to.exists():
        raise FileExistsError(to)
    told = Head(secrets.token_hex(8), now.isoformat(timespec="seconds"), dumps.backend(database_url), revision)
    left_out = {key_file.resolve()}
    if told.backend == dumps.SQLITE:
        left_out.add(dumps.file_of(database_url).resolve())
    passing = to.with_name(to.name + ".part")
    work = data_dir / WORK
    work.mkdir(parents=True, mode=0o700, exist_ok=True)
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            seen: dict[str, Seen] = {}
            with archive.writing(opened, vault, told) as tar:
                _walk(tar, data_dir, left_out, seen, tell)
                _database(tar, database_url, work, tell)
                _walk(tar, data_dir, left_out, seen, tell)
            named(opened, passing, to)
    finally:
        passing.unlink(missing_ok=True)
        with suppress(OSError):
            work.rmdir()
    return Taken(told, len(seen), to.stat().st_size)


def files(data_dir: Path, left_out: set[Path]) -> Iterator[Path]:
    """The files in the data folder that a backup holds; a folder of it that lies elsewhere, by a link, is one of it."""
    walked: set[Path] = set()
    for place, folders, names in os.walk(data_dir, followlinks=True):
        if (real := Path(place).resolve()) in walked:
            folders.clear()
            continue
        walked.add(real)
        folders[:] = sorted(name for name in folders if name not in PASSING)
        for name in sorted(names):
            path = Path(place, name)
            if not name.endswith(ENDINGS) and path.resolve() not in left_out:
                yield path


def _walk(tar: tarfile.TarFile, data_dir: Path, left_out: set[Path], seen: dict[str, Seen], tell: Tell) -> None:
    """Every file that was not seen as it is now."""
    found: list[tuple[Path, str, Seen]] = []
    for path in files(data_dir, left_out):
        with suppress(FileNotFoundError):
            name, state = path.relative_to(data_dir).as_posix(), _state(path.stat())
            if seen.get(name) != state:
                found.append((path, name, state))
    done, total = 0, sum(state[1] for _, _, state in found)
    for path, name, state in found:
        with suppress(FileNotFoundError):
            _add(tar, path, name)
            seen[name] = state
        done += state[1]
        tell(FILES, done, total)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """The file, as long as it is when it is opened: whatever becomes of it meanwhile, the second walk sees."""
    with path.open("rb") as opened:
        member = tarfile.TarInfo(f"{FILES}/{name}")
        found = os.fstat(opened.fileno())
        member.size, member.mtime, member.mode = found.st_size, int(found.st_mtime), 0o600
        tar.addfile(member, _Filled(opened))


def _database(tar: tarfile.TarFile, database_url: str, work: Path, tell: Tell) -> None:
    """The dump in members of a known size, since a pipe does not say how long it is."""
    done = number = 0
    with dumps.dumped(database_url, work) as content:
        while some := content.read(dumps.CHUNK):
            member = tarfile.TarInfo(f"{DATABASE}/{number:08}")
            member.size, member.mode = len(some), 0o600
            tar.addfile(member, BytesIO(some))
            done, number = done + len(some), number + 1
            tell(DATABASE, done, None)


def _state(found: os.stat_result) -> Seen:
    return found.st_ino, found.st_size, found.st_mtime_ns


class _Filled:
    """A file that gives zeros where it has become shorter: a member is as long as it was said to be."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._file = opened

    def read(self, size: int = 0, /) -> bytes:
        """So many bytes."""
        return self._file.read(size).ljust(size, b"\0")
