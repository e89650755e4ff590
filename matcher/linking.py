"""Pairs to links: an identity grade says how sure we are of whom, a decision says what may be built on it.

Grades: G1 number and name equal · G2 number equal, name differs only in how it is written ·
G3 number equal, names really differ: never for economic rules · G4 one number fails its check and one slip repairs it,
name and birth date equal · G5 no usable number; name, birth date and sex equal and rare enough,
and a third field agrees. A pair without a grade is for a person to review and feeds no rule.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from matcher import frames
from matcher.applicants import Applicants
from matcher.plan import Plan
from matcher.scoring.model import Model

NEEDED_BITS = 41.0
"""What G5 asks for where the model does not say: a hundred thousand applicants meet ten million records by chance alone
in some 2^40 pairs, so that agreement of 41 bits is an accident in every second such scan, once."""

SAME_NUMBER = ("equal", "equal_15_18", "equal_permit")
SAME_NAME = ("exact", "written")
WRITTEN_OTHERWISE = (
    "variant", "former", "tone", "sound", "spelt", "wildcard", "shape", "truncated", "one_character",
)  # fmt: skip
THIRD = ("phone", "address")
"""Fields of which one must agree for G5; a division does not suffice, since namesakes born on one day share that too."""

GRADED_BY = {"number": "cn_number", "name": "cn_name", "birth_date": "date", "sex": "sex"}
"""The fields, and their kinds, without which a plan gives no grades."""

KEYS = ("person_id", "source", "record_id", "party")
LINKING_GRADES = ("G1", "G2", "G4", "G5")


def grades(plan: Plan) -> bool:
    """Whether the plan holds what identity grades are made of."""
    kinds = {field.name: field.kind for field in plan.fields}
    return all(kinds.get(name) == kind for name, kind in GRADED_BY.items())


def grade(plan: Plan, model: Model) -> pl.Expr:
    """The identity grade of a scored pair, or null.

    Expects the level columns and `name_bits`, the rarity of the applicant's name. What G5 asks for stands in the model,
    and not in the size of this run, so that one applicant checked alone is graded as in a scan.
    """
    if not grades(plan):
        return pl.lit(None, dtype=pl.String)
    bits = model.rarity_bits
    third = tuple((field, bits.get(field, 0.0)) for field in THIRD if field in plan.names)
    return _grade(third, bits.get("birth_date", 0.0), bits.get("needed", NEEDED_BITS))


@cache
def _grade(third_bits: tuple[tuple[str, float], ...], birth_bits: float, needed: float) -> pl.Expr:
    number, name, birth = pl.col("number"), pl.col("name"), pl.col("birth_date")
    third = pl.max_horizontal(
        pl.lit(0.0), *(pl.when(pl.col(field) == "equal").then(bits).otherwise(0.0) for field, bits in third_bits)
    )
    rarity = pl.col("name_bits") + birth_bits + third
    same_number = number.is_in(SAME_NUMBER)
    return (
        pl.when(same_number & name.is_in(SAME_NAME))
        .then(pl.lit("G1"))
        .when(same_number & name.is_in(WRITTEN_OTHERWISE))
        .then(pl.lit("G2"))
        .when(same_number & (name == "different"))
        .then(pl.lit("G3"))
        .when(number.is_in(["repaired", "equal_unchecked"]) & name.is_in(SAME_NAME) & (birth == "equal"))
        .then(pl.lit("G4"))
        .when(
            number.is_in(["missing", "different", "compatible"])
            & name.is_in(SAME_NAME)
            & (birth == "equal")
            & (pl.col("sex") == "equal")
            & (third > 0)
            & (rarity >= needed)
        )
        .then(pl.lit("G5"))
    )


def decision(plan: Plan, model: Model) -> pl.Expr:
    """LINK where the grade identifies a person (or the plan gives no grades) and the probability is high enough."""
    return _decision(plan.link if plan.link is not None else model.link_probability, grades(plan))


@cache
def _decision(threshold: float, graded: bool) -> pl.Expr:
    sure = pl.col("probability") >= threshold
    if graded:
        sure = sure & pl.col("grade").is_in(LINKING_GRADES)
    return pl.when(sure.fill_null(False)).then(pl.lit("LINK")).otherwise(pl.lit("REVIEW"))


def block_names(plan: Plan) -> pl.Expr:
    """The names of the blocks whose bits are set in `blocks`."""
    return _block_names(tuple(block.name for block in plan.blocks))


@cache
def _block_names(names: tuple[str, ...]) -> pl.Expr:
    return pl.concat_list(
        pl.when(pl.col("blocks") // (1 << bit) % 2 == 1).then(pl.lit(name)) for bit, name in enumerate(names)
    ).list.drop_nulls()


def links(pairs: pl.DataFrame, plan: Plan, model: Model) -> pl.DataFrame:
    """The pairs of one source as frames.links, each once, sorted by all keys.

    `pairs` holds the kernel's columns and `person_id`, `source`, `record_id`, `party`.
    """
    shape = frames.links(plan.names)
    return (
        pairs.with_columns(grade=grade(plan, model))
        .with_columns(
            decision=decision(plan, model),
            levels=pl.struct(plan.names),
            blocks=block_names(plan),
        )
        .select(shape.names())
        .cast(shape)
        .unique(KEYS, maintain_order=True, keep="first")
        .sort(KEYS)
    )


def merge(sources: list[pl.DataFrame], plan: Plan) -> pl.DataFrame:
    """The links of all sources in one table, sorted by all keys."""
    return pl.concat([frames.links(plan.names).to_frame(), *sources]).sort(KEYS)


def named(
    pairs: pl.DataFrame, matched: pl.Series, records: pl.DataFrame, applicants: Applicants, source: str
) -> pl.DataFrame:
    """The pairs with their record's names instead of its row, their source, and how rare the applicant's name is."""
    rows, order = matched.to_numpy(), np.argsort(matched.to_numpy(), kind="stable")
    at = order[np.searchsorted(rows, pairs.get_column("record").to_numpy(), sorter=order)] if len(rows) else order
    rarity = applicants.rarities.get("name", {}).get("exact", np.zeros(len(applicants)))
    bits = pl.Series("name_bits", rarity[pairs.get_column("applicant").to_numpy()], dtype=pl.Float64)
    called = records.select(pl.col("record_id", "content").gather(at))
    return pairs.drop("record").hstack([*called, pl.repeat(source, len(pairs), eager=True).alias("source"), bits])
