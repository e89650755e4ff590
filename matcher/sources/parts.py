"""A file of a delivery as something to be read: as it lies in the folder, or packed there in a zip or a gzip."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from matcher.errors import InputRefused
from matcher.sources import archives, kinds

DELIMITED, NDJSON, PARQUET, WORKBOOKS = kinds.DELIMITED, kinds.NDJSON, kinds.PARQUET, kinds.WORKBOOKS
TABLES = kinds.TABLES
"""Endings of the files that hold tables."""

BLOCK_BYTES = 1 << 20


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class Stream(io.RawIOBase):
    """The bytes of a part from its beginning, unpacked; `share` is how much of it has been read, from 0 to 1.

    What is damaged, or unpacks to more than it may, raises InputRefused with the place where it does.
    """

    def __init__(self, name: str, source: _Readable, size: int, packed: Callable[[], int] | None, also: ExitStack):
        """`packed` says how many of `size` bytes went into what was read; without it, as many as were read."""
        self._name, self._source, self._size, self._packed, self._also = name, source, max(size, 1), packed, also
        self._read = 0

    def readable(self) -> bool:
        """Always: that is what it is for."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` of the next bytes, all without it; none at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(BLOCK_BYTES), b""))
        try:
            block = self._source.read(size)
        except archives.DAMAGE as error:
            raise InputRefused(
                f"what is packed in it is damaged, cut off or packed in a way of its own, behind byte {self._read:,} of the "
                f"unpacked file ({type(error).__name__})",
                file=self._name,
                remedy="Ask the department to send it again, packed by any usual program",
            ) from error
        self._read += len(block)
        if self._packed and archives.bomb(self._read, self._packed()):
            raise InputRefused(
                f"{self._packed():,} bytes unpack to more than {self._read:,}, which no table does",
                file=self._name,
                remedy="Ask the department what this is; where it is honest, send it unpacked",
            )
        return block

    def share(self) -> float:
        """How much has been read."""
        return min((self._packed() if self._packed else self._read) / self._size, 1.0)

    def close(self) -> None:
        """Closes the file as well."""
        self._also.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Part:
    """A file in the folder, packed or not, or a member of the archive there."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """As messages and rejects call it: `a.csv`, `a.csv.gz`, `a.zip/b.csv`."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def packed(self) -> bool:
        """Whether it must be unpacked to be read, and so can only be read from its beginning."""
        return self.member is not None or _begins(self.path).startswith(kinds.GZIP)

    @property
    def kind(self) -> str:
        """How it is read, one of TABLES: by its first bytes, else by its name. Raises InputRefused for no table."""
        with self.stream() as stream:
            head = stream.read(kinds.HEAD_BYTES)
        if self.member is None and head.startswith(kinds.ZIP) and archives.is_workbook(self.path):
            return ".xlsx"
        called = PurePosixPath(self.member or self.path.name)
        ending = (called.with_suffix("") if called.suffix.lower() == ".gz" else called).suffix.lower()
        if self.member is None and head.startswith(kinds.ZIP) and ending in WORKBOOKS and not self.packed:
            return ".xlsx"  # cut off: its opener says so
        return kinds.kind_of(head, self.name, ending)

    def stream(self) -> Stream:
        """Its bytes, unpacked, from the beginning."""
        with ExitStack() as stack:
            if self.member is not None:
                return self._of_zip(self.member, stack)
            file = stack.enter_context(self.path.open("rb"))
            size = self.path.stat().st_size
            if not self.packed:
                return Stream(self.name, file, size, None, stack.pop_all())
            return Stream(self.name, stack.enter_context(archives.of_gzip(file)), size, file.tell, stack.pop_all())

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The same as a file that can be read from any place; what had to be unpacked for it is removed afterwards."""
        if not self.packed:
            yield self.path
            return
        with _private_file() as (file, path), self.stream() as stream:
            shutil.copyfileobj(stream, file, BLOCK_BYTES)
            file.flush()
            yield path

    def _of_zip(self, name: str, stack: ExitStack) -> Stream:
        archive = stack.enter_context(archives.opened(self.path))
        info = next(member.info for member in archives.members(self.path) if member.name == name)
        try:
            source = stack.enter_context(archive.open(info))
        except (*archives.DAMAGE, RuntimeError, ValueError) as error:
            raise InputRefused(
                f"it is damaged or packed in a way of its own ({type(error).__name__})",
                file=self.name,
                remedy="Ask the department to send it again, packed by any usual program",
            ) from error
        return Stream(self.name, source, info.file_size, None, stack.pop_all())


def parts(path: Path) -> list[Part]:
    """What a file of the delivery holds: itself, or the members of an archive in the order of their names.

    Raises InputRefused, before any of them is read, where one is no table or the archive is not as it should be.
    """
    found = [Part(path)]
    if _begins(path).startswith((kinds.ZIP, kinds.ZIP_OF_NOTHING)) and not _may_be_workbook(path):
        found = [Part(path, member.name) for member in archives.members(path)]
    elif path.suffix.lower() == ".zip":
        raise InputRefused("this is no zip archive", file=path.name, remedy="Ask the department to send it again")
    for part in found:
        part.kind  # noqa: B018 - asked for its refusals
    return found


def _may_be_workbook(path: Path) -> bool:
    return archives.is_workbook(path) or path.suffix.lower() in WORKBOOKS


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


@contextmanager
def _private_file() -> Iterator[tuple[IO[bytes], Path]]:
    """A file that nobody else can read, and its path; where the system allows, it has no name that could outlive us."""
    if sys.platform == "linux":
        with tempfile.TemporaryFile(prefix="jiekun-") as file:
            yield file, Path(f"/proc/self/fd/{file.fileno()}")
        return
    descriptor, name = tempfile.mkstemp(prefix="jiekun-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, Path(name)
    finally:
        os.unlink(name)
