"""What is true of a city: whom each record is about and how it errs, who merely looks alike, and which leads are real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from matcher.synthetic import dirt
from matcher.synthetic.households import Household, Ledger, Record
from matcher.synthetic.lookalikes import Lookalikes
from matcher.synthetic.plants.catalogue import FEEDS

KEYS = ["person_id", "source", "record_id", "party"]
ABOUT = {
    "human": pl.Int64,
    "source": pl.String,
    "record_id": pl.String,
    "party": pl.String,
    "kinds": pl.UInt64,
    "giver": pl.Int64,
    "recorded": pl.Boolean,
}
"""A record and whom it is about; `giver`: the human whose number it carries instead, null for none; `recorded`: whether the
population register names a former name there."""
STRANGERS = {
    "human": pl.Int64,
    "source": pl.String,
    "record_id": pl.String,
    "party": pl.String,
    "relation": pl.String,
}
"""A record about somebody else, and the human whom that person looks like."""


def write(
    out: Path,
    homes: list[Household],
    people: pl.DataFrame,
    ledger: Ledger,
    about: pl.DataFrame,
    strangers: pl.DataFrame,
    own: pl.DataFrame,
    found: Lookalikes,
    unauthorised: set[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Writes the truth_*.parquet files; returns the links and the look-alike links.

    `about` has the columns ABOUT, `strangers` STRANGERS, `own` person_id and kinds of the rows of members.
    """
    members = pl.DataFrame(
        [(person.human, person.person_id) for home in homes for person in home.people],
        schema={"human": pl.Int64, "person_id": pl.String},
        orient="row",
    ).filter(~pl.col("person_id").is_in(sorted(unauthorised)))
    links = _links(about, members, own, _of_persons(people, found))
    alike = _alike(about, strangers, members, people).join(links, on=KEYS, how="anti").sort(*KEYS, "relation")
    links.write_parquet(out / "truth_links.parquet")
    alike.write_parquet(out / "truth_lookalike_links.parquet")
    pl.DataFrame(
        possible(ledger.findings, ledger.sources),
        schema={
            "rule_id": pl.String,
            "household_id": pl.String,
            "person_ids": pl.List(pl.String),
            "basis": pl.String,
        },
    ).sort("rule_id", "household_id").write_parquet(out / "truth_findings.parquet")
    pl.DataFrame(
        possible(ledger.lookalikes, ledger.sources),
        schema=dict.fromkeys(("kind", "rule_id", "household_id", "person_id"), pl.String),
    ).write_parquet(out / "truth_lookalikes.parquet")
    pl.DataFrame({"person_id": sorted(unauthorised)}, schema={"person_id": pl.String}).write_parquet(
        out / "truth_unauthorised.parquet"
    )
    return links, alike


def possible(rows: list[Record], sources: frozenset[str]) -> list[Record]:
    """The leads and innocents whose feeds the city has."""
    return [row for row in rows if FEEDS[row["rule_id"]] <= sources]


def _of_persons(people: pl.DataFrame, found: Lookalikes) -> pl.DataFrame:
    """Humans with the kinds that are theirs wherever they appear."""
    second = people.get_column("twin").to_numpy()
    kinds = np.zeros(len(people), dtype=np.uint64)
    kinds[second | np.r_[second[1:], False]] |= dirt.BIT["twin"]
    kinds[found.twins] |= dirt.BIT["twin"]
    kinds[found.duplicated] |= dirt.BIT["number_duplicated"]
    return pl.DataFrame({"human": np.arange(len(people)), "kinds_of_person": kinds})


def _links(about: pl.DataFrame, members: pl.DataFrame, own: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    pairs = (
        about.join(members, on="human")
        .join(own.rename({"kinds": "own_kinds"}), on="person_id", how="left")
        .join(persons, on="human", how="left")
        .sort(KEYS)
    )
    kinds = np.zeros(len(pairs), dtype=np.uint64)
    for column in ("kinds", "own_kinds", "kinds_of_person"):
        kinds |= pairs.get_column(column).fill_null(0).to_numpy()
    return pairs.select(KEYS).with_columns(dirt.slices(kinds))


def _alike(about: pl.DataFrame, strangers: pl.DataFrame, members: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a person and a record that is not about that person and looks as if it were."""
    at_home = relatives(people).join(about, left_on="other", right_on="human").select(list(STRANGERS))
    given = about.filter(pl.col("giver").is_not_null() & (pl.col("giver") != pl.col("human")))
    owners = given.select(human="giver", source="source", record_id="record_id", party="party").with_columns(
        relation=pl.lit("NUMBER_OWNER")
    )
    return (
        pl.concat([strangers.select(list(STRANGERS)), at_home, owners])
        .join(members, on="human")
        .select(*KEYS, "relation")
        .unique(KEYS, keep="first", maintain_order=True)
    )


def relatives(people: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one household who may be taken for one another: columns human, other, relation.

    Twins; siblings; parent and child of one sex and surname; spouses with one phone.
    """
    rows = people.select(
        "family",
        "relation",
        "sex",
        "phone",
        pl.col("name").str.head(1).alias("surname"),
        pl.int_range(pl.len()).alias("human"),
        (pl.col("twin") | pl.col("twin").shift(-1, fill_value=False)).alias("twin"),
        pl.col("birth_date"),
    )
    pairs = rows.join(rows, on="family", suffix="_other").filter(pl.col("human") != pl.col("human_other"))
    alike = (pl.col("sex") == pl.col("sex_other")) & (pl.col("surname") == pl.col("surname_other"))
    both: Sequence[str] = ("relation", "relation_other")
    children = pl.all_horizontal(pl.col(column) == "CHILD" for column in both)
    born_together = pl.col("twin") & pl.col("twin_other") & (pl.col("birth_date") == pl.col("birth_date_other"))
    married = pl.concat_list(both).list.sort() == pl.lit(["HEAD", "SPOUSE"], dtype=pl.List(pl.String))
    relation = (
        pl.when(children & born_together)
        .then(pl.lit("TWIN"))
        .when(children)
        .then(pl.lit("SIBLING"))
        .when(married & (pl.col("phone") == pl.col("phone_other")))
        .then(pl.lit("SPOUSE"))
        .when(alike)
        .then(pl.lit("PARENT"))
    )
    return pairs.select("human", other="human_other", relation=relation).drop_nulls()
