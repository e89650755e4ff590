"""How the city's tables are written: as Parquet, or as GB18030 CSV the way an office exports it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import TracebackType
from typing import Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.sources import contract

Form = Literal["parquet", "gb18030"]
DATE_STYLES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日")
BROKEN_ROWS_A_BLOCK = 2
ASIDE = ("残缺", "行")


class Table:
    """One table of the folder, written a block at a time; columns as the first block has them."""

    def __init__(self, folder: Path, source: str, form: Form) -> None:
        self._form, self._source = form, source
        self.path = folder / (f"{source}.parquet" if form == "parquet" else f"{source}_导出.csv")
        self._parquet: pq.ParquetWriter | None = None
        self._columns: list[str] = []
        self.rows = 0

    def __enter__(self) -> Table:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def write(self, frame: pl.DataFrame) -> None:
        """Appends the rows."""
        self.rows += len(frame)
        if self._form == "parquet":
            table: pa.Table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self.path, table.schema, compression="zstd")
            self._parquet.write_table(table)
        else:
            self._append_text(frame)

    def _append_text(self, frame: pl.DataFrame) -> None:
        first = not self.path.exists()
        known = {column.name: column for column in contract.load(self._source).columns}
        style = DATE_STYLES[sum(map(ord, self._source)) % len(DATE_STYLES)]
        columns = []
        for name in frame.columns:
            column = known[name]
            series = frame.get_column(name)
            if series.dtype == pl.Date:
                series = series.dt.strftime(style)
            elif column.kind == "enum":
                words = {value: _word(column, value) for value in set(column.values.values())}
                series = series.replace_strict(words, default=series, return_dtype=pl.String)
            columns.append(series.cast(pl.String).alias(_heading(column)))
        text = pl.DataFrame(columns).write_csv(include_header=first, line_terminator="\r\n", null_value="")
        lines = text.encode("gb18030")
        for _ in range(BROKEN_ROWS_A_BLOCK):
            lines += (",".join(ASIDE) + "\r\n").encode("gb18030")
        with self.path.open("ab") as file:
            file.write(lines)


def _heading(column: contract.Column) -> str:
    """The Chinese heading an office would use."""
    return column.headers[0] if column.headers else column.name


def _word(column: contract.Column, value: str) -> str:
    """The office's word for a value: the first Chinese one that stands for it."""
    return next((word for word, meant in column.values.items() if meant == value and not word.isascii()), value)


def feeds_toml(sources: list[str], as_of: dt.date) -> str:
    """The folder's feeds.toml: every department feed is a full extract of that date."""
    return "\n".join(f"[{source}]\nas_of = {as_of.isoformat()}\ncomplete = true\n" for source in sources)
