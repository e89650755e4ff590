"""The rows of an export written as a file, some at a time: CSV, Excel or Parquet, each marked with whose export it is.

The mark is a column of its own, so that it goes with every row and breaks no parser: its heading says who had the
list, when, for what; its cells the export's number. Excel and Parquet carry it in their own data too.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from api import sheets
from api.domain.exports import ExportFormat
from api.work.export_sheets import Cell, Column, Holds

SUFFIXES = {ExportFormat.CSV: "csv", ExportFormat.XLSX: "xlsx", ExportFormat.PARQUET: "parquet"}
TYPES = {
    Holds.TEXT: pa.string(),
    Holds.DAY: pa.date32(),
    Holds.AMOUNT: pa.decimal128(18, 2),
    Holds.NUMBER: pa.int64(),
}
Rows = Sequence[Sequence[Cell]]
Add = Callable[[Rows], None]


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose export it is: its number, and in words who had it, when and for what."""

    number: str
    words: str


def write(
    target: Path, file_format: ExportFormat, columns: Sequence[Column], mark: Mark, parts: Iterable[Rows]
) -> None:
    """The rows of all parts, in order, as a file of this format."""
    with WRITERS[file_format](target, columns, mark) as add:
        for part in parts:
            add(part)


@contextmanager
def _csv(target: Path, columns: Sequence[Column], mark: Mark) -> Iterator[Add]:
    with target.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([*(column.heading for column in columns), mark.words])

        def add(rows: Rows) -> None:
            writer.writerows([*(sheets.neutral(_text(cell)) for cell in row), mark.number] for row in rows)

        yield add


@contextmanager
def _excel(target: Path, columns: Sequence[Column], mark: Mark) -> Iterator[Add]:
    import xlsxwriter

    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, settings | {"constant_memory": True, "tmpdir": str(target.parent)})
    book.set_properties({"title": mark.number, "comments": mark.words})
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
    sheet = book.add_worksheet("导出 export")
    sheet.set_header(f"&L{_printed(mark.words)}")
    sheet.set_footer(f"&L{_printed(mark.words)}&R&P / &N")
    for place, heading in enumerate([*(column.heading for column in columns), mark.words]):
        sheet.write_string(0, place, heading, bold)
    number = 0

    def add(rows: Rows) -> None:
        nonlocal number
        for row in rows:
            number += 1
            for place, cell in enumerate([*row, mark.number]):
                if (shown := _text(cell)) != "":
                    sheet.write_string(number, place, shown, text)

    try:
        yield add
    finally:
        book.close()


@contextmanager
def _parquet(target: Path, columns: Sequence[Column], mark: Mark) -> Iterator[Add]:
    fields = [pa.field(column.heading, TYPES[column.holds]) for column in columns]
    schema = pa.schema([*fields, pa.field("导出 export", pa.string())], {"jiekun.export": mark.words})
    with pq.ParquetWriter(target, schema) as writer:

        def add(rows: Rows) -> None:
            by_column = [
                pa.array([_value(row[place], column.holds) for row in rows], TYPES[column.holds])
                for place, column in enumerate(columns)
            ]
            marks = pa.array([mark.number] * len(rows), pa.string())
            writer.write_table(pa.Table.from_arrays([*by_column, marks], schema=schema))

        yield add


WRITERS = {ExportFormat.CSV: _csv, ExportFormat.XLSX: _excel, ExportFormat.PARQUET: _parquet}


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _value(cell: Cell, holds: Holds) -> Any:
    if cell is None or holds in (Holds.TEXT, Holds.NUMBER):
        return cell
    return dt.date.fromisoformat(str(cell)) if holds is Holds.DAY else Decimal(str(cell))


def _printed(words: str) -> str:
    """As a header of Excel's takes it: & is a command there, and 255 characters are the most."""
    return words.replace("&", "&&")[:200]
