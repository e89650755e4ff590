"""Phones by column: their digits as an integer, without the country's code."""

from __future__ import annotations

import polars as pl

from matcher.identity import contacts
from matcher.prepared import Prepared

_MOBILES = (13_000_000_000, 19_999_999_999)
_FILLED_UP = 10**8
"""A mobile whose last eight digits are zeros fills a field and is nobody's."""


def prepare(field: str, written: pl.Series) -> Prepared:
    """The facet of phones as written: `field`, the digits as an integer led by a one (0: none).

    Eleven digits of a mobile are read as they stand; every other distinct value by `identity.contacts.phone`.
    """
    text = written.cast(pl.String)
    digits = text.cast(pl.UInt64, strict=False)
    mobile = (text.str.len_bytes() == 11) & digits.is_between(*_MOBILES) & (digits % _FILLED_UP != 0)
    mobile = mobile.fill_null(False)
    odd = text.filter(~mobile).unique().drop_nulls().to_list()
    read = pl.select(pl.when(mobile).then(digits + 10**11)).to_series()
    if odd:
        other = pl.Series([contacts.phone(value) for value in odd], dtype=pl.String)
        found = text.replace_strict(
            odd, ("1" + other).cast(pl.UInt64, strict=False), default=None, return_dtype=pl.UInt64
        )
        read = pl.select(pl.when(mobile).then(read).otherwise(found)).to_series()
    return Prepared(pl.DataFrame([read.fill_null(0).rename(field)]))
