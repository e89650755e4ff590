"""Opens a feed's files in chunks of equal size, never a whole file, and holds each chunk against the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from matcher.errors import InputRefused
from matcher.frames import REJECTS
from matcher.sources import checks, text
from matcher.sources.contract import fold
from matcher.sources.delivery import Feed

BLOCK_BYTES = 8 << 20
ROWS_AT_ONCE, ROWS_IN_MEMORY = 200_000, 1_000_000
TEN_THOUSAND = "万元"


@dataclass(frozen=True)
class Chunk:
    """Some rows of one file: those accepted (typed, with `row_number`), those set aside, and what was nulled.

    `row_number` counts the rows after the header from 1. Rows in = rows accepted + rows set aside.
    """

    source: str
    file: str
    file_index: int
    index: int
    frame: pl.DataFrame
    rejects: pl.DataFrame
    rows_in: int
    nulled: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Misfit:
    """A row whose fields are too many or too few."""

    row_number: int
    fields: int
    expected: int


@dataclass(frozen=True)
class _File:
    """An opened file: blocks of raw columns with `row_number`, and the rows that fit no header."""

    blocks: Iterator[pl.DataFrame]
    misfits: list[_Misfit]
    factors: Mapping[str, int]


def chunks(feed: Feed, rows: int) -> Iterator[Chunk]:
    """The feed in chunks of `rows` rows, the last of each file shorter; at least one chunk a file.

    Raises InputRefused, naming file and place, for a file that cannot be opened or lacks a column that must exist.
    """
    for file_index, path in enumerate(feed.files):
        opened = _open(feed, path)
        for index, (raw, misfits) in enumerate(_equal(opened, rows)):
            yield _checked(feed, path.name, file_index, index, raw, misfits, opened.factors)


def read_all(feed: Feed) -> Chunk:
    """A small table as a whole, all its files in one."""
    parts = list(chunks(feed, 1 << 30))
    return Chunk(
        source=feed.source,
        file=", ".join(part.file for part in parts),
        file_index=0,
        index=0,
        frame=pl.concat(part.frame for part in parts),
        rejects=pl.concat(part.rejects for part in parts),
        rows_in=sum(part.rows_in for part in parts),
        nulled={
            column: sum(part.nulled.get(column, 0) for part in parts)
            for column in sorted({column for part in parts for column in part.nulled})
        },
    )


def row_count(feed: Feed) -> int:
    """How many rows the feed holds: exact for Parquet, estimated from the first megabyte for text."""
    return sum(_rows_of(path, feed) for path in feed.files)


def _rows_of(path: Path, feed: Feed) -> int:
    if path.suffix.lower() == ".parquet":
        return int(_parquet(path).metadata.num_rows)
    with path.open("rb") as stream:
        sample = stream.read(text.SAMPLE_BYTES)
    lines = max(sample.count(b"\n"), 1)
    return max(round(path.stat().st_size / len(sample) * lines) - 1, 0)


def _checked(
    feed: Feed,
    file: str,
    file_index: int,
    index: int,
    raw: pl.DataFrame,
    misfits: list[_Misfit],
    factors: Mapping[str, int],
) -> Chunk:
    frame, rejects, nulled, refused = checks.accept(raw, feed.contract, feed.source, file, factors, feed.values)
    if not refused.is_empty():
        first = refused.row(0, named=True)
        raise InputRefused(first["reason"], file=file, row=first["row_number"], column=first["column"])
    odd = pl.DataFrame(
        [
            (
                feed.source,
                file,
                row.row_number,
                None,
                f"{checks.SET_ASIDE}:{row.fields}_FIELDS_OF_{row.expected}",
                None,
            )
            for row in misfits
        ],
        schema=REJECTS,
        orient="row",
    )
    rejects = pl.concat([rejects, odd])
    rows_in = len(raw) + len(misfits)
    aside = rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE)).get_column("row_number").n_unique()
    if rows_in != len(frame) + aside:
        raise AssertionError(f"{file}: {rows_in} rows in, {len(frame)} accepted and {aside} set aside")
    return Chunk(
        feed.source, file, file_index, index, frame, rejects.sort("row_number", maintain_order=True), rows_in, nulled
    )


def _equal(opened: _File, rows: int) -> Iterator[tuple[pl.DataFrame, list[_Misfit]]]:
    """The blocks of a file cut anew into frames of `rows` rows, each with the misfits that stand before its end."""
    waiting: list[pl.DataFrame] = []
    count = given = number = 0
    for block in opened.blocks:
        waiting.append(block)
        count += len(block)
        while count >= rows:
            whole = pl.concat(waiting)
            frame, rest = whole.head(rows), whole.slice(rows)
            last = frame.item(-1, "row_number")
            until = given + sum(row.row_number < last for row in opened.misfits[given:])
            yield frame.rechunk(), opened.misfits[given:until]
            given, number, waiting, count = until, number + 1, [rest], len(rest)
    rest = pl.concat(waiting) if waiting else pl.DataFrame(schema={"row_number": pl.Int64})
    if len(rest) or given < len(opened.misfits) or number == 0:
        yield rest.rechunk(), opened.misfits[given:]


def _open(feed: Feed, path: Path) -> _File:
    if path.suffix.lower() == ".parquet":
        return _open_parquet(feed, path)
    return _open_text(feed, path)


def _open_parquet(feed: Feed, path: Path) -> _File:
    file = _parquet(path)
    chosen, factors = _choose(feed, path, file.schema_arrow.names)

    def blocks() -> Iterator[pl.DataFrame]:
        number = 0
        try:
            for frame in _parquet_frames(path, file, list(chosen.values())):
                yield _numbered(frame.rename({local: column for column, local in chosen.items()}), number)
                number += len(frame)
        except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise InputRefused(
                f"the file is damaged after row {number} ({type(error).__name__})",
                file=path.name,
                remedy="Ask the department to send it again",
            ) from error

    return _File(blocks(), [], factors)


def _parquet_frames(path: Path, file: pq.ParquetFile, columns: list[str]) -> Iterator[pl.DataFrame]:
    """The columns in pieces of whole row groups, or, where a row group is too large to hold, of pyarrow's batches.

    polars reads whole row groups twice as fast as pyarrow and in a third of the memory (benchmarks/README.md).
    """
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    if max(sizes, default=0) > ROWS_IN_MEMORY:
        for batch in file.iter_batches(columns=columns):
            yield pl.DataFrame(pa.table(batch))
        return
    source, offset, length = pl.scan_parquet(path).select(columns), 0, 0
    for place, size in enumerate(sizes, start=1):
        length += size
        if length >= ROWS_AT_ONCE or place == len(sizes):
            yield source.slice(offset, length).collect()
            offset, length = offset + length, 0


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputRefused(
            "this is no whole Parquet file", file=path.name, remedy="Ask the department to send it again"
        ) from error


def _open_text(feed: Feed, path: Path) -> _File:
    encoding = feed.encoding or text.detect_encoding(path)
    headings, delimiter = text.header(path, encoding)
    chosen, factors = _choose(feed, path, headings)
    misfits: list[_Misfit] = []

    def misfit(row: pacsv.InvalidRow) -> str:
        misfits.append(_Misfit(row.number - 1, row.actual_columns, row.expected_columns))
        return "skip"

    def blocks() -> Iterator[pl.DataFrame]:
        # every heading gets a name of its own, so that blank or doubled ones we do not read do no harm
        places = [f"c{place}" for place in range(len(headings))]
        wanted = {column: places[headings.index(local)] for column, local in chosen.items()}
        last, header_ahead = 0, True
        try:
            with (
                text.Utf8Stream(path, encoding) as stream,
                pacsv.open_csv(
                    pa.PythonFile(stream, mode="r"),
                    read_options=pacsv.ReadOptions(
                        use_threads=False, block_size=BLOCK_BYTES, column_names=places, skip_rows=0
                    ),
                    parse_options=pacsv.ParseOptions(
                        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=misfit
                    ),
                    convert_options=pacsv.ConvertOptions(
                        column_types=dict.fromkeys(places, pa.string()),
                        include_columns=list(wanted.values()),
                        strings_can_be_null=False,
                    ),
                ) as reader,
            ):
                for batch in reader:
                    frame = pl.DataFrame(pa.table(batch)).rename({place: column for column, place in wanted.items()})
                    if header_ahead:
                        frame, header_ahead = frame.slice(1), False  # the header, read as a row
                    if frame.is_empty():
                        continue
                    frame = _numbered(frame, last, [row.row_number for row in misfits])
                    last = frame.item(-1, "row_number")
                    yield frame
        except pa.ArrowInvalid as error:
            raise InputRefused(
                f"it cannot be read as delimited text after row {last}",
                file=path.name,
                remedy="Look there for an unclosed quotation mark or a cell of many megabytes",
            ) from error

    return _File(blocks(), misfits, factors)


def _numbered(frame: pl.DataFrame, last: int, skipped: Sequence[int] = ()) -> pl.DataFrame:
    """The frame with the row numbers that follow `last`, leaving out those of rows that were skipped."""
    after = np.array([number for number in skipped if number > last], dtype=np.int64)
    numbers = np.arange(last + 1, last + 1 + len(frame) + len(after), dtype=np.int64)
    kept = numbers[~np.isin(numbers, after)][: len(frame)] if len(after) else numbers
    return frame.with_columns(pl.Series("row_number", kept, dtype=pl.Int64))


def _choose(feed: Feed, path: Path, headings: Sequence[str]) -> tuple[dict[str, str], dict[str, int]]:
    """Contract column → heading of this file, and the unit in yuan of money columns that are not in yuan.

    A heading that feeds.toml names comes first, then the contract's synonyms; the first of two that mean one column
    counts. Raises InputRefused where a column that must exist is not there.
    """
    chosen: dict[str, str] = {}
    for column, local in feed.columns.items():
        found = next((heading for heading in headings if fold(heading) == fold(local)), None)
        if found is None:
            raise InputRefused(
                f"feeds.toml maps {column} to {local}, which is no heading of the file",
                file=path.name,
                column=column,
                remedy=f"Headings are: {', '.join(headings)}",
            )
        chosen[column] = found
    known = feed.contract.headings()
    for heading in headings:
        meant = known.get(fold(heading))
        if meant is not None and meant not in chosen and heading not in chosen.values():
            chosen[meant] = heading
    for required in feed.contract.columns:
        if required.must_exist and required.name not in chosen:
            raise InputRefused(
                f"the column {required.name} ({' / '.join(required.headers[:4])}) is not there",
                file=path.name,
                column=required.name,
                remedy=f"Name it in feeds.toml under [{feed.source}.columns]. Headings are: {', '.join(headings)}",
            )
    kinds = {column.name: column.kind for column in feed.contract.columns}
    factors = {
        column: 10_000 for column, heading in chosen.items() if kinds[column] == "money" and TEN_THOUSAND in heading
    }
    return chosen, factors | dict(feed.units)
