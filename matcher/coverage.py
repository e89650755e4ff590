"""What each source said of each person, so that silence is never read as zero (safeguard F-8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from matcher.frames import COVERAGE
from matcher.sources.contract import all_contracts, fold


@dataclass(frozen=True, slots=True)
class Asked:
    """A source that took part in the scan: its extract's date, whether it is complete, and who may be looked up."""

    as_of: dt.date | None
    complete: bool
    authorised: pl.Series


def cover(
    person_ids: pl.Series,
    sources: Mapping[str, Asked | None],
    links: pl.DataFrame,
    answers: pl.DataFrame | None,
    flooded: pl.DataFrame,
) -> pl.DataFrame:
    """One state a person and source (frames.COVERAGE), sorted; a source mapped to None was not asked.

    VALUE: a record is linked. NO_RECORD: the source answered that it has none, or its extract is complete and nothing
    resembles the person. NO_ANSWER: no statement can be made, which includes a pair still under review and an applicant
    whose key so many records share that they were not all compared (`flooded`, frames.FLOODED). NOT_ASKED and
    NOT_AUTHORISED say themselves. An answer list (`answers`) speaks for its own source and person, and may call the source by
    any name that its contract knows.
    """
    linked = links.group_by("person_id", "source").agg(value=(pl.col("decision") == "LINK").any())
    told = _told(answers)
    unsure = flooded.select("person_id", "source", unsure=True).unique()
    asked = pl.DataFrame(
        [
            (
                source,
                each is not None,
                each.as_of if each else None,
                "NO_RECORD" if each and each.complete else "NO_ANSWER",
            )
            for source, each in sorted(sources.items())
        ],
        schema={"source": pl.String, "asked": pl.Boolean, "as_of": pl.Date, "absent": pl.String},
        orient="row",
    )
    allowed = _allowed({source: each.authorised for source, each in sorted(sources.items()) if each is not None})
    every = person_ids.to_frame("person_id").join(asked, how="cross")
    for beside in (linked, told, unsure, allowed):
        every = every.join(beside, on=["person_id", "source"], how="left")
    state = (
        pl.when(pl.col("asked") & pl.col("allowed").is_null())
        .then(pl.lit("NOT_AUTHORISED"))
        .when(pl.col("asked") & pl.col("value"))
        .then(pl.lit("VALUE"))
        .when(pl.col("asked") & pl.col("value").is_not_null())
        .then(pl.lit("NO_ANSWER"))
        .when(pl.col("answer") == "NO_RECORD")
        .then(pl.lit("NO_RECORD"))
        .when(pl.col("answer").is_not_null())
        .then(pl.lit("NO_ANSWER"))
        .when(~pl.col("asked"))
        .then(pl.lit("NOT_ASKED"))
        .when(pl.col("unsure"))
        .then(pl.lit("NO_ANSWER"))
        .otherwise("absent")
    )
    return every.with_columns(state=state).select(COVERAGE.names()).cast(COVERAGE).sort("person_id", "source")


def _allowed(authorised: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Who may be looked up in which source, each once."""
    people = pl.Series("person_id", dtype=pl.String)
    for each in authorised.values():
        people = people.append(each.cast(pl.String))
    names = pl.Series("source", list(authorised), dtype=pl.String)
    where = names.gather(np.repeat(np.arange(len(names)), [len(each) for each in authorised.values()]))
    return pl.DataFrame([people, where]).unique().with_columns(allowed=True)


def _told(answers: pl.DataFrame | None) -> pl.DataFrame:
    """The last answer a person and source; where two came on one day, the one that says less."""
    if answers is None:
        return pl.DataFrame(schema={"source": pl.String, "person_id": pl.String, "answer": pl.String})
    names = {name: contract.id for contract in all_contracts() for name in contract.names()}
    called = {each: names.get(fold(each), each) for each in answers.get_column("source").unique().drop_nulls()}
    caution = pl.col("answer").replace_strict({"RECORD": 0, "NO_RECORD": 1, "NO_ANSWER": 2}, default=2)
    return (
        answers.with_columns(pl.col("source").replace(called))
        .sort("source", "person_id", "answered_on", caution, nulls_last=False)
        .group_by("source", "person_id", maintain_order=True)
        .last()
        .select("source", "person_id", "answer")
    )
