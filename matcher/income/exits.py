"""The test for leaving hardship: an income per head above the line in so many months in a row, each against its own line.

A month of which not everything is known passes nobody and fails nobody: the answer is that the data do not suffice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from matcher import frames
from matcher.overlap import add_months, months

Outcome = Literal["EXIT_DUE", "NOT_ABOVE", "INSUFFICIENT_DATA"]

EXITS = frames.schema({"household_id": pl.String, "outcome": pl.String, "above": pl.UInt32, "unclear": pl.UInt32})
"""A household and how its last months stand: `above` the line and known, `unclear` whether."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a household stands in the months under test: EXIT_DUE when all are known and above their own line, NOT_ABOVE when
    one is surely not above, otherwise INSUFFICIENT_DATA. An exit is still a person's decision, once the causes are gone.
    """

    outcome: Outcome
    above: tuple[dt.date, ...]
    not_above: tuple[dt.date, ...]
    unclear: tuple[dt.date, ...]


def six_months_above(
    rows: Iterable[Mapping[str, Any]], last: dt.date, count: int, *, reaching: bool = False
) -> Assessment:
    """Whether the `count` months up to `last` (policy: exit.months) were all above; rows are those of one household's PER_CAPITA.

    A month without a row is unclear. Months may span a change of the line; above is strictly above, or with `reaching`
    (解困, whether aid has lifted a household to the line) at the line as well.
    """
    by_month = {row["month"]: row for row in rows}
    under_test = months(add_months(last, 1 - count), last)
    states = {month: _state(by_month.get(month), reaching) for month in under_test}
    above, not_above, unclear = (
        tuple(month for month in under_test if states[month] == state) for state in ("above", "not_above", "unclear")
    )
    outcome: Outcome = "NOT_ABOVE" if not_above else "INSUFFICIENT_DATA" if unclear or not above else "EXIT_DUE"
    return Assessment(outcome, above, not_above, unclear)


def _state(row: Mapping[str, Any] | None, reaching: bool) -> str:
    if row is None or row["line"] is None:
        return "unclear"
    low, high, line = row["low"], row["high"], row["line"]
    if high is not None and (high < line if reaching else high <= line):
        return "not_above"
    return "above" if row["known"] and (low >= line if reaching else low > line) else "unclear"


def assess(per_capita: pl.DataFrame, last: dt.date, count: int) -> pl.DataFrame:
    """`six_months_above` of all households of a frame of PER_CAPITA at once (EXITS), sorted by household."""
    under_test = months(add_months(last, 1 - count), last)
    surely_not = (pl.col("high") <= pl.col("line")).fill_null(False)
    above = (pl.col("known") & (pl.col("low") > pl.col("line"))).fill_null(False)
    return (
        per_capita.with_columns(tested=pl.col("month").is_in(under_test))
        .group_by("household_id")
        .agg(
            above=(pl.col("tested") & above & ~surely_not).sum(),
            failed=(pl.col("tested") & surely_not).sum(),
        )
        .with_columns(unclear=pl.lit(len(under_test)) - pl.col("above") - pl.col("failed"))
        .select(
            "household_id",
            pl.when(pl.col("failed") > 0)
            .then(pl.lit("NOT_ABOVE"))
            .when((pl.col("unclear") > 0) | (pl.col("above") == 0))
            .then(pl.lit("INSUFFICIENT_DATA"))
            .otherwise(pl.lit("EXIT_DUE"))
            .alias("outcome"),
            "above",
            "unclear",
        )
        .cast(EXITS)
        .sort("household_id")
    )
