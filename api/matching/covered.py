"""What a finished scan said of some people: of each kind of data whether it holds a record, none, or nothing that can be said."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

import polars as pl

from api.domain.verifications import Covered
from matcher.errors import MatcherError
from matcher.report import files
from matcher.sources.contract import all_contracts

Of = tuple[str, str]
"""A person's reference, and a kind of data."""


def said(out: Path, people: Collection[str]) -> dict[Of, Covered] | None:
    """The coverage of these people; None where the scan's folder is not kept any more, which clears nobody."""
    try:
        sources = files.read_summary(out)["sources"]
        theirs = pl.col("person_id").is_in(sorted(people))
        covered = pl.scan_parquet(out / "coverage.parquet").filter(theirs).collect()
        linked = pl.scan_parquet(out / "links.parquet").filter(theirs).select("person_id", "source").collect()
    except (MatcherError, OSError, KeyError, pl.exceptions.PolarsError):
        return None
    near = set(linked.iter_rows())
    return {
        (person, source): Covered(
            state, as_of, sources.get(source, {}).get("complete") is True, (person, source) in near
        )
        for person, source, state, as_of in covered.select("person_id", "source", "state", "as_of").iter_rows()
    }


@cache
def limits() -> dict[str, int | None]:
    """By kind of data after how many days what came of it is stale; None for never."""
    return {each.id: each.max_age_days for each in all_contracts()}
