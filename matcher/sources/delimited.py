"""Opens a delimited text file a few megabytes at a time; rows with too many or too few fields are noted as misfits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from matcher.errors import InputRefused
from matcher.sources import text
from matcher.sources.blocks import Misfits, Opened, numbered
from matcher.sources.delivery import Feed
from matcher.sources.headings import layout
from matcher.sources.parts import Part

BLOCK_BYTES = 8 << 20

END = "\x1eEND"
"""Fills a row of our own after the last one: where it does not arrive, an open quotation mark has swallowed it."""


def open_delimited(feed: Feed, part: Part) -> Iterator[Opened]:
    """The one table of the file. Raises InputRefused, here or while its blocks are read, where it is no delimited text."""
    path = part.path
    encoding = text.encoding_of(path, feed.encoding)
    headings, delimiter = text.header(path, encoding)
    chosen = layout(feed, path.name, headings)
    # every heading gets a name of its own, so that blank or doubled ones we do not read do no harm
    places = [f"c{place}" for place in range(len(headings))]
    wanted = {places[headings.index(heading)]: column for column, heading in chosen.columns.items()}
    misfits = Misfits()

    def misfit(row: pacsv.InvalidRow) -> str:
        misfits.add(row.number - 1, f"{row.actual_columns}_FIELDS_OF_{len(headings)}")  # the header is row 1 there
        return "skip"

    share = 0.0

    def blocks() -> Iterator[pl.DataFrame]:
        nonlocal share
        last, ended = 0, False
        header_ahead = True
        try:
            with (
                text.Utf8Stream(path, encoding, ending="\n" + delimiter.join([END] * len(places)) + "\n") as stream,
                pacsv.open_csv(
                    pa.PythonFile(stream, mode="r"),
                    read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=places),
                    parse_options=pacsv.ParseOptions(
                        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=misfit
                    ),
                    convert_options=pacsv.ConvertOptions(
                        column_types=dict.fromkeys(places, pa.string()),
                        include_columns=list(wanted),
                        strings_can_be_null=False,
                    ),
                ) as reader,
            ):
                for batch in reader:
                    share = stream.share()
                    frame = pl.DataFrame(pa.table(batch)).rename(wanted)
                    if header_ahead and len(frame):
                        frame, header_ahead = frame.slice(1), False
                    if len(frame) and frame.item(-1, 0) == END:
                        frame, ended = frame.head(-1), True
                    if len(frame):
                        frame = numbered(frame, last, misfits)
                        last = frame.item(-1, "row_number")
                        yield frame
        except pa.ArrowInvalid as error:
            raise _unreadable(path, last + 1) from error
        if not ended:
            raise _unreadable(path, max(last, *misfits.numbers[-1:], 1))

    yield Opened(part.name, tuple(headings), chosen, blocks(), misfits, has_header_row=True, share=lambda: share)


def _unreadable(path: Path, row: int) -> InputRefused:
    return InputRefused(
        "from here on it cannot be read as delimited text",
        file=path.name,
        row=row,
        remedy="Look there for a quotation mark that is never closed, or a cell of many megabytes",
    )
