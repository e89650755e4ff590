"""Dates by column: days since 0001-01-01, and what was written where no day exists."""

from __future__ import annotations

import polars as pl

from matcher.identity import days
from matcher.prepared import Prepared

_FORMATS = ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")


def prepare(field: str, written: pl.Series, form: str | None = None) -> Prepared:
    """The facets of dates, given as dates or as text (in `form`, else year first).

    `field` days since 0001-01-01 (0: none or no such day) · `.year` · `.text` the digits as written, null where the
    column holds dates already.
    """
    if written.dtype.is_integer():
        written = written.cast(pl.String)
    column = pl.col("written")
    if written.dtype in (pl.Date, pl.Datetime):
        date, text = column.cast(pl.Date), pl.lit(None, pl.String)
    else:
        column = column.cast(pl.String).str.strip_chars()
        date = pl.coalesce(column.str.to_date(one, strict=False) for one in ((form,) if form else _FORMATS))
        digits = column.str.replace_all(r"\D", "")
        text = pl.when(digits.str.len_bytes() > 0).then(digits)
    return Prepared(
        written.rename("written")
        .to_frame()
        .lazy()
        .select(date=date, text=text)
        .select(
            (pl.col("date").to_physical() + days.EPOCH).fill_null(0).cast(pl.Int32).alias(field),
            pl.col("date").dt.year().fill_null(0).cast(pl.Int32).alias(f"{field}.year"),
            pl.col("text").alias(f"{field}.text"),
        )
        .collect()
    )
