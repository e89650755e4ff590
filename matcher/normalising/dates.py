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
    if written.dtype in (pl.Date, pl.Datetime):
        dates, text = written.cast(pl.Date), pl.Series([None], dtype=pl.String).new_from_index(0, len(written))
    else:
        column = pl.col("written").str.strip_chars()
        forms = [column.str.to_date(one, strict=False) for one in ((form,) if form else _FORMATS)]
        read = pl.DataFrame({"written": written.cast(pl.String)}).select(
            date=pl.coalesce(forms), text=column.str.replace_all(r"\D", "")
        )
        dates, text = read.get_column("date"), read.get_column("text")
        text = pl.select(pl.when(text.str.len_bytes() > 0).then(text)).to_series()
    ordinals = (dates.to_physical() + days.EPOCH).fill_null(0).cast(pl.Int32)
    return Prepared(
        pl.DataFrame(
            [
                ordinals.rename(field),
                dates.dt.year().fill_null(0).cast(pl.Int32).rename(f"{field}.year"),
                text.rename(f"{field}.text"),
            ]
        )
    )
