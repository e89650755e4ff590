"""The few values of a column that are not written as they should be, read one at a time.

Most values of a register are regular and need no work; a pattern finds those, and only the distinct others pass
through a scalar function. So a column is fast, and agrees with the scalar by construction.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def read(values: pl.Series, regular: str | None, scalar: Callable[[str], str | None]) -> pl.Series:
    """The values with every one that does not match the pattern `regular` replaced by `scalar(value)`; null stays null.

    Without a pattern none is regular.
    """
    odd = (values if regular is None else values.filter(~values.str.contains(regular))).unique().drop_nulls()
    if odd.is_empty():
        return values
    written = odd.to_list()
    understood = pl.Series([scalar(value) for value in written], dtype=pl.String)
    return values.replace_strict(odd, understood, default=values, return_dtype=pl.String)
