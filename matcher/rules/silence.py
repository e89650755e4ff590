"""Whether a source's silence about a person says that it has nothing: only then does a rule build on it (safeguard F-8)."""

from __future__ import annotations

import polars as pl

from matcher.rules import own_numbers, reading
from matcher.rules.rule import Facts

SURE = ("G1", "G2")
FINDABLE = ("VALID", "PERMIT")
"""Numbers by which a person can be found."""


def doubtful(facts: Facts, source: str) -> pl.DataFrame:
    """The pairs of a source that a person has still to look at and that nothing explains.

    A record that is surely another member's of the same household explains why it resembles this one: brothers and
    sisters, parents and children bear one surname and live at one address.
    """
    linked = facts.linked[source].filter(pl.col("grade").is_in(SURE)).select("household_id", "record_id").unique()
    return reading.under_review(facts, source).join(linked, on=["household_id", "record_id"], how="anti")


def answered(facts: Facts, source: str) -> frozenset[str]:
    """Everyone of whom it can be told that the source has a record or none.

    So it is where it said so, and in a complete extract where all that resembles the person is explained (`doubtful`);
    but silence says nothing of people whom nobody could find (`_findable`).
    """
    able = _findable(facts)
    states = facts.coverage.filter(pl.col("source") == source)
    known = states.filter(pl.col("state") == "VALUE").get_column("person_id")
    silent = states.filter(pl.col("state") == "NO_RECORD").join(able, on="person_id", how="semi")
    told = frozenset([*known.to_list(), *silent.get_column("person_id").to_list()])
    if source not in facts.feeds or not facts.feeds[source].complete:
        return told
    alike = reading.under_review(facts, source).select("person_id").unique()
    explained = alike.join(doubtful(facts, source), on="person_id", how="anti").join(able, on="person_id", how="semi")
    unsure = states.filter(pl.col("state") == "NO_ANSWER").join(explained, on="person_id", how="semi")
    return told | frozenset(unsure.get_column("person_id").to_list())


def _findable(facts: Facts) -> pl.DataFrame:
    """Who can be found by a number: it is well formed, and holds the birth date that the file states."""
    own = own_numbers.of_members(facts).join(facts.members.select("person_id", "birth_date"), on="person_id")
    inside = pl.col("number").str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    contradicts = (inside != pl.col("birth_date")).fill_null(value=False)
    return own.filter(pl.col("form").is_in(FINDABLE) & ~contradicts).select("person_id")
