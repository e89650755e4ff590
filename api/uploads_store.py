"""Files that departments send, beside the database: how many bytes have come is how long a file is.

A file lies in a folder of its own that only its owner may read. One appends to it at a time, over all processes, and
what was appended is on the disk before it is told. What cannot be told to be right is cut off again; and while a piece
comes that has a checksum, a mark beside the file says where the piece began: whatever kills us, nothing counts from there on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from api.durable import named, sync_folder

FLUSH_BYTES = 64 * 1024 * 1024
"""So much is written before the disk is waited for, so that nobody waits long at the end."""

PASSING = ".part"
UNPROVED = ".unproved"
"""The mark's name, behind the file's: as long as it lies there, what is behind the place that it names is not told."""


class Busy(Exception):
    """Somebody else appends to the file."""


@dataclass(frozen=True)
class Store:
    """The data folder, and what departments sent in it."""

    data_dir: Path

    def path(self, folder: str, name: str) -> Path:
        """Where the file lies."""
        return self.data_dir / folder / name

    def offset(self, folder: str, name: str) -> int:
        """How many of its bytes have come; 0 before the first."""
        path = self.path(folder, name)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return 0
        return size if (began := _began(path)) is None else min(began, size)

    def append(self, folder: str, name: str) -> Appending:
        """Opens the file for more. Raises Busy."""
        return Appending(self.path(folder, name))

    def remove(self, folder: str) -> None:
        """Nothing is left of it."""
        shutil.rmtree(self.data_dir / folder, ignore_errors=True)


class Appending:
    """A file to which nobody else appends until this is closed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        new = not path.exists()
        self._path, self._marked = path, False
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise Busy from None
        if (began := _began(path)) is not None:  # of a piece that nobody has proved, since we were killed
            os.ftruncate(self._file, min(began, os.fstat(self._file).st_size))
            os.fsync(self._file)
            self._unmark()
        self.began = self.offset = os.fstat(self._file).st_size
        self._flushed = self.offset
        if new:
            sync_folder(path.parent)

    def mark(self) -> None:
        """What is appended from now on counts only when it is `proved`."""
        mark = _mark(self._path)
        passing = mark.with_name(mark.name + PASSING)
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writing:
            writing.write(str(self.began))
            named(writing, passing, mark)
        self._marked = True

    def proved(self) -> None:
        """What was appended is what its checksum says, and counts."""
        os.fdatasync(self._file)
        self._flushed = self.offset
        self._unmark()

    def _unmark(self) -> None:
        _mark(self._path).unlink(missing_ok=True)
        sync_folder(self._path.parent)
        self._marked = False

    def write(self, some: bytes) -> None:
        """Takes more in."""
        view = memoryview(some)
        while view:
            written = os.write(self._file, view)
            self.offset += written
            view = view[written:]
        if self.offset - self._flushed >= FLUSH_BYTES:
            os.fdatasync(self._file)
            self._flushed = self.offset

    def take_back(self) -> None:
        """What was appended is gone."""
        os.ftruncate(self._file, self.began)
        self.offset = self.began
        if self._marked:
            os.fsync(self._file)
            self._unmark()

    def close(self) -> int:
        """What was appended is on the disk; how many bytes there are now."""
        try:
            os.fsync(self._file)
        finally:
            with suppress(OSError):
                os.close(self._file)
        return self.offset


def _mark(path: Path) -> Path:
    return path.with_name(path.name + UNPROVED)


def _began(path: Path) -> int | None:
    """Where the piece begins that nobody has proved; None where there is none."""
    try:
        return int(_mark(path).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
