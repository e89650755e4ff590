"""Opens a text of one JSON object a line in blocks of rows; lines that are none are noted as misfits."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import polars as pl

from matcher.errors import InputRefused
from matcher.sources import text
from matcher.sources.blocks import Misfits, Opened
from matcher.sources.contract import fold
from matcher.sources.delivery import Feed
from matcher.sources.headings import TEN_THOUSAND, Layout, layout
from matcher.sources.parts import Part, Stream

BLOCK_BYTES = 4 << 20
LONGEST_LINE = 16 << 20
KEY_SETS_REMEMBERED = 10_000

UNREADABLE_LINE, NOT_AN_OBJECT, DUPLICATE_KEY = "UNREADABLE_LINE", "NOT_AN_OBJECT", "DUPLICATE_KEY"

_ONE_A_LINE = "Export it with one JSON object a line (NDJSON, JSON Lines), or as CSV"

Row = dict[str, Any]


class _DuplicateKey(ValueError):
    """An object says one key twice."""


def open_lines(feed: Feed, part: Part) -> Iterator[Opened]:
    """The one table of the file. Its headings are the keys of its first block.

    A column takes, row by row, the first of its headings that the row holds with a value: feeds.toml's, the contract's
    own name, its synonyms. Digits stay as they are written. Raises InputRefused, here or while its blocks are read, for
    what is no such text, and where one money column counts in different units.
    """
    encoding = text.encoding_of(part, feed.encoding)
    misfits = Misfits()
    with part.stream() as stream:
        rows = _rows(part, stream, encoding, misfits)
        first = next(rows, [])
        headings: dict[str, str] = {}
        for keys in dict.fromkeys(tuple(row) for _, row in first):
            for key in keys:
                headings.setdefault(fold(key), key)
        chosen = layout(feed, part.name, list(headings.values()))
        columns = _Columns(feed, part.name, chosen)
        yield Opened(
            name=part.name,
            headings=tuple(headings.values()),
            layout=chosen,
            blocks=(columns.frame(block) for block in chain([first], rows)),
            misfits=misfits,
            has_header_row=False,
            share=stream.share,
        )


class _Columns:
    """Objects into columns: which key is which column is worked out once for every set of keys."""

    def __init__(self, feed: Feed, file: str, chosen: Layout) -> None:
        self._names = feed.contract.schema().names()
        self._file, self._units = file, chosen.units
        self._money = {column.name for column in feed.contract.columns if column.kind == "money"} - set(feed.units)
        told = {fold(heading): column for column, heading in feed.columns.items()}
        known = {folded: column for folded, column in feed.contract.headings().items() if column not in feed.columns}
        self._ranks = {folded: (rank, column) for rank, (folded, column) in enumerate((known | told).items())}
        self._plans: dict[tuple[str, ...], Mapping[str, tuple[str, ...]]] = {}

    def frame(self, rows: Sequence[tuple[int, Row]]) -> pl.DataFrame:
        """The rows as columns of text, with `row_number`."""
        cells: dict[str, list[str | None]] = {}
        for place, (number, row) in enumerate(rows):
            for column, keys in self._plan(number, tuple(row)).items():
                value = next((row[key] for key in keys if row[key] is not None), None)
                if value is not None:
                    filled = cells.setdefault(column, [])
                    filled.extend([None] * (place - len(filled)))
                    filled.append(value if type(value) is str else _written(value))
        empty = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
        return pl.DataFrame(
            {
                name: _series(cells[name] + [None] * (len(rows) - len(cells[name]))) if name in cells else empty
                for name in self._names
            }
        ).with_columns(row_number=pl.Series([number for number, _ in rows], dtype=pl.Int64))

    def _plan(self, row: int, keys: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        plan = self._plans.get(keys)
        if plan is None:
            if len(self._plans) >= KEY_SETS_REMEMBERED:
                self._plans.clear()
            ranked = sorted((*self._ranks[fold(key)], key) for key in keys if fold(key) in self._ranks)
            plan = {name: tuple(key for _, column, key in ranked if column == name) for _, name, _ in ranked}
            self._plans[keys] = plan
            self._check_units(row, plan)
        return plan

    def _check_units(self, row: int, plan: Mapping[str, tuple[str, ...]]) -> None:
        for column in self._money & set(plan):
            if any(
                (10_000 if TEN_THOUSAND.search(unicodedata.normalize("NFKC", key).strip()) else 1)
                != self._units.get(column, 1)
                for key in plan[column]
            ):
                raise InputRefused(
                    "here its key counts in another unit than in the first rows",
                    file=self._file,
                    row=row,
                    column=column,
                    remedy="Give the amounts of one column in one unit, or send two files",
                )


def _rows(part: Part, stream: Stream, encoding: str, misfits: Misfits) -> Iterator[list[tuple[int, Row]]]:
    """The objects, each with the number of its line, in blocks; blank lines are none, and do not count."""
    number = 0
    try:
        for block in text.lines_of(stream, encoding, BLOCK_BYTES):
            rows: list[tuple[int, Row]] = []
            for line in block.split(b"\n"):
                if not line or line.isspace():
                    continue
                number += 1
                if len(line) > LONGEST_LINE:
                    raise _too_long(part, number)
                if number == 1 and (line.strip() == b"{" or line.lstrip().startswith(b"[")):
                    raise InputRefused("it is JSON, but not of one object a line", file=part.name, remedy=_ONE_A_LINE)
                row = _object(line.decode("utf-8", "replace"))
                if isinstance(row, str):
                    misfits.add(number, row)
                else:
                    rows.append((number, row))
            yield rows
    except text.LineTooLong:
        raise _too_long(part, number + 1) from None


def _object(line: str) -> Row | str:
    """The object of a line, or why there is none."""
    try:
        found = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=lambda _: None, object_pairs_hook=_without_doubles
        )
    except _DuplicateKey:
        return DUPLICATE_KEY
    except (ValueError, RecursionError):
        return UNREADABLE_LINE
    return found if isinstance(found, dict) else NOT_AN_OBJECT


def _without_doubles(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKey
    return found


def _written(value: Any) -> str:
    """A value that is no text and no number, as text: `true`, `false`, or JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _series(cells: list[str | None]) -> pl.Series:
    try:
        return pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        return pl.Series(
            [cell and cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for cell in cells],
            dtype=pl.String,
        )


def _too_long(part: Part, row: int) -> InputRefused:
    return InputRefused(
        f"this line is longer than {LONGEST_LINE:,} bytes", file=part.name, row=row, remedy=_ONE_A_LINE
    )
