"""Which column of a file is which column of the contract, from its headings and what feeds.toml says."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from matcher.errors import InputRefused
from matcher.sources.changes import of_changes
from matcher.sources.contract import fold
from matcher.sources.delivery import Feed

TEN_THOUSAND = re.compile(r"\([^()]*万[^()]*\)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Contract column → the file's heading, and contract column → what its money counts in, in yuan, where not 1."""

    columns: Mapping[str, str]
    units: Mapping[str, int]

    def empty(self) -> pl.DataFrame:
        """A block of text columns without rows."""
        return pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String) | {"row_number": pl.Int64})


def layout(feed: Feed, file: str, headings: Sequence[str]) -> Layout:
    """The layout of a file with these headings.

    A heading that feeds.toml names comes first, then the contract's own name, then its synonyms in their order; what
    the columns' order in the file is makes no difference. Raises InputRefused where a column that must exist is not
    there, or a heading that is needed stands there twice.
    """
    placed = {fold(heading): heading for heading in reversed(headings)}
    batch = feed.batch_of(file)
    changing = batch is not None and batch.kind == "CHANGES"
    contract = of_changes(feed.contract) if changing else feed.contract
    wanted = {column: fold(local) for column, local in feed.columns.items()}
    if changing:  # its files may hold no more than the name of a record
        wanted = {column: folded for column, folded in wanted.items() if folded in placed}
    for column, folded in wanted.items():
        if folded not in placed:
            raise InputRefused(
                f"{feed.mapped_in} maps {column} to {feed.columns[column]}, which is no heading of the file",
                file=file,
                column=column,
                remedy=_shown(feed, headings),
            )
    taken = set(wanted.values())
    for folded, column in contract.headings().items():
        if column not in wanted and folded in placed and folded not in taken:
            wanted[column] = folded
    for required in contract.columns:
        if required.must_exist and required.name not in wanted:
            raise InputRefused(
                f"the column {required.name} ({' / '.join(required.headers[:4])}) is not there",
                file=file,
                column=required.name,
                remedy=f"Name it in {feed.mapped_in} under [{feed.source}.columns]. {_shown(feed, headings)}",
            )
    times = Counter(map(fold, headings))
    for column, folded in wanted.items():
        if times[folded] > 1:
            raise InputRefused(
                f"the heading {placed[folded]} stands there {times[folded]} times",
                file=file,
                column=column,
                remedy="Remove or rename all but the one that is meant",
            )
    columns = {column: placed[folded] for column, folded in wanted.items()}
    money = {column.name for column in feed.contract.columns if column.kind == "money"}
    units = {column: 10_000 for column in money & set(columns) if _in_ten_thousands(columns[column])}
    return Layout(columns, units | dict(feed.units))


def _in_ten_thousands(heading: str) -> bool:
    return TEN_THOUSAND.search(unicodedata.normalize("NFKC", heading).strip()) is not None


def _shown(feed: Feed, headings: Sequence[str]) -> str:
    """The headings that the contract knows. Any other may be a person's value: some files have no header at all."""
    known = feed.contract.headings()
    recognised = [heading for heading in headings if fold(heading) in known]
    if not recognised:
        return "Its first row holds no heading that the contract knows: does the file have a header?"
    strangers = len(headings) - len(recognised)
    return f"Its known headings are: {', '.join(recognised)}; {strangers} others are not known"
