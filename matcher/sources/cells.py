"""Cells to typed values, a column at a time; what cannot be read is null and marked broken, never zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import columnwise
from matcher.frames import MONEY
from matcher.identity import days
from matcher.identity.programmes import PROGRAMMES
from matcher.sources import values
from matcher.sources.contract import TYPES, Column, fold
from matcher.views import INLINE, Flags, Places, Views, parts

UNDECODED = "\ufffd"
"""Stands where a byte could not be decoded. In a name it is one unknown character; any other value with it is lost."""

PLAIN_MONEY = r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$"
PLAIN_INTEGER = r"^-?[0-9]{1,18}$"
PLAIN_DECIMAL = r"^-?[0-9]{1,18}(\.[0-9]+)?$"

_WITH_TIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
_WITH_MARKS = r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,2})?$"
_TEXT_IN_SPREADSHEETS = r'^(?:="(.*)"|\'(.*))$'
_ROUNDED_OFF = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]{2}$"
_FLOAT_OF_DIGITS = r"^([0-9]{4,})\.0+$"
_DASHED = np.uint64(int.from_bytes(b"0000-00-", "little"))
_DASHES = np.uint64(int.from_bytes(b"\0\0\0\0\xff\0\0\xff", "little"))
_DIGITS = int.from_bytes(b"00\0\0", "little")
_EXACT_IN_FLOAT = 1 << 53
_SAYS_NOTHING = ""
_FEW_WORDS = ("enum", "programme", "month")
"""Kinds of which a column has few distinct values: each is read once."""

_PROGRAMMES = {
    fold(word): programme.code
    for programme in PROGRAMMES
    for word in (programme.code, programme.name_zh, *programme.synonyms)
}


def _in_any_case(words: Iterable[str]) -> list[str]:
    """The words as people and programs write them: to fold the case of a whole column would cost many times more."""
    return sorted({form for word in words for form in (word, word.upper(), word.title(), word.capitalize())})


_NOTHING = _in_any_case({*values.PLACEHOLDERS, *values.ZEROS, "NaN", "NaT"})
_NO_NAMES = _in_any_case({*_NOTHING, *values.NO_NAMES})
_NO_DATES = _in_any_case({*values.DATE_PLACEHOLDERS, "NaN", "NaT"})

_LONGEST_PLACEHOLDER = max(len(word.encode("utf-8")) for word in (*_NO_NAMES, *_NO_DATES))

_BLANKS = [character.encode("utf-8") for character in map(chr, range(0x3001)) if character.isspace()]
_OPENS, _ENDS = np.zeros(256, dtype=bool), np.zeros(256, dtype=bool)
_OPENS[[*(blank[0] for blank in _BLANKS), ord("'"), ord("=")]] = True
_ENDS[[blank[0] for blank in _BLANKS]] = True


MOSTLY_NULL = 8
"""Where no more than one cell of so many says anything, those that do are read by themselves."""

_ANY_DATE = Column("date", "date")


@dataclass(frozen=True, slots=True)
class Reading:
    """A column read: its typed values, and where a cell held something that could not be read."""

    values: pl.Series
    broken: pl.Series


def read(cells: pl.Series, column: Column, *, unit: int = 1, words: Mapping[str, str] | None = None) -> Reading:
    """The cells as the column's type. `unit`: what money counts in, in yuan; `words`: a feed's own words for an enum.

    Numbers and dates that a file holds as such do not pass through text. Placeholders (values.py) are null and not
    broken, and so is NaN, by which some tools write null.
    """
    if cells.dtype == pl.Null or cells.null_count() == len(cells):
        nothing = pl.repeat(None, len(cells), dtype=TYPES[column.kind], eager=True)
        return Reading(nothing, pl.repeat(False, len(cells), eager=True))
    if column.kind in _FEW_WORDS and cells.dtype == pl.String:
        distinct = cells.unique().drop_nulls()
        if len(distinct) < len(cells) // 4:
            one = _read(distinct, column, unit, words)
            places = cells.cast(pl.Enum(distinct)).to_physical()
            return Reading(one.values.gather(places), one.broken.gather(places).fill_null(False))
    if MOSTLY_NULL * cells.null_count() > (MOSTLY_NULL - 1) * len(cells):
        rows = cells.is_not_null().arg_true()
        some = _read(cells.gather(rows), column, unit, words)
        nothing = pl.repeat(None, len(cells), dtype=TYPES[column.kind], eager=True)
        return Reading(
            nothing.scatter(rows, some.values), pl.repeat(False, len(cells), eager=True).scatter(rows, some.broken)
        )
    return _read(cells, column, unit, words)


def _read(cells: pl.Series, column: Column, unit: int, words: Mapping[str, str] | None) -> Reading:
    present = cells.is_not_null()
    if cells.dtype.is_float():
        present &= ~cells.is_nan().fill_null(False)
    typed = _typed(cells, column, unit)
    if typed is None:
        text = _rounded(cells) if column.kind == "id_number" and cells.dtype.is_float() else as_text(cells)
        lost = present & text.is_null()
        if column.kind == "date":
            return _dates(text, lost)
        views = Views.of(text)
        text = _filled(text, views, column)
        present = text.is_not_null() | lost
        typed = _understood(text, views, column, unit, words)
        if column.unknown:
            nothing = (typed == _SAYS_NOTHING).fill_null(False)
            typed, present = typed.set(nothing, None), present & ~nothing
    if column.kind in ("date", "month"):
        return _possible(typed, present)
    return Reading(typed, present & typed.is_null())


def as_text(cells: pl.Series) -> pl.Series:
    """The cells as text: a whole number without `.0`; null what is no text, or a number whose end a float made up."""
    if cells.dtype == pl.String:
        return cells
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == cells).fill_null(False)
        is_exact = (cells.abs() <= _EXACT_IN_FLOAT).fill_null(False)
        written = pl.when(is_whole).then(whole.cast(pl.String)).otherwise(cells.cast(pl.String))
        return pl.select(pl.when(is_exact).then(written)).to_series()
    if cells.dtype.is_decimal():
        return cells.cast(pl.String).str.replace(r"\.0+$", "")
    if cells.dtype.is_nested():
        return pl.repeat(None, len(cells), dtype=pl.String, eager=True)
    if cells.dtype == pl.Binary:
        return pl.Series([_decoded(cell) for cell in cells.to_list()], dtype=pl.String)
    return cells.cast(pl.String, strict=False)


def _rounded(cells: pl.Series) -> pl.Series:
    """Citizen numbers that a file holds as floats: the fifteen digits that are true, as a spreadsheet would show them."""
    shown = pl.Series(
        [None if cell is None or cell != cell else f"{cell:.14E}" for cell in cells.to_list()], dtype=pl.String
    )
    large = (cells.abs() > _EXACT_IN_FLOAT).fill_null(False)
    return pl.select(pl.when(large).then(shown).otherwise(as_text(cells))).to_series()


def _typed(cells: pl.Series, column: Column, unit: int) -> pl.Series | None:
    """The cells converted without passing through text, where their type allows it; None where it does not."""
    if column.kind in ("date", "month") and isinstance(cells.dtype, (pl.Date, pl.Datetime)):
        if isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone is not None:
            cells = cells.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(
                None
            )  # the day it was there, not in Greenwich
        dates = cells.cast(pl.Date)
        return dates.dt.month_start() if column.kind == "month" else dates
    if not cells.dtype.is_numeric():
        return None
    if column.kind == "money":
        if cells.dtype.is_float():
            finite = cells.set(~cells.is_finite().fill_null(True), None)
            return (finite * unit).round(2).cast(MONEY, strict=False)
        return (cells.cast(pl.Decimal(38, 6), strict=False) * unit).round(2).cast(MONEY, strict=False)
    if column.kind == "decimal":
        floats = cells.cast(pl.Float64)
        return floats.set(~floats.is_finite().fill_null(True), None)
    if column.kind == "integer" and (cells.dtype.is_integer() or cells.dtype.is_float()):
        whole = cells.cast(pl.Int64, strict=False)
        return whole.set((whole.cast(pl.Float64) != cells.cast(pl.Float64)).fill_null(False), None)
    return None


def _filled(text: pl.Series, views: Views, column: Column) -> pl.Series:
    """The text without blanks around it and without a spreadsheet's marks; null where it says nothing."""
    placeholders = _NOTHING
    if column.kind in ("date", "month"):
        placeholders = _NO_DATES
    elif column.personal and column.kind in ("text", "id_number"):
        placeholders = _NO_NAMES
    rows = _suspicious(text, views, floats=column.kind in ("text", "id_number"))
    if not len(rows):
        return text
    if 2 * len(rows) > len(text):
        return _bare(text, column, placeholders)
    return text.clone().scatter(
        rows, _bare(text.gather(rows), column, placeholders)
    )  # scatter writes into its own series


def _bare(text: pl.Series, column: Column, placeholders: list[str]) -> pl.Series:
    """The same for cells that need it."""
    text = text.str.strip_chars()
    if (text.str.starts_with("'") | text.str.starts_with('="')).any():
        text = text.str.replace(_TEXT_IN_SPREADSHEETS, "$1$2").str.strip_chars()
    if column.kind in ("text", "id_number"):
        text = text.str.replace(_FLOAT_OF_DIGITS, "$1")
    return text.set(text.is_in(placeholders).fill_null(False), None)


def _suspicious(text: pl.Series, cells: Views, *, floats: bool) -> Places:
    """The rows that may have blanks around them, begin with a spreadsheet's mark, or hold a placeholder; surely no others.

    With `floats` also those that end like a number with a decimal point (`13800138000.0`).
    """
    found = np.zeros(len(text), dtype=bool)
    for part in parts(len(text)):
        found[part] = _begins_oddly(cells[part])
    rows = np.arange(len(text))
    if len(text) and cells.length.max() > INLINE and cells.long_ones_are_plain(also=b".0" if floats else b""):
        rows = np.flatnonzero(cells.length <= INLINE)
    if 2 * len(rows) > len(text):
        found |= _ends_oddly(text, floats=floats)
    else:
        found[rows] |= _ends_oddly(text.gather(rows), floats=floats)
    return np.flatnonzero(found if cells.present is None else found & cells.present)


def _ends_oddly(text: pl.Series, *, floats: bool) -> Flags:
    """Cells that may end with a blank, or, with `floats`, end with a decimal point and a zero.

    polars looks at the ends: unlike many small steps of arithmetic it lets other threads work meanwhile.
    """
    last = Views.of(text.str.tail(1)).first_four & np.uint32(0xFF)
    found: Flags = _ENDS[last]
    if floats:
        rows = np.flatnonzero(last == ord("0"))
        found[rows] |= text.gather(rows).str.ends_with(".0").fill_null(False).to_numpy()
    return found


def _begins_oddly(cells: Views) -> Flags:
    """Cells that begin with a blank, a spreadsheet's mark, or like a placeholder."""
    begins, exactly = _beginnings()
    found = begins[(cells.words[:, 0] >> np.uint64(32) & np.uint64(0xFFFF)).astype(np.intp)]
    if cells.present is not None:
        found &= cells.present
    rows = np.flatnonzero(found)
    if len(rows):  # many honest values begin like a placeholder with their first two bytes
        some = cells[rows]
        found[rows] = _OPENS[some.first_four & np.uint32(0xFF)] | (
            exactly[_spread(some.first_four)] & (some.length <= _LONGEST_PLACEHOLDER)
        )
    return found


def _spread(first_four: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    """Four bytes as a place in a table."""
    return np.asarray((first_four * np.uint32(0x9E3779B1)) >> np.uint32(16)).astype(np.uint16)


@cache
def _beginnings() -> tuple[Flags, Flags]:
    """Which first two bytes begin what needs a closer look, and, by `_spread`, which first four a placeholder."""
    heads = np.array(
        [int.from_bytes(word.encode("utf-8")[:4], "little") for word in (*_NO_NAMES, *_NO_DATES)], np.uint32
    )
    two, four = np.zeros(1 << 16, dtype=bool), np.zeros(1 << 16, dtype=bool)
    two[heads & np.uint32(0xFFFF)] = True
    two.reshape(256, 256)[:, _OPENS] = True  # the first byte is the lower one
    four[_spread(heads)] = True
    return two, four


def _understood(
    text: pl.Series, views: Views, column: Column, unit: int, words: Mapping[str, str] | None
) -> pl.Series:
    """The text as the column's type; null where it cannot be read. `views` are of the text before it was stripped."""
    match column.kind:
        case "name":
            return text
        case "text" | "id_number":
            spoilt = _spoilt(text, views, column)
            return text.set(spoilt, None) if spoilt.any() else text
        case "date":
            text = text.str.replace(_WITH_TIME, "$1")
            return columnwise.read(text, None, values.date).str.to_date("%Y-%m-%d", strict=False)
        case "month":
            return columnwise.read(text, None, values.month).str.to_date("%Y-%m-%d", strict=False)
        case "money" if unit == 1:
            return columnwise.read(_unmarked(text), PLAIN_MONEY, values.money).cast(MONEY, strict=False)
        case "money":
            return columnwise.read(text, None, partial(values.money, unit=unit)).cast(MONEY, strict=False)
        case "integer":
            return columnwise.read(text, PLAIN_INTEGER, values.integer).cast(pl.Int64, strict=False)
        case "decimal":
            return columnwise.read(text, PLAIN_DECIMAL, values.decimal).cast(pl.Float64, strict=False)
        case "enum":
            table = {**dict.fromkeys(column.unknown, _SAYS_NOTHING), **column.values, **_folded(words)}
            return columnwise.read(text, None, lambda word: table.get(fold(word)))
        case "programme":
            table = {**_PROGRAMMES, **_folded(words)}
            return columnwise.read(text, None, lambda word: table.get(fold(word), word))


def _dates(text: pl.Series, lost: pl.Series) -> Reading:
    """Dates in any form. Those with dashes, by far the most, are arithmetic on their bytes; of the others each is read once."""
    cells, written = Views.of(text), np.zeros(len(text), dtype=np.int32)
    for part in parts(len(text)):
        written[part] = _with_dashes(cells[part])
    found = days.of_digits(written)
    read, present = pl.Series(found - np.int32(days.EPOCH)).cast(pl.Date).set(pl.Series(found == 0), None), found > 0
    others = np.flatnonzero((found == 0) & text.is_not_null().to_numpy())
    if len(others):
        odd = text.gather(others)
        views = Views.of(odd)
        odd = _filled(odd, views, _ANY_DATE)
        present[others] = odd.is_not_null().to_numpy()
        read = read.scatter(others, _understood(odd, views, _ANY_DATE, 1, None))
    return _possible(read, pl.Series(present) | lost)


def _with_dashes(cells: Views) -> npt.NDArray[np.int32]:
    """The eight digits of each cell that is written 2024-03-14, as a number; 0 for any other."""
    first, last = cells.first_eight ^ _DASHED, cells.last_four ^ np.uint32(_DIGITS)
    digit = [(first >> np.uint64(8 * place) & np.uint64(0xFF)).astype(np.int32) for place in (0, 1, 2, 3, 5, 6)]
    digit += [(last >> np.uint32(8 * place) & np.uint32(0xFF)).astype(np.int32) for place in (0, 1)]
    whole = (cells.length == len("2024-03-14")) & (first & _DASHES == 0) & (last >> np.uint32(16) == _DIGITS >> 16)
    if cells.present is not None:  # what lies under a null may be another cell's
        whole &= cells.present
    number = np.zeros(len(cells), dtype=np.int32)
    for each in digit:
        whole &= each <= 9
        number = number * np.int32(10) + each
    return np.where(whole, number, np.int32(0))


def _possible(dates: pl.Series, present: pl.Series) -> Reading:
    """Dates without those that mean nothing (null, not broken) and those that cannot be (null, broken)."""
    year = dates.dt.year()
    nothing = (dates.is_in(list(values.EMPTY_DAYS)) | (year == values.OPEN_YEAR)).fill_null(False)
    outside = ~year.is_between(values.FIRST_YEAR, values.LAST_YEAR).fill_null(True)
    kept = dates.set(nothing | outside, None)
    return Reading(kept, present & kept.is_null() & ~nothing)


def _spoilt(text: pl.Series, cells: Views, column: Column) -> pl.Series:
    """Where text was lost on its way: a byte that could not be decoded, or digits that a spreadsheet rounded off."""
    spoilt = pl.repeat(False, len(text), eager=True)
    if cells.may_hold(UNDECODED.encode("utf-8")):
        spoilt |= text.str.contains(UNDECODED, literal=True)
    # of a citizen number what the spreadsheet left is still a part of it: normalising.id_cards
    if column.personal and column.kind != "id_number" and cells.may_hold(b"+"):
        spoilt |= text.str.contains(_ROUNDED_OFF)
    return spoilt.fill_null(False)


def _unmarked(text: pl.Series) -> pl.Series:
    """Amounts without their thousands marks, where these stand as they should."""
    if not text.str.contains(",", literal=True).any():
        return text
    bare = text.str.replace_all(",", "", literal=True)
    return pl.select(pl.when(text.str.contains(_WITH_MARKS)).then(bare).otherwise(text)).to_series()


def _folded(words: Mapping[str, str] | None) -> dict[str, str]:
    return {fold(word): value for word, value in (words or {}).items()}


def _decoded(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode("utf-8")
    except UnicodeDecodeError:
        return None
