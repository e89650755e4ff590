"""The tables of a feed one after the other, whatever its files are, or what a database answers to its query."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

from matcher.sources.blocks import Opened
from matcher.sources.database import open_query
from matcher.sources.delimited import open_delimited
from matcher.sources.delivery import Feed
from matcher.sources.lines import open_lines
from matcher.sources.parquet import open_parquet
from matcher.sources.parts import DELIMITED, NDJSON, PARQUET, WORKBOOKS, Part, parts
from matcher.sources.workbook import open_workbook

Open = Callable[[Feed, Part], Iterator[Opened]]

OPENERS: dict[str, Open] = {
    **dict.fromkeys(PARQUET, open_parquet),
    **dict.fromkeys(DELIMITED, open_delimited),
    **dict.fromkeys(NDJSON, open_lines),
    **dict.fromkeys(WORKBOOKS, open_workbook),
}
"""How each kind of part is opened: into one table, or a workbook into its sheets."""


def tables(feed: Feed) -> Generator[tuple[Opened, int]]:
    """The tables of a feed in a fixed order, each with the bytes that stand for it, to be read before the next one.

    Raises InputRefused, naming file and place, for one that cannot be read.
    """
    if feed.query is not None:
        yield from ((opened, 0) for opened in open_query(feed))
    for path in feed.files:
        inside = parts(path)
        for part in inside:
            for opened in OPENERS[part.kind](feed, part):
                yield opened, int(path.stat().st_size / len(inside) * opened.part_share)


def headings(feed: Feed, path: Path) -> tuple[str, ...]:
    """The headings of a file's first table, as they stand in it."""
    return next(tables(replace(feed, files=(path,))))[0].headings
