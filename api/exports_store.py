"""The files of exports beside the database: sealed piece by piece, each piece for its place, never whole in memory.

While rows are gathered they lie in parts; the finished file takes their place in one step. A part, or a file, that is
written again takes the place of one that was there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from api.durable import named
from api.sealing import NotOurs, Vault
from api.sealing.pieces import PIECE, framed, pieces

FOLDER = "exports"
COLUMN = "exports.content"
FILE, WORK = "file", "work"


class Lost(Exception):
    """The file is not there, or not what was written."""


@dataclass(frozen=True)
class ExportStore:
    """The folder of one export, and the vault that seals what lies there."""

    data_dir: Path
    vault: Vault = field(repr=False)
    key: int

    @property
    def folder(self) -> Path:
        """Where it lies; only its owner may look."""
        return self.data_dir / FOLDER / str(self.key)

    def work(self) -> Path:
        """An empty folder for the file while it is made, in plain text: gone when the file is sealed."""
        folder = self.folder / WORK
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def put_part(self, number: int, lines: bytes) -> None:
        """A part of the rows, on the disk for good."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(f"part-{number}", iter((lines,)))

    def parts(self, count: int) -> Iterator[bytes]:
        """The parts again, in order. Raises Lost."""
        for number in range(1, count + 1):
            yield b"".join(self._read(f"part-{number}"))

    def finish(self, made: Path) -> None:
        """The file that was made is sealed; parts and plain text are gone."""
        with made.open("rb") as opened:
            self._write(FILE, iter(lambda: opened.read(PIECE), b""))
        shutil.rmtree(self.folder / WORK)
        for part in self.folder.glob("part-*"):
            part.unlink()

    async def read(self) -> AsyncIterator[bytes]:
        """The plain content of the file, piece by piece. Raises Lost."""
        content = self._read(FILE)
        while (piece := await asyncio.to_thread(next, content, None)) is not None:
            yield piece

    def remove(self) -> None:
        """Nothing of the export lies there any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, content: Iterator[bytes]) -> None:
        passing = self.folder / f"{name}.passing"
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            number = 0
            for some in content:
                for start in range(0, len(some), PIECE):
                    opened.write(self._sealed(name, number, some[start : start + PIECE]))
                    number += 1
            opened.write(self._sealed(name, number, b""))
            named(opened, passing, self.folder / name)

    def _read(self, name: str) -> Iterator[bytes]:
        """Its pieces; the last is empty, and says that none was cut off. Raises Lost."""
        try:
            with (self.folder / name).open("rb") as opened:
                for number, sealed in enumerate(pieces(opened.read)):
                    piece = self.vault.open_bytes(COLUMN, sealed, self._place(name, number))
                    if not piece:
                        return
                    yield piece
        except (OSError, NotOurs):
            raise Lost from None
        raise Lost

    def _sealed(self, name: str, number: int, piece: bytes) -> bytes:
        return framed(self.vault.seal_bytes(COLUMN, piece, self._place(name, number)))

    def _place(self, name: str, number: int) -> bytes:
        return f"{self.key}/{name}/{number}".encode()
