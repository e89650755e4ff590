"""Levels to bits: a model's weights laid out by code, so that weighing a pair is looking up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.errors import InputRefused
from matcher.prepared import Codes, Field, Flags
from matcher.scoring.frequency import Bits
from matcher.scoring.model import RARITIES, Model

Rarities = Mapping[str, Bits]
"""By kind of rarity: that of each row's value."""


@dataclass(frozen=True)
class FieldScale:
    """One field, by the codes of its levels.

    `bits` is what a level adds; `upper` the most that it or any worse level adds; `rarity` which rarity is added to it
    (0 none, else the place in RARITIES plus 1); `rare_below`: some level from here on adds a rarity.
    """

    bits: Bits
    upper: Bits
    lower: float
    rarity: npt.NDArray[np.int8]
    rare_below: Flags
    agreeing: Flags
    containing: Flags
    veto: Flags
    veto_alone: Flags
    veto_partly: Flags

    def weigh(self, codes: Codes, rarities: Rarities, rows: npt.NDArray[np.integer]) -> Bits:
        """The bits of pairs of these codes, whose left sides are `rows`."""
        bits = self.bits[codes]
        if rarities and self.rarity.any():
            kinds = self.rarity[codes]
            for place, name in enumerate(RARITIES, start=1):
                if (self.rarity == place).any():
                    bits = bits + np.where(kinds == place, rarities[name if name in rarities else "exact"][rows], 0.0)
        return bits

    def most(self, best: Codes, rarities: Rarities, rows: npt.NDArray[np.integer]) -> Bits:
        """No less than the bits of pairs whose level is `best` or worse."""
        bits = self.upper[best]
        if rarities and self.rare_below.any():
            bits = bits + np.where(self.rare_below[best], rarities["exact"][rows], 0.0)
        return bits


@dataclass(frozen=True)
class Scale:
    """A model laid out for a plan; `review` and `link` are the weights at which a pair is shown, and decided."""

    fields: tuple[FieldScale, ...]
    prior: float
    review: float
    link: float
    slope: float
    intercept: float

    def probability(self, bits: Bits) -> Bits:
        """The probability that pairs of these weights are one person."""
        return np.asarray(1.0 / (1.0 + np.exp2(-(self.slope * bits + self.intercept))))


def scale(
    model: Model,
    fields: Sequence[Field],
    levels: Sequence[Sequence[str]],
    agreeing: Sequence[Flags],
    containing: Sequence[Flags],
    link: float | None = None,
    review: float | None = None,
) -> Scale:
    """The model laid out for these fields, whose levels by code are `levels`; `link` and `review` override the model's.

    Raises InputRefused where the model has no weight for a field or a level.
    """
    return Scale(
        fields=tuple(_field(model, *each) for each in zip(fields, levels, agreeing, containing, strict=True)),
        prior=model.prior_bits,
        review=model.bits_for(review if review is not None else model.review_probability),
        link=model.bits_for(link if link is not None else model.link_probability),
        slope=model.slope,
        intercept=model.intercept,
    )


def _field(model: Model, field: Field, names: Sequence[str], agreeing: Flags, containing: Flags) -> FieldScale:
    weights = model.weights.get(field.name)
    graded = names[1:-1]  # neither missing nor not_needed weighs anything
    if weights is None or not set(graded) <= set(weights):
        lacking = sorted(set(graded) - set(weights or ()))
        raise InputRefused(
            f"the model {model.version} has no weights for field {field.name}: {', '.join(lacking)}",
            remedy="Train a model with this plan: matcher train … --plan FILE --out MODEL.json",
        )
    bits, rarity = np.zeros(len(names)), np.zeros(len(names), dtype=np.int8)
    for code, name in enumerate(graded, start=1):
        weight = weights[name]
        bits[code] = weight.bits
        rarity[code] = RARITIES.index(weight.rarity) + 1 if weight.rarity else 0
    upper = np.zeros(len(names))
    rare_below = np.zeros(len(names), dtype=bool)
    for code in range(len(graded), 0, -1):
        upper[code] = max(bits[code], upper[code + 1] if code < len(graded) else bits[code])
        rare_below[code] = bool(rarity[code]) or (code < len(graded) and bool(rare_below[code + 1]))
    return FieldScale(
        bits=bits,
        upper=upper,
        lower=float(bits[1:-1].min()),
        rarity=rarity,
        rare_below=rare_below,
        agreeing=agreeing,
        containing=containing,
        veto=np.array([name in field.veto for name in names]),
        veto_alone=np.array([name in field.veto_alone for name in names]),
        veto_partly=np.array([name in field.veto_partly for name in names]),
    )
