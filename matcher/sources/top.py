"""Where a table begins: the row of its headings, below the titles and remarks that spreadsheets carry above it."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.sources.contract import fold
from matcher.sources.delivery import Feed

ROWS_LOOKED_AT = 30


def heading_row(rows: Sequence[Sequence[str]], feed: Feed) -> int | None:
    """The place of the headings among the first rows; None where none of these holds a heading that is known.

    It is the row with the most cells that the contract or feeds.toml knows as headings, the first of several, so that a
    title ("2024年机动车登记表") or a remark above them is passed over.
    """
    known = {*feed.contract.headings(), *map(fold, feed.columns.values())}
    hits = [len({fold(cell) for cell in row} & known) for row in rows[:ROWS_LOOKED_AT]]
    best = max(hits, default=0)
    return hits.index(best) if best else None
