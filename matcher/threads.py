"""Where many small steps over tables are taken: on a thread of polars, which hands none of them over to another.

Asked from elsewhere, polars gives nearly every step to a thread of its own and waits for it; for tables of a few rows that
takes longer than the step. What comes out is the same wherever it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import polars as pl

T = TypeVar("T")

_TWO_COLUMNS = pl.DataFrame({"one": [None], "other": [None]}, schema={"one": pl.Boolean, "other": pl.Boolean})
"""Enough for polars to use its threads: a single column is worked on where one is."""


def on_a_thread_of_polars(work: Callable[[], T]) -> T:
    """What `work` gives or raises."""
    given: list[T] = []
    raised: list[BaseException] = []

    def there(column: pl.Series) -> pl.Series:
        try:
            given.append(work())
        except BaseException as error:  # raised again below: polars would make an error of its own of it
            raised.append(error)
        return column

    _TWO_COLUMNS.select(pl.col("one").map_batches(there, return_dtype=pl.Boolean), "other")
    if raised:
        raise raised[0]
    return given[0]
