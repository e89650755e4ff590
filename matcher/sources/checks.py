"""Rows held against the contract: those that keep it, typed; those set aside and the values made null, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from matcher.frames import REJECTS
from matcher.identity import names
from matcher.sources import cells
from matcher.sources.contract import TYPES, Column, Contract

NULLED = "VALUE_NULLED"
"""Begins the reason of a value that was made null; its row was accepted, unless another line sets it aside."""

SET_ASIDE = "ROW_SET_ASIDE"
"""Begins the reason of a row that was not accepted."""

_SHOWN_CHARACTERS = 20
_LONG_NUMBER = r"[0-9Xx]{9,}"
_FIGURES = re.compile(r"[0-9+\-/.,:%年月日时分秒 ]{1,24}")
_WORD = re.compile(r"[^\W\d_]{1,6}|[A-Za-z]{0,3}[0-9]{1,3}")
_OF_ADDRESSES = re.compile("[省市区县旗镇乡街路巷道村组号楼室院]")


@dataclass(frozen=True)
class Accepted:
    """Some raw rows, checked: `rows` typed, `rejects` as frames.REJECTS, `nulled` values by column.

    `refused` lists, as frames.REJECTS, the values for which the contract refuses the whole feed.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    nulled: Mapping[str, int]
    refused: pl.DataFrame


def accept(
    raw: pl.DataFrame,
    contract: Contract,
    file: str,
    units: Mapping[str, int],
    words: Mapping[str, Mapping[str, str]],
) -> Accepted:
    """Checks `raw` (`row_number` and columns named as in the contract; a missing one is null).

    `units`: what money columns count in, in yuan; `words`: a feed's own words for the values of enumerations.
    """
    listed, refused, nulled, typed = [REJECTS.to_frame()], [REJECTS.to_frame()], {}, []
    keep = pl.repeat(True, len(raw), eager=True)
    for column in contract.columns:
        if column.name not in raw.columns:
            typed.append(pl.repeat(None, len(raw), dtype=TYPES[column.kind], eager=True).alias(column.name))
            continue
        written = raw.get_column(column.name)
        reading = cells.read(written, column, unit=units.get(column.name, 1), words=words.get(column.name))
        typed.append(reading.values.rename(column.name))
        aside = column.never_null or column.on_error == "reject"
        if reading.broken.any():
            why = f"UNREADABLE_{column.kind.upper()}"
            lines = _lines(reading.broken, raw, column, contract.id, file, f"{SET_ASIDE if aside else NULLED}:{why}")
            listed.append(lines)
            if column.on_error == "refuse":
                refused.append(lines)
            if aside:
                keep &= ~reading.broken
            else:
                nulled[column.name] = len(lines)
        if column.never_null:
            absent = reading.values.is_null() & ~reading.broken
            if absent.any():
                listed.append(_lines(absent, raw, column, contract.id, file, f"{SET_ASIDE}:MISSING_KEY"))
                keep &= ~absent
    rows = pl.DataFrame([raw.get_column("row_number"), *typed])
    return Accepted(rows if keep.all() else rows.filter(keep), pl.concat(listed), nulled, pl.concat(refused))


def rows_set_aside(source: str, file: str, rows: Mapping[int, str]) -> pl.DataFrame:
    """Whole rows as frames.REJECTS: row number → why."""
    if not rows:
        return REJECTS.to_frame()
    return pl.DataFrame(
        {
            "source": source,
            "file": file,
            "row_number": list(rows),
            "column": None,
            "reason": [f"{SET_ASIDE}:{why}" for why in rows.values()],
            "raw_value": None,
        },
        schema=REJECTS,
    )


def _lines(where: pl.Series, raw: pl.DataFrame, column: Column, source: str, file: str, reason: str) -> pl.DataFrame:
    """The cells where `where` holds, as frames.REJECTS, each value masked."""
    rows = raw.select("row_number", column.name).filter(where)
    return pl.DataFrame(
        {
            "source": source,
            "file": file,
            "row_number": rows.get_column("row_number"),
            "column": column.name,
            "reason": reason,
            "raw_value": masked(cells.as_text(rows.get_column(column.name)), personal=column.personal),
        },
        schema=REJECTS,
    )


def masked(text: pl.Series, *, personal: bool) -> pl.Series:
    """Values as they may be shown: of a personal one the first character and about how long it is. Of another the value, where
    it is a date, a number or a short word: where columns slipped, anything else may be a person's name, number or address.

    >>> masked(pl.Series(["13800138000", "张伟"]), personal=True).to_list()
    ['1***(9-18)', '张***(1-4)']
    >>> masked(pl.Series(["飞船", "2023-02-30", "张三丰", "北关区某路5号", "410502198001011234"]), personal=False).to_list()
    ['飞船', '2023-02-30', '张***(1-4)', '北***(5-8)', '4***(9-18)']
    """
    if not personal:
        hidden = masked(text, personal=True)
        return pl.select(pl.when(_harmless(text)).then(text).otherwise(hidden)).to_series()
    length = text.str.len_chars()
    size = pl.when(length <= 4).then(pl.lit("1-4")).when(length <= 8).then(pl.lit("5-8"))
    classed = pl.select(size.when(length <= 18).then(pl.lit("9-18")).otherwise(pl.lit("19+"))).to_series()
    return text.str.slice(0, 1) + "***(" + classed + ")"


def shortened(text: pl.Series) -> pl.Series:
    """Headings as they may be shown: their beginning, without any long number in it."""
    return text.str.replace_all(_LONG_NUMBER, "***").str.slice(0, _SHOWN_CHARACTERS)


def _harmless(text: pl.Series) -> pl.Series:
    """Values that can be nobody's: figures without a long number, and short words that are like no name and no address."""
    distinct = text.unique().drop_nulls()
    fine = [value for value in distinct.to_list() if _is_harmless(value)]
    return text.is_in(fine).fill_null(False)


def _is_harmless(value: str) -> bool:
    if _FIGURES.fullmatch(value):
        return re.search(_LONG_NUMBER, value) is None
    return bool(_WORD.fullmatch(value)) and not _OF_ADDRESSES.search(value) and not names.begins_with_surname(value)
