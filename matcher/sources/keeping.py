"""Accepted rows kept as Parquet, so that they are read again as they were: sooner than the file that was sent, and the same.

One file a table: the contract's columns, typed, and `row_number`, each row's place in the table that was sent. Headings, units
and words of a department's own were understood when they were written, and are not looked for again. A table is kept only
where reading it again gives the same rows; that is tried while it is written. Rows that were set aside are not in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.sources import checks
from matcher.sources.chunking import Chunk
from matcher.sources.contract import Contract
from matcher.sources.kept import MARK

LIST = "rows.json"
"""Beside the files: of each its name, the table whose rows it holds, and how many."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of rows: its name, the table as it was called where it came from, and how many rows."""

    name: str
    table: str
    rows: int


class Keeping:
    """The tables of one feed, written into a folder while they are read; `finish` says which were kept."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._contract = folder, contract
        self._schema = _schema(contract)
        self._kept: list[Kept] = []
        self._lost = False
        self._writer: pq.ParquetWriter | None = None

    def add(self, chunk: Chunk) -> None:
        """Takes the accepted rows of the next chunk in."""
        if self._lost:
            return
        if not _read_alike(chunk.frame, self._contract, chunk.file):
            self._give_up()
            return
        if chunk.index == 0:
            self._close()
            name = f"{chunk.file_index}.parquet"
            self._kept.append(Kept(name, chunk.file, 0))
            schema = self._schema.with_metadata({MARK: chunk.file.encode()})
            self._writer = pq.ParquetWriter(self._folder / name, schema, compression="zstd")
        assert self._writer is not None
        table = chunk.frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._schema)
        if len(chunk.frame):
            self._writer.write_table(table)
        last = self._kept[-1]
        self._kept[-1] = replace(last, rows=last.rows + len(chunk.frame))

    def finish(self) -> tuple[Kept, ...]:
        """What was kept; all tables, or none where one could not be."""
        self._close()
        told = [{"name": each.name, "table": each.table, "rows": each.rows} for each in self._kept]
        (self._folder / LIST).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        return tuple(self._kept)

    def _give_up(self) -> None:
        self._close()
        for each in self._kept:
            (self._folder / each.name).unlink()
        self._kept, self._lost = [], True

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def listed(folder: Path) -> list[Kept]:
    """What was kept there; nothing where nothing was."""
    path = folder / LIST
    return [Kept(**each) for each in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _schema(contract: Contract) -> pa.Schema:
    typed = pl.DataFrame(schema={"row_number": pl.Int64, **contract.schema()})
    schema: pa.Schema = typed.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return schema


def _read_alike(frame: pl.DataFrame, contract: Contract, file: str) -> bool:
    """Whether these rows, held against their contract once more, are the same rows."""
    again = checks.accept(frame, contract, file, {}, {})
    return again.rejects.is_empty() and again.rows.equals(frame)
