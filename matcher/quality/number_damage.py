"""Citizen numbers that cannot be right, and divisions that never were; fifteen digits and foreign permits are sound."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.identity import days, divisions, numbers
from matcher.identity.packing import TAIL, Words
from matcher.normalising import id_cards
from matcher.quality.places import Marks

FAILED, PARTIAL, NO_NUMBER = "failed", "partial", "no_number"
KINDS = (FAILED, PARTIAL, NO_NUMBER)
"""The check or the birth date does not hold · masked, cut, or its end lost to a spreadsheet · nothing that numbers are."""

_FIFTEEN = r"^[1-9][0-9]{11}(?:[0-8][0-9]{2}|9[0-8][0-9]|99[0-5])$"
_ALIKE = [str(digit) * 15 for digit in range(10)]
_CODES = 1_000_000
_FOREIGN = 900_000
_DATE = np.uint64(100_000_000)
_DIVISION = np.uint64(10**11 * 11)


def marks(frame: pl.DataFrame, column: str, as_of: int) -> list[Marks]:
    """What is wrong with the numbers of a column; `as_of` is a day as YYYYMMDD after which nobody in it was born."""
    written = frame.get_column(column)
    flags = {kind: np.zeros(len(written), bool) for kind in KINDS}
    born_later, stranger = np.zeros(len(written), bool), np.zeros(len(written), bool)
    rows, words = id_cards.regular(written)
    packed = words.packed()
    sound = _sound(words, packed)
    flags[FAILED][rows[~sound]] = True
    born_later[rows[sound & ((packed // TAIL % _DATE).astype(np.int64) > as_of)]] = True
    codes = (packed // _DIVISION).astype(np.int64)
    stranger[rows[sound & (codes < _FOREIGN) & _unknown_codes(codes)]] = True

    odd = written.is_not_null().to_numpy().copy()
    odd[rows] = False
    for kind, where in _odd(written, np.flatnonzero(odd)).items():
        flags[kind][where] = True
    found = [Marks(f"numbers.{kind}", column, pl.Series(where)) for kind, where in flags.items() if where.any()]
    if born_later.any():
        found.append(Marks("dates.born_later", column, pl.Series(born_later)))
    if stranger.any():
        found.append(Marks("divisions.in_number", column, pl.Series(stranger)))
    return found


def division_marks(frame: pl.DataFrame, column: str) -> list[Marks]:
    """The codes of a column that no table of divisions has ever held; of longer codes the first six digits count."""
    codes = frame.get_column(column).str.slice(0, 6)
    distinct = codes.unique().drop_nulls()
    unknown = distinct.filter(~divisions.known_column(distinct))
    if unknown.is_empty():
        return []
    return [Marks("divisions.in_column", column, codes.is_in(unknown.implode()).fill_null(False))]


def _sound(words: Words, packed: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    date = (packed // TAIL % _DATE).astype(np.int32)
    return np.asarray(words.checks() & (days.of_digits(date) > 0) & (date >= 10_000 * numbers.EARLIEST_BIRTH_YEAR))


def _odd(written: pl.Series, odd: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """The rows among these that are no sound number, by kind: most need only be folded, and the scalar reads the rest."""
    if not len(odd):
        return {}
    folded = written.gather(odd).str.replace_many(list(numbers.FOLDING), list(numbers.FOLDING.values()))
    folded = folded.str.to_uppercase()
    rows, words = id_cards.regular(folded)
    doubtful = np.ones(len(odd), bool)
    doubtful[rows[_sound(words, words.packed())]] = False
    doubtful &= ~_fifteen(folded)
    rest, places = written.gather(odd[doubtful]), odd[doubtful]
    kinds = {text: _kind(text) for text in rest.unique().to_list()}
    named = np.array([kinds[text] for text in rest.to_list()], dtype=object)
    return {kind: places[named == kind] for kind in KINDS}


def _fifteen(folded: pl.Series) -> npt.NDArray[np.bool_]:
    """The rows that are surely sound numbers of fifteen digits; of some others the scalar must say."""
    shaped = folded.str.contains(_FIFTEEN) & ~folded.is_in(_ALIKE)
    days_in = folded.str.slice(6, 6)
    real = [
        day for day in days_in.filter(shaped).unique().to_list() if numbers.birth_date(f"00000019{day}") is not None
    ]
    return (shaped & days_in.is_in(real)).fill_null(False).to_numpy()


@lru_cache(1 << 16)
def _kind(written: str) -> str | None:
    """One of KINDS, or None for a permit or passport."""
    reading = numbers.understand(written)
    if reading is None:
        return NO_NUMBER
    if reading.kind == "part":
        return PARTIAL
    return None if reading.kind == "permit" or numbers.is_valid(reading.text) else FAILED


def _unknown_codes(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return ~_known()[codes]


@cache
def _known() -> npt.NDArray[np.bool_]:
    """Of every six digits whether a division ever had them."""
    found = np.zeros(_CODES, dtype=bool)
    found[[int(code) for code in divisions.names()]] = True
    return found
