"""Delimited rows read with care, a line at a time: where quotation marks, line breaks or fields do not add up.

A quoted value may hold line breaks. A quotation mark that nobody closed looks the same, and would swallow the rows up to
the next one; so what a value spans must not itself look like rows.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

from matcher.sources.text import LONGEST_LINE

LINES_OF_A_VALUE = 100
"""A value with more line breaks is a quotation mark that was not closed."""

UNCLOSED = "UNCLOSED_QUOTE"

csv.field_size_limit(LONGEST_LINE)


@dataclass
class Rows:
    """The rows of some lines that fit (`numbers` from 1 and `fields`), and the numbers of those that do not, with why.

    `count` rows came; `rest` are the lines at the end that a quoted value may go on behind.
    """

    count: int = 0
    numbers: list[int] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)
    misfits: list[tuple[int, str]] = field(default_factory=list)
    rest: str = ""


def rows(text: str, delimiter: str, width: int, *, ends: bool) -> Rows:
    """The rows of `text`, which are `width` fields wide; blank lines are no rows. `ends`: nothing comes behind it."""
    lines = text.split("\n")
    found, place = Rows(), 0
    while place < len(lines):
        line = lines[place].removesuffix("\r").removeprefix("\ufeff")
        if not line:
            place += 1
            continue
        if '"' not in line:
            _add(found, line.split(delimiter), width)
            place += 1
            continue
        read = _read([line], delimiter, width)
        if read is not None:
            _add(found, read, width)
            place += 1
            continue
        end = _closing(lines, place)
        if end is None and not ends and len(lines) - place <= LINES_OF_A_VALUE:
            found.rest = "\n".join(lines[place:])
            break
        read = None
        if end is not None:
            together = [lines[place].removeprefix("\ufeff"), *lines[place + 1 : end], lines[end].removesuffix("\r")]
            read = _value_over_lines(together, delimiter, width)
        if read is None or end is None:
            found.count += 1
            found.misfits.append((found.count, UNCLOSED))
            place += 1
        else:
            _add(found, read, width)
            place = end + 1
    return found


def _add(found: Rows, fields: list[str], width: int) -> None:
    found.count += 1
    if len(fields) == width:
        found.numbers.append(found.count)
        found.fields.append(fields)
    else:
        found.misfits.append((found.count, f"{len(fields)}_FIELDS_OF_{width}"))


def _closing(lines: Sequence[str], start: int) -> int | None:
    """The line that holds the next odd number of quotation marks behind `start`, not too far away."""
    for place in range(start + 1, min(start + LINES_OF_A_VALUE, len(lines))):
        if lines[place].count('"') % 2:
            return place
    return None


def _value_over_lines(lines: Sequence[str], delimiter: str, width: int) -> list[str] | None:
    """The fields of the row that these lines are together; None where they look like rows of their own."""
    if _opens(lines[-1], delimiter):
        return None
    if width > 1 and (
        all(len(line.split(delimiter)) == width for line in (lines[0], lines[-1]))
        or any(_alone(line, delimiter) == width for line in lines[1:-1])
    ):
        return None
    return _read(lines, delimiter, width)


def _opens(line: str, delimiter: str) -> bool:
    """Whether the first quotation mark of a line opens a value, rather than closing one that began before."""
    place = line.index('"')
    follows = line[place + 1 : place + 2]
    return (place == 0 or line[place - 1] == delimiter) and follows not in ("", delimiter, '"')


def _alone(line: str, delimiter: str) -> int:
    """How many fields a line has as a row of its own; 0 where it cannot be one."""
    try:
        return len(next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return 0


def _read(lines: Sequence[str], delimiter: str, width: int) -> list[str] | None:
    """The fields of one row; None where a quotation mark stays open, or it is more than one row."""
    fields: list[str] | None = None
    for blanks in (False, True):  # "a, "b,c"": a blank before the quotation mark, where fields add up only so
        made = _parsed(lines, delimiter, blanks=blanks)
        if made is None or len(made) != 1:
            return fields
        if len(made[0]) == width:
            return made[0]
        fields = fields or made[0]
    return fields


def _parsed(lines: Sequence[str], delimiter: str, *, blanks: bool) -> list[list[str]] | None:
    """The rows that Python's reader makes of these lines; None where a quotation mark stays open."""
    whole = [f"{line}\n" for line in lines]
    try:
        return list(csv.reader(whole, delimiter=delimiter, skipinitialspace=blanks, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            return None
    try:  # with more after a closing quotation mark, which is kept
        return list(csv.reader(whole, delimiter=delimiter, skipinitialspace=blanks))
    except csv.Error:  # a carriage return in an unquoted field
        return list(
            csv.reader([line.replace("\r", " ") for line in whole], delimiter=delimiter, skipinitialspace=blanks)
        )
