"""A model fitted to tables, on one page: rows → pairs → u, m, λ, frequencies → calibration; deterministic.

Which rows take part is decided by a hash of their ids, so that the same tables give the same model on any machine.
Nobody's value is written down but the shares of names and hashes of values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from matcher import applicants, hashing, tables
from matcher.comparing.levels import Comparison
from matcher.errors import InputRefused
from matcher.kernel import Batch
from matcher.plan import Plan
from matcher.prepared import Field
from matcher.progress import Progress, Step, silent
from matcher.scoring import model as models
from matcher.scoring.model import Model, Weight
from matcher.sources.delivery import Feed
from matcher.sources.feeds import chunks, row_count
from matcher.training import chance, frequencies, labels, matches, pairs, reviewed
from matcher.training.reviewed import Judged

LEFT_ROWS, RIGHT_ROWS = 60_000, 1_000_000
"""How many rows of each side take part at most, about."""


def train(
    plan: Plan,
    left: Feed,
    rights: Sequence[Feed],
    progress: Progress = silent,
    at_home: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
    judged: Sequence[Judged] = (),
) -> Model:
    """The model of a plan for these tables; LEFT is the small side, `rights` are pooled, `judged` are by people.

    `at_home` gives the left rows what a scan gives them before it compares: what members leave to their household.
    Raises InputRefused where there is too little to learn from.
    """
    same = [feed.files for feed in rights] == [left.files]
    frame = _rows(left, plan.left_id, LEFT_ROWS, progress)
    frame = at_home(frame)
    others = (
        frame
        if same
        else pl.concat(
            [_rows(feed, plan.right_id, RIGHT_ROWS // len(rights), progress) for feed in rights],
            how="diagonal_relaxed",
        )
    )
    if min(len(frame), len(others)) < 2:
        raise InputRefused(
            "there are too few rows to learn from", file=left.files[0].name, remedy="Train on larger tables"
        )
    return fit(plan, frame, others, same_table=same, progress=progress, judged=judged)


def fit(
    plan: Plan,
    left: pl.DataFrame,
    right: pl.DataFrame,
    *,
    same_table: bool = False,
    progress: Progress = silent,
    judged: Sequence[Judged] = (),
) -> Model:
    """The model of a plan for rows that are in memory, as a feed gives them."""
    whole = plan
    # what a number says of birth and sex must not pass for their own agreement
    plan = replace(plan, fields=tuple(replace(field, fallback=None, muted_beside=None) for field in plan.fields))
    small = applicants.keyed(tables.ids(left, plan.left_id), plan.prepare(left), plan, flat(plan))
    batch = Batch(small.people, small.keys) if same_table else Batch.of(right, plan)
    sample = pairs.Sample(small, batch, same_table)
    progress(Step("train: random pairs", 1, 4, "steps"))
    seen = pairs.by_chance(sample)
    progress(Step("train: proposed pairs", 2, 4, "steps"))
    patterns = pairs.proposed(sample)
    if patterns.counts.sum() < 10:
        raise InputRefused(
            "the blocks propose too few pairs to learn from",
            remedy="Check that the plan's columns are filled on both sides",
        )
    progress(Step("train: expectation maximisation", 3, 4, "steps"))
    shipped = models.load("persons-2.json")
    collisions = [chance.collision_of(small.people, batch.people, field.name) for field in plan.fields]
    if same_table:  # its own duplicates agree on everything: what the rarest agreement counts, the others count too
        rarest = min(collisions)
        collisions = [max(one - rarest, 0.02 * one) for one in collisions]
    us = [
        chance.u_of(field, comparison, seen[place], collisions[place], shipped)
        for place, (field, comparison) in enumerate(zip(plan.fields, plan.comparisons, strict=True))
    ]
    ms = matches.ms_of(plan, patterns, us, sample.pairs)
    names_share = frequencies.names_of(plan, batch.people, shipped)
    values = {field.name: frequencies.values_of(batch.people, field.name) for field in plan.fields if field.frequency}
    weights = {
        field.name: _weights(field, comparison, m, u, shipped)
        for field, comparison, m, u in zip(plan.fields, plan.comparisons, ms, us, strict=True)
    }
    fitted = Model(
        version=plan.version,
        note=(
            f"trained on {len(small):,} × {len(batch.people):,} rows, {int(patterns.counts.sum()):,} proposed pairs in "
            f"{len(patterns.counts):,} patterns, {pairs.RANDOM_PAIRS:,} random pairs"
        ),
        prior=matches.prior_of(plan, patterns, ms, us, sample.pairs),
        link_probability=plan.link or shipped.link_probability,
        review_probability=plan.review or shipped.review_probability,
        weights=weights,
        names=names_share,
        values=values,
        rarity_bits=_rarity_bits(plan, us, shipped),
        key_counts={block.name: frequencies.key_count(batch, place) for place, block in enumerate(plan.blocks)},
    )
    progress(Step("train: calibration", 4, 4, "steps"))
    by_people = reviewed.weighed([*judged], whole, fitted) if judged else None
    model = labels.calibrated(plan, sample, fitted, by_people)
    decisive = repr((weights, model.prior, model.slope, model.intercept))
    return replace(model, version=f"{plan.version}-trained-{hashing.text(pl.Series([decisive]))[0]:016x}")


def flat(plan: Plan) -> Model:
    """A model that knows nothing: every level weighs zero bits."""
    return Model(
        version="flat",
        prior=0.5,
        link_probability=0.95,
        review_probability=0.5,
        weights={
            field.name: {level: Weight(0.5, 0.5) for level in comparison.names[1:-1]}
            for field, comparison in zip(plan.fields, plan.comparisons, strict=True)
        },
    )


def _rows(feed: Feed, id_column: str | None, most: int, progress: Progress) -> pl.DataFrame:
    """About `most` rows of a feed, those whose id's hash is small enough."""
    total = max(row_count(feed), 1)
    limit = np.uint64(min(int(most / total * 2.0**64), (1 << 64) - 1))
    kept = []
    for chunk in chunks(feed, 400_000):
        keys = hashing.mix(hashing.text(tables.ids(chunk.frame, id_column)))
        kept.append(chunk.frame.filter(pl.Series(keys <= limit)))
        progress(Step(f"train: read {feed.source}", sum(map(len, kept)), None))
    chosen = pl.concat(kept)
    return chosen.select(pl.all().gather(tables.ids(chosen, id_column).arg_sort()))  # whatever order the rows come in


def _weights(
    field: Field, comparison: Comparison, m: chance.Table, u: chance.Table, shipped: Model
) -> dict[str, Weight]:
    """The weights of a field's levels; a value's own frequency takes the place of u where the field asks for it."""
    structural = shipped.weights[chance.STRUCTURAL[field.kind]] if field.kind in chance.STRUCTURAL else None
    made = {}
    for code, level in enumerate(comparison.names[1:-1], start=1):
        if structural is not None:
            made[level] = Weight(float(round(m[code], 9)), structural[level].u, structural[level].rarity)
        elif field.frequency and code == 1:
            made[level] = Weight(float(round(m[code], 9)), 1.0, "exact")
        else:
            made[level] = Weight(float(round(m[code], 9)), float(u[code]))
    return made


def _rarity_bits(plan: Plan, us: list[chance.Table], shipped: Model) -> dict[str, float]:
    """How much the agreement of each field narrows down whom a pair can be about: -log2 of its chance."""
    return dict(shipped.rarity_bits) | {
        field.name: round(float(-np.log2(us[place][1])), 3)
        for place, field in enumerate(plan.fields)
        if field.kind not in chance.STRUCTURAL and field.name in shipped.rarity_bits
    }
