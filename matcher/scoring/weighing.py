"""Levels to bits: the weight and the probability of every pair of a batch, under a model."""

from __future__ import annotations

import polars as pl

from matcher.scoring.model import Model


def field_bits(model: Model, field: str) -> pl.Expr:
    """The bits that the level in column `field` adds; a level the model does not know, such as missing, adds none.

    Expects the column `name_bits`, the rarity of the applicant's name.
    """
    weights = model.weights[field]
    bits = pl.col(field).replace_strict(
        list(weights), [weight.bits for weight in weights.values()], default=0.0, return_dtype=pl.Float64
    )
    by_frequency = [level for level, weight in weights.items() if weight.frequency]
    if by_frequency:
        bits = bits + pl.when(pl.col(field).is_in(by_frequency)).then(pl.col("name_bits")).otherwise(0.0)
    muting = [
        level for level, weight in model.weights["number"].items() if field in weight.implies and field != "number"
    ]
    if muting:
        bits = pl.when(pl.col("number").is_in(muting) & (pl.col(field) == "equal")).then(0.0).otherwise(bits)
    return bits


def weight_bits(model: Model, fields: tuple[str, ...]) -> pl.Expr:
    """The prior and the bits of these fields, summed in their order."""
    total = pl.lit(model.prior_bits)
    for field in fields:
        total = total + field_bits(model, field)
    return total


def vetoed(model: Model) -> pl.Expr:
    """Pairs that a level forbids, whatever else agrees."""
    agreeing = [level for level, weight in model.weights["number"].items() if weight.implies]
    alone = ~pl.col("number").is_in(agreeing)
    forbidden = pl.lit(False)
    for field, weights in model.weights.items():
        for level, weight in weights.items():
            if weight.veto:
                forbidden = forbidden | (pl.col(field) == level)
            if weight.veto_without_number:
                forbidden = forbidden | (pl.col(field) == level) & alone
    return forbidden


def probability(weight: pl.Expr) -> pl.Expr:
    """The probability that a pair of this weight is one person: 2^w / (1 + 2^w)."""
    return 1 / (1 + (-weight * pl.lit(2.0).log()).exp())
