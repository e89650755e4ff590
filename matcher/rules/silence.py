"""Whether a source's silence about a person says that it has nothing: only then does a rule build on it (safeguard F-8)."""

from __future__ import annotations

import polars as pl

from matcher.rules import reading
from matcher.rules.rule import Facts

SURE = ("G1", "G2")
KNOWN = ("NO_RECORD", "VALUE")


def doubtful(facts: Facts, source: str) -> pl.DataFrame:
    """The pairs of a source that a person has still to look at and that nothing explains.

    A record that is surely another member's of the same household explains why it resembles this one: brothers and
    sisters, parents and children bear one surname and live at one address.
    """
    linked = facts.linked[source].filter(pl.col("grade").is_in(SURE)).select("household_id", "record_id").unique()
    return reading.under_review(facts, source).join(linked, on=["household_id", "record_id"], how="anti")


def answered(facts: Facts, source: str) -> frozenset[str]:
    """Everyone of whom it can be told that the source has a record or none.

    So it is where it said so, and in a complete extract where all that resembles the person is explained (`doubtful`).
    """
    states = facts.coverage.filter(pl.col("source") == source)
    told = states.filter(pl.col("state").is_in(KNOWN)).get_column("person_id")
    if source not in facts.feeds or not facts.feeds[source].complete:
        return frozenset(told.to_list())
    unsure = doubtful(facts, source).select("person_id")
    silent = states.filter(pl.col("state") == "NO_ANSWER").join(unsure, on="person_id", how="anti")
    alike = reading.under_review(facts, source).select("person_id").unique()
    return frozenset(told.to_list()) | frozenset(
        silent.join(alike, on="person_id", how="semi").get_column("person_id").to_list()
    )
