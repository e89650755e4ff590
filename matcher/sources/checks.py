"""Cells to typed values, a column at a time; what cannot be read is null, counted and listed, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from matcher import columnwise
from matcher.frames import MONEY, REJECTS
from matcher.identity.programmes import PROGRAMMES
from matcher.sources import values
from matcher.sources.contract import TYPES, Column, Contract, fold

NULLED = "VALUE_NULLED"
SET_ASIDE = "ROW_SET_ASIDE"

ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
PLAIN_MONEY = r"^-?\d{1,15}(\.\d{1,2})?$"
PLAIN_INTEGER = r"^-?\d{1,18}$"
PLAIN_DECIMAL = r"^-?\d{1,18}(\.\d+)?$"
NEVER = r"^\b$"

_SHOWN_CHARACTERS = 20
_PROGRAMMES = {
    fold(word): programme.code
    for programme in PROGRAMMES
    for word in (programme.code, programme.name_zh, *programme.synonyms)
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A column read: its typed values, and where a cell held something that could not be read."""

    values: pl.Series
    broken: pl.Series


def read(cells: pl.Series, column: Column, *, factor: int = 1, words: Mapping[str, str] | None = None) -> Reading:
    """The cells as the column's type. `factor` is the money unit in yuan; `words` a feed's own values for an enum."""
    typed = _already_typed(cells, column, factor)
    if typed is not None:
        return _within_calendar(typed, cells.is_not_null() & typed.is_null() & ~_not_a_number(cells))
    text = _as_text(cells).str.strip_chars()
    placeholders = values.DATE_PLACEHOLDERS if column.kind in ("date", "month") else values.PLACEHOLDERS
    empty = text.str.to_lowercase().is_in(list(placeholders)).fill_null(True)
    text = text.set(empty, None)
    understood = _understood(text, column, factor, words)
    return _within_calendar(understood, text.is_not_null() & understood.is_null())


def _within_calendar(understood: pl.Series, broken: pl.Series) -> Reading:
    """Days that stand for no date become null and are not broken; days that no record can bear are broken."""
    if understood.dtype != pl.Date:
        return Reading(understood, broken)
    year = understood.dt.year()
    nothing = (understood.is_in(sorted(values.EMPTY_DAYS)) | (year == values.OPEN_YEAR)).fill_null(False)
    slip = (~year.is_between(values.FIRST_YEAR, values.LAST_YEAR)).fill_null(False) & ~nothing
    return Reading(understood.set(nothing | slip, None), broken | slip)


def listed(
    where: pl.Series, cells: pl.Series, rows: pl.DataFrame, column: Column, source: str, file: str, reason: str
) -> pl.DataFrame:
    """The cells where `where` holds, as frames.REJECTS, with personal values masked."""
    text = _as_text(cells.filter(where))
    shown = text.str.slice(0, 1) + "***" if column.personal else text.str.slice(0, _SHOWN_CHARACTERS)
    return pl.DataFrame(
        {
            "source": source,
            "file": file,
            "row_number": rows.get_column("row_number").filter(where),
            "column": column.name,
            "reason": reason,
            "raw_value": shown,
        },
        schema=REJECTS,
    )


def accept(
    raw: pl.DataFrame, contract: Contract, source: str, file: str, factors: Mapping[str, int],
    words: Mapping[str, Mapping[str, str]],
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int], pl.DataFrame]:  # fmt: skip
    """The rows of `raw` (contract column names and `row_number`) that keep the contract, typed.

    Returns the accepted rows, the rejects, the count of nulled values by column, and the cells that refuse the feed.
    """
    rejects, refused, nulled, typed = [REJECTS.to_frame()], [REJECTS.to_frame()], {}, []
    keep = pl.Series([True]).new_from_index(0, len(raw)) if len(raw) else pl.Series([], dtype=pl.Boolean)
    for column in contract.columns:
        if column.name not in raw.columns:
            typed.append(pl.Series(column.name, [None], dtype=TYPES[column.kind]).new_from_index(0, len(raw)))
            continue
        cells = raw.get_column(column.name)
        reading = read(cells, column, factor=factors.get(column.name, 1), words=words.get(column.name))
        typed.append(reading.values.rename(column.name))
        bad = reading.broken
        if bad.any():
            why = f"UNREADABLE_{column.kind.upper()}"
            if column.on_error == "refuse":
                refused.append(listed(bad, cells, raw, column, source, file, why))
            fate = SET_ASIDE if column.never_null or column.on_error == "reject" else NULLED
            rejects.append(listed(bad, cells, raw, column, source, file, f"{fate}:{why}"))
            if fate == SET_ASIDE:
                keep = keep & ~bad
            else:
                nulled[column.name] = int(bad.sum())
        if column.never_null:
            absent = reading.values.is_null() & ~bad
            if absent.any():
                rejects.append(listed(absent, cells, raw, column, source, file, f"{SET_ASIDE}:MISSING_KEY"))
                keep = keep & ~absent
    rows = pl.DataFrame([raw.get_column("row_number"), *typed])
    return rows.filter(keep) if len(rows) else rows, pl.concat(rejects), nulled, pl.concat(refused)


def _already_typed(cells: pl.Series, column: Column, factor: int) -> pl.Series | None:
    """The cells converted without passing through text, where their type allows it; None where it does not."""
    if cells.dtype == pl.Null:
        return pl.Series(cells.name, [None], dtype=TYPES[column.kind]).new_from_index(0, len(cells))
    temporal = cells.dtype.is_temporal() and cells.dtype not in (pl.Time, pl.Duration)
    if column.kind in ("date", "month") and temporal:
        days = cells.cast(pl.Date)
        return days.dt.month_start() if column.kind == "month" else days
    if not cells.dtype.is_numeric():
        return None
    if column.kind == "money":
        if cells.dtype.is_float():
            cells = cells.set(~cells.is_finite().fill_null(True), None)
            return (cells * factor).round(2).cast(MONEY, strict=False)
        return (cells.cast(pl.Decimal(38, 6)) * factor).round(2).cast(MONEY, strict=False)
    if column.kind == "decimal":
        floats = cells.cast(pl.Float64)
        return floats.set(~floats.is_finite().fill_null(True), None)
    if column.kind == "integer" and (cells.dtype.is_integer() or cells.dtype.is_float()):
        whole = cells.cast(pl.Int64, strict=False)
        return whole.set((whole.cast(pl.Float64) != cells.cast(pl.Float64)).fill_null(False), None)
    return None


def _not_a_number(cells: pl.Series) -> pl.Series:
    """Where a float column holds NaN, which is how some tools write null."""
    return cells.is_nan().fill_null(False) if cells.dtype.is_float() else cells.is_null()


def _as_text(cells: pl.Series) -> pl.Series:
    """The cells as text; a whole number that came as a float loses its `.0`, not its digits."""
    if cells.dtype == pl.String:
        return cells
    if cells.dtype == pl.Binary:
        return cells.cast(pl.String, strict=False)
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        exact = (whole.cast(pl.Float64) == cells).fill_null(False)
        return pl.select(pl.when(exact).then(whole.cast(pl.String)).otherwise(cells.cast(pl.String))).to_series()
    return cells.cast(pl.String)


def _understood(text: pl.Series, column: Column, factor: int, words: Mapping[str, str] | None) -> pl.Series:
    match column.kind:
        case "text" | "id_number" | "name":
            return text
        case "date":
            return columnwise.read(text, ISO_DATE, values.date).str.to_date("%Y-%m-%d", strict=False)
        case "month":
            return columnwise.read(text, NEVER, values.month).str.to_date("%Y-%m-%d", strict=False)
        case "money":
            if factor == 1:
                return columnwise.read(text, PLAIN_MONEY, values.money).cast(MONEY, strict=False)
            return columnwise.read(text, NEVER, lambda amount: values.money(amount, factor)).cast(MONEY, strict=False)
        case "integer":
            return columnwise.read(text, PLAIN_INTEGER, values.integer).cast(pl.Int64, strict=False)
        case "decimal":
            return columnwise.read(text, PLAIN_DECIMAL, values.decimal).cast(pl.Float64, strict=False)
        case "enum":
            own = {fold(word): value for word, value in (words or {}).items()}
            table = {**column.values, **own}
            return columnwise.read(text, NEVER, lambda word: table.get(fold(word)))
        case "programme":
            own = {fold(word): value for word, value in (words or {}).items()}
            table = {**_PROGRAMMES, **own}
            return columnwise.read(text, NEVER, lambda word: table.get(fold(word), word))
