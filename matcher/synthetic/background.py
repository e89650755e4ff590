"""Everybody else: the records of citizens who never applied, a block of families at a time, in flat memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl

from matcher.synthetic import departments
from matcher.synthetic.departments import SHARES
from matcher.synthetic.families import families
from matcher.synthetic.numbering import Issuer

PEOPLE_A_FAMILY = 2.8
ONE_NUMBER_TWO_PEOPLE = 1e-4
"""Share of citizens whose number was issued to somebody else as well."""


def families_needed(records: int, sources: Sequence[str]) -> int:
    """How many families yield about so many records of these sources."""
    return max(1, round(records / max(sum(SHARES.get(source, 0.0) for source in sources), 1e-3) / PEOPLE_A_FAMILY))


def block(
    rng: np.random.Generator,
    issuer: Issuer,
    count: int,
    first_family: int,
    as_of: dt.date,
    sources: Sequence[str],
) -> dict[str, pl.DataFrame]:
    """The records of `count` families by source, identity columns clean."""
    people = _share_numbers(rng, families(rng, issuer, count, first_family, as_of))
    frames = {}
    for source, share in SHARES.items():
        if source not in sources:
            continue
        if source == "marriage":
            frames[source] = _marriages(rng, people, as_of)
            continue
        chosen = people if share == 1 else people.filter(pl.Series(rng.random(len(people)) < share))
        frames[source] = departments.records(rng, source, chosen, as_of)
    return frames


def _share_numbers(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Gives a few people the number, sex and birth date of somebody else of the block."""
    count = rng.binomial(len(people), ONE_NUMBER_TWO_PEOPLE)
    if not count:
        return people
    givers, takers = rng.choice(len(people), (2, count), replace=False)
    given = people[givers]
    return people.with_columns(
        people.get_column(column).scatter(takers, given.get_column(column))
        for column in ("id_number", "sex", "birth_date")
    )


def _marriages(rng: np.random.Generator, people: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Couples of the block, each with one event."""
    columns = ["name", "id_number", "birth_date", "former_name"]
    heads = people.filter(pl.col("relation") == "HEAD").select("family", "sex", *columns)
    couples = heads.join(
        people.filter(pl.col("relation") == "SPOUSE").select("family", "sex", *columns), on="family", suffix="_other"
    )
    couples = couples.filter(pl.Series(rng.random(len(couples)) < SHARES["marriage"] * 4))
    man_first = pl.col("sex") == "MALE"
    sides = [
        pl.when(man_first == first).then(column).otherwise(f"{column}_other").alias(f"{side}_{column}")
        for side, first in (("a", True), ("b", False))
        for column in columns
    ]
    n = len(couples)
    zero = (as_of - dt.date(1970, 1, 1)).days
    return couples.select(
        pl.Series("certificate_no", rng.integers(10**8, 10**9, n)).cast(pl.String),
        pl.Series("event", ["MARRIED", "DIVORCED"]).gather((rng.random(n) < 0.2).astype(np.int64)),
        pl.Series("event_date", zero - rng.integers(100, 12_000, n)).cast(pl.Int32).cast(pl.Date),
        *sides,
    )
