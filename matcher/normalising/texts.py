"""Any text by column: folded for comparison, hashed for equality; and codes, sexes and addresses, which are texts too."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import polars as pl

from matcher import columnwise, hashing
from matcher.prepared import Prepared

REGULAR = r"^[a-z0-9]+(?: [a-z0-9]+)*$"
_MARKS = re.compile(r"[\W_]+")
_SEXES = {
    "MALE": 1, "M": 1, "男": 1, "男性": 1, "1": 1, "FEMALE": 2, "F": 2, "女": 2, "女性": 2, "2": 2,
}  # fmt: skip
_SOUNDEX = {
    letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


def fold(written: str) -> str | None:
    """A text in lower case, widths and accents folded, marks and runs of blanks as one blank; None where nothing is left.

    >>> fold("  O'Connor, María ")
    'o connor maria'
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", written)).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _MARKS.sub(" ", plain).strip() or None


def soundex(word: str) -> str:
    """The American Soundex of a folded word. Source: US National Archives, the Soundex indexing system.

    >>> soundex("ashcraft"), soundex("tymczak"), soundex("pfister")
    ('a261', 't522', 'p236')
    """
    code, last = word[:1], _SOUNDEX.get(word[:1], 0)
    for letter in word[1:]:
        digit = _SOUNDEX.get(letter, 0)
        if digit and digit != last:
            code += str(digit)
        if letter not in "hw":
            last = digit
    return (code + "000")[:4]


def prepare(field: str, written: pl.Series, facets: frozenset[str] = frozenset()) -> Prepared:
    """The facets of texts: `field` the hash of the folded text · `.text` the folded text; and, where `facets` asks,
    `.soundex` of its first word, `.initial` its first character, `.first3` its first three.
    """
    read = columnwise.read(written.cast(pl.String), REGULAR, fold)
    columns = [pl.Series(field, hashing.text(read)), read.rename(f"{field}.text")]
    if "soundex" in facets:
        words = read.str.split(" ").list.first()
        distinct = words.unique().drop_nulls()
        spoken = pl.Series([soundex(word) for word in distinct.to_list()], dtype=pl.String)
        codes = words.replace_strict(distinct, spoken, default=None, return_dtype=pl.String)
        columns.append(pl.Series(f"{field}.soundex", hashing.text(codes)))
    for name, size in (("initial", 1), ("first3", 3)):
        if name in facets:
            columns.append(pl.Series(f"{field}.{name}", hashing.text(read.str.slice(0, size))))
    return Prepared(pl.DataFrame(columns))


def digits(field: str, written: pl.Series) -> Prepared:
    """The facets of codes made of digits: `field` their hash · `.text` the digits and letters alone, upper case."""
    kept = written.cast(pl.String).str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase()
    kept = pl.select(pl.when(kept.str.len_bytes() > 0).then(kept)).to_series()
    return Prepared(pl.DataFrame([pl.Series(field, hashing.text(kept)), kept.rename(f"{field}.text")]))


def sexes(field: str, written: pl.Series) -> Prepared:
    """One facet, `field`: 1 for men, 2 for women, 0 where it is not known."""
    text = written.cast(pl.String)
    read = pl.select(
        pl.when(text == "MALE")
        .then(pl.lit(1, pl.UInt8))
        .when(text == "FEMALE")
        .then(pl.lit(2, pl.UInt8))
        .otherwise(0)
    ).to_series()
    if ((read == 0) & text.is_not_null()).any():
        read = text.str.strip_chars().str.to_uppercase().replace_strict(_SEXES, default=0, return_dtype=pl.UInt8)
    return Prepared(pl.DataFrame([read.fill_null(0).cast(pl.UInt8).rename(field)]))


def divisions(field: str, written: pl.Series) -> Prepared:
    """One facet, `field`: the first six digits as an integer, 0 where there are none."""
    code = written.cast(pl.String).str.extract(r"^\s*(\d{6})").cast(pl.UInt32, strict=False).fill_null(0)
    return Prepared(pl.DataFrame([code.rename(field)]))


def addresses(field: str, written: pl.Series) -> Prepared:
    """The facets of addresses, which are read only for the pairs that need it: `field`, 1 where there is one · `.text`."""
    there = (written.str.len_bytes() > 0).fill_null(False).cast(pl.UInt8)
    return Prepared(pl.DataFrame([there.rename(field), written.rename(f"{field}.text")]))


def numbers(field: str, written: pl.Series) -> Prepared:
    """The facets of amounts and counts: `field` the hash of the value · `.value` as a float, NaN where there is none."""
    value = written.cast(pl.Float64, strict=False)
    key = hashing.text(value.cast(pl.String))
    return Prepared(pl.DataFrame([pl.Series(field, key), pl.Series(f"{field}.value", value.fill_null(np.nan))]))
