"""Who may be looked up where: each adult's signed authorisation, by department and date (PIPL; safeguard F-23).

An adult without a valid authorisation for a source is not joined with it at all. A minor needs none of their own.
Whoever's age is unknown counts as an adult. A scan may ask about a day long past, but people are looked up now: the
stricter of both days counts (docs/decisions/0014), and a withdrawal counts whatever its day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import polars as pl

from matcher.errors import InputRefused
from matcher.sources.contract import fold

ADULT_AGE = 18
ALL_SOURCES = frozenset({"all", "全部", "所有", "全部部门", "所有部门", "各部门", "全部来源", "所有来源"})
SEPARATORS = re.compile(r"[,，;；、/|\s]+")
ECONOMIC_CHECK = re.compile(
    r"核对|核查|核验|核实|比对|救助|帮扶|认定|低保|困难|VERIF|CHECK|SCAN|AID|ASSIST|ELIGIB|MEANS|HARDSHIP", re.I
)
"""A purpose must speak of checking a household's economic situation for aid; an empty one is taken as such."""


def authorised(
    people: pl.DataFrame,
    authorisations: pl.DataFrame | None,
    sources: Mapping[str, frozenset[str]],
    as_of: dt.date,
    authorised_by: str | None,
    latest: dt.date | None = None,
) -> dict[str, pl.Series]:
    """For each source the `person_id`s that may be joined with it by a scan that asks about `as_of`.

    `latest` is the newest day that the scan's inputs tell of, on which a feed was cut: people are looked up on it, or
    on `as_of` where that is later; it stands for today, so that the same input gives the same answer. An authorisation
    holds from the one day to the other, and a minor is born by the one and not of age on the other.

    `sources` maps each source to the folded names an authorisation may call it by; one cell may name several. A row
    that names none covers all only where the whole table names none. `people` has `person_id`, `birth_date` (the
    field, else from a valid number; null where unknown) and `authorised_until`. Without the table the scan is refused,
    unless `authorised_by` says on whose authority it runs.
    """
    if authorisations is None:
        if not authorised_by:
            raise InputRefused(
                "there is no authorisations table, so nobody may be looked up",
                file="authorisations.*",
                remedy="Add the table, or state the authority with --authorised-by TEXT; summary.json records it",
            )
        everyone = people.get_column("person_id")
        return dict.fromkeys(sources, everyone)
    looked_up = as_of if latest is None else max(as_of, latest)
    minors = people.filter((pl.col("birth_date") <= as_of) & (_age(looked_up) < ADULT_AGE)).get_column("person_id")
    lapsed = people.filter((pl.col("authorised_until") < looked_up).fill_null(False)).get_column("person_id")
    in_force = authorisations.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= as_of))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= looked_up))
        & pl.col("withdrawn_on").is_null()
        & ~pl.col("person_id").is_in(lapsed.implode())
    )
    in_force = in_force.filter(_for_this_purpose(in_force.get_column("purpose")))
    withdrawals = authorisations.filter(pl.col("withdrawn_on").is_not_null())
    written = authorisations.get_column("source")
    unnamed = written.is_null().all()
    cells = {cell: _names_in(cell) for cell in written.unique().drop_nulls().to_list()}
    allowed = {}
    for source, names in sources.items():
        covering = pl.col("source").is_in([cell for cell, named in cells.items() if named & (names | ALL_SOURCES)])
        signed = in_force if unnamed else in_force.filter(covering)
        signed = _signed_since(signed, withdrawals.filter(covering | pl.col("source").is_null()))
        allowed[source] = pl.concat([minors, signed.get_column("person_id")]).unique().sort()
    return allowed


def _signed_since(signed: pl.DataFrame, withdrawals: pl.DataFrame) -> pl.DataFrame:
    """Authorisations of people who never withdrew one, or signed this one after the last day on which they did."""
    last = withdrawals.group_by("person_id").agg(withdrawn=pl.col("withdrawn_on").max())
    return signed.join(last, on="person_id", how="left").filter(
        pl.col("withdrawn").is_null() | (pl.col("valid_from") > pl.col("withdrawn")).fill_null(False)
    )


def _names_in(cell: str) -> frozenset[str]:
    """The folded names of sources in one cell."""
    return frozenset(fold(name) for name in SEPARATORS.split(cell) if name)


def _age(as_of: dt.date) -> pl.Expr:
    """Whole years on that date; null where the birth date is."""
    born = pl.col("birth_date")
    had_birthday = (pl.lit(as_of.month) > born.dt.month()) | (
        (pl.lit(as_of.month) == born.dt.month()) & (pl.lit(as_of.day) >= born.dt.day())
    )
    return pl.lit(as_of.year) - born.dt.year() - (~had_birthday).cast(pl.Int32)


def _for_this_purpose(purposes: pl.Series) -> pl.Series:
    stated = purposes.unique().drop_nulls().to_list()
    wrong = [purpose for purpose in stated if purpose.strip() and not ECONOMIC_CHECK.search(purpose)]
    return ~purposes.is_in(wrong).fill_null(False)
