"""Phones by column: their digits as an integer, without the country's code."""

from __future__ import annotations

import numpy as np
import polars as pl

from matcher.hashing import Keys
from matcher.identity import contacts
from matcher.identity.packing import are_digits, eight_digits
from matcher.prepared import Flags, Prepared
from matcher.views import Views, parts

LED_BY = 10**11
"""The leading one of an integer of eleven digits."""

_FIRST_MOBILE, _LAST_MOBILE = 13_000_000_000, 19_999_999_999
_FILLED_UP = 10**8
"""A mobile whose last eight digits are zeros fills a field and is nobody's."""

_FIVE_ZEROS = np.uint64(0x3030303030)


def prepare(field: str, written: pl.Series) -> Prepared:
    """The facet of phones as written: `field`, the digits as an integer led by a one (0: none).

    Eleven digits of a mobile are read as they stand; every other distinct value by `identity.contacts.phone`.
    """
    text = written.cast(pl.String)
    cells, read, mobile = Views.of(text), np.zeros(len(text), np.uint64), np.zeros(len(text), bool)
    for part in parts(len(text)):
        read[part], mobile[part] = _mobiles(cells[part])
    odd = np.flatnonzero(~mobile & text.is_not_null().to_numpy())
    if len(odd):
        # most of them need only lose blanks and the country's code
        plain = (
            text.gather(odd).str.replace_all(r"[ \t]", "").str.replace(r"^(?:\+86|0086|86)(1[3-9][0-9]{9})$", "$1")
        )
        cells = Views.of(plain)
        found, easy = _mobiles(cells)
        read[odd[easy]] = found[easy]
        odd = odd[~easy]
    if len(odd):
        values = text.gather(odd)
        distinct = values.unique()
        digits = pl.Series([contacts.phone(value) for value in distinct.to_list()], dtype=pl.String)
        keys = ("1" + digits).cast(pl.UInt64, strict=False).fill_null(0)
        read[odd] = values.replace_strict(distinct, keys, return_dtype=pl.UInt64).to_numpy()
    return Prepared(pl.DataFrame({field: read}))


def _mobiles(cells: Views) -> tuple[Keys, Flags]:
    """The keys of the cells that are eleven digits of a mobile (0 elsewhere), and which these are."""
    first = cells.first_eight
    last = cells.last_four.astype(np.uint64) << np.uint64(40) | _FIVE_ZEROS
    mobile = (cells.length == 11) & are_digits(first) & are_digits(last)
    digits = eight_digits(first) * np.uint64(1_000) + eight_digits(last)
    mobile &= (digits >= _FIRST_MOBILE) & (digits <= _LAST_MOBILE) & (digits % np.uint64(_FILLED_UP) != 0)
    if cells.present is not None:
        mobile &= cells.present
    return np.where(mobile, digits + np.uint64(LED_BY), np.uint64(0)), mobile
