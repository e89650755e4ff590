"""A backup's file: a line of what it is, and behind it a tar that is sealed piece by piece.

    JIEKUN-BACKUP 1
    {"id": …, "made_at": …, "backend": …, "revision": …}
    piece, piece, … last piece

Each piece is sealed for its place: this head, this number, the last one or not. So nothing of it can be read, changed,
left out, cut off or put into another backup by whoever holds the medium; only when, of what and by which key it was made
can be seen. What it holds is never whole in memory.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, cast

from api.sealing import KeyLost, NotOurs, Vault, pieces
from api.sealing.pieces import PIECE, Sealing

MAGIC = b"JIEKUN-BACKUP 1\n"
COLUMN = "backup.content"
MOST_HEAD = 4096


class NotABackup(ValueError):
    """Not a backup of ours, or one that is damaged: cut off, changed, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class Head:
    """What can be seen of a backup without a key: its id, its moment in UTC (ISO 8601), and of which database it is."""

    id: str
    made_at: str
    backend: str
    revision: str

    @property
    def number(self) -> int:
        """Its moment in seconds, by which the trail of acts knows it."""
        return int(dt.datetime.fromisoformat(self.made_at).timestamp())

    def line(self) -> bytes:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"

    @property
    def digest(self) -> str:
        """By which its pieces are bound to it."""
        return hashlib.sha256(self.line()).hexdigest()


def head(opened: IO[bytes]) -> Head:
    """What the file says it is; the sealed pieces are next. Raises NotABackup."""
    if opened.read(len(MAGIC)) != MAGIC:
        raise NotABackup("this is no backup of ours")
    try:
        return Head(**json.loads(opened.readline(MOST_HEAD)))
    except (ValueError, TypeError):
        raise NotABackup("the backup's first lines are damaged") from None


@contextmanager
def writing(opened: IO[bytes], vault: Vault, told: Head) -> Iterator[tarfile.TarFile]:
    """A tar to add members to; it is whole when the block ends."""
    opened.write(MAGIC + told.line())
    sealing = Sealing(vault, COLUMN, told.digest, opened.write)
    to = cast(IO[bytes], _Writing(sealing))
    with tarfile.open(fileobj=to, mode="w|", bufsize=PIECE, format=tarfile.PAX_FORMAT) as tar:
        yield tar
    sealing.finish()


@contextmanager
def reading(opened: IO[bytes], vault: Vault, told: Head) -> Iterator[tarfile.TarFile]:
    """The tar behind its head, to be read from beginning to end. Raises NotABackup, and KeyLost."""
    content = _Reading(pieces.opened(vault, COLUMN, told.digest, opened.read))
    try:
        with tarfile.open(fileobj=cast(IO[bytes], content), mode="r|", bufsize=PIECE) as tar:
            yield tar
        while content.read(PIECE):
            pass
    except tarfile.TarError:
        raise NotABackup("the backup is damaged") from None


class _Writing:
    """Where tarfile writes to."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def write(self, some: bytes) -> int:
        """Takes some of the tar."""
        if self._sealing.hold(some):
            self._sealing.pass_on()
        return len(some)


class _Reading:
    """Where tarfile reads from. Raises NotABackup where a piece is not the one of its place, or the last is missing."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content, self._held = content, b""

    def read(self, size: int) -> bytes:
        """So many bytes of the tar, or what is left of it."""
        while len(self._held) < size and (piece := self._next()):
            self._held += piece
        given, self._held = self._held[:size], self._held[size:]
        return given

    def _next(self) -> bytes:
        try:
            return next(self._content, b"")
        except KeyLost:
            raise
        except NotOurs:
            raise NotABackup("the backup was changed or cut off, or sealed with another key than is here") from None
