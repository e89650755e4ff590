"""Tables for people's spreadsheets, as CSV or Excel: no cell is ever a formula, and what cannot be read is named by its place.

A CSV cell that a spreadsheet would take for a formula is written with an apostrophe before it, which is taken off when
it is read again; Excel cells are written as text. Text comes as UTF-8 or GB18030, as offices have it.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

MOST_ROWS = 200_000
OWNER_ALONE = 0o600
ENCODINGS = ("utf-8-sig", "gb18030")
LIKE_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
UNSEEN = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
"""What a sheet may leave out before it looks at how a cell begins."""


class SheetRefused(ValueError):
    """A table that cannot be taken over, with file, row and column of what is wrong; no value is quoted."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts: its headings, and rows of them; an empty text is an empty cell."""

    name: str
    headings: tuple[str, ...]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A row that was read: where it stood, and its cells by their headings."""

    file: str
    number: int
    cells: Mapping[str, str]

    def refused(self, column: str, why: str) -> SheetRefused:
        """That a cell of this row cannot be taken over."""
        return SheetRefused(f"{self.file}, row {self.number}, column {column}: {why}")


def write(target: Path, tables: Iterable[Table]) -> list[Path]:
    """The tables as sheets of an .xlsx file, or as one CSV file each in the folder `target`; the files written."""
    if target.suffix == ".xlsx":
        _anew(target)
        _write_excel(target, tables)
        return [target]
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for table in tables:
        path = target / f"{table.name}.csv"
        _anew(path)
        with path.open("w", encoding="utf-8-sig", newline="") as opened:
            _write_csv(opened, table)
        written.append(path)
    return written


def as_csv(table: Table) -> str:
    """The table as the text of a CSV file."""
    opened = io.StringIO(newline="")
    _write_csv(opened, table)
    return opened.getvalue()


def _write_csv(opened: TextIO, table: Table) -> None:
    writer = csv.writer(opened)
    writer.writerow(table.headings)
    writer.writerows([neutral(cell) for cell in row] for row in table.rows)


def _anew(path: Path) -> None:
    """An empty file that only its owner reads, in the place of one that was there."""
    path.unlink(missing_ok=True)
    path.touch(mode=OWNER_ALONE, exist_ok=False)


def read(source: Path) -> dict[str, list[Line]]:
    """The tables of an .xlsx file by their sheets' names, or of a folder's CSV files. Raises SheetRefused."""
    if source.is_dir():
        return {path.stem: _read_csv(path) for path in sorted(source.glob("*.csv"))}
    if source.suffix == ".xlsx":
        return _read_excel(source)
    raise SheetRefused(f"{source.name}: an .xlsx file, or a folder of CSV files")


def neutral(cell: str) -> str:
    """The cell as no sheet takes it for a formula; `read` takes the apostrophe off again."""
    return f"'{cell}" if _like_a_formula(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _like_a_formula(cell[1:]) else cell


def _like_a_formula(cell: str) -> bool:
    return cell.startswith(LIKE_FORMULAS) or cell.lstrip(UNSEEN).startswith(LIKE_FORMULAS)


def _write_excel(target: Path, tables: Iterable[Table]) -> None:
    import xlsxwriter

    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, settings) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        for table in tables:
            sheet = book.add_worksheet(table.name)
            for column, heading in enumerate(table.headings):
                sheet.write_string(0, column, heading, bold)
            for number, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    if cell:
                        sheet.write_string(number, column, cell, text)


def _read_csv(path: Path) -> list[Line]:
    content = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return _lines(
                path.name, [[_plain(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
            )
        except csv.Error:
            break
    raise SheetRefused(f"{path.name}: it is no CSV file in UTF-8 or GB18030")


def _read_excel(path: Path) -> dict[str, list[Line]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = CalamineWorkbook.from_path(str(path))
            return {
                name: _lines(
                    f"{path.name}, sheet {name}",
                    [
                        [_text(cell) for cell in row]
                        for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                    ],
                )
                for name in book.sheet_names
            }
    except (CalamineError, OSError):
        raise SheetRefused(f"{path.name}: it is no Excel file that can be read") from None


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if cell is None or isinstance(cell, str):
        return (cell or "").strip()
    return str(cell)


def _lines(file: str, rows: Sequence[Sequence[str]]) -> list[Line]:
    if not rows:
        return []
    headings = [cell.strip() for cell in rows[0]]
    named = [heading for heading in headings if heading]
    if len(set(named)) != len(named):
        raise SheetRefused(f"{file}, row 1: a heading stands there twice")
    if len(rows) > MOST_ROWS:
        raise SheetRefused(f"{file}: more than {MOST_ROWS:,} rows; send it in parts")
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(headings):
            raise SheetRefused(f"{file}, row {number}: it has more cells than there are headings")
        cells = {heading: cell.strip() for heading, cell in zip(headings, row, strict=False) if heading}
        if any(cells.values()):
            found.append(Line(file, number, cells))
    return found
