"""Opens a delimited text in blocks of whole lines; rows with too many or too few fields are noted as misfits.

A block in which lines, fields and quotation marks add up is parsed by polars as it is; any other is read a line at a
time (`quoting`). Which of the two read a block makes no difference to what is read.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from matcher.errors import InputRefused
from matcher.sources import footers, quoting, text
from matcher.sources.blocks import Misfits, Opened, numbered
from matcher.sources.delivery import Feed
from matcher.sources.headings import layout
from matcher.sources.parts import Part, Stream

LINE_FEED, RETURN, QUOTE, MARK = ord("\n"), b"\r", b'"', codecs.BOM_UTF8
PARSERS = 2
IN_CACHE = 1 << 18
"""So many bytes are counted at once: what is made of them stays in the processor's cache."""


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
        {0: footers.FIRST_CELL}
        | {form.headings.index(heading): column for column, heading in chosen.columns.items()},
    )
    misfits, share = Misfits(), 0.0
    with part.stream() as stream:

        def blocks() -> Iterator[pl.DataFrame]:
            nonlocal share
            last, rest = 0, b""
            try:
                for block, ends, read_so_far, parsed in _parsed(stream, form, table):
                    share = read_so_far
                    frame = None if rest else parsed.result()
                    if frame is not None:
                        yield numbered(frame, last)
                        last += len(frame)
                        continue
                    whole = rest + block
                    read = quoting.rows(
                        whole.decode("utf-8", "replace"),
                        table.delimiter,
                        table.width,
                        ends=ends or len(whole) > 2 * text.BLOCK_BYTES,
                    )
                    rest = read.rest.encode("utf-8")
                    for number, reason in read.misfits:
                        misfits.add(last + number, reason)
                    numbers = np.array(read.numbers, dtype=np.int64) + last
                    last += read.count
                    if len(numbers):
                        yield _framed(read, table).with_columns(pl.Series("row_number", numbers, dtype=pl.Int64))
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


def _parsed(
    stream: Stream, form: text.Form, table: _Table
) -> Iterator[tuple[bytes, bool, float, Future[pl.DataFrame | None]]]:
    """The blocks below the headings, each with whether it is the last, how much had been read, and what `_clean` makes of it.

    Other threads parse the next blocks meanwhile.
    """
    ready: deque[tuple[bytes, float, Future[pl.DataFrame | None]]] = deque()
    above, stopped = form.lines_above, None
    lines = text.lines_of(stream, form.encoding)
    with ThreadPoolExecutor(PARSERS) as pool:
        while True:
            try:
                block = next(lines, None)
            except text.LineTooLong as error:  # what came before it comes first
                block, stopped = None, error
            if block is None:
                break
            if above:
                block, above = _without_lines(block, above)
            ready.append((block, stream.share(), pool.submit(_clean, block, table)))
            if len(ready) > PARSERS:
                first, share, parsed = ready.popleft()
                yield first, False, share, parsed
        while ready:
            block, share, parsed = ready.popleft()
            yield block, not ready and stopped is None, share if ready else 1.0, parsed
        if stopped is not None:
            raise stopped


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
    if not block or (table.width == 1 and (block[:1] in (b"\n", b"\r") or b"\n\n" in block or b"\n\r\n" in block)):
        return None
    block = block if block.endswith(b"\n") else block + b"\n"
    quoted = QUOTE in block
    if quoted and not _quotes_stand_at_ends(block, table.delimiter):
        return None
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
    lines, marks, begins_anew = _counted(block, table.delimiter)
    if quoted:
        marks -= int(
            frame.select(pl.sum_horizontal(pl.all().str.count_matches(table.delimiter, literal=True).sum())).item()
            or 0
        )
    if begins_anew or len(frame) != lines or marks != lines * (table.width - 1):
        return None
    return frame.select(pl.col(f"column_{place + 1}").alias(column) for place, column in table.wanted.items())


def _counted(block: bytes, delimiter: str) -> tuple[int, int, bool]:
    """How many lines a block has, how many delimiters, and whether a line in it begins with a byte-order mark."""
    cells, lines, marks, may_begin = np.frombuffer(block, dtype=np.uint8), 0, 0, False
    for start in range(0, len(cells), IN_CACHE):
        some = cells[start : start + IN_CACHE]
        ends = some == LINE_FEED
        lines += int(np.count_nonzero(ends))
        marks += int(np.count_nonzero(some == ord(delimiter)))
        following = cells[start + 1 : start + 1 + IN_CACHE]
        may_begin = may_begin or bool((ends[: len(following)] & (following == MARK[0])).any())
    return lines, marks, block.startswith(MARK) or (may_begin and b"\n" + MARK in block)


def _quotes_stand_at_ends(block: bytes, delimiter: str) -> bool:
    """Whether every quotation mark begins or ends a field or is doubled: what readers agree on."""
    cells = np.frombuffer(block, dtype=np.uint8)
    at = np.flatnonzero(cells == QUOTE[0])
    before, behind = cells[np.maximum(at - 1, 0)], cells[np.minimum(at + 1, len(cells) - 1)]
    begins = (at == 0) | np.isin(before, np.frombuffer(b'\n"' + delimiter.encode(), np.uint8))
    ends = (at == len(cells) - 1) | np.isin(behind, np.frombuffer(b'\r\n"' + delimiter.encode(), np.uint8))
    return bool((begins | ends).all())


def _framed(read: quoting.Rows, table: _Table) -> pl.DataFrame:
    columns = list(zip(*read.fields, strict=True)) if read.fields else [()] * table.width
    return pl.DataFrame(
        {column: pl.Series(columns[place], dtype=pl.String) for place, column in table.wanted.items()}
    ).with_columns(pl.col(pl.String).replace({"": None}))
