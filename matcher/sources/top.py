"""Where a table begins: the row of its headings, below the titles and remarks that spreadsheets carry above it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matcher.sources.contract import fold
from matcher.sources.delivery import Feed

ROWS_LOOKED_AT = 30


def heading_row(rows: Sequence[Sequence[str]], feed: Feed) -> int | None:
    """The place of the headings among the first rows; None where none of these holds a heading that is known.

    It is the row with the most cells that the contract or feeds.toml knows as headings, the first of several, so that a
    title ("2024年机动车登记表") or a remark above them is passed over.
    """
    known = known_headings(feed)
    hits = [hit_count(row, known) for row in rows[:ROWS_LOOKED_AT]]
    best = max(hits, default=0)
    return hits.index(best) if best else None


def heading_rows(rows: Sequence[Sequence[str]], feed: Feed) -> tuple[int, list[str]] | None:
    """The place of the last row of headings, and the headings; None where none is known.

    The same row as `heading_row`, unless more headings are known when two rows are read together: a heading below a
    group's title is called by both ("男方" over "姓名") where that is known, else by its own; where nothing stands below, the
    upper one counts (cells merged over both rows).
    """
    known = known_headings(feed)
    first = heading_row(rows, feed)
    found = None if first is None else (first, list(rows[first]))
    best = 0 if found is None else hit_count(found[1], known)
    for place, (upper, lower) in enumerate(pairwise(rows[:ROWS_LOOKED_AT]), start=1):
        together = _together(upper, lower, known)
        if hit_count(together, known) > best:
            found, best = (place, together), hit_count(together, known)
    return found


def known_headings(feed: Feed) -> frozenset[str]:
    """The headings, folded, that the contract or feeds.toml knows."""
    return frozenset({*feed.contract.headings(), *map(fold, feed.columns.values())})


def hit_count(row: Sequence[str], known: frozenset[str]) -> int:
    """How many different known headings stand in the row."""
    return len({fold(cell) for cell in row} & known)


def _together(upper: Sequence[str], lower: Sequence[str], known: frozenset[str]) -> list[str]:
    """Two rows as one row of headings."""
    joined, group = [], ""
    for place, own in enumerate(lower):
        above = upper[place] if place < len(upper) else ""
        group = above if above.strip() else group
        if not own.strip():
            joined.append(above)
        else:
            joined.append(group + own if fold(group + own) in known else own)
    return joined
