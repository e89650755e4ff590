"""Opens a workbook of Excel, .xlsx or .xls, sheet by sheet; totals and signatures below a table are noted as misfits.

A sheet is read whole by calamine, within the memory that its process may take, and goes on in blocks of rows.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import python_calamine as calamine

from matcher.errors import InputRefused
from matcher.sources import archives, footers, top
from matcher.sources.blocks import Misfits, Opened
from matcher.sources.contract import fold
from matcher.sources.delivery import Feed
from matcher.sources.headings import Layout, layout
from matcher.sources.kinds import OLE
from matcher.sources.parts import Part

ROWS_AT_ONCE = 50_000
CELLS_AT_ONCE = 2_000_000

SHEET_WITHOUT_HEADINGS = "SHEET_WITHOUT_HEADINGS"

_HEADINGS_OF_A_TABLE = 2
"""So many known headings make a sheet a table whatever the other sheets hold; a list of codes may hold one by chance."""

_EXACT_IN_FLOAT = 1 << 53
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_DIRECTORY_BYTES = 16 << 10

Cell = str | float | bool | dt.date | dt.time | dt.timedelta


def open_workbook(feed: Feed, part: Part) -> Iterator[Opened]:
    """The sheets that are tables, in their order, then what other sheets hold, all of it misfits.

    Row numbers count the rows of the sheet from below the headings; rows that are entirely empty are none. A name or
    number merged over several rows is that of each; amounts are not, or they would be counted several times. Raises
    InputRefused for a workbook that is damaged or encrypted, and where no sheet holds a known heading.
    """
    with part.on_disk() as path, _called_rightly(path) as known:
        _check(path, part.name)
        try:
            book = calamine.CalamineWorkbook.from_path(known)
        except calamine.PasswordError as error:
            raise _encrypted(part.name) from error
        except (calamine.CalamineError, OSError) as error:
            raise _damaged(part.name, error) from error
        tables, others, each = 0, [], 1 / max(len(book.sheet_names), 1)
        for place in range(len(book.sheet_names)):
            sheet = _Sheet.of(book, place, part.name)
            found = top.heading_rows(sheet.first_rows(), feed)
            hits = top.hit_count(found[1], top.known_headings(feed)) if found else 0
            if found and hits >= min(_HEADINGS_OF_A_TABLE, len(book.sheet_names)):
                tables += 1
                yield replace(sheet.table(feed, *found), part_share=each)
            elif sheet.last_row:
                others.append((place, hits))
        for place, hits in others:
            sheet = _Sheet.of(book, place, part.name)
            found = top.heading_rows(sheet.first_rows(), feed) if hits and not tables else None
            if found:
                yield replace(sheet.table(feed, *found), part_share=each)
            elif tables or any(hits for _, hits in others):
                yield replace(sheet.misfits(), part_share=each)
        if not tables and not any(hits for _, hits in others):
            raise InputRefused(
                "no sheet holds a heading that the contract knows",
                file=part.name,
                remedy=f"Write the headings above the table, or name them in feeds.toml under [{feed.source}.columns]",
            )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet: its name as messages call it, and how many rows it has from its top to the last that is filled."""

    name: str
    cells: calamine.CalamineSheet
    last_row: int

    @classmethod
    def of(cls, book: calamine.CalamineWorkbook, place: int, file: str) -> _Sheet:
        """The sheet at this place. Raises InputRefused where it is damaged."""
        name = f"{file}/{book.sheet_names[place]}"
        try:
            sheet = book.get_sheet_by_index(place)
        except (calamine.CalamineError, OSError) as error:
            raise _damaged(name, error) from error
        return cls(name, sheet, 0 if sheet.end is None else sheet.end[0] + 1)

    def first_rows(self) -> list[list[str]]:
        """The rows among which the headings are sought, as text."""
        return [[as_text(cell) or "" for cell in row] for row in islice(self._rows(), top.ROWS_LOOKED_AT)]

    def table(self, feed: Feed, heading_row: int, headings: list[str]) -> Opened:
        """The sheet as a table below the row of its headings (from 0)."""
        chosen = layout(feed, self.name, headings)
        misfits, read = Misfits(), 0
        places = {column: headings.index(heading) for column, heading in chosen.columns.items()}
        keys = _keys(feed, places)
        merged = self.merged(keys)
        size = max(min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(len(headings), 1)), 1)

        def blocks() -> Iterator[pl.DataFrame]:
            nonlocal read
            rows = enumerate(islice(self._rows(), heading_row + 1, None), start=1)
            while came := list(islice(rows, size)):
                read = came[-1][0]
                kept = []
                for number, row in came:
                    if _is_empty(row):
                        continue
                    merged.fill(heading_row + number, row)
                    if _is_footer(row, keys):
                        misfits.add(number, footers.FOOTER)
                    else:
                        kept.append((number, row))
                yield pl.DataFrame(
                    {column: _column([row[place] for _, row in kept]) for column, place in places.items()}
                ).with_columns(row_number=pl.Series([number for number, _ in kept], dtype=pl.Int64))

        below = max(self.last_row - heading_row - 1, 1)
        return Opened(
            self.name, tuple(headings), chosen, blocks(), misfits, has_header_row=True, share=lambda: read / below
        )

    def misfits(self) -> Opened:
        """The sheet as a table of which no row fits: none of its headings is known."""
        misfits = Misfits()

        def blocks() -> Iterator[pl.DataFrame]:
            for number, row in enumerate(self._rows(), start=1):
                if not _is_empty(row):
                    misfits.add(number, SHEET_WITHOUT_HEADINGS)
            yield from ()

        return Opened(self.name, (), Layout({}, {}), blocks(), misfits, has_header_row=False, share=lambda: 1.0)

    def merged(self, places: Sequence[int]) -> _Merged:
        """The cells of these columns that are merged over several rows."""
        column = self.cells.start[1] if self.cells.start else 0
        begins: dict[int, list[tuple[int, int]]] = {}
        for (top_row, left), (last_row, _) in self.cells.merged_cell_ranges or ():
            if last_row > top_row and left - column in places:
                begins.setdefault(top_row, []).append((left - column, last_row))
        return _Merged(begins)

    def _rows(self) -> Iterator[list[Cell]]:
        return self.cells.iter_rows() if self.last_row else iter(())


class _Merged:
    """Cells merged over rows: what stands in one is said of each of its rows."""

    def __init__(self, begins: dict[int, list[tuple[int, int]]]) -> None:
        """`begins`: row → the column of each that begins there, and the last of its rows, all from 0."""
        self._begins = begins
        self._open: dict[int, tuple[Cell, int]] = {}

    def fill(self, number: int, row: list[Cell]) -> None:
        """Writes into the row of this number what is merged into it from above; rows come in their order."""
        for place, last in self._begins.get(number, ()):
            self._open[place] = row[place], last
        for place, (value, last) in self._open.items():
            if number <= last and row[place] == "":
                row[place] = value


def as_text(cell: Cell) -> str | None:
    """A cell as text, as `cells` would write it; null where it is empty or holds an error.

    >>> [as_text(cell) for cell in (5.0, 0.30000000000000004, 410502198001011234.0, True, dt.date(2024, 3, 14), "")]
    ['5', '0.3', '4.10502198001011E+17', 'true', '2024-03-14', None]
    """
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return "0" if cell == dt.time() else str(cell)  # nothing, shown as a date


def _number(number: float) -> str | None:
    """As a spreadsheet shows it, which keeps fifteen digits; beyond what a float holds exactly, those and no more."""
    if number != number:
        return None
    if abs(number) > _EXACT_IN_FLOAT:
        return f"{number:.14E}"
    if number == int(number):
        return str(int(number))
    short = f"{number:.15g}"
    return f"{number:.20f}".rstrip("0") if "e" in short else short


def _column(cells: Sequence[Cell]) -> pl.Series:
    texts = [(cell or None) if type(cell) is str else as_text(cell) for cell in cells]
    return pl.Series(texts, dtype=pl.String)


def _is_empty(row: Sequence[Cell]) -> bool:
    return row.count("") == len(row) or all(isinstance(cell, str) and not cell.strip() for cell in row)


def _keys(feed: Feed, places: dict[str, int]) -> tuple[int, ...]:
    """The places of the cells by which a row is somebody's."""
    return tuple(places[name] for name in footers.keys(feed.contract) if name in places)


def _is_footer(row: Sequence[Cell], keys: Sequence[int]) -> bool:
    """Whether a row begins like a footer and is nobody's: its keys are empty, labels, or what is written behind one."""
    first = next(
        place for place, cell in enumerate(row) if cell != "" and not (isinstance(cell, str) and cell.isspace())
    )
    if not footers.begins(row[first]):
        return False
    return all(
        row[place] == ""
        or footers.begins(row[place])
        or (place > 0 and fold(str(row[place - 1])).endswith(":") and footers.begins(row[place - 1]))
        for place in keys
    )


@contextmanager
def _called_rightly(path: Path) -> Iterator[Path]:
    """The workbook under a name that ends as its content says: calamine goes by the name."""
    with path.open("rb") as file:
        ending = ".xls" if file.read(len(OLE)) == OLE else ".xlsx"
    if path.suffix.lower() == ending:
        yield path
        return
    with TemporaryDirectory(prefix="jiekun-") as folder:
        link = Path(folder) / f"workbook{ending}"
        link.symlink_to(path.absolute())
        yield link


def _check(path: Path, name: str) -> None:
    """Refuses what is encrypted, and what would unpack to more than any workbook."""
    with path.open("rb") as file:
        head = file.read(512)
        if head.startswith(b"PK"):
            try:
                with zipfile.ZipFile(file) as archive:
                    infos = archive.infolist()
                    if archives.bomb(
                        sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
                    ):
                        raise InputRefused(
                            "it would unpack to far more than a workbook holds",
                            file=name,
                            remedy="Ask the department what this is; export the table as CSV",
                        )
                    if archive.testzip() is not None:  # calamine does not read as far as the checksum
                        raise zipfile.BadZipFile
            except (*archives.DAMAGE, RuntimeError, ValueError, OSError) as error:
                raise _damaged(name, error) from error
        elif len(head) == 512:  # a compound file: its directory names what it holds
            sector = 1 << min(int.from_bytes(head[30:32], "little"), 16)
            file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
            if _ENCRYPTED_PACKAGE in file.read(_DIRECTORY_BYTES):
                raise _encrypted(name)


def _encrypted(name: str) -> InputRefused:
    return InputRefused(
        "the workbook is encrypted", file=name, remedy="Open it, remove the password, save it and send that"
    )


def _damaged(name: str, error: Exception) -> InputRefused:
    return InputRefused(
        f"this is no whole workbook ({type(error).__name__})",
        file=name,
        remedy="Open it in Excel or WPS, save it as .xlsx and send that; where it does not open, ask for it again",
    )
