"""A comparison is a field and its ordered levels; the first level that holds is the pair's.

The level MISSING comes first and stands for either side unknown: it says nothing for or against. The last level always
holds. A level's `doc` is what the clerk reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: its name, its public explanation, and when it holds."""

    name: str
    doc: str
    holds: pl.Expr


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field and its levels, best first."""

    field: str
    levels: tuple[Level, ...]

    def expression(self) -> pl.Expr:
        """The name of the level, for a frame of pairs with columns `FIELD_l` (applicant) and `FIELD_r` (record)."""
        first, second, *between, last = self.levels
        chain = pl.when(first.holds).then(pl.lit(first.name)).when(second.holds).then(pl.lit(second.name))
        for level in between:
            chain = chain.when(level.holds).then(pl.lit(level.name))
        return chain.otherwise(pl.lit(last.name)).alias(self.field)


def missing(field: str) -> Level:
    """Either side is unknown."""
    unknown = pl.col(f"{field}_l").is_null() | pl.col(f"{field}_r").is_null()
    return Level(MISSING, "one side does not say", unknown)


def equal(field: str, doc: str) -> Level:
    """Both sides say the same."""
    return Level("equal", doc, same(field))


def otherwise(name: str, doc: str) -> Level:
    """What is left when no level before holds."""
    return Level(name, doc, pl.lit(True))


def same(left: str, right: str | None = None) -> pl.Expr:
    """The applicant's `left` equals the record's `right` (the same field by default); null equals nothing."""
    return (pl.col(f"{left}_l") == pl.col(f"{right or left}_r")).fill_null(False)
