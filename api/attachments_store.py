"""Attachments' bytes beside the database: sealed piece by piece, never whole in memory, written in two steps.

A file is a sequence of pieces that the vault sealed for their places (sealing/pieces).

First the file is written under a passing name, forced to the disk and given its name; only then does a row name it. What
breaks off between leaves a file that no row names, which goes with what else is left over when it has lain for a day
(services/retention); it never leaves a row without its file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from api.domain.attachments import HEAD, media_type
from api.durable import named
from api.sealing import NotOurs, Vault
from api.sealing.pieces import LENGTH, Sealing, opened, pieces, sealed

Result = TypeVar("Result")

FOLDER = "attachments"
COLUMN = "attachments.content"
PASSING, ANEW = ".part", ".anew"


class Missing(Exception):
    """The file is not there."""


class Damaged(Exception):
    """The file is not what was written: it was changed, cut off, or sealed with another key."""


class TooLarge(Exception):
    """More bytes than an attachment may have."""


class NotTaken(Exception):
    """No bytes, or a file of another type than those that are taken."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file on the disk that no row names yet."""

    stored: str
    size: int
    sha256: str
    media_type: str


@dataclass(frozen=True)
class Store:
    """The folder of attachments, and the vault that seals them."""

    data_dir: Path
    vault: Vault = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where they lie; only its owner may look."""
        return self.data_dir / FOLDER

    async def write(self, content: AsyncIterator[bytes], most: int) -> Written:
        """The content in a file of its own. Raises TooLarge or NotTaken, and leaves nothing then."""
        stored = secrets.token_hex(16)
        writing = _Writing(self.vault, self.folder, stored)
        try:
            async for some in content:
                if writing.size + len(some) > most:
                    raise TooLarge
                if writing.add(some):
                    await done(writing.pass_on)
            return await done(writing.finish)
        except BaseException:
            writing.give_up()
            raise

    def discard(self, written: Written) -> None:
        """The file is gone, which no row names."""
        (self.folder / written.stored).unlink(missing_ok=True)

    async def check(self, stored: str, size: int, sha256: str) -> None:
        """The file is, to the byte, what was written. Raises Missing or Damaged."""
        await asyncio.to_thread(self._check, stored, size, sha256)

    async def read(self, stored: str) -> AsyncIterator[bytes]:
        """The plain content, piece by piece. Raises Missing or Damaged."""
        content = self._pieces(stored)
        while (piece := await asyncio.to_thread(next, content, None)) is not None:
            yield piece

    def headers(self) -> dict[str, bytes]:
        """With what the first piece of each file begins: the suite and the key that it was sealed with."""
        found = {}
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            with suppress(FileNotFoundError), path.open("rb") as file:
                found[path.name] = file.read(LENGTH + Vault.HEADER)[LENGTH:]
        return {name: header for name, header in found.items() if not name.endswith((PASSING, ANEW))}

    def reseal(self, stored: str) -> bool:
        """The file is sealed with what seals now, under its name; whether it was not before. Raises Missing or Damaged."""
        anew = self.folder / (stored + ANEW)
        with suppress(FileNotFoundError, NotOurs), (self.folder / stored).open("rb") as file:
            if all(self.vault.current(piece) for piece in pieces(file.read)):
                return False
        try:
            with os.fdopen(os.open(anew, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
                for piece in sealed(self.vault, COLUMN, stored, self._pieces(stored)):
                    writing.write(piece)
                named(writing, anew, self.folder / stored)
        finally:
            anew.unlink(missing_ok=True)
        return True

    def _check(self, stored: str, size: int, sha256: str) -> None:
        found, digest = 0, hashlib.sha256()
        for piece in self._pieces(stored):
            found += len(piece)
            digest.update(piece)
        if (found, digest.hexdigest()) != (size, sha256):
            raise Damaged

    def _pieces(self, stored: str) -> Iterator[bytes]:
        try:
            with (self.folder / stored).open("rb") as file:
                yield from opened(self.vault, COLUMN, stored, file.read)
        except FileNotFoundError:
            raise Missing from None
        except NotOurs:
            raise Damaged from None


class _Writing:
    """A file that is being written: a piece waits until another follows, since the last is sealed as the last."""

    def __init__(self, vault: Vault, folder: Path, stored: str) -> None:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._folder, self._stored = folder, stored
        self._passing = folder / (stored + PASSING)
        self._file = os.fdopen(os.open(self._passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._sealing = Sealing(vault, COLUMN, stored, self._file.write)
        self._head, self._digest, self.size = b"", hashlib.sha256(), 0

    def add(self, some: bytes) -> bool:
        """Takes more in; whether there is a piece to be passed on. Raises NotTaken as soon as the type can be told."""
        self.size += len(some)
        self._digest.update(some)
        if len(self._head) < HEAD:
            self._head += some[: HEAD - len(self._head)]
            if len(self._head) == HEAD and media_type(self._head) is None:
                raise NotTaken
        return self._sealing.hold(some)

    def pass_on(self) -> None:
        """Writes all pieces but the last."""
        self._sealing.pass_on()

    def finish(self) -> Written:
        """The file has its name, and the disk has the file. Raises NotTaken."""
        found = media_type(self._head)
        if found is None:
            raise NotTaken
        self._sealing.finish()
        named(self._file, self._passing, self._folder / self._stored)
        self._file.close()
        return Written(self._stored, self.size, self._digest.hexdigest(), found)

    def give_up(self) -> None:
        """Nothing is left of it."""
        self._file.close()
        self._passing.unlink(missing_ok=True)
        (self._folder / self._stored).unlink(missing_ok=True)


async def done(work: Callable[[], Result]) -> Result:
    """The work's result, done in a thread; who is cancelled meanwhile waits for its end, so that nothing goes on behind them."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
