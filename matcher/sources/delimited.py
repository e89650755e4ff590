"""Opens a delimited text in blocks of whole lines; rows with too many or too few fields are noted as misfits.

A block in which lines, fields and quotation marks add up is parsed by polars as it is; any other is read a line at a
time (`quoting`). Which of the two read a block makes no difference to what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from matcher.errors import InputRefused
from matcher.sources import quoting, text
from matcher.sources.blocks import Misfits, Opened
from matcher.sources.delivery import Feed
from matcher.sources.headings import layout
from matcher.sources.parts import Part

LINE_FEED, RETURN, QUOTE = ord("\n"), b"\r", b'"'
VALUE_BYTES = 8 << 20
"""A value that goes on over lines for longer is a quotation mark that was not closed."""


@dataclass(frozen=True, slots=True)
class _Table:
    """What the blocks of a table have in common: its mark, its width, and which field is which column."""

    delimiter: str
    width: int
    wanted: Mapping[int, str]


def open_delimited(feed: Feed, part: Part) -> Iterator[Opened]:
    """The one table of the file. Raises InputRefused, here or while its blocks are read, where it is no delimited text."""
    form = text.form(feed, part)
    chosen = layout(feed, part.name, form.headings)
    table = _Table(
        form.delimiter,
        len(form.headings),
        {form.headings.index(heading): column for column, heading in chosen.columns.items()},
    )
    misfits, share = Misfits(), 0.0
    with part.stream() as stream:

        def blocks() -> Iterator[pl.DataFrame]:
            nonlocal share
            last, above, rest = 0, form.lines_above, b""
            try:
                lines = _looking_ahead(text.lines_of(stream, form.encoding), stream.share)
                for block, ends, read_so_far in lines:
                    share = read_so_far
                    if above:
                        block, above = _without_lines(block, above)
                    block = rest + block if rest else block
                    frame = _clean(block, table)
                    count, rest = (0, b"") if frame is None else (len(frame), b"")
                    if frame is None:
                        read = quoting.rows(
                            block.decode("utf-8", "replace"),
                            table.delimiter,
                            table.width,
                            ends=ends or len(block) > 2 * text.BLOCK_BYTES,
                        )
                        for number, reason in read.misfits:
                            misfits.add(last + number, reason)
                        frame, count, rest = _framed(read, table), read.count, read.rest.encode("utf-8")
                        numbers = np.array(read.numbers, dtype=np.int64) + last
                    else:
                        numbers = np.arange(last + 1, last + count + 1)
                    last += count
                    if len(frame):
                        yield frame.with_columns(pl.Series("row_number", numbers, dtype=pl.Int64))
            except text.LineTooLong as error:
                raise InputRefused(
                    f"from here on no line ends within {text.LONGEST_LINE >> 20} MiB",
                    file=part.name,
                    row=last + 1,
                    remedy="Look there for a cell that never ends, and whether this is a text at all",
                ) from error

        yield Opened(
            name=part.name,
            headings=tuple(form.headings),
            layout=chosen,
            blocks=blocks(),
            misfits=misfits,
            has_header_row=True,
            share=lambda: share,
        )


def _looking_ahead(blocks: Iterator[bytes], share: Callable[[], float]) -> Iterator[tuple[bytes, bool, float]]:
    """The blocks, each with whether it is the last one, and how much had been read when it came."""
    held: tuple[bytes, float] | None = None
    for block in blocks:
        if held is not None:
            yield held[0], False, held[1]
        held = block, share()
    if held is not None:
        yield held[0], True, 1.0


def _without_lines(block: bytes, count: int) -> tuple[bytes, int]:
    """The block without its first `count` lines, and how many of these it did not hold."""
    start = 0
    while count and start < len(block):
        end = block.find(b"\n", start)
        start, count = (len(block) if end < 0 else end + 1), count - 1
    return block[start:], count


def _clean(block: bytes, table: _Table) -> pl.DataFrame | None:
    """The rows of a block that adds up; None where it does not, or is not UTF-8.

    It adds up when there are as many rows as lines, no row is too long (polars refuses it) and all delimiters that stand
    in no value are as many as so many whole rows have: then none is too short either. A blank line is too short.
    """
    if not block or (table.width == 1 and (b"\n\n" in block or block[:1] in (b"\n", b"\r") or b"\r\n\r\n" in block)):
        return None
    quoted = QUOTE in block
    if RETURN in block and block.count(RETURN) != block.count(b"\r\n"):
        return None
    places = range(table.width) if quoted else sorted(table.wanted)
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            schema={f"column_{place + 1}": pl.String for place in range(table.width)},
            columns=list(places) or [0],
            separator=table.delimiter,
            quote_char='"' if quoted else None,
            empty_string_is_null=True,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    cells = np.frombuffer(block, dtype=np.uint8)
    lines = int(np.count_nonzero(cells == LINE_FEED)) + (block[-1] != LINE_FEED)
    marks = int(np.count_nonzero(cells == ord(table.delimiter)))
    if quoted:
        marks -= int(
            frame.select(pl.sum_horizontal(pl.all().str.count_matches(table.delimiter, literal=True).sum())).item()
            or 0
        )
    if len(frame) != lines or marks != lines * (table.width - 1):
        return None
    return frame.select(pl.col(f"column_{place + 1}").alias(column) for place, column in table.wanted.items())


def _framed(read: quoting.Rows, table: _Table) -> pl.DataFrame:
    columns = list(zip(*read.fields, strict=True)) if read.fields else [()] * table.width
    return pl.DataFrame(
        {column: pl.Series(columns[place], dtype=pl.String) for place, column in table.wanted.items()}
    ).with_columns(pl.col(pl.String).replace({"": None}))
