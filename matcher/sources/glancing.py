"""A first look at a file that no contract describes yet: the headings of its tables and some of their rows as text.

It touches foreign bytes, so it runs apart like `chunking`; `reader.glance` is how the rest of the program asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from matcher.sources import cells, text
from matcher.sources.blocks import Opened
from matcher.sources.contract import Column, Contract, all_contracts, fold
from matcher.sources.delivery import Feed
from matcher.sources.opening import tables
from matcher.sources.parts import DELIMITED, parts

ROWS = 600


@dataclass(frozen=True)
class Glance:
    """A table: its name, its headings as they stand there, the encoding of its text (None where it is no text).

    `rows` are up to ROWS of its rows, taken evenly from what is read first; a column is named by the place of its
    heading ("0", "1" …) and holds texts, null where a cell says nothing. A heading that is blank or stands there twice
    has no column.
    """

    name: str
    headings: tuple[str, ...]
    encoding: str | None
    rows: pl.DataFrame


def unknown(path: Path, encoding: str | None = None) -> Feed:
    """A file as a feed of which nothing is known but, perhaps, its encoding."""
    return _feed(path, (), encoding)


def glance(feed: Feed) -> Iterator[Glance]:
    """The tables of an unknown file, in their order.

    Raises InputRefused for a file that cannot be read, or in which a heading that a contract knows stands twice.
    """
    (path,) = feed.files
    # the headings that some contract knows tell the row of headings from the titles above it
    known = {word: word for contract in all_contracts() for word in contract.headings() if word}
    listed = [found.headings for found, _ in tables(_feed(path, known.values(), feed.encoding))]
    doubled = {word for headings in listed for word, times in Counter(map(fold, headings)).items() if times > 1}
    every = {fold(heading): heading for headings in listed for heading in headings if fold(heading)}
    wanted = [heading for word, heading in (known | every).items() if word not in doubled]
    feed = _feed(path, wanted, feed.encoding)
    for found, _ in tables(feed):
        yield _of_table(found, _encoding(feed, found.name))


def _of_table(found: Opened, encoding: str | None) -> Glance:
    first = next((block for block in found.blocks if len(block)), found.layout.empty())
    rows = first.gather_every(max(len(first) // ROWS, 1)).head(ROWS)
    columns = {
        str(found.headings.index(heading)): cells.read(rows.get_column(name), Column(name, "id_number")).values
        for name, heading in found.layout.columns.items()
    }
    return Glance(found.name, found.headings, encoding, pl.DataFrame(columns))


def _encoding(feed: Feed, table: str) -> str | None:
    for part in parts(feed.files[0]):
        if part.name == table and part.kind in DELIMITED:
            return text.form(feed, part).encoding
    return None


def _feed(path: Path, headings: Iterable[str], encoding: str | None) -> Feed:
    """The file as a feed of text columns that may all be absent."""
    columns = tuple(Column(f"¤{place}", "text", headers=(heading,)) for place, heading in enumerate(headings))
    return Feed(path.stem, Contract(path.stem, "", "", "", (), columns, (), None), (path,), encoding=encoding)
