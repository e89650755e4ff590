"""A file of a delivery as something to be read: as it lies in the folder, or packed there in a zip or a gzip."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DELIMITED, NDJSON, PARQUET, WORKBOOKS = (
    (".csv", ".tsv", ".txt"),
    (".ndjson", ".jsonl"),
    (".parquet",),
    (".xlsx", ".xls"),
)
TABLES = (*PARQUET, *DELIMITED, *NDJSON, *WORKBOOKS)
"""Endings of the files that hold tables."""


class Stream(io.RawIOBase):
    """The bytes of a part from its beginning; `share` is how much of it has been read, from 0 to 1."""

    def __init__(self, file: Path) -> None:
        self._file, self._size, self._read = file.open("rb"), max(file.stat().st_size, 1), 0

    def readable(self) -> bool:
        """Always: that is what it is for."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` of the next bytes, all without it; none at the end."""
        block = self._file.read(size)
        self._read += len(block)
        return block

    def share(self) -> float:
        """How much has been read."""
        return min(self._read / self._size, 1.0)

    def close(self) -> None:
        """Closes the file as well."""
        self._file.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Part:
    """A file in the folder, or a member of the archive there."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """As messages and rejects call it: `a.csv`, `a.zip/b.csv`."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def kind(self) -> str:
        """The ending that says how it is read, one of TABLES."""
        return self.path.suffix.lower()

    def stream(self) -> Stream:
        """Its bytes, unpacked, from the beginning."""
        return Stream(self.path)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The same as a file that can be read from any place; what had to be unpacked for it is removed afterwards."""
        yield self.path


def parts(path: Path) -> list[Part]:
    """What a file of the delivery holds: itself, or the members of an archive in the order of their names."""
    return [Part(path)]
