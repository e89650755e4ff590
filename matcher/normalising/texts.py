"""Any text by column: folded for comparison, hashed for equality; and codes, sexes and addresses, which are texts too."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import polars as pl

from matcher import columnwise, hashing
from matcher.identity.packing import are_digits, eight_digits
from matcher.prepared import Prepared
from matcher.views import Views, parts

REGULAR = r"^[a-z0-9]+(?: [a-z0-9]+)*$"
_MARKS = re.compile(r"[\W_]+")
_SEXES = {
    "MALE": 1, "M": 1, "男": 1, "男性": 1, "1": 1, "FEMALE": 2, "F": 2, "女": 2, "女性": 2, "2": 2,
}  # fmt: skip
_MALE, _FEMALE = (
    np.frombuffer(len(word).to_bytes(4, "little") + word.ljust(12, b"\0"), dtype="<u8")
    for word in (b"MALE", b"FEMALE")
)
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
    cells, read = Views.of(text), np.zeros(len(text), np.uint8)
    for part in parts(len(text)):
        low, high = cells.words[part, 0], cells.words[part, 1]
        for code, word in enumerate((_MALE, _FEMALE), start=1):
            read[part] |= ((low == word[0]) & (high == word[1])) * np.uint8(code)
    if cells.present is not None:
        read[~cells.present] = 0
    odd = np.flatnonzero((read == 0) if cells.present is None else (read == 0) & cells.present)
    if len(odd):
        folded = text.gather(odd).str.strip_chars().str.to_uppercase()
        read[odd] = folded.replace_strict(_SEXES, default=0, return_dtype=pl.UInt8).to_numpy()
    return Prepared(pl.DataFrame({field: read}))


def divisions(field: str, written: pl.Series) -> Prepared:
    """One facet, `field`: the first six digits as an integer, 0 where there are none."""
    text = written.cast(pl.String)
    cells, read = Views.of(text), np.zeros(len(text), np.uint32)
    # six digits and nothing else, filled up to eight with zeros in front
    word = cells.first_eight << np.uint64(16) | np.uint64(0x3030)
    regular = (cells.length == 6) & are_digits(word)
    if cells.present is not None:
        regular &= cells.present
    read[regular] = eight_digits(word[regular])
    odd = np.flatnonzero(~regular if cells.present is None else ~regular & cells.present)
    if len(odd):
        read[odd] = text.gather(odd).str.extract(r"^\s*([0-9]{6})").cast(pl.UInt32).fill_null(0).to_numpy()
    return Prepared(pl.DataFrame({field: read}))


def addresses(field: str, written: pl.Series) -> Prepared:
    """The facets of addresses, which are read only for the pairs that need it: `field`, 1 where there is one · `.text`."""
    there = (written.str.len_bytes() > 0).fill_null(False).cast(pl.UInt8)
    return Prepared(pl.DataFrame([there.rename(field), written.rename(f"{field}.text")]))


def numbers(field: str, written: pl.Series) -> Prepared:
    """The facets of amounts and counts: `field` the hash of the value · `.value` as a float, NaN where there is none."""
    value = written.cast(pl.Float64, strict=False)
    key = hashing.text(value.cast(pl.String))
    return Prepared(pl.DataFrame([pl.Series(field, key), pl.Series(f"{field}.value", value.fill_null(np.nan))]))
