"""What of a batch is to go back to its department: the rejects of its check, held against the doubts that stand; and their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from api.domain.doubts import Line, Sieve, Sifted, Standing
from matcher.quality import doubts
from matcher.quality.wording import reason as worded
from matcher.sources.changes import RECORD_ID
from matcher.sources.contract import load

PIECE = 1 << 16
"""So many lines are in memory at a time."""

Digest = Callable[[str], bytes]


class Words(NamedTuple):
    """A doubt in words: the column's heading, what the reason means, what to do."""

    column_zh: str | None
    column_en: str | None
    reason_zh: str
    reason_en: str
    advice_zh: str
    advice_en: str


def sift(folder: Path, standing: Sequence[Standing], digest: Digest) -> Sifted:
    """What the matcher wrote there comes to, beside the doubts that stand; `digest` is that of a record's name.

    However many lines there are, as many are kept as can be listed.
    """
    sieve = Sieve(standing)
    for piece in doubts.lines(folder, PIECE):
        for (reason, column), lines in piece.group_by("reason", "column", maintain_order=True):
            kind = (str(reason), None if column is None else str(column))
            sieve.count(kind, len(lines))
            _take(sieve, kind, lines, digest)
    if sieve.asks_names:
        for piece in doubts.spoken(folder, PIECE):
            sieve.speaks_of(map(digest, piece.get_column(RECORD_ID)))
    return sieve.found


def _take(sieve: Sieve, kind: tuple[str, str | None], lines: pl.DataFrame, digest: Digest) -> None:
    for file, row, record in lines.select("file", "row_number", RECORD_ID).iter_rows():
        if not sieve.wants(kind):
            return
        sieve.add(Line(file, row, kind, None if record is None else digest(record)))


@cache
def words(source: str, reason: str, column: str | None) -> Words:
    """How a doubt about this kind of data is told to its department's clerk."""
    (zh, en), (do_zh, do_en) = worded(reason)
    named = next((each for each in load(source).columns if each.name == column), None)
    return Words(
        named.title_zh if named else column, (named.title_en or named.name) if named else column, zh, en, do_zh, do_en
    )
