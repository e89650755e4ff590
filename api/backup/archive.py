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

from api.sealing import KeyLost, NotOurs, Vault
from api.sealing.pieces import PIECE, framed, pieces

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
    sealing = _Sealing(opened, vault, told)
    with tarfile.open(fileobj=cast(IO[bytes], sealing), mode="w|", bufsize=PIECE, format=tarfile.PAX_FORMAT) as tar:
        yield tar
    sealing.finish()


@contextmanager
def reading(opened: IO[bytes], vault: Vault, told: Head) -> Iterator[tarfile.TarFile]:
    """The tar behind its head, to be read from beginning to end. Raises NotABackup, and KeyLost."""
    content = _Opening(opened, vault, told)
    try:
        with tarfile.open(fileobj=cast(IO[bytes], content), mode="r|", bufsize=PIECE) as tar:
            yield tar
        while content.read(PIECE):
            pass
    except tarfile.TarError:
        raise NotABackup("the backup is damaged") from None


def _place(bound: bytes, number: int, *, last: bool) -> bytes:
    return bound + number.to_bytes(8, "big") + (b"\1" if last else b"\0")


class _Sealing:
    """Takes the tar's bytes: a piece waits until another follows, since the last is sealed as the last."""

    def __init__(self, opened: IO[bytes], vault: Vault, told: Head) -> None:
        self._file, self._vault, self._bound = opened, vault, hashlib.sha256(told.line()).digest()
        self._held, self._number = bytearray(), 0

    def write(self, some: bytes) -> int:
        """Takes some of the tar."""
        self._held += some
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(some)

    def finish(self) -> None:
        """Seals what is left, as the last."""
        self._seal(bytes(self._held), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        place = _place(self._bound, self._number, last=last)
        self._file.write(framed(self._vault.seal_bytes(COLUMN, piece, place)))
        self._number += 1


class _Opening:
    """Gives the tar's bytes. Raises NotABackup where a piece is not the one of its place, or the last is missing."""

    def __init__(self, opened: IO[bytes], vault: Vault, told: Head) -> None:
        self._vault, self._bound = vault, hashlib.sha256(told.line()).digest()
        self._sealed, self._held, self._number = pieces(opened.read), b"", 0
        self._next = self._piece()

    def read(self, size: int = -1) -> bytes:
        """So many bytes of the tar, or what is left of it."""
        while self._next is not None and (size < 0 or len(self._held) < size):
            following = self._piece()
            self._held += self._open(self._next, last=following is None)
            self._next = following
        given, self._held = (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
        return given

    def _piece(self) -> bytes | None:
        try:
            return next(self._sealed, None)
        except NotOurs:
            raise NotABackup("the backup breaks off") from None

    def _open(self, sealed: bytes, *, last: bool) -> bytes:
        place = _place(self._bound, self._number, last=last)
        self._number += 1
        try:
            return self._vault.open_bytes(COLUMN, sealed, place)
        except KeyLost:
            raise
        except NotOurs:
            raise NotABackup("the backup was changed, or sealed with another key than is here") from None
