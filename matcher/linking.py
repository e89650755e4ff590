"""Pairs to links: an identity grade says how sure we are of whom, a decision says what may be built on it.

Grades: G1 number and name equal · G2 number equal, name differs only in how it is written ·
G3 number equal, names really differ: never for economic rules · G4 one number fails its check and one slip repairs it,
name and birth date equal · G5 no usable number; name, birth date and sex equal, rare enough for this many comparisons,
and a third field agrees. A pair without a grade is for a person to review and feeds no rule.
"""

from __future__ import annotations

import math

import polars as pl

from matcher.comparing import people as comparisons
from matcher.frames import LINKS
from matcher.plan import Plan
from matcher.scoring.model import Model

SPARE_BITS = 10
"""G5 asks for so many bits beyond what chance alone would match once."""

WRITTEN_OTHERWISE = ("variant", "former", "pinyin", "wildcard", "shape", "truncated", "one_character")
KEYS = ("person_id", "source", "record_id", "party")
LINKING_GRADES = ("G1", "G2", "G4", "G5")


def grade(model: Model, applicants: int, records: int) -> pl.Expr:
    """The identity grade of a scored pair, or null; `applicants` times `records` is how many pairs chance had."""
    number, name, birth = pl.col("number"), pl.col("name"), pl.col("birth_date")
    needed = math.log2(max(applicants, 1)) + math.log2(max(records, 1)) + SPARE_BITS
    rarity = pl.col("name_bits") + model.birth_date_bits + pl.col("third_bits")
    same_number = number.is_in(["equal", "equal_15_18"])
    return (
        pl.when(same_number & (name == "exact"))
        .then(pl.lit("G1"))
        .when(same_number & name.is_in(WRITTEN_OTHERWISE))
        .then(pl.lit("G2"))
        .when(same_number & (name == "different"))
        .then(pl.lit("G3"))
        .when(number.is_in(["repaired", "equal_unchecked"]) & (name == "exact") & (birth == "equal"))
        .then(pl.lit("G4"))
        .when(
            number.is_in(["missing", "different"])
            & (name == "exact")
            & (birth == "equal")
            & (pl.col("sex") == "equal")
            & (pl.col("third_bits") > 0)
            & (rarity >= needed)
        )
        .then(pl.lit("G5"))
    )


def decision(model: Model) -> pl.Expr:
    """LINK where the grade identifies a person and the probability is high enough, else REVIEW."""
    sure = pl.col("grade").is_in(LINKING_GRADES) & (pl.col("probability") >= model.link_probability)
    return pl.when(sure.fill_null(False)).then(pl.lit("LINK")).otherwise(pl.lit("REVIEW"))


def links(pairs: pl.DataFrame, plan: Plan, model: Model, applicants: int, records: int) -> pl.DataFrame:
    """The pairs of one source as frames.LINKS, each once, sorted by all keys.

    `pairs` holds the kernel's columns and `person_id`, `source`, `record_id`, `party`; `records` is how many rows of
    the source were accepted.
    """
    names = [block.name for block in plan.blocks.alternatives]
    proposed_by = pl.concat_list(
        pl.when(pl.col("blocks") // (1 << bit) % 2 == 1).then(pl.lit(name)) for bit, name in enumerate(names)
    ).list.drop_nulls()
    return (
        pairs.with_columns(grade=grade(model, applicants, records))
        .with_columns(
            decision=decision(model),
            levels=pl.struct(comparisons.FIELDS),
            blocks=proposed_by,
        )
        .select(LINKS.names())
        .cast(LINKS)
        .unique(KEYS, maintain_order=True)
        .sort(KEYS)
    )


def merge(sources: list[pl.DataFrame]) -> pl.DataFrame:
    """The links of all sources in one table, sorted by all keys."""
    return pl.concat([LINKS.to_frame(), *sources]).sort(KEYS)
