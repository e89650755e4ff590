"""Free labels: pairs whose numbers tell whether they are one person, weighed by everything else.

One person: both numbers are of 18 characters, hold their check and agree. Two: both hold and differ. The number itself
counts as missing on both sides, and so does what it says of birth and sex; blocks that need it propose nothing.

Which pairs are looked at decides whether the answer is honest. Pairs that only the number proposes are all of one kind:
counted, they would make weak weights look strong, since their counterparts, two people as unlike as they, are never
proposed. So both kinds come from the blocks that do without the number, and from them alone. Then who is looked at
depends on the other fields only, and among pairs that are alike in these the share that is one person is what it is
among all pairs. The vetoes of the other fields stand: a pair that a plan forbids is never given a probability.

So slope and intercept hold together for pairs of which a number is missing, as far as numbers are missing by accident:
there the fields decide, and there a probability is needed. Both are carried over to pairs whose numbers speak, which no
label here can judge. The slope, because what it takes back, certainty added up from fields that repeat one another, is
there as well; the intercept, because it was fitted with the slope as the height of a line is with its tilt. The slope
alone would turn the line about a weight of 0, where few pairs lie.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from matcher import applicants, blocking, hashing, kernel
from matcher.comparing.levels import OPEN
from matcher.kernel import Batch
from matcher.plan import Plan
from matcher.prepared import Flags, Prepared
from matcher.scoring.calibrating import SLOPES, Stretch, calibrate
from matcher.scoring.frequency import Bits
from matcher.scoring.model import Model, Reliability
from matcher.training.matches import LABELS
from matcher.training.pairs import Sample

NUMBER = "cn_number"
TWO_PEOPLE = ("neighbour", "conflict")
Labels = tuple[Bits, Flags, Flags]
"""Of pairs the weight in bits, whether each is one person, and whether it is held out."""

LEAST, MOST = 1e-12, 1 - 1e-12
"""Every pair is weighed: no threshold lies between these."""


def calibrated(plan: Plan, sample: Sample, model: Model, judged: Labels | None = None) -> Model:
    """The model with slope, intercept and reliability, and a note that says how they were found, or why they were not.

    `judged` are pairs that people have judged, weighed by the model, which count beside those that numbers label.
    """
    if judged is None and not any(field.kind == NUMBER for field in plan.fields):
        return _noted(model, "not calibrated: the plan has no number that could tell whether a pair is one person")
    parts = [labelled(plan, sample, model)] if any(field.kind == NUMBER for field in plan.fields) else []
    parts += [] if judged is None else [judged]
    bits, same, held_out = (np.concatenate(part) for part in zip(*parts, strict=True))
    found = calibrate(bits, same, held_out)
    by_people = 0 if judged is None else len(judged[0])
    if found is None:
        return _noted(
            model,
            f"not calibrated: {'numbers and people' if by_people else 'numbers'} label {int(same.sum()):,} pairs as one "
            f"person, {int((~same).sum()):,} as two",
        )
    fitted, reliability = found
    return _noted(
        replace(model, slope=fitted.slope, intercept=fitted.intercept, reliability=reliability),
        _said(fitted, reliability, by_people),
    )


def labelled(plan: Plan, sample: Sample, model: Model) -> Labels:
    """The pairs that numbers label and other fields propose: weight in bits, whether one person, whether held out.

    Held out is about half of the left side's people with all their pairs, chosen by a hash of their id.
    """
    place = next(place for place, field in enumerate(plan.fields) if field.kind == NUMBER)
    name, comparison = plan.fields[place].name, plan.comparisons[place]
    open_plan = replace(plan, review=LEAST, link=MOST)
    left, right = _without(sample.left.people, name), _without(sample.right.people, name)
    small = applicants.keyed(sample.left.ids, left, open_plan, model)
    batch = Batch(right, tuple(blocking.keys(right, block) for block in plan.blocks))
    pairs = kernel.score(small, batch).pairs
    if sample.same_table:
        pairs = pairs.filter(pl.col("applicant") < pl.col("record"))
    rows, records = (pairs.get_column(side).to_numpy() for side in ("applicant", "record"))
    codes = comparison.quick(sample.left.people.take(rows), sample.right.people.take(records), name).codes
    same = np.isin(codes, [comparison.code(level) for level in LABELS])
    known = (codes != OPEN) & (same | np.isin(codes, [comparison.code(level) for level in TWO_PEOPLE]))
    half = hashing.mix(hashing.text(sample.left.ids)) % np.uint64(2) == 1
    return pairs.get_column("weight_bits").to_numpy()[known], same[known], half[rows[known]]


def _without(people: Prepared, name: str) -> Prepared:
    """The people as if nobody had this field."""

    def own(facet: str) -> bool:
        return facet == name or facet.startswith(f"{name}.")

    return Prepared(
        people.table.with_columns(
            pl.lit(None if kind == pl.String else 0, dtype=kind).alias(facet)
            for facet, kind in people.table.schema.items()
            if own(facet)
        ),
        {facet: more for facet, more in people.more.items() if not own(facet)},
    )


def _noted(model: Model, what: str) -> Model:
    return replace(model, note=f"{model.note}; {what}" if model.note else what)


def _said(fitted: Stretch, reliability: Reliability, by_people: int) -> str:
    limit = " (its limit)" if fitted.slope in SLOPES else ""
    labels = f"number and {by_people:,} of them by people" if by_people else "number"
    return (
        f"calibrated on {reliability.pairs:,} pairs labelled by {labels}: slope {fitted.slope:.3f}{limit}, "
        f"intercept {fitted.intercept:+.2f} bits, expected error {reliability.error_before:.4f} before, "
        f"{reliability.error_after:.4f} after"
    )
