"""One batch in, scored pairs out: prepare, block, compare, score; pure.

What it returns for a record depends on the applicants, the plan, the model and that record alone. So chunks may be of
any size, run in any order and on any machine, and an applicant checked alone is scored as in a scan.
"""

from __future__ import annotations

import polars as pl

from matcher import blocking
from matcher.applicants import Applicants
from matcher.comparing import people as comparisons
from matcher.plan import Plan
from matcher.scoring import weighing
from matcher.scoring.model import Model

CHEAP_FIELDS = tuple(field for field in comparisons.FIELDS if field != "address")
WEIGHT_DECIMALS = 6


def score(applicants: Applicants, batch: pl.DataFrame, plan: Plan, model: Model) -> pl.DataFrame:
    """The pairs of an applicant and a row of `batch` (frames.PREPARED) at or above the model's review probability.

    Columns: frames.PAIRS, a level for each of comparing.people.FIELDS, and what the identity grades need:
    `name_bits` and `third_bits`, the rarity of the name and of the best agreeing third field.
    Sorted by applicant and record.
    """
    proposed = propose(applicants, batch, plan)
    pairs = proposed.hstack(
        [
            *applicants.prepared.select(pl.all().gather(proposed.get_column("applicant")).name.suffix("_l")).rename(
                {"name_bits_l": "name_bits"}
            ),
            *batch.select(pl.all().gather(proposed.get_column("record")).name.suffix("_r")),
        ]
    )
    pairs = comparisons.compare(pairs)
    pairs = pairs.with_columns(weight_bits=weighing.weight_bits(model, CHEAP_FIELDS)).filter(
        ~weighing.vetoed(model)
        & (weighing.probability(pl.col("weight_bits") + model.best_bits("address")) >= model.review_probability)
    )
    pairs = comparisons.compare_addresses(pairs)
    pairs = pairs.with_columns(
        weight_bits=(pl.col("weight_bits") + weighing.field_bits(model, "address")).round(WEIGHT_DECIMALS)
    ).with_columns(probability=weighing.probability(pl.col("weight_bits")).round(WEIGHT_DECIMALS))
    return (
        pairs.filter(pl.col("probability") >= model.review_probability)
        .with_columns(
            third_bits=_third_bits(model), number_usable=pl.col("number_valid_l") & pl.col("number_valid_r")
        )
        .select(
            "applicant",
            "record",
            "blocks",
            "weight_bits",
            "probability",
            *comparisons.FIELDS,
            "name_bits",
            "third_bits",
            pl.col("number_usable").fill_null(False),
        )
        .sort("applicant", "record")
    )


def propose(applicants: Applicants, batch: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The distinct pairs that some block proposes: `applicant`, `record`, and `blocks` as bits."""
    found = []
    for position, block in enumerate(plan.blocks.alternatives):
        tables = [(applicants.keys[position], blocking.keys(batch, block))]
        if block == blocking.on("number"):
            tables.append((applicants.valid_numbers, blocking.repaired_numbers(batch)))
        for small, big in tables:
            found.append(
                big.lazy()
                .join(small.lazy(), on="key", how="inner", suffix="_small")
                .select(
                    pair=pl.col("row_small").cast(pl.UInt64) * 2**32 + pl.col("row").cast(pl.UInt64),
                    blocks=pl.lit(1 << position, dtype=pl.UInt32),
                )
            )
    merged = pl.concat(found).group_by("pair").agg(pl.col("blocks").bitwise_or()).sort("pair").collect()
    return merged.select(
        applicant=(pl.col("pair") // 2**32).cast(pl.UInt32),
        record=(pl.col("pair") % 2**32).cast(pl.UInt32),
        blocks="blocks",
    ).rechunk()


def _third_bits(model: Model) -> pl.Expr:
    """The rarity of the best field that agrees beside name and birth date, in bits; 0 where none does."""
    return pl.max_horizontal(
        pl.when(pl.col("phone") == "equal").then(model.phone_bits).otherwise(0.0),
        pl.when(pl.col("address") == "equal").then(model.address_bits).otherwise(0.0),
        pl.when((pl.col("division_code_l") == pl.col("division_code_r")).fill_null(False))
        .then(model.division_bits)
        .otherwise(0.0),
    )
